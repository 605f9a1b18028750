/* The variants of SHA-1 (FIPS 180-4). Each compiles on every architecture, to nothing where it has no place. */
#ifndef TP_SHA1_H
#define TP_SHA1_H

#include "hashing/md.h"

tp_compress tp_sha1_compress_portable;
tp_compress tp_sha1_compress_x86; /* with the SHA extensions */
tp_compress tp_sha1_compress_arm; /* likewise */
tp_compress_lanes tp_sha1_compress_sse41;
tp_compress_lanes tp_sha1_compress_avx2;
tp_compress_lanes tp_sha1_compress_avx512;
tp_compress_lanes tp_sha1_compress_neon;

/* The constants of the four times twenty rounds (FIPS 180-4, 4.2.1). */
#define TP_SHA1_K0 0x5a827999
#define TP_SHA1_K1 0x6ed9eba1
#define TP_SHA1_K2 0x8f1bbcdc
#define TP_SHA1_K3 0xca62c1d6

#endif
