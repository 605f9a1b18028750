/* Hashing a file by its name, without the interpreter. */
#ifndef TP_FILE_H
#define TP_FILE_H

#include "hashing/sha256.h"

/* The SHA-256 of what a file holds, read in pieces of `capacity` bytes into `buffer`. Returns 0 or an errno value,
 * EISDIR for a folder. `path` is what the operating system takes, in UTF-8 on Windows. */
int tp_sha256_file(const tp_sha256_variant *variant, const char *path, uint8_t *buffer, size_t capacity,
                   uint8_t *digest);

#endif
