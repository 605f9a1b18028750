/* BLAKE3 over 4 inputs at once, with NEON. */
#include "hashing/blake3_variants.h"

#if defined(__aarch64__) || defined(_M_ARM64)

#include "hashing/vector_neon.h"

#include "hashing/blake3_lanes.h"

VARIANT(neon)

#endif
