#define _POSIX_C_SOURCE 200809L /* O_CLOEXEC, with -std=c11 too */
#define _FILE_OFFSET_BITS 64    /* files of more than 2 GB on 32-bit systems */
#include "hashing/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>

#if defined(_WIN32)

#include <io.h>
#include <stdlib.h>
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

typedef struct _stat64 file_status;
#define IS(kind, status) (((status).st_mode & _S_IFMT) == _S_IF##kind)

/* NULL: no memory, or not UTF-8; then errno says so. */
static wchar_t *widened(const char *path) {
    int length = MultiByteToWideChar(CP_UTF8, 0, path, -1, NULL, 0);
    wchar_t *wide = length ? malloc((size_t)length * sizeof *wide) : NULL;
    if (wide)
        MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, length);
    else
        errno = length ? ENOMEM : EINVAL;
    return wide;
}

static int status_of(const char *path, file_status *status) {
    wchar_t *wide = widened(path);
    int result = wide ? _wstat64(wide, status) : -1;
    free(wide);
    return result;
}

static int open_for_reading(const char *path) {
    wchar_t *wide = widened(path);
    int file = wide ? _wopen(wide, _O_RDONLY | _O_BINARY | _O_NOINHERIT) : -1;
    free(wide);
    return file;
}

static int read_some(int file, uint8_t *buffer, size_t capacity) { return _read(file, buffer, (unsigned)capacity); }

static void close_number(int file) { _close(file); }

#else

#include <unistd.h>

typedef struct stat file_status;
#define IS(kind, status) (((status).st_mode & S_IFMT) == S_IF##kind)

static int status_of(const char *path, file_status *status) { return stat(path, status); }

static int open_with(const char *path, int flags) {
    int file;
    do
        file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
    while (file < 0 && errno == EINTR);
    return file;
}

/* Should it be a pipe by now, O_NONBLOCK sees to it that we do not wait for its writer. A file that somebody has a
 * lease on cannot be opened so, and is waited for: its holder will be asked for it. */
static int open_for_reading(const char *path) {
    int file = open_with(path, O_NONBLOCK);
    return file < 0 && errno == EWOULDBLOCK ? open_with(path, 0) : file;
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

/* Looked at before it is opened: a pipe that was opened, and closed again, would have lost its writer. */
int tp_file_open(tp_file *file, const char *path) {
    file_status status;
    if (status_of(path, &status) != 0) return errno;
    if (IS(DIR, status)) return EISDIR;
    if (!IS(REG, status)) return TP_FILE_IS_SPECIAL;
    file->left = (uint64_t)status.st_size;
    file->has_size = status.st_size > 0;
    file->number = open_for_reading(path);
    return file->number < 0 ? errno : 0;
}

int tp_file_read(tp_file *file, uint8_t *buffer, size_t capacity, size_t *size) {
    *size = 0;
    while (*size < capacity) {
        size_t room = capacity - *size;
        if (file->has_size && file->left < room) room = (size_t)file->left;
        if (room == 0) break;
        long long got = read_some(file->number, buffer + *size, room < INT_MAX ? room : INT_MAX);
        if (got < 0) return errno;
        if (got == 0) break;
        *size += (size_t)got;
        file->left -= (uint64_t)got;
    }
    return 0;
}

void tp_file_close(tp_file *file) { close_number(file->number); }
