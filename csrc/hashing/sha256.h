/* The variants of SHA-256 (FIPS 180-4). Each compiles on every architecture, to nothing where it has no place. */
#ifndef TP_SHA256_H
#define TP_SHA256_H

#include "hashing/md.h"

tp_compress tp_sha256_compress_portable;
tp_compress tp_sha256_compress_x86; /* with the SHA extensions */
tp_compress tp_sha256_compress_arm; /* likewise */
tp_compress_lanes tp_sha256_compress_x86_three;
tp_compress_lanes tp_sha256_compress_sse41;
tp_compress_lanes tp_sha256_compress_avx2;
tp_compress_lanes tp_sha256_compress_avx512;
tp_compress_lanes tp_sha256_compress_neon;

/* The round constants (FIPS 180-4, 4.2.2). */
extern const uint32_t tp_sha256_k[64];

#endif
