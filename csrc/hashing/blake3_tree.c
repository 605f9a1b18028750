#include "hashing/blake3_tree.h"

#include <string.h>

static void store(uint8_t *bytes, const uint32_t words[], size_t count) {
    for (size_t i = 0; i < count; i++)
        for (int n = 0; n < 4; n++)
            bytes[4 * i + n] = (uint8_t)(words[i] >> 8 * n);
}

void tp_blake3_chunk(const tp_blake3_mode *mode, const uint8_t *data, size_t size, uint64_t number,
                     tp_blake3_node *node) {
    uint32_t flags = mode->flags | TP_BLAKE3_CHUNK_START, out[16];
    memcpy(out, mode->key, sizeof mode->key);
    for (; size > TP_BLAKE3_BLOCK; size -= TP_BLAKE3_BLOCK, data += TP_BLAKE3_BLOCK, flags = mode->flags)
        mode->variant->compress(out, data, TP_BLAKE3_BLOCK, number, flags, out);
    memcpy(node->cv, out, sizeof node->cv);
    memset(node->block, 0, sizeof node->block);
    if (size) memcpy(node->block, data, size);
    node->size = (uint32_t)size;
    node->flags = flags | TP_BLAKE3_CHUNK_END;
    node->counter = number;
}

void tp_blake3_parent(const tp_blake3_mode *mode, const tp_blake3_cv children[2], tp_blake3_node *node) {
    memcpy(node->cv, mode->key, sizeof node->cv);
    memcpy(node->block, children, sizeof node->block);
    node->size = TP_BLAKE3_BLOCK;
    node->flags = mode->flags | TP_BLAKE3_PARENT;
    node->counter = 0;
}

void tp_blake3_node_cv(const tp_blake3_mode *mode, const tp_blake3_node *node, tp_blake3_cv *cv) {
    uint32_t out[16];
    mode->variant->compress(node->cv, node->block, node->size, node->counter, node->flags, out);
    store((uint8_t *)cv, out, 8);
}

void tp_blake3_output(const tp_blake3_mode *mode, const tp_blake3_node *node, uint64_t seek, uint8_t *out,
                      size_t size) {
    const tp_blake3_variant *variant = mode->variant;
    tp_blake3_node root = *node;
    root.flags |= TP_BLAKE3_ROOT;
    root.counter = seek / TP_BLAKE3_BLOCK;
    size_t skip = seek % TP_BLAKE3_BLOCK, all = variant->lanes * TP_BLAKE3_BLOCK;
    while (size) {
        if (skip == 0 && size >= all && variant->lanes > 1) {
            variant->outputs(&root, out);
            root.counter += variant->lanes;
            out += all;
            size -= all;
            continue;
        }
        uint32_t words[16];
        uint8_t block[TP_BLAKE3_BLOCK];
        size_t part = TP_BLAKE3_BLOCK - skip;
        if (part > size) part = size;
        variant->compress(root.cv, root.block, root.size, root.counter++, root.flags, words);
        store(block, words, 16);
        memcpy(out, block + skip, part);
        out += part;
        size -= part;
        skip = 0;
    }
}

void tp_blake3_some_chunks(const tp_blake3_mode *mode, const uint8_t *data, size_t count, uint64_t first,
                           tp_blake3_cv cvs[]) {
    size_t lanes = mode->variant->lanes, some;
    for (; count; count -= some, data += some * TP_BLAKE3_CHUNK, first += some, cvs += some) {
        if (lanes > 1 && count > 1) {
            some = count < lanes ? count : lanes;
            mode->variant->chunks(mode, data, some, first, cvs);
        } else {
            tp_blake3_node node;
            some = 1;
            tp_blake3_chunk(mode, data, TP_BLAKE3_CHUNK, first, &node);
            tp_blake3_node_cv(mode, &node, cvs);
        }
    }
}

/* Puts the parents of 2 * count nodes, as many as there are lanes at most, in place of the nodes or elsewhere. */
static void parents(const tp_blake3_mode *mode, const tp_blake3_cv children[], size_t count, tp_blake3_cv cvs[]) {
    if (mode->variant->lanes > 1 && count > 1) {
        mode->variant->parents(mode, children, count, cvs);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        tp_blake3_node node;
        tp_blake3_parent(mode, children + 2 * i, &node);
        tp_blake3_node_cv(mode, &node, &cvs[i]);
    }
}

/* The nodes of a subtree on the level that has twice as many as there are lanes; or all chunks, if they are fewer.
 * Returns how many. So all but the last few levels fill the lanes. */
static size_t wide_level(const tp_blake3_mode *mode, const uint8_t *data, size_t chunks, uint64_t first,
                         tp_blake3_cv cvs[]) {
    size_t lanes = mode->variant->lanes, half = chunks / 2;
    if (chunks <= 2 * lanes) {
        tp_blake3_some_chunks(mode, data, chunks, first, cvs);
        return chunks;
    }
    tp_blake3_cv below[2 * TP_BLAKE3_MOST_LANES];
    wide_level(mode, data, half, first, below);
    parents(mode, below, lanes, cvs);
    wide_level(mode, data + half * TP_BLAKE3_CHUNK, half, first + half, below);
    parents(mode, below, lanes, cvs + lanes);
    return 2 * lanes;
}

void tp_blake3_halves(const tp_blake3_mode *mode, const uint8_t *data, size_t chunks, uint64_t first,
                      tp_blake3_cv cvs[2]) {
    tp_blake3_cv nodes[2 * TP_BLAKE3_MOST_LANES];
    for (size_t count = wide_level(mode, data, chunks, first, nodes); count > 2; count /= 2)
        parents(mode, nodes, count / 2, nodes);
    cvs[0] = nodes[0], cvs[1] = nodes[1];
}

void tp_blake3_subtree(const tp_blake3_mode *mode, const uint8_t *data, size_t chunks, uint64_t first_chunk,
                       uint8_t cv[TP_BLAKE3_DIGEST]) {
    tp_blake3_cv halves[2], root;
    tp_blake3_node node;
    if (chunks == 1) {
        tp_blake3_chunk(mode, data, TP_BLAKE3_CHUNK, first_chunk, &node);
    } else {
        tp_blake3_halves(mode, data, chunks, first_chunk, halves);
        tp_blake3_parent(mode, halves, &node);
    }
    tp_blake3_node_cv(mode, &node, &root);
    memcpy(cv, &root, TP_BLAKE3_DIGEST);
}
