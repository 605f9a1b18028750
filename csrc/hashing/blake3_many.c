/* Many messages at once with BLAKE3: each lane works on one of up to a chunk, and takes the next when that ends. */
#include "hashing/blake3_tree.h"

#include <stdbool.h>
#include <string.h>

typedef struct lane {
    const uint8_t *next; /* what is left of the message */
    size_t left;
    uint8_t *digest; /* NULL: there is no message */
    bool is_first;   /* the next block of the message's blocks */
    bool is_last;
    uint8_t padded[TP_BLAKE3_BLOCK]; /* its last block, unless that is whole */
} lane;

typedef struct messages {
    const tp_blake3_variant *variant;
    const tp_message *next, *end;
} messages;

/* The next message of up to a chunk; longer ones on the way have trees of their own. */
static void take(lane *to, messages *from) {
    const tp_message *message = from->next;
    while (message != from->end && message->size > TP_BLAKE3_CHUNK) {
        tp_blake3(from->variant, message->data, message->size, message->digest);
        message++;
    }
    from->next = message;
    to->digest = NULL;
    if (message == from->end) return;
    from->next++;
    to->next = message->data;
    to->left = message->size;
    to->digest = message->digest;
    to->is_first = true;
}

static void put_block(tp_blake3_step *step, size_t number, lane *from) {
    size_t size = from->left < TP_BLAKE3_BLOCK ? from->left : TP_BLAKE3_BLOCK;
    from->is_last = from->left == size;
    step->blocks[number] = from->next;
    if (size < TP_BLAKE3_BLOCK) {
        memset(from->padded, 0, sizeof from->padded);
        if (size) memcpy(from->padded, from->next, size);
        step->blocks[number] = from->padded;
    } else {
        from->next += size;
        from->left -= size;
    }
    step->sizes[number] = (uint32_t)size;
    step->starts[number] = from->is_first ? UINT32_MAX : 0;
    step->flags[number] =
        (from->is_first ? TP_BLAKE3_CHUNK_START : 0) | (from->is_last ? TP_BLAKE3_CHUNK_END | TP_BLAKE3_ROOT : 0);
    step->ends |= from->is_last;
    from->is_first = false;
}

/* A lane without a message hashes the block of one that has; what comes of it goes nowhere. */
static void put_nothing(tp_blake3_step *step, size_t number, const uint8_t *block) {
    step->blocks[number] = block;
    step->sizes[number] = step->flags[number] = 0;
    step->starts[number] = UINT32_MAX;
}

static void in_lanes(messages *from) {
    static const uint8_t nothing[TP_BLAKE3_BLOCK];
    size_t lanes = from->variant->lanes;
    tp_blake3_step step;
    lane with[TP_BLAKE3_MOST_LANES];
    for (size_t i = 0; i < lanes; i++)
        take(&with[i], from);
    for (;;) {
        bool busy = false;
        step.ends = false;
        for (size_t i = 0; i < lanes; i++) {
            if (with[i].digest) {
                busy = true;
                put_block(&step, i, &with[i]);
            } else {
                put_nothing(&step, i, nothing);
            }
        }
        if (!busy) return;
        from->variant->messages(&step);
        for (size_t i = 0; i < lanes; i++)
            if (with[i].digest && with[i].is_last) {
                memcpy(with[i].digest, step.digests[i], TP_BLAKE3_DIGEST);
                take(&with[i], from);
            }
    }
}

void tp_blake3_many(const tp_blake3_variant *variant, const tp_message *messages_, size_t count) {
    messages from = {variant, messages_, messages_ + count};
    if (variant->lanes > 1 && count > TP_BLAKE3_FEW) {
        in_lanes(&from);
        return;
    }
    for (; from.next != from.end; from.next++)
        tp_blake3(variant, from.next->data, from.next->size, from.next->digest);
}
