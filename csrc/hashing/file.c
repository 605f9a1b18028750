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

static int read_some(int file, uint8_t *buffer, size_t capacity) {
    return _read(file, buffer, capacity > INT_MAX ? INT_MAX : (unsigned)capacity);
}

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
                   uint8_t *digest) {
    int file = open_for_reading(path);
    if (file < 0) return errno;
    tp_sha256_stream stream;
    tp_sha256_init(&stream, variant);
    int error = 0;
    for (;;) {
        /* Only a read of nothing is the end: a short one may be a signal's doing, or the file may grow. */
        long long size = read_some(file, buffer, capacity);
        if (size < 0) error = errno;
        if (size <= 0) break;
        tp_sha256_update(&stream, buffer, (size_t)size);
    }
    close_file(file);
    if (!error) tp_sha256_finish(&stream, digest);
    return error;
}
