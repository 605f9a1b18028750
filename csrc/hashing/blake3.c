/* Which variant of BLAKE3 to use, its modes, and streams. */
#include "hashing/blake3.h"

#include "hashing/blake3_tree.h"

#include <string.h>

#define LANES(suffix)                                                                                                  \
    tp_blake3_chunks_##suffix, tp_blake3_parents_##suffix, tp_blake3_messages_##suffix, tp_blake3_outputs_##suffix

const tp_blake3_variant *tp_blake3_select(tp_cpu_features features) {
    static const tp_blake3_variant portable = {"portable", 1, tp_blake3_compress_portable, NULL, NULL, NULL, NULL};
#if defined(__x86_64__) || defined(_M_X64)
    static const tp_blake3_variant four = {"SSE4.1 x 4", 4, tp_blake3_compress_sse41, LANES(sse41)};
    static const tp_blake3_variant eight = {"AVX2 x 8", 8, tp_blake3_compress_sse41, LANES(avx2)};
    static const tp_blake3_variant sixteen = {"AVX-512 x 16", 16, tp_blake3_compress_avx512, LANES(avx512)};
    if (features.avx512) return &sixteen;
    if (features.avx2) return &eight;
    if (features.sse41) return &four;
#elif defined(__aarch64__) || defined(_M_ARM64)
    static const tp_blake3_variant four = {"NEON x 4", 4, tp_blake3_compress_portable, LANES(neon)};
    if (features.neon) return &four;
#endif
    (void)features;
    return &portable;
}

const char *tp_blake3_name(const tp_blake3_variant *variant) { return variant->name; }

static void load(uint32_t words[8], const uint8_t bytes[32]) {
    for (int i = 0; i < 8; i++) {
        words[i] = 0;
        for (int n = 0; n < 4; n++)
            words[i] |= (uint32_t)bytes[4 * i + n] << 8 * n;
    }
}

static void init(tp_blake3_stream *stream, const tp_blake3_variant *variant, uint32_t flags) {
    stream->mode.variant = variant;
    stream->mode.flags = flags;
    stream->chunks = 0;
    stream->size = 0;
    stream->depth = 0;
}

void tp_blake3_init(tp_blake3_stream *stream, const tp_blake3_variant *variant) {
    init(stream, variant, 0);
    memcpy(stream->mode.key, tp_blake3_iv, sizeof stream->mode.key);
}

void tp_blake3_init_keyed(tp_blake3_stream *stream, const tp_blake3_variant *variant,
                          const uint8_t key[TP_BLAKE3_KEY]) {
    init(stream, variant, TP_BLAKE3_KEYED_HASH);
    load(stream->mode.key, key);
}

void tp_blake3_init_derive_key(tp_blake3_stream *stream, const tp_blake3_variant *variant, const uint8_t *context,
                               size_t size) {
    uint8_t key[TP_BLAKE3_KEY];
    init(stream, variant, TP_BLAKE3_DERIVE_KEY_CONTEXT);
    memcpy(stream->mode.key, tp_blake3_iv, sizeof stream->mode.key);
    tp_blake3_update(stream, context, size);
    tp_blake3_finish(stream, 0, key, sizeof key);
    init(stream, variant, TP_BLAKE3_DERIVE_KEY_MATERIAL);
    load(stream->mode.key, key);
}

static unsigned ones(uint64_t x) {
    unsigned count = 0;
    for (; x; x &= x - 1)
        count++;
    return count;
}

/* Completes the subtrees that end where the stack does: there are then as many as ones in the number of chunks (5.1.2).
 * Only when more follows: what completes the message is its root. */
static void merge(tp_blake3_stream *stream) {
    for (unsigned depth = ones(stream->chunks); stream->depth > depth; stream->depth--) {
        tp_blake3_node node;
        tp_blake3_parent(&stream->mode, &stream->stack[stream->depth - 2], &node);
        tp_blake3_node_cv(&stream->mode, &node, &stream->stack[stream->depth - 2]);
    }
}

static void push(tp_blake3_stream *stream, const tp_blake3_cv *cv, size_t chunks) {
    merge(stream);
    stream->stack[stream->depth++] = *cv;
    stream->chunks += chunks;
}

/* A whole chunk, behind which more follows. */
static void push_pending(tp_blake3_stream *stream) {
    tp_blake3_cv cv;
    tp_blake3_some_chunks(&stream->mode, stream->pending, 1, stream->chunks, &cv);
    push(stream, &cv, 1);
    stream->size = 0;
}

/* Pushes whole chunks, of which there are `whole`, and bytes behind them or a chunk before. Returns how many: those of
 * the largest subtree that begins here, or, where that does not fill the lanes, those that do. */
static size_t push_chunks(tp_blake3_stream *stream, const uint8_t *data, size_t whole) {
    size_t lanes = stream->mode.variant->lanes, some = lanes - stream->chunks % lanes, subtree = 1;
    if (some > whole) some = whole;
    while (2 * subtree <= whole && stream->chunks % (2 * subtree) == 0)
        subtree *= 2;
    if (subtree > 1 && subtree >= some) {
        tp_blake3_cv halves[2];
        tp_blake3_halves(&stream->mode, data, subtree, stream->chunks, halves);
        push(stream, &halves[0], subtree / 2);
        push(stream, &halves[1], subtree / 2);
        return subtree;
    }
    tp_blake3_cv cvs[TP_BLAKE3_MOST_LANES];
    tp_blake3_some_chunks(&stream->mode, data, some, stream->chunks, cvs);
    for (size_t i = 0; i < some; i++)
        push(stream, &cvs[i], 1);
    return some;
}

void tp_blake3_update(tp_blake3_stream *stream, const uint8_t *data, size_t size) {
    if (size == 0) return;
    if (stream->size) {
        size_t room = TP_BLAKE3_CHUNK - stream->size, part = size < room ? size : room;
        memcpy(stream->pending + stream->size, data, part);
        stream->size += part;
        data += part;
        size -= part;
        if (size == 0) return;
        push_pending(stream);
    }
    while (size > TP_BLAKE3_CHUNK) {
        size_t some = push_chunks(stream, data, size / TP_BLAKE3_CHUNK);
        data += some * TP_BLAKE3_CHUNK;
        size -= some * TP_BLAKE3_CHUNK;
    }
    if (size == 0) return;
    merge(stream);
    memcpy(stream->pending, data, size);
    stream->size = size;
}

void tp_blake3_add_subtree(tp_blake3_stream *stream, const uint8_t cv[TP_BLAKE3_DIGEST], size_t chunks) {
    if (stream->size) push_pending(stream);
    tp_blake3_cv subtree;
    memcpy(&subtree, cv, sizeof subtree);
    push(stream, &subtree, chunks);
}

void tp_blake3_finish(const tp_blake3_stream *stream, uint64_t seek, uint8_t *out, size_t size) {
    tp_blake3_node node;
    tp_blake3_cv children[2];
    size_t depth = stream->depth;
    if (stream->size || depth == 0) {
        tp_blake3_chunk(&stream->mode, stream->pending, stream->size, stream->chunks, &node);
    } else {
        depth -= 2;
        tp_blake3_parent(&stream->mode, &stream->stack[depth], &node);
    }
    while (depth) {
        children[0] = stream->stack[--depth];
        tp_blake3_node_cv(&stream->mode, &node, &children[1]);
        tp_blake3_parent(&stream->mode, children, &node);
    }
    tp_blake3_output(&stream->mode, &node, seek, out, size);
}

void tp_blake3(const tp_blake3_variant *variant, const uint8_t *data, size_t size, uint8_t digest[TP_BLAKE3_DIGEST]) {
    tp_blake3_stream stream;
    tp_blake3_init(&stream, variant);
    if (size > TP_BLAKE3_CHUNK) {
        tp_blake3_update(&stream, data, size);
        tp_blake3_finish(&stream, 0, digest, TP_BLAKE3_DIGEST);
    } else { /* without a copy */
        tp_blake3_node node;
        tp_blake3_chunk(&stream.mode, data, size, 0, &node);
        tp_blake3_output(&stream.mode, &node, 0, digest, TP_BLAKE3_DIGEST);
    }
}
