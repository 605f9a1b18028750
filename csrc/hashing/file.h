/* Hashing a file by its name, without the interpreter. */
#ifndef TP_FILE_H
#define TP_FILE_H

#include "hashing/sha256.h"

/* The SHA-256 of what a file holds, read in pieces of `capacity` bytes, at least one, into `buffer`. Returns 0 or
 * an errno value, EISDIR for a folder; then `digest` is not written. A file that changes meanwhile gives the digest of
 * what was read, up to where it ended at the time. Thread-safe, with a buffer of one's own. `path` is what the
 * operating system takes, in UTF-8 on Windows. */
int tp_sha256_file(const tp_sha256_variant *variant, const char *path, uint8_t *buffer, size_t capacity,
                   uint8_t digest[TP_SHA256_DIGEST]);

#endif
