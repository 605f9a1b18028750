/* Memory at an address that never changes: of a fixed size, growable, or shared with other processes.
 *
 * Growable memory reserves addresses for all that it may become, and asks for the memory itself as it grows. Who uses
 * the memory pins it; it is given back when it is closed, which it cannot be while it is pinned. All functions may be
 * called from any thread at any time, but for those that open, map and free it. */
#ifndef TP_MEMORY_H
#define TP_MEMORY_H

#include "../os.h"

#include <stdatomic.h>

/* What processes that share memory must agree on stands before it. */
typedef struct tp_memory_head {
    uint8_t token[16]; /* of this memory: a file number may mean another file by now */
    uint64_t maximum;
    uint64_t growable;
    _Atomic uint64_t length;
} tp_memory_head;

typedef struct tp_memory {
    char *start; /* aligned to a cache line; all is zero at first */
    size_t maximum;
    size_t reserved; /* bytes of addresses: less than the maximum where they are scarce */
    _Atomic uint64_t own_length;
    _Atomic uint64_t *length; /* the same, or that in the head: only grows */
    _Atomic intptr_t pins;    /* -1: closed */
    void *allocation;         /* what is given back */
    size_t allocated;         /* 0: by free() */
    _Atomic int file;         /* -1: none, or not any more */
} tp_memory;

/* Memory of this process, which may grow up to `maximum`: a fixed size if that is the same. False: there is none, and
 * nothing to free. */
bool tp_memory_open(tp_memory *memory, size_t length, size_t maximum);

/* The memory in a file, which who creates it has made as large as tp_memory_file_size, and whose head it fills in. The
 * file is closed with the memory; not if this fails. */
bool tp_memory_map(tp_memory *memory, int file, size_t maximum);
size_t tp_memory_file_size(size_t maximum);
tp_memory_head *tp_memory_head_of(tp_memory *memory);

bool tp_memory_pin(tp_memory *memory); /* false: it is closed */
void tp_memory_unpin(tp_memory *memory);

/* Whoever shares it is asked too. Only while it is pinned. */
size_t tp_memory_length(tp_memory *memory);

typedef enum tp_growth { TP_GROWN, TP_WOULD_SHRINK, TP_TOO_LARGE, TP_NO_ADDRESSES, TP_NO_MEMORY } tp_growth;

/* Only while it is pinned. */
tp_growth tp_memory_grow(tp_memory *memory, size_t length);

/* Nobody can pin it any more: 0; -1 if that was so already; else how many pins there are. */
intptr_t tp_memory_close(tp_memory *memory);

/* The same, and what was open there is open at `target` from now on, at the same address, unless there are pins. */
intptr_t tp_memory_move(tp_memory *source, tp_memory *target);

/* After it was closed: gives it back. */
void tp_memory_free(tp_memory *memory);

/* Closes the file, by which others find it, and no more. */
void tp_memory_unlink(tp_memory *memory);

#endif
