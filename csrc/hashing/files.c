#include "hashing/files.h"

#include "hashing/file.h"
#include "hashing/lanes.h"

#include <errno.h>

/* What is read of a file at once: parts of as many files as there are lanes should stay in the second-level cache. */
enum { PART = 64 * 1024 };

void tp_files_init(tp_files *files, const tp_hash *hash, unsigned threads) {
    files->hash = hash;
    files->threads = threads;
    files->taken = 0;
    files->put = 0;
    files->begun = 0;
    files->done = 0;
    files->awaited = SIZE_MAX;
    files->working = 0;
    files->open = 0;
    files->deserted = false;
    files->cancelled = false;
    tp_gate_init(&files->gate);
}

void tp_files_destroy(tp_files *files) { tp_gate_destroy(&files->gate); }

static tp_file_job *job_of(tp_files *files, size_t number) { return &files->jobs[number % TP_FILES_ROOM]; }

bool tp_files_put(tp_files *files, const char *path) {
    if (tp_files_count(files) == TP_FILES_ROOM) return false;
    tp_file_job *job = job_of(files, files->put);
    job->path = path;
    job->done = false;
    files->put++;
    return true;
}

/* The owner makes known what it waits for, and then looks whether it is done; a worker says that it is done, and then
 * looks who waits. One of them sees what the other has written. */
tp_file_job *tp_files_first(tp_files *files, uint64_t nanoseconds) {
    tp_file_job *job = job_of(files, files->taken);
    if (tp_flag_is_set(&job->done)) return job;
    if (nanoseconds == 0) return NULL;
    files->awaited = files->taken;
    tp_race_point();
    bool done = tp_gate_wait(&files->gate, &job->done, nanoseconds);
    files->awaited = SIZE_MAX;
    return done ? job : NULL;
}

static void end(tp_files *files, size_t number, int error) {
    tp_file_job *job = job_of(files, number);
    job->error = error;
    files->done++;
    job->done = true; /* and from now on it may be another */
    tp_race_point();
    if (files->awaited == number) tp_gate_recall(&files->gate);
}

/* What a thread is at. */
typedef struct reader {
    tp_source source; /* of messages for lanes */
    tp_files *files;
    uint8_t *buffer;           /* a part for each lane */
    uint64_t deadline;         /* nothing is begun any more */
    bool (*look)(void *owner); /* NULL: not the owner */
    void *owner;
    uint64_t next_look;
    bool is_postponed; /* a job was begun, and its file could not be opened yet */
    size_t postponed;
    size_t busy; /* lanes */
    struct {
        size_t number;
        tp_file file;
    } lanes[TP_MOST_LANES];
} reader;

static bool may_begin(const reader *self) {
    tp_files *files = self->files;
    if (files->cancelled || tp_now() >= self->deadline) return false;
    return self->look ? !tp_flag_is_set(&job_of(files, files->taken)->done) : !files->deserted;
}

/* Takes a job that nobody has begun; but no more than a thread's share of all that are not done, so that a few large
 * files are not all in one thread's hands. */
static bool begin(reader *self, size_t *number) {
    tp_files *files = self->files;
    size_t next = files->begun;
    do {
        if (next == files->put || !may_begin(self)) return false;
        if (self->busy && self->busy * files->threads >= files->put - files->done) return false;
        tp_race_point();
    } while (!atomic_compare_exchange_weak(&files->begun, &next, next + 1));
    *number = next;
    return true;
}

static void close_file(reader *self, unsigned lane) {
    tp_file_close(&self->lanes[lane].file);
    self->files->open--;
}

/* The next part of a file that is open. */
static int read_part(reader *self, unsigned lane, tp_part *part) {
    part->data = self->buffer + lane * (size_t)PART;
    int error = tp_file_read(&self->lanes[lane].file, self->buffer + lane * (size_t)PART, PART, &part->size);
    part->is_last = part->size < PART;
    if (error || part->is_last) close_file(self, lane);
    return error;
}

/* Where the process may not have so many files open, one of ours will be closed, by this thread, which then comes back
 * to it, or another. Only if there is none it is a failure. */
static int open_file(reader *self, unsigned lane, size_t number) {
    for (;;) {
        int error = tp_file_open(&self->lanes[lane].file, job_of(self->files, number)->path);
        if (!error) self->files->open++;
        bool are_too_many = error == EMFILE || error == ENFILE;
        if (!are_too_many || self->files->open == 0 || self->files->cancelled) return error;
        if (self->busy) {
            self->is_postponed = true;
            self->postponed = number;
            return error;
        }
        tp_yield();
    }
}

/* Opens a file that nobody has begun, and reads its first part. Those that cannot be had have failed. */
static bool next(tp_source *source, unsigned lane, tp_part *part) {
    reader *self = (reader *)source;
    size_t number = self->postponed;
    while (self->is_postponed || begin(self, &number)) {
        self->is_postponed = false;
        self->lanes[lane].number = number;
        int error = open_file(self, lane, number);
        if (self->is_postponed) return false;
        if (!error) error = read_part(self, lane, part);
        if (!error) {
            self->busy++;
            return true;
        }
        end(self->files, number, error);
    }
    return false;
}

static void look(reader *self) {
    uint64_t now = tp_now();
    if (!self->look || now < self->next_look) return;
    self->next_look = now + TP_SIGNAL_NANOSECONDS;
    if (!self->look(self->owner)) tp_files_cancel(self->files);
}

static bool more(tp_source *source, unsigned lane, tp_part *part) {
    reader *self = (reader *)source;
    int error;
    look(self);
    if (self->files->cancelled) {
        error = ECANCELED;
        close_file(self, lane);
    } else {
        error = read_part(self, lane, part);
    }
    if (!error) return true;
    self->busy--;
    end(self->files, self->lanes[lane].number, error);
    return false;
}

static void done(tp_source *source, unsigned lane, const uint32_t state[]) {
    reader *self = (reader *)source;
    size_t number = self->lanes[lane].number;
    tp_md_store(self->files->hash->md, state, job_of(self->files, number)->digest);
    self->busy--;
    end(self->files, number, 0);
}

/* What has no lanes for messages uses the first. */
static void one_by_one(reader *self) {
    tp_part part;
    tp_hash_stream stream;
    while (next(&self->source, 0, &part)) {
        size_t number = self->lanes[0].number;
        bool all = true;
        tp_hash_init(&stream, self->files->hash);
        do
            tp_hash_update(&stream, part.data, part.size);
        while (!part.is_last && (all = more(&self->source, 0, &part)));
        if (!all) continue;
        tp_hash_finish(&stream, job_of(self->files, number)->digest);
        self->busy--;
        end(self->files, number, 0);
    }
}

static void work(reader *self) {
    self->source = (tp_source){next, more, done};
    if (self->files->hash->md)
        tp_md_lanes(self->files->hash->md, &self->source);
    else
        one_by_one(self);
}

void tp_files_help(tp_files *files, uint8_t *buffer, bool (*look)(void *owner), void *owner) {
    reader self = {.files = files, .buffer = buffer, .deadline = UINT64_MAX, .look = look, .owner = owner};
    work(&self);
}

size_t tp_files_buffer(const tp_files *files) { return (files->hash->md ? files->hash->md->lanes : 1) * (size_t)PART; }

static bool is_over(const tp_files *files) { return files->cancelled || files->deserted; }

bool tp_files_enlist(tp_files *files) {
    unsigned working = files->working;
    do
        if (working >= files->threads || is_over(files)) return false;
    while (!atomic_compare_exchange_weak(&files->working, &working, working + 1));
    return true;
}

void tp_files_leave(tp_files *files) { files->working--; }

/* The owner puts something in, and then looks whether all threads work; a thread says that it does not any more, and
 * then looks whether there is something. One of them sees what the other has written. */
bool tp_files_work(tp_files *files, uint8_t *buffer, uint64_t nanoseconds) {
    uint64_t deadline = tp_now() + nanoseconds;
    do {
        reader self = {.files = files, .buffer = buffer, .deadline = deadline};
        work(&self);
        if (tp_files_waiting(files) && !is_over(files)) return true;
        tp_race_point();
        tp_files_leave(files);
        tp_race_point();
    } while (tp_files_waiting(files) && tp_files_enlist(files));
    return false;
}
