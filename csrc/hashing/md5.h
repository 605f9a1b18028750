/* The variants of MD5 (RFC 1321). Each compiles on every architecture, to nothing where it has no place. */
#ifndef TP_MD5_H
#define TP_MD5_H

#include "hashing/md.h"

tp_compress tp_md5_compress_portable;
tp_compress_lanes tp_md5_compress_sse41;
tp_compress_lanes tp_md5_compress_avx2;
tp_compress_lanes tp_md5_compress_avx512;
tp_compress_lanes tp_md5_compress_neon;

/* The constants of the steps (RFC 1321, 3.4). */
extern const uint32_t tp_md5_t[64];

#endif
