#include "hashing/lanes.h"

#include <string.h>

/* The end of a message, of up to so many bytes with its padding, is copied, and hashed in one go. */
enum { SMALL = 4 * TP_BLOCK };

typedef struct lane {
    enum {
        IDLE,    /* has no message */
        READING, /* there are more parts */
        LAST,    /* this is the last */
        PADDED   /* the last blocks of all */
    } state;
    const uint8_t *next; /* the blocks to hash now */
    size_t blocks;
    uint64_t size;       /* of the message, as far as it is known */
    const uint8_t *rest; /* LAST: what is behind them, size % TP_BLOCK bytes */
    uint8_t end[SMALL];
    uint64_t padded; /* the size of the message that the padding in `end` is for */
    size_t padded_rest, padded_blocks;
} lane;

/* The rest of a message, and its padding: that of messages of one size is the same, and is left where it is. */
static void pad(const tp_md *hash, lane *to, const uint8_t *rest, size_t size) {
    size_t whole = size / TP_BLOCK, used = size % TP_BLOCK;
    for (size_t i = 0; i < whole; i++)
        memcpy(to->end + i * TP_BLOCK, rest + i * TP_BLOCK, TP_BLOCK);
    if (used) memcpy(to->end + whole * TP_BLOCK, rest + whole * TP_BLOCK, used);
    if (to->padded != to->size || to->padded_rest != size) {
        to->padded = to->size;
        to->padded_rest = size;
        to->padded_blocks = whole + tp_md_pad(hash, to->end + whole * TP_BLOCK, to->size);
    }
    to->state = PADDED;
    to->next = to->end;
    to->blocks = to->padded_blocks;
}

static void put(const tp_md *hash, lane *to, const tp_part *part) {
    to->size += part->size;
    if (part->is_last && part->size <= SMALL - TP_BLOCK - 9) {
        pad(hash, to, part->data, part->size);
        return;
    }
    to->state = part->is_last ? LAST : READING;
    to->next = part->data;
    to->blocks = part->size / TP_BLOCK;
    to->rest = part->data + to->blocks * TP_BLOCK;
}

/* After the blocks that the lane had. */
static void go_on(const tp_md *hash, tp_source *source, lane *with, unsigned number, const uint32_t state[]) {
    tp_part part;
    if (with->state == PADDED) {
        source->done(source, number, state);
        with->state = IDLE;
    } else if (with->state == LAST) {
        pad(hash, with, with->rest, with->size % TP_BLOCK);
    } else if (source->more(source, number, &part)) {
        put(hash, with, &part);
    } else {
        with->state = IDLE;
    }
}

/* As many blocks of each lane as the one that has fewest. What has no message works on the blocks of one that has. */
static void compress(const tp_md *hash, lane lanes[], uint32_t states[][TP_MOST_WORDS]) {
    const uint8_t *next[TP_MOST_LANES], *any = NULL;
    size_t blocks = SIZE_MAX;
    for (unsigned i = 0; i < hash->lanes; i++)
        if (lanes[i].state != IDLE) {
            any = lanes[i].next;
            if (lanes[i].blocks < blocks) blocks = lanes[i].blocks;
        }
    for (unsigned i = 0; i < hash->lanes; i++)
        next[i] = lanes[i].state != IDLE ? lanes[i].next : any;
    hash->compress_lanes(states, next, blocks);
    for (unsigned i = 0; i < hash->lanes; i++)
        if (lanes[i].state != IDLE) {
            lanes[i].next += blocks * TP_BLOCK;
            lanes[i].blocks -= blocks;
        }
}

void tp_md_lanes(const tp_md *hash, tp_source *source) {
    lane lanes[TP_MOST_LANES];
    uint32_t states[TP_MOST_LANES][TP_MOST_WORDS] = {{0}};
    for (unsigned i = 0; i < hash->lanes; i++)
        lanes[i] = (lane){.state = IDLE, .padded = UINT64_MAX};
    for (;;) {
        unsigned busy = 0;
        bool asked = false;
        for (unsigned i = 0; i < hash->lanes; i++) {
            tp_part part;
            if (lanes[i].state == IDLE) {
                if (asked || (asked = !source->next(source, i, &part))) continue;
                lanes[i].size = 0;
                memcpy(states[i], hash->initial, sizeof states[i]);
                put(hash, &lanes[i], &part);
            }
            busy++;
        }
        if (busy == 0) return;
        if (busy >= hash->least) compress(hash, lanes, states);
        for (unsigned i = 0; i < hash->lanes; i++) {
            if (lanes[i].state == IDLE) continue;
            if (busy < hash->least) {
                hash->compress(states[i], lanes[i].next, lanes[i].blocks);
                lanes[i].blocks = 0;
            }
            if (lanes[i].blocks == 0) go_on(hash, source, &lanes[i], i, states[i]);
        }
    }
}

/* Messages in memory: each is one part. */
typedef struct in_memory {
    tp_source source;
    const tp_md *hash;
    const tp_message *left, *end;
    uint8_t *digests[TP_MOST_LANES];
} in_memory;

static bool next_in_memory(tp_source *source, unsigned lane, tp_part *part) {
    in_memory *self = (in_memory *)source;
    if (self->left == self->end) return false;
    *part = (tp_part){self->left->data, self->left->size, true};
    self->digests[lane] = self->left->digest;
    self->left++;
    return true;
}

static void done_in_memory(tp_source *source, unsigned lane, const uint32_t state[]) {
    in_memory *self = (in_memory *)source;
    tp_md_store(self->hash, state, self->digests[lane]);
}

void tp_md_many(const tp_md *hash, const tp_message *messages, size_t count) {
    in_memory self = {.source = {.next = next_in_memory, .done = done_in_memory},
                      .hash = hash,
                      .left = messages,
                      .end = messages + count};
    tp_md_lanes(hash, &self.source);
}
