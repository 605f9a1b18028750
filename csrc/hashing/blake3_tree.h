/* The nodes of BLAKE3's tree (2.1, 2.4, 2.5) that are to be had before the end of a message is known, and the root. */
#ifndef TP_BLAKE3_TREE_H
#define TP_BLAKE3_TREE_H

#include "hashing/blake3_variants.h"

/* All of a chunk but its last block, of up to a chunk of data: without any, it may be NULL. */
void tp_blake3_chunk(const tp_blake3_mode *mode, const uint8_t *data, size_t size, uint64_t number,
                     tp_blake3_node *node);

/* The parent of two nodes whose chaining values are one behind the other. */
void tp_blake3_parent(const tp_blake3_mode *mode, const tp_blake3_cv children[2], tp_blake3_node *node);

void tp_blake3_node_cv(const tp_blake3_mode *mode, const tp_blake3_node *node, tp_blake3_cv *cv);

/* `size` bytes of the output of a root, from byte `seek` on. */
void tp_blake3_output(const tp_blake3_mode *mode, const tp_blake3_node *node, uint64_t seek, uint8_t *out, size_t size);

/* The chaining values of `count` whole chunks; `first` is the number of the first. */
void tp_blake3_some_chunks(const tp_blake3_mode *mode, const uint8_t *data, size_t count, uint64_t first,
                           tp_blake3_cv cvs[]);

/* The chaining values of the two halves of a subtree: of two chunks at least, a power of two. */
void tp_blake3_halves(const tp_blake3_mode *mode, const uint8_t *data, size_t chunks, uint64_t first,
                      tp_blake3_cv cvs[2]);

#endif
