/* Many messages at once with BLAKE3: each lane works on one of up to a chunk. */
#include "hashing/blake3_tree.h"

#include <stdbool.h>
#include <string.h>

/* So few messages are hashed faster one after the other. */
enum { FEW = 2 };

typedef struct messages {
    const tp_blake3_variant *variant;
    const tp_message *next, *end;
    tp_blake3_step step;
    tp_blake3_states states;
    uint8_t last_blocks[TP_BLAKE3_MOST_LANES][TP_BLAKE3_BLOCK]; /* of each lane, when it is not whole */
} messages;

/* A vector is best not read right after one of its words was written: so only those that change are. */
static void set(uint32_t *word, uint32_t value) {
    if (*word != value) *word = value;
}

/* Puts in place a lane's next block, behind which its message has `left` bytes with it. */
static void put(messages *self, size_t lane, const uint8_t *data, size_t left) {
    self->step.blocks[lane] = data;
    if (left < TP_BLAKE3_BLOCK) {
        uint8_t *last = self->last_blocks[lane];
        memset(last, 0, TP_BLAKE3_BLOCK);
        if (left) memcpy(last, data, left);
        self->step.blocks[lane] = last;
    }
    set(&self->step.sizes[lane], left < TP_BLAKE3_BLOCK ? (uint32_t)left : TP_BLAKE3_BLOCK);
}

/* How many blocks a message has before its last one. */
static size_t blocks_before_last(size_t size) { return size ? (size - 1) / TP_BLAKE3_BLOCK : 0; }

/* Whether there is a message for each lane, and all of them have as many blocks, those of a chunk at most. */
static bool are_alike(const messages *self) {
    const tp_message *message = self->next;
    if ((size_t)(self->end - message) < self->variant->lanes || message->size > TP_BLAKE3_CHUNK) return false;
    for (size_t i = 1; i < self->variant->lanes; i++)
        if (blocks_before_last(message[i].size) != blocks_before_last(message->size)) return false;
    return true;
}

/* All are the same, before and after. */
static void set_all(uint32_t words[TP_BLAKE3_MOST_LANES], uint32_t value) {
    if (words[0] == value) return;
    for (size_t i = 0; i < TP_BLAKE3_MOST_LANES; i++)
        words[i] = value;
}

static void hash_blocks(messages *self, size_t count, bool are_first, bool are_last) {
    set_all(self->step.starts, are_first ? UINT32_MAX : 0);
    set_all(self->step.ends, are_last ? UINT32_MAX : 0);
    self->step.count = count;
    self->variant->messages(&self->step, &self->states);
}

/* Messages with as many blocks need no looking after until they end. */
static void hash_alike(messages *self) {
    size_t lanes = self->variant->lanes, before = blocks_before_last(self->next->size);
    size_t done = before * TP_BLAKE3_BLOCK;
    for (size_t i = 0; i < lanes && before; i++)
        put(self, i, self->next[i].data, TP_BLAKE3_BLOCK);
    if (before) hash_blocks(self, before, true, false);
    for (size_t i = 0; i < lanes; i++) {
        const uint8_t *data = self->next[i].data;
        put(self, i, before ? data + done : data, self->next[i].size - done); /* even 0 may not be added to NULL */
    }
    hash_blocks(self, 1, !before, true);
    for (size_t i = 0; i < lanes; i++)
        memcpy(self->next[i].digest, self->states.lanes[i], TP_BLAKE3_DIGEST);
    self->next += lanes;
}

/* What a lane works on when messages end one by one. */
typedef struct lane {
    uint8_t *digest; /* NULL: nothing */
    const uint8_t *next;
    size_t left;
    bool is_new;
} lane;

/* The next message of up to a chunk, if there is one; longer ones on the way have trees of their own. */
static void take(messages *self, lane *to) {
    to->digest = NULL;
    while (self->next != self->end && !to->digest) {
        const tp_message *message = self->next++;
        if (message->size > TP_BLAKE3_CHUNK)
            tp_blake3(self->variant, message->data, message->size, message->digest);
        else
            *to = (lane){message->digest, message->data, message->size, true};
    }
}

/* Hashes a block of each lane; one that has nothing to work on repeats the block before. */
static void hash_step(messages *self, lane lanes[]) {
    for (size_t i = 0; i < self->variant->lanes; i++) {
        if (!lanes[i].digest) continue;
        put(self, i, lanes[i].next, lanes[i].left);
        self->step.starts[i] = lanes[i].is_new ? UINT32_MAX : 0;
        self->step.ends[i] = lanes[i].left <= TP_BLAKE3_BLOCK ? UINT32_MAX : 0;
    }
    self->step.count = 1;
    self->variant->messages(&self->step, &self->states);
}

static void hash_mixed(messages *self) {
    static const uint8_t nothing[TP_BLAKE3_BLOCK];
    lane lanes[TP_BLAKE3_MOST_LANES];
    size_t busy = 0;
    for (size_t i = 0; i < self->variant->lanes; i++) {
        self->step.blocks[i] = nothing;
        take(self, &lanes[i]);
        busy += lanes[i].digest != NULL;
    }
    while (busy) {
        hash_step(self, lanes);
        for (size_t i = 0; i < self->variant->lanes; i++) {
            if (!lanes[i].digest) continue;
            if (lanes[i].left > TP_BLAKE3_BLOCK) {
                lanes[i].next += TP_BLAKE3_BLOCK;
                lanes[i].left -= TP_BLAKE3_BLOCK;
                lanes[i].is_new = false;
                continue;
            }
            memcpy(lanes[i].digest, self->states.lanes[i], TP_BLAKE3_DIGEST);
            take(self, &lanes[i]);
            busy -= lanes[i].digest == NULL;
        }
    }
}

void tp_blake3_many(const tp_blake3_variant *variant, const tp_message *all, size_t count) {
    if (variant->lanes == 1 || count <= FEW) {
        for (size_t i = 0; i < count; i++)
            tp_blake3(variant, all[i].data, all[i].size, all[i].digest);
        return;
    }
    messages self = {.variant = variant, .next = all, .end = all + count};
    while (are_alike(&self))
        hash_alike(&self);
    hash_mixed(&self);
}
