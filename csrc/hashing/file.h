/* Reading files, whole or in parts, on any system. */
#ifndef TP_FILE_H
#define TP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is no regular file: a pipe, a terminal, a socket. To read it may take for ever. Not a value of errno. */
enum { TP_FILE_IS_SPECIAL = -1 };

/* A file that is being read. */
typedef struct tp_file {
    int number;
    bool has_size; /* files without one, as those in /proc, are read until there is no more */
    uint64_t left; /* bytes, by the size that it had when it was opened: what is added meanwhile is not read */
} tp_file;

/* Opens the file of that name, which is as the operating system takes it, in UTF-8 on Windows. Never waits. 0, or what
 * is wrong: a value of errno, EISDIR for a folder, or TP_FILE_IS_SPECIAL. */
int tp_file_open(tp_file *file, const char *path);

/* Reads `capacity` bytes, or fewer, which then are the last. 0, or a value of errno. */
int tp_file_read(tp_file *file, uint8_t *buffer, size_t capacity, size_t *size);

void tp_file_close(tp_file *file);

#endif
