/* What a variant of BLAKE3 computes. Each compiles on every architecture, to nothing where it has no place. */
#ifndef TP_BLAKE3_VARIANTS_H
#define TP_BLAKE3_VARIANTS_H

#include "hashing/blake3.h"

enum { TP_BLAKE3_MOST_LANES = 16 };

/* The flags (2.1). */
enum {
    TP_BLAKE3_CHUNK_START = 1,
    TP_BLAKE3_CHUNK_END = 2,
    TP_BLAKE3_PARENT = 4,
    TP_BLAKE3_ROOT = 8,
    TP_BLAKE3_KEYED_HASH = 16,
    TP_BLAKE3_DERIVE_KEY_CONTEXT = 32,
    TP_BLAKE3_DERIVE_KEY_MATERIAL = 64,
};

/* The constants of 2.1, which are the key of what has none. */
extern const uint32_t tp_blake3_iv[8];

/* What is compressed last of a node of the tree: the node's output. Its block has zeros behind `size` bytes. */
typedef struct tp_blake3_node {
    uint32_t cv[8];
    uint8_t block[TP_BLAKE3_BLOCK];
    uint32_t size;
    uint32_t flags;
    uint64_t counter;
} tp_blake3_node;

/* The compression function (2.2): of one block, all 16 words of output. `out` may be where `cv` is. */
typedef void tp_blake3_compress(const uint32_t cv[8], const uint8_t block[TP_BLAKE3_BLOCK], uint32_t size,
                                uint64_t counter, uint32_t flags, uint32_t out[16]);

/* The chaining values of as many whole chunks as there are lanes, or fewer, at `data`; `first` is the number of the
 * first in the message. */
typedef void tp_blake3_chunks(const tp_blake3_mode *mode, const uint8_t *data, size_t count, uint64_t first,
                              tp_blake3_cv cvs[]);

/* The chaining values of as many parents as there are lanes, or fewer, of the 2 * count nodes in `children`, which may
 * be where the parents' go. */
typedef void tp_blake3_parents(const tp_blake3_mode *mode, const tp_blake3_cv children[], size_t count,
                               tp_blake3_cv cvs[]);

/* The next `count` blocks of each lane's message. */
typedef struct tp_blake3_step {
    size_t count;
    const uint8_t *blocks[TP_BLAKE3_MOST_LANES]; /* 64 bytes each, the last of a message with zeros at its end */
    uint32_t sizes[TP_BLAKE3_MOST_LANES];        /* of its blocks */
    uint32_t starts[TP_BLAKE3_MOST_LANES];       /* all ones where they are the message's first, zero elsewhere */
    uint32_t ends[TP_BLAKE3_MOST_LANES];         /* likewise, its last */
} tp_blake3_step;

/* The states of all lanes by words, as they go from step to step; and by lanes, as digests. */
typedef struct tp_blake3_states {
    uint32_t words[8][TP_BLAKE3_MOST_LANES];
    uint32_t lanes[TP_BLAKE3_MOST_LANES][8];
} tp_blake3_states;
typedef void tp_blake3_messages(const tp_blake3_step *step, tp_blake3_states *states);

/* As many blocks of a root's output as there are lanes, from block root->counter on (2.6). */
typedef void tp_blake3_outputs(const tp_blake3_node *root, uint8_t *out);

struct tp_blake3_variant {
    const char *name;
    size_t lanes; /* 1: there is only compress */
    tp_blake3_compress *compress;
    tp_blake3_chunks *chunks;
    tp_blake3_parents *parents;
    tp_blake3_messages *messages;
    tp_blake3_outputs *outputs;
};

tp_blake3_compress tp_blake3_compress_portable, tp_blake3_compress_sse41, tp_blake3_compress_avx512;
tp_blake3_chunks tp_blake3_chunks_sse41, tp_blake3_chunks_avx2, tp_blake3_chunks_avx512, tp_blake3_chunks_avx512_rows,
    tp_blake3_chunks_neon;
tp_blake3_parents tp_blake3_parents_sse41, tp_blake3_parents_avx2, tp_blake3_parents_avx512,
    tp_blake3_parents_avx512_rows, tp_blake3_parents_neon;
tp_blake3_messages tp_blake3_messages_sse41, tp_blake3_messages_avx2, tp_blake3_messages_avx512,
    tp_blake3_messages_neon;
tp_blake3_outputs tp_blake3_outputs_sse41, tp_blake3_outputs_avx2, tp_blake3_outputs_avx512, tp_blake3_outputs_neon;

#endif
