/* Hashing files by name: sizes around that of one read, files that come in dribs and drabs, and what cannot be read. */
#define _GNU_SOURCE /* mkdtemp */
#include "check.h"
#include "hashing/file.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CAPACITY = 100, SIZE = 4 * CAPACITY };

static const tp_sha256_variant *variant;
static char folder[] = "/tmp/threadpool-test-XXXXXX", path[64];
static uint8_t data[SIZE];

/* Hashes `path` into a buffer of exactly `capacity` bytes, so that a sanitizer sees one too many. */
static int hash_file(size_t capacity, uint8_t digest[TP_SHA256_DIGEST]) {
    uint8_t *buffer = malloc(capacity);
    CHECK(buffer);
    int error = tp_sha256_file(variant, path, buffer, capacity, digest);
    free(buffer);
    return error;
}

static void test_sizes(void) {
    static const size_t capacities[] = {1, 63, 64, 65, CAPACITY, SIZE, SIZE + 1};
    uint8_t expected[TP_SHA256_DIGEST], digest[TP_SHA256_DIGEST];
    for (size_t size = 0; size <= SIZE; size++) {
        FILE *file = fopen(path, "wb");
        CHECK(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
        tp_sha256(variant, data, size, expected);
        for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
            CHECK(hash_file(capacities[i], digest) == 0);
            CHECK(memcmp(digest, expected, sizeof digest) == 0);
        }
    }
    CHECK(unlink(path) == 0);
}

static volatile sig_atomic_t alarms;

static void count_alarm(int signal) {
    (void)signal;
    alarms++;
}

/* A pipe gives what there is: short reads before the end. And with a signal every millisecond both open, which waits
 * for the writer, and read are interrupted again and again. */
static void test_short_and_interrupted_reads(void) {
    CHECK(mkfifo(path, 0600) == 0);
    pid_t writer = fork();
    CHECK(writer >= 0);
    if (writer == 0) {
        alarm(10); /* should nobody read */
        usleep(20000);
        FILE *pipe = fopen(path, "wb");
        CHECK(pipe);
        for (size_t i = 0; i < SIZE; i += 16) {
            CHECK(fwrite(data + i, 1, 16, pipe) == 16 && fflush(pipe) == 0);
            usleep(2000);
        }
        _exit(0);
    }
    struct sigaction action = {.sa_handler = count_alarm}, before; /* without SA_RESTART */
    struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    CHECK(sigaction(SIGALRM, &action, &before) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    uint8_t expected[TP_SHA256_DIGEST], digest[TP_SHA256_DIGEST];
    int error = hash_file(CAPACITY, digest);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0 && sigaction(SIGALRM, &before, NULL) == 0);
    int status;
    CHECK(waitpid(writer, &status, 0) == writer && status == 0);
    CHECK(error == 0 && alarms > 0);
    tp_sha256(variant, data, SIZE, expected);
    CHECK(memcmp(digest, expected, sizeof digest) == 0);
    CHECK(unlink(path) == 0);
}

static void test_failures(void) {
    uint8_t digest[TP_SHA256_DIGEST] = {1, 2, 3}, untouched[TP_SHA256_DIGEST] = {1, 2, 3}, byte;
    CHECK(hash_file(CAPACITY, digest) == ENOENT);
    CHECK(mkdir(path, 0700) == 0);
    CHECK(hash_file(CAPACITY, digest) == EISDIR);
    CHECK(tp_sha256_file(variant, path, &byte, 0, digest) == EINVAL);
    CHECK(rmdir(path) == 0);
    CHECK(memcmp(digest, untouched, sizeof digest) == 0);
}

/* Whatever the outcome, the file is closed again: the next descriptor is the same as before all the tests. */
static int next_descriptor(void) {
    int next = dup(0);
    CHECK(next >= 0 && close(next) == 0);
    return next;
}

int main(void) {
    variant = tp_sha256_select(tp_cpu_detect());
    CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);
    int next = next_descriptor();
    test_sizes();
    test_short_and_interrupted_reads();
    test_failures();
    CHECK(next_descriptor() == next);
    CHECK(rmdir(folder) == 0);
    puts("3 passed, 0 failed");
    return 0;
}
