/* A socket to another process of this system, which carries bytes, and open files with them. Nothing here waits. */
#ifndef TP_STREAM_H
#define TP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

enum { TP_STREAM_BUSY = -1, TP_STREAM_BROKEN = -2 };

/* As many pieces are written, and files read, at a time. */
enum { TP_STREAM_PIECES = 64, TP_STREAM_FILES = 16 };

typedef struct tp_piece {
    const void *bytes;
    size_t size;
} tp_piece;

/* Writes the pieces, one after the other, and the open file `file` along with their first byte; -1: none. How many
 * bytes were written; TP_STREAM_BUSY: there is no room now; TP_STREAM_BROKEN: nobody reads. */
ptrdiff_t tp_stream_write(int stream, const tp_piece *pieces, size_t count, int file);

/* Reads at most `size` bytes, and the files that come along: `*count` numbers, which are the caller's. How many bytes
 * were read, 0 at the end; or TP_STREAM_BUSY: there are none now; TP_STREAM_BROKEN: nor will there be. */
ptrdiff_t tp_stream_read(int stream, void *bytes, size_t size, int files[TP_STREAM_FILES], size_t *count);

#endif
