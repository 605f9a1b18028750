/* Hashing files by name: sizes around that of one read, and what cannot be read. */
#define _GNU_SOURCE /* mkdtemp */
#include "check.h"
#include "hashing/file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 100 };

void tp_race_point(void) {}

int main(void) {
    const tp_sha256_variant *variant = tp_sha256_select(tp_cpu_detect());
    char folder[] = "/tmp/threadpool-test-XXXXXX", path[64];
    CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    uint8_t buffer[CAPACITY], data[4 * CAPACITY], expected[TP_SHA256_DIGEST], digest[TP_SHA256_DIGEST];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7);

    for (size_t size = 0; size <= sizeof data; size++) {
        FILE *file = fopen(path, "wb");
        CHECK(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
        tp_sha256(variant, data, size, expected);
        CHECK(tp_sha256_file(variant, path, buffer, CAPACITY, digest) == 0);
        CHECK(memcmp(digest, expected, sizeof digest) == 0);
    }
    CHECK(tp_sha256_file(variant, folder, buffer, CAPACITY, digest) == EISDIR);
    CHECK(unlink(path) == 0);
    CHECK(tp_sha256_file(variant, path, buffer, CAPACITY, digest) == ENOENT);
    CHECK(rmdir(folder) == 0);
    puts("2 passed, 0 failed");
    return 0;
}
