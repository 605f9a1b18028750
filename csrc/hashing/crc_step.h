/* A CRC by the processor's instructions for it. Included by a file for each instruction set, which has defined TARGET,
 * what the compiler is told of the functions. */

#include <string.h>

#define STEP(instruction, type)                                                                                        \
    do {                                                                                                               \
        type word;                                                                                                     \
        memcpy(&word, data, sizeof word);                                                                              \
        state = (uint32_t)instruction(state, word);                                                                    \
        data += sizeof word;                                                                                           \
    } while (0)

/* Defines the function that takes `size` bytes into the state, the complement of the CRC. The instructions take a state
 * and a little-endian number of 8, 4, 2 or 1 bytes. */
#define DEFINE_STEPS(name, eight, four, two, one)                                                                      \
    TARGET static inline uint32_t name(uint32_t state, const uint8_t *data, size_t size) {                             \
        for (; size >= 8; size -= 8)                                                                                   \
            STEP(eight, uint64_t);                                                                                     \
        if (size & 4) STEP(four, uint32_t);                                                                            \
        if (size & 2) STEP(two, uint16_t);                                                                             \
        if (size & 1) STEP(one, uint8_t);                                                                              \
        return state;                                                                                                  \
    }
