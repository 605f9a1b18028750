#define _POSIX_C_SOURCE 200809L /* O_CLOEXEC, with -std=c11 too */
#define _FILE_OFFSET_BITS 64    /* files of more than 2 GB on 32-bit systems */
#include "hashing/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#if defined(_WIN32)

#include <io.h>
#include <stdlib.h>
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

static int open_for_reading(const char *path) {
    int length = MultiByteToWideChar(CP_UTF8, 0, path, -1, NULL, 0);
    if (length == 0) {
        errno = EINVAL;
        return -1;
    }
    wchar_t *wide = malloc((size_t)length * sizeof *wide);
    if (!wide) {
        errno = ENOMEM;
        return -1;
    }
    MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, length);
    DWORD attributes = GetFileAttributesW(wide);
    int file = -1;
    if (attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY)
        errno = EISDIR;
    else
        file = _wopen(wide, _O_RDONLY | _O_BINARY | _O_NOINHERIT);
    free(wide);
    return file;
}

static int read_some(int file, uint8_t *buffer, size_t capacity) { return _read(file, buffer, (unsigned)capacity); }

static void close_file(int file) { _close(file); }

#else

#include <sys/types.h>
#include <unistd.h>

static int open_for_reading(const char *path) {
    int file;
    do
        file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    while (file < 0 && errno == EINTR);
    return file;
}

static ssize_t read_some(int file, uint8_t *buffer, size_t capacity) {
    ssize_t size;
    do
        size = read(file, buffer, capacity);
    while (size < 0 && errno == EINTR);
    return size;
}

static void close_file(int file) { close(file); }

#endif

int tp_sha256_file(const tp_sha256_variant *variant, const char *path, uint8_t *buffer, size_t capacity,
                   uint8_t digest[TP_SHA256_DIGEST]) {
    if (capacity == 0) return EINVAL;
    if (capacity > INT_MAX) capacity = INT_MAX; /* macOS and Windows refuse to read more at once */
    int file = open_for_reading(path);
    if (file < 0) return errno;
    tp_sha256_stream stream;
    tp_sha256_init(&stream, variant);
    int error = 0;
    for (;;) {
        /* Only a read of nothing is the end. A short one may be a signal's doing, or a pipe's, or the file grows; to
         * ask fstat whether a short one can be trusted would cost the call that it saves. A small file takes four:
         * open, read, read, close. */
        long long size = read_some(file, buffer, capacity);
        if (size < 0) error = errno;
        if (size <= 0) break;
        tp_sha256_update(&stream, buffer, (size_t)size);
    }
    close_file(file);
    if (!error) tp_sha256_finish(&stream, digest);
    return error;
}
