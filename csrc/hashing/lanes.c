#include "hashing/lanes.h"

#include <string.h>

/* A message of up to so many bytes is copied, and hashed in one go with its padding. */
enum { SMALL = 4 * TP_BLOCK };

typedef struct lane {
    const tp_message *message; /* NULL: none */
    const uint8_t *next;       /* the blocks to hash now */
    size_t blocks;
    bool is_last; /* the padding is among them */
    uint8_t buffer[SMALL];
} lane;

static void store(uint8_t *bytes, uint64_t value, unsigned size, bool big_endian) {
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * (big_endian ? size - 1 - i : i));
}

size_t tp_pad(uint8_t last[2 * TP_BLOCK], uint64_t size, bool big_endian) {
    size_t used = size % TP_BLOCK;
    size_t blocks = used + 1 + sizeof size > TP_BLOCK ? 2 : 1;
    last[used] = 0x80;
    memset(last + used + 1, 0, blocks * TP_BLOCK - sizeof size - used - 1);
    store(last + blocks * TP_BLOCK - sizeof size, size * 8, sizeof size, big_endian);
    return blocks;
}

void tp_store_words(uint8_t *digest, const uint32_t state[], unsigned words, bool big_endian) {
    for (unsigned i = 0; i < words; i++)
        store(digest + 4 * i, state[i], 4, big_endian);
}

/* The end of the message, with its padding. */
static void take_end(const tp_lanes *hash, lane *to, size_t from) {
    size_t size = to->message->size, rest = size - from;
    if (rest) memcpy(to->buffer, (const uint8_t *)to->message->data + from, rest);
    size_t whole = rest / TP_BLOCK;
    to->next = to->buffer;
    to->blocks = whole + tp_pad(to->buffer + whole * TP_BLOCK, size, hash->big_endian);
    to->is_last = true;
}

static void take(const tp_lanes *hash, lane *to, uint32_t state[], const tp_message *message) {
    to->message = message;
    memcpy(state, hash->initial, hash->words * sizeof *state);
    if (message->size <= SMALL - TP_BLOCK - 9) {
        take_end(hash, to, 0);
    } else {
        to->next = message->data;
        to->blocks = message->size / TP_BLOCK;
        to->is_last = false;
    }
}

/* After the blocks that the lane had: whether the message is at its end, and its digest written. */
static bool go_on(const tp_lanes *hash, lane *with, uint32_t state[]) {
    if (!with->is_last) {
        take_end(hash, with, with->message->size / TP_BLOCK * TP_BLOCK);
        return false;
    }
    tp_store_words(with->message->digest, state, hash->words, hash->big_endian);
    with->message = NULL;
    return true;
}

static void finish_alone(const tp_lanes *hash, lane *with, uint32_t state[]) {
    do
        hash->compress_one(state, with->next, with->blocks);
    while (!go_on(hash, with, state));
}

/* As many blocks of each lane as the one that has fewest. What has no message works on the blocks of one that has. */
static void compress(const tp_lanes *hash, lane lanes[], uint32_t states[][TP_MOST_WORDS]) {
    const uint8_t *next[TP_MOST_LANES], *any = NULL;
    size_t blocks = SIZE_MAX;
    for (unsigned i = 0; i < hash->lanes; i++)
        if (lanes[i].message) {
            any = lanes[i].next;
            if (lanes[i].blocks < blocks) blocks = lanes[i].blocks;
        }
    for (unsigned i = 0; i < hash->lanes; i++)
        next[i] = lanes[i].message ? lanes[i].next : any;
    hash->compress(states, next, blocks);
    for (unsigned i = 0; i < hash->lanes; i++)
        if (lanes[i].message) {
            lanes[i].next += blocks * TP_BLOCK;
            lanes[i].blocks -= blocks;
        }
}

void tp_hash_in_lanes(const tp_lanes *hash, const tp_message *messages, size_t count) {
    lane lanes[TP_MOST_LANES];
    uint32_t states[TP_MOST_LANES][TP_MOST_WORDS];
    size_t taken = 0;
    unsigned busy = 0;
    for (unsigned i = 0; i < hash->lanes; i++) {
        lanes[i].message = NULL;
        if (taken == count) continue;
        take(hash, &lanes[i], states[i], &messages[taken++]);
        busy++;
    }
    while (busy >= hash->least) {
        compress(hash, lanes, states);
        for (unsigned i = 0; i < hash->lanes; i++) {
            if (!lanes[i].message || lanes[i].blocks || !go_on(hash, &lanes[i], states[i])) continue;
            if (taken < count)
                take(hash, &lanes[i], states[i], &messages[taken++]);
            else
                busy--;
        }
    }
    for (unsigned i = 0; i < hash->lanes; i++)
        if (lanes[i].message) finish_alone(hash, &lanes[i], states[i]);
    for (; taken < count; taken++) { /* one lane only */
        take(hash, &lanes[0], states[0], &messages[taken]);
        finish_alone(hash, &lanes[0], states[0]);
    }
}
