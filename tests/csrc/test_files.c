/* The queue of files that are hashed: sizes around those of parts, several threads under injected yields, files that
 * change or are none, and an end before all is done. */
#define _GNU_SOURCE /* mkdtemp */
#include "check.h"
#include "hashing/file.h"
#include "hashing/files.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES = 300, PART = 64 * 1024, MOST_THREADS = 4, LARGEST = 3 * PART + 1 };

static char folder[] = "/tmp/threadpool-test-XXXXXX";
static char names[NAMES][64];
static size_t sizes[NAMES];
static uint8_t data[LARGEST + NAMES];
static tp_hash hashes[TP_HASHES];

static uint32_t dice(uint32_t sides) {
    static _Thread_local uint64_t state;
    if (!state) state = (uint64_t)(uintptr_t)&state | 1;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16) % sides;
}

static tp_files *watched; /* by test_fair_shares */
static size_t most_in_progress;

static tp_files *helped; /* by test_help */
static size_t begun_by_then;

/* A yield now and then, so that the windows between two steps are hit. */
void tp_race_point(void) {
    if (watched && watched->begun - watched->done > most_in_progress) most_in_progress = watched->begun - watched->done;
    if (helped && begun_by_then == 0 && tp_flag_is_set(&helped->jobs[helped->taken].done))
        begun_by_then = helped->begun;
    if (dice(8) == 0) tp_yield();
}

static void write_file(const char *name, const uint8_t *bytes, size_t size) {
    FILE *file = fopen(name, "wb");
    CHECK(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

/* What a file holds is part of `data`, another for each. */
static void make_files(void) {
    static const size_t around[] = {0,        1,    55,       56,           63,       64,     65,
                                    PART - 1, PART, PART + 1, 2 * PART - 1, 2 * PART, LARGEST};
    CHECK(mkdtemp(folder));
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < NAMES; i++) {
        size_t count = sizeof around / sizeof *around;
        snprintf(names[i], sizeof *names, "%s/%zu", folder, i);
        sizes[i] = i < count ? around[i] : i % 37 ? i * 13 : (i * 40503u) % LARGEST;
        write_file(names[i], data + i, sizes[i]);
    }
}

static void remove_files(void) {
    for (size_t i = 0; i < NAMES; i++)
        CHECK(unlink(names[i]) == 0);
    CHECK(rmdir(folder) == 0);
}

static bool is_digest_of(const tp_hash *hash, const uint8_t *digest, const uint8_t *bytes, size_t size) {
    tp_hash_stream stream;
    uint8_t expected[TP_MOST_DIGEST];
    tp_hash_init(&stream, hash);
    tp_hash_update(&stream, bytes, size);
    tp_hash_finish(&stream, expected);
    return memcmp(digest, expected, hash->digest_size) == 0;
}

static bool go_on(void *owner) { return owner == NULL; }

static void *work(void *argument) {
    tp_files *files = argument;
    uint8_t *buffer =
        malloc(tp_files_buffer(files)); /* of just that size, so that a sanitizer sees one byte too many */
    CHECK(buffer);
    while (tp_files_work(files, buffer, dice(3) ? UINT32_MAX : dice(1000) * 1000))
        tp_yield();
    free(buffer);
    return NULL;
}

/* Threads that were enlisted, started and joined by the owner. */
typedef struct crew {
    pthread_t ids[1000];
    size_t count;
} crew;

static void send(crew *to, tp_files *files) {
    CHECK(to->count < sizeof to->ids / sizeof *to->ids);
    CHECK(pthread_create(&to->ids[to->count++], NULL, work, files) == 0);
}

/* Each file once, in order, by `threads` threads which come only when there is something: what is put in must be done
 * though a thread may be about to leave just then. */
static void test_order(const tp_hash *hash, unsigned threads) {
    enum { FILES = 3000 };
    static tp_files files;
    crew crew = {.count = 0};
    tp_files_init(&files, hash, threads);
    size_t put = 0, taken = 0, most_working = 0;
    while (taken < FILES) {
        size_t batch = 1 + dice(dice(4) ? 20 : TP_FILES_ROOM);
        while (batch-- && put < FILES && tp_files_put(&files, names[put % NAMES]))
            put++;
        while (tp_files_waiting(&files) && crew.count < 900 && tp_files_enlist(&files))
            send(&crew, &files);
        if (files.working > most_working) most_working = files.working;
        size_t wanted = dice(2) ? put : taken + 1;
        while (taken < wanted && taken < put) {
            tp_file_job *job = tp_files_first(&files, 100000000);
            if (!job) {
                if (crew.count == 900 && tp_files_enlist(&files)) work(&files);
                continue;
            }
            CHECK(job->error == 0);
            CHECK(is_digest_of(hash, job->digest, data + taken % NAMES, sizes[taken % NAMES]));
            tp_files_take(&files);
            taken++;
        }
    }
    for (size_t i = 0; i < crew.count; i++)
        CHECK(pthread_join(crew.ids[i], NULL) == 0);
    CHECK(most_working <= threads && files.working == 0 && tp_files_count(&files) == 0);
    tp_files_destroy(&files);
}

/* Without any other thread the owner does it all: the oldest, and what it has begun by then, each time. */
static void test_help(const tp_hash *hash) {
    static tp_files files;
    uint8_t *buffer;
    tp_files_init(&files, hash, 1);
    CHECK((buffer = malloc(tp_files_buffer(&files))));
    for (size_t i = 0; i < NAMES; i++)
        CHECK(tp_files_put(&files, names[i]));
    CHECK(tp_files_first(&files, 1000) == NULL);
    for (size_t i = 0; i < NAMES; i++) {
        if (!tp_files_first(&files, 0)) {
            helped = &files;
            begun_by_then = 0;
            tp_files_help(&files, buffer, go_on, NULL);
            helped = NULL;
            CHECK(begun_by_then > i && files.begun == begun_by_then && files.done == begun_by_then);
        }
        tp_file_job *job = tp_files_first(&files, 0);
        CHECK(job && job->error == 0 && is_digest_of(hash, job->digest, data + i, sizes[i]));
        tp_files_take(&files);
    }
    free(buffer);
    tp_files_destroy(&files);
}

static int looks;

static bool look_twice(void *owner) { return ++*(int *)owner < 2; }

/* The owner is let go when it no longer wants to. A file that never ends is read until then. */
static void test_an_end_to_help(const tp_hash *hash) {
    static tp_files files;
    tp_files_init(&files, hash, 1);
    uint8_t *buffer = malloc(tp_files_buffer(&files));
    char large[64];
    snprintf(large, sizeof large, "%s/large", folder);
    FILE *file = fopen(large, "wb");
    CHECK(buffer && file && ftruncate(fileno(file), (off_t)1 << 40) == 0 && fclose(file) == 0);
    CHECK(tp_files_put(&files, large));
    looks = 0;
    tp_files_help(&files, buffer, look_twice, &looks);
    CHECK(looks == 2 && tp_files_first(&files, 0)->error == ECANCELED && unlink(large) == 0);
    free(buffer);
    tp_files_destroy(&files);
}

/* With fewer files open at once than there are lanes, all are hashed all the same. */
static void test_few_descriptors(const tp_hash *hash, int next) {
    static tp_files files;
    crew crew = {.count = 0};
    struct rlimit before, few = {.rlim_cur = (rlim_t)next + 3};
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few.rlim_max = before.rlim_max;
    tp_files_init(&files, hash, 2);
    for (size_t i = 0; i < NAMES; i++)
        CHECK(tp_files_put(&files, names[12])); /* of several parts */
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    while (crew.count < 2 && tp_files_enlist(&files))
        send(&crew, &files);
    for (size_t i = 0; i < crew.count; i++)
        CHECK(pthread_join(crew.ids[i], NULL) == 0);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    for (size_t i = 0; i < NAMES; i++) {
        tp_file_job *job = tp_files_first(&files, 0);
        CHECK(job && job->error == 0 && is_digest_of(hash, job->digest, data + 12, sizes[12]));
        tp_files_take(&files);
    }
    CHECK(files.open == 0);
    tp_files_destroy(&files);
}

/* What can't be hashed is among what can: a name that is none, a folder, a pipe that nobody writes to, a file in /proc,
 * whose size is said to be 0, and one that has become longer, or shorter, than its size says by the time it is read. */
static void test_failures(const tp_hash *hash) {
    char missing[64], below[128], pipe[64];
    snprintf(missing, sizeof missing, "%s/missing", folder);
    snprintf(below, sizeof below, "%s/below", names[0]);
    snprintf(pipe, sizeof pipe, "%s/pipe", folder);
    CHECK(mkfifo(pipe, 0600) == 0);
    const char *paths[] = {names[20], missing, names[21], folder, below, pipe, "/proc/version", names[22]};
    const int errors[] = {0, ENOENT, 0, EISDIR, ENOTDIR, TP_FILE_IS_SPECIAL, 0, 0};
    enum { COUNT = sizeof errors / sizeof *errors };
    static tp_files files;
    tp_files_init(&files, hash, 1);
    uint8_t *buffer = malloc(tp_files_buffer(&files));
    CHECK(buffer);
    for (size_t i = 0; i < COUNT; i++)
        CHECK(tp_files_put(&files, paths[i]));
    for (size_t i = 0; i < COUNT; i++) {
        if (!tp_files_first(&files, 0)) tp_files_help(&files, buffer, go_on, NULL);
        tp_file_job *job = tp_files_first(&files, 0);
        CHECK(job && job->error == errors[i]);
        if (strncmp(paths[i], "/proc", 5) == 0) {
            FILE *file = fopen(paths[i], "rb");
            CHECK(file);
            size_t size = fread(buffer, 1, PART, file);
            CHECK(fclose(file) == 0 && size > 0 && is_digest_of(hash, job->digest, buffer, size));
        } else if (!errors[i]) {
            size_t number = (size_t)atoi(strrchr(paths[i], '/') + 1);
            CHECK(is_digest_of(hash, job->digest, data + number, sizes[number]));
        }
        tp_files_take(&files);
    }
    free(buffer);
    tp_files_destroy(&files);
    CHECK(unlink(pipe) == 0);
}

static void test_a_file_that_changes(void) {
    uint8_t buffer[1000];
    size_t size;
    tp_file file;
    write_file(names[0], data, 500);
    CHECK(tp_file_open(&file, names[0]) == 0 && truncate(names[0], 100) == 0);
    CHECK(tp_file_read(&file, buffer, sizeof buffer, &size) == 0 && size == 100);
    tp_file_close(&file);
    write_file(names[0], data, 500);
    CHECK(tp_file_open(&file, names[0]) == 0);
    write_file(names[0], data, 600);
    CHECK(tp_file_read(&file, buffer, 400, &size) == 0 && size == 400);
    CHECK(tp_file_read(&file, buffer, 400, &size) == 0 && size == 100);
    CHECK(memcmp(buffer, data + 400, 100) == 0);
    CHECK(tp_file_read(&file, buffer, 400, &size) == 0 && size == 0);
    tp_file_close(&file);
    write_file(names[0], data, sizes[0]);
}

/* After a stop threads end, whatever is left; what is in progress has failed or is done. */
static void test_stop(const tp_hash *hash) {
    for (int round = 0; round < 100; round++) {
        static tp_files files;
        crew crew = {.count = 0};
        tp_files_init(&files, hash, 2);
        for (size_t i = 0; i < NAMES; i++)
            CHECK(tp_files_put(&files, names[i]));
        while (crew.count < 2 && tp_files_enlist(&files))
            send(&crew, &files);
        for (uint32_t i = dice(50); i; i--)
            tp_yield();
        tp_files_cancel(&files);
        for (size_t i = 0; i < crew.count; i++)
            CHECK(pthread_join(crew.ids[i], NULL) == 0);
        for (size_t i = 0; i < files.begun; i++) {
            tp_file_job *job = tp_files_first(&files, 0);
            CHECK(job && (job->error == ECANCELED || is_digest_of(hash, job->digest, data + i, sizes[i])));
            tp_files_take(&files);
        }
        tp_files_destroy(&files);
    }
}

/* Of a few files one of four threads takes its share, although it may have lanes for all of them. What is in progress
 * is looked at as one more is begun: so there is none where the CPU has one lane. */
static void test_fair_shares(const tp_hash *hash) {
    static tp_files files;
    tp_files_init(&files, hash, 4);
    for (size_t i = 0; i < 8; i++)
        CHECK(tp_files_put(&files, names[12])); /* the largest */
    uint8_t *buffer = malloc(tp_files_buffer(&files));
    CHECK(buffer);
    CHECK(tp_files_enlist(&files));
    watched = &files;
    CHECK(!tp_files_work(&files, buffer, UINT32_MAX));
    watched = NULL;
    CHECK(files.done == 8);
    size_t lanes = hash->md ? hash->md->lanes : 1;
    CHECK(most_in_progress <= 2 && (most_in_progress >= 1 || lanes == 1));
    free(buffer);
    tp_files_destroy(&files);
}

/* Whatever the outcome, files are closed again: the next descriptor is the same as before all the tests. */
static int next_descriptor(void) {
    int next = dup(0);
    CHECK(next >= 0 && close(next) == 0);
    return next;
}

int main(void) {
    tp_hash_select(tp_cpu_detect(), hashes);
    make_files();
    int next = next_descriptor(), passed = 1;
    test_a_file_that_changes();
    for (int i = 0; i < TP_HASHES; i++) {
        for (unsigned threads = 1; threads <= MOST_THREADS; threads++)
            test_order(&hashes[i], threads);
        test_help(&hashes[i]);
        test_failures(&hashes[i]);
        test_stop(&hashes[i]);
        test_an_end_to_help(&hashes[i]);
        test_few_descriptors(&hashes[i], next);
        passed += 5 + MOST_THREADS;
    }
    test_fair_shares(&hashes[0]);
    CHECK(next_descriptor() == next);
    remove_files();
    printf("%d passed, 0 failed\n", passed + 1);
    return 0;
}
