/* Many messages hashed at once: each lane of a compression function works on one, and takes the next when that ends.
 * Where they come from is the caller's business: memory, or files that are read as they are hashed. */
#ifndef TP_LANES_H
#define TP_LANES_H

#include "hashing/md.h"

/* A part of a message; one that is not the last has whole blocks, one at least. */
typedef struct tp_part {
    const uint8_t *data; /* without any bytes, it may be NULL */
    size_t size;
    bool is_last;
} tp_part;

/* Messages for lanes. What a function is given as `self` is the source; a part stays as it is until its lane is asked
 * for the one after, or for the next message. */
typedef struct tp_source tp_source;
struct tp_source {
    /* The first part of a message for a lane that has none. False: there is none now; a lane will ask again. */
    bool (*next)(tp_source *self, unsigned lane, tp_part *part);
    /* The part after one that was not the last. False: it cannot be had, and the lane is free. */
    bool (*more)(tp_source *self, unsigned lane, tp_part *part);
    /* The message in that lane has this state at its end. */
    void (*done)(tp_source *self, unsigned lane, const uint32_t state[]);
};

/* Hashes messages until there is none in any lane, and none to be had. */
void tp_md_lanes(const tp_md *hash, tp_source *source);

#endif
