#define _POSIX_C_SOURCE 200809L /* O_CLOEXEC, with -std=c11 too */
#define _FILE_OFFSET_BITS 64    /* files of more than 2 GB on 32-bit systems */
#include "hashing/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#if defined(_WIN32)

#include <io.h>
#include <stdlib.h>
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

typedef struct _stat64 file_status;
#define file_status_of _fstat64
#define IS(kind, status) (((status).st_mode & _S_IFMT) == _S_IF##kind)

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

static void close_number(int file) { _close(file); }

#else

#include <unistd.h>

typedef struct stat file_status;
#define file_status_of fstat
#define IS(kind, status) (((status).st_mode & S_IFMT) == S_IF##kind)

/* O_NONBLOCK changes nothing for a regular file, and a pipe without a writer does not keep us. */
static int open_for_reading(const char *path) {
    int file;
    do
        file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
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

static void close_number(int file) { close(file); }

#endif

int tp_file_open(tp_file *file, const char *path) {
    file_status status;
    file->number = open_for_reading(path);
    if (file->number < 0) return errno == EAGAIN ? TP_FILE_IS_SPECIAL : errno; /* a lease is to be broken first */
    int error = 0;
    if (file_status_of(file->number, &status) != 0)
        error = errno;
    else if (IS(DIR, status))
        error = EISDIR;
    else if (!IS(REG, status))
        error = TP_FILE_IS_SPECIAL;
    file->left = (uint64_t)status.st_size;
    if (error) close_number(file->number);
    return error;
}

int tp_file_read(tp_file *file, uint8_t *buffer, size_t capacity, size_t *size) {
    *size = 0;
    while (*size < capacity) {
        size_t room = capacity - *size;
        long long got = read_some(file->number, buffer + *size, room < INT_MAX ? room : INT_MAX);
        if (got < 0) return errno;
        if (got == 0) break;
        *size += (size_t)got;
        /* Where it ended when it was opened, it is taken to end: to ask costs as much as to read a small file. One
         * without a size, as those in /proc, is read until there is no more. */
        bool is_at_end = (uint64_t)got == file->left;
        file->left = (uint64_t)got < file->left ? file->left - (uint64_t)got : 0;
        if (is_at_end && *size < capacity) break;
    }
    return 0;
}

void tp_file_close(tp_file *file) { close_number(file->number); }
