/* Many messages hashed at once: each lane of a compression function works on one, and takes the next when that ends.
 *
 * For hashes of the Merkle-Damgard kind with blocks of 64 bytes and words of 32 bits: MD5 (RFC 1321), SHA-1 and SHA-256
 * (FIPS 180-4). Thread-safe: nothing is shared but constants. */
#ifndef TP_LANES_H
#define TP_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TP_BLOCK = 64, TP_MOST_WORDS = 8, TP_MOST_LANES = 16 };

/* What is hashed, of any size and alignment, and where its digest goes. */
typedef struct tp_message {
    const void *data; /* without any bytes, it may be NULL */
    size_t size;
    void *digest;
} tp_message;

/* The compression function over `count` blocks of each lane. */
typedef void tp_compress_lanes(uint32_t states[][TP_MOST_WORDS], const uint8_t *const blocks[], size_t count);

typedef struct tp_lanes {
    unsigned lanes;
    unsigned least; /* with fewer messages, one after the other is faster */
    unsigned words; /* of the state, all of which is the digest */
    bool big_endian;
    const uint32_t *initial;
    tp_compress_lanes *compress; /* of all lanes */
    void (*compress_one)(uint32_t state[], const uint8_t *blocks, size_t count);
} tp_lanes;

void tp_hash_in_lanes(const tp_lanes *hash, const tp_message *messages, size_t count);

/* Writes the padding of a message of `size` bytes (RFC 1321, 3.1 and 3.2; FIPS 180-4, 5.1.1) behind the last size % 64
 * of them, in `last`, and returns how many blocks that makes: one or two. */
size_t tp_pad(uint8_t last[2 * TP_BLOCK], uint64_t size, bool big_endian);

/* Writes the words of a state as a digest. */
void tp_store_words(uint8_t *digest, const uint32_t state[], unsigned words, bool big_endian);

#endif
