/* Files to be hashed, in a queue: one thread, the owner, puts their names in and takes the digests out, in the same
 * order. Others do the work meanwhile, each at as many files at once as the hash has lanes.
 *
 * A thread that works waits for others only where the process may have no more files open, until they close one; the
 * owner, for a file that somebody has begun. */
#ifndef TP_FILES_H
#define TP_FILES_H

#include "hashing/hash.h"
#include "pool/flag.h"

enum { TP_FILES_ROOM = 1024 };

typedef struct tp_file_job {
    const char *path;
    int error; /* 0, or what tp_file_open or tp_file_read say, or ECANCELED */
    tp_flag done;
    uint8_t digest[TP_MOST_DIGEST];
} tp_file_job;

/* Jobs are numbered as they are put in; the one with a number is at number % TP_FILES_ROOM. */
typedef struct tp_files {
    const tp_hash *hash;
    unsigned threads;                /* that may work at once */
    size_t taken;                    /* the owner's alone */
    _Atomic size_t put, begun, done; /* how many */
    _Atomic size_t awaited;          /* the number that the owner waits for */
    _Atomic unsigned working;        /* threads that do, or were enlisted */
    _Atomic unsigned open;           /* files */
    _Atomic bool deserted, cancelled;
    tp_gate gate;
    tp_file_job jobs[TP_FILES_ROOM];
} tp_files;

void tp_files_init(tp_files *files, const tp_hash *hash, unsigned threads);
void tp_files_destroy(tp_files *files);

/* The owner's: puts a file in. False: there is no room. `path` stays until the job was taken out. */
bool tp_files_put(tp_files *files, const char *path);

/* How many are in, and how many of them nobody has begun. */
static inline size_t tp_files_count(const tp_files *files) { return files->put - files->taken; }
static inline size_t tp_files_waiting(const tp_files *files) { return files->put - files->begun; }

/* The owner's: the oldest job, if it is done within `nanoseconds`; else NULL. There must be one. */
tp_file_job *tp_files_first(tp_files *files, uint64_t nanoseconds);

/* The owner's: takes out the oldest job, which is done. */
static inline void tp_files_take(tp_files *files) { files->taken++; }

/* Whether one more thread may work, which then must call tp_files_work, or tp_files_leave. */
bool tp_files_enlist(tp_files *files);
void tp_files_leave(tp_files *files);

/* What a thread that works needs a buffer of. */
size_t tp_files_buffer(const tp_files *files);

/* For a thread that was enlisted: works while there is something that nobody has begun; false, and the thread has left.
 * What is put in when the owner cannot enlist a thread is done. After `nanoseconds` it begins nothing any more; true:
 * the thread is to come again, now or later, or to leave. */
bool tp_files_work(tp_files *files, uint8_t *buffer, uint64_t nanoseconds);

/* For the owner, when no thread comes: does what nobody has begun, until the oldest is done, or `look`, which is
 * called now and then, says false; then all is cancelled. */
void tp_files_help(tp_files *files, uint8_t *buffer, bool (*look)(void *owner), void *owner);

/* Other threads than the owner begin nothing any more. */
static inline void tp_files_desert(tp_files *files) { files->deserted = true; }

/* Nothing is begun any more, and what is in progress ends soon, as a failure. */
static inline void tp_files_cancel(tp_files *files) { files->cancelled = true; }

#endif
