/* BLAKE3 over 8 inputs at once, with AVX2. */
#include "hashing/blake3_variants.h"

#if defined(__x86_64__) || defined(_M_X64)

#include "hashing/vector_avx2.h"

#include "hashing/blake3_lanes.h"

VARIANT(avx2)

#endif
