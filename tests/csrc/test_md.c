/* MD5, SHA-1, SHA-256: published examples, every variant against the portable one, pieces, many messages at once, and
 * memory not to be touched. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "check.h"
#include "hashing/md.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_VARIANTS = 16 };
static const tp_md *variants[MOST_VARIANTS]; /* of one hash, the portable one first */
static int variant_count;

static void add_variant(const tp_md *variant) {
    int known = 0;
    while (known < variant_count && variants[known] != variant)
        known++;
    if (known == variant_count) variants[variant_count++] = variant;
}

/* Every variant that this CPU can run, also those that a CPU with less, or of another make, would have selected. */
static void find_variants(const tp_md *(*select)(tp_cpu_features)) {
    variant_count = 0;
    for (int level = TP_CPU_PORTABLE; level <= TP_CPU_NEON; level++) {
        tp_cpu_features features = tp_cpu_cap(tp_cpu_detect(), (tp_cpu_level)level);
        add_variant(select(features));
        features.sha_overlaps = features.sha && !features.sha_overlaps;
        add_variant(select(features));
        features.sha = false;
        add_variant(select(features));
    }
    CHECK(strcmp(variants[0]->name, "portable") == 0);
}

static bool same(const tp_md *variant, const uint8_t *digest, const uint8_t *expected) {
    return memcmp(digest, expected, 4 * variant->words) == 0;
}

static void check_digest(const tp_md *variant, const char *hex, const uint8_t *digest) {
    char text[2 * TP_MD_MOST_DIGEST + 1];
    for (size_t i = 0; i < 4 * variant->words; i++)
        sprintf(text + 2 * i, "%02x", digest[i]);
    CHECK(strcmp(text, hex) == 0);
}

/* Answers from elsewhere. The examples are those that NIST publishes with FIPS 180-4, some of them in RFC 1321 too:
 * nothing at all, one block, two blocks, a million times "a". `of_all` is the digest of the digests of every size up to
 * 600, from Python's hashlib (OpenSSL), over the bytes i % 251: what the variants share, as padding, has no other
 * proof.
 */
typedef struct known {
    const tp_md *(*select)(tp_cpu_features);
    const char *examples[4], *of_all;
} known;

static const known hashes[] = {
    {tp_md5_select,
     {"d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72", "8215ef0796a20bcaaae116d3876c664a",
      "7707d6ae4e027c70eea2a935c2296f21"},
     "c01b094d4df9a3c9ea0f058a7a5804d0"},
    {tp_sha1_select,
     {"da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d",
      "84983e441c3bd26ebaae4aa1f95129e5e54670f1", "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
     "77574db63e2fd63dcd0cc481be1f6ec8e5fc8283"},
    {tp_sha256_select,
     {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
     "185d67be4df2142c4ceae29bb836eb802db567a8b400ae18990a24d9c206f999"},
};

static void test_examples(const tp_md *variant, const known *answers) {
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    uint8_t digest[TP_MD_MOST_DIGEST];
    tp_md_hash(variant, NULL, 0, digest);
    check_digest(variant, answers->examples[0], digest);
    tp_md_hash(variant, (const uint8_t *)"abc", 3, digest);
    check_digest(variant, answers->examples[1], digest);
    tp_md_hash(variant, (const uint8_t *)two_blocks, strlen(two_blocks), digest);
    check_digest(variant, answers->examples[2], digest);
    uint8_t *million = malloc(1000000);
    memset(million, 'a', 1000000);
    tp_md_hash(variant, million, 1000000, digest);
    check_digest(variant, answers->examples[3], digest);
    free(million);
}

static void test_padding(const tp_md *variant, const known *answers) {
    uint8_t data[600], digest[TP_MD_MOST_DIGEST];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i % 251);
    tp_md_stream digests;
    tp_md_init(&digests, variant);
    for (size_t size = 0; size <= sizeof data; size++) {
        tp_md_hash(variant, data, size, digest);
        tp_md_update(&digests, digest, 4 * variant->words);
    }
    tp_md_finish(&digests, digest);
    check_digest(variant, answers->of_all, digest);
}

static uint8_t noise(size_t i) { return (uint8_t)(i * 2654435761u >> 13); }

/* Every size at every alignment, with a page that may not be touched right behind the data, and right before it. */
static void test_sizes_between_guards(const tp_md *variant) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK(mprotect(pages, page, PROT_NONE) == 0 && mprotect(pages + 2 * page, page, PROT_NONE) == 0);
    uint8_t expected[TP_MD_MOST_DIGEST], digest[TP_MD_MOST_DIGEST], data[600];
    for (size_t size = 0; size <= 600; size++) {
        for (size_t i = 0; i < size; i++)
            data[i] = noise(i + size);
        tp_md_hash(variants[0], data, size, expected);
        uint8_t *at_the_end = pages + 2 * page - size, *at_the_start = pages + page;
        memcpy(at_the_end, data, size);
        tp_md_hash(variant, at_the_end, size, digest);
        CHECK(same(variant, digest, expected));
        for (size_t alignment = 0; alignment < 16; alignment++) {
            memcpy(at_the_start + alignment, data, size);
            tp_md_hash(variant, at_the_start + alignment, size, digest);
            CHECK(same(variant, digest, expected));
        }
    }
    munmap(pages, 3 * page);
}

/* Data in two pieces, split at every place, and byte by byte. */
static void test_splits(const tp_md *variant) {
    uint8_t data[300], expected[TP_MD_MOST_DIGEST], digest[TP_MD_MOST_DIGEST];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = noise(i);
    for (size_t size = 0; size <= sizeof data; size += 1 + size / 7) {
        tp_md_hash(variants[0], data, size, expected);
        for (size_t split = 0; split <= size; split++) {
            tp_md_stream stream;
            tp_md_init(&stream, variant);
            tp_md_update(&stream, data, split);
            tp_md_update(&stream, data + split, size - split);
            tp_md_finish(&stream, digest);
            CHECK(same(variant, digest, expected));
        }
        tp_md_stream stream;
        tp_md_init(&stream, variant);
        for (size_t i = 0; i < size; i++)
            tp_md_update(&stream, data + i, 1);
        tp_md_finish(&stream, digest);
        CHECK(same(variant, digest, expected));
    }
}

/* Any number of messages of any sizes, each between pages that may not be touched where it ends. */
static void test_many(const tp_md *variant) {
    enum { MOST = 100, ROOM = 700 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    for (size_t i = 0; i < page; i++)
        pages[i] = noise(i);
    tp_message messages[MOST];
    uint8_t digests[MOST + 1][TP_MD_MOST_DIGEST], expected[TP_MD_MOST_DIGEST];
    for (size_t round = 0; round < 400; round++) {
        size_t count = round % MOST;
        for (size_t i = 0; i < count; i++) {
            size_t most = round % 3 == 0 ? 65 : round % 3 == 1 ? 300 : ROOM; /* ends close to one another, or not */
            size_t size = round % 7 == 0 ? round / 4 : (i * 2654435761u + round * 40503u) % most;
            size_t offset = i % 5 ? (i * 31) % (page - ROOM) : page - size;
            messages[i] = (tp_message){size || i % 2 ? pages + offset : NULL, size, digests[i]};
        }
        memset(digests, 0xab, sizeof digests);
        tp_md_many(variant, messages, count);
        for (size_t i = 0; i < count; i++) {
            tp_md_hash(variants[0], messages[i].data, messages[i].size, expected);
            CHECK(same(variant, digests[i], expected));
        }
        for (size_t i = 0; i < TP_MD_MOST_DIGEST; i++)
            CHECK(digests[count][i] == 0xab);
        for (size_t i = 4 * variant->words; count && i < TP_MD_MOST_DIGEST; i++)
            CHECK(digests[count - 1][i] == 0xab);
    }
    munmap(pages, 2 * page);
}

/* Data in many pieces of random sizes, none and several blocks among them. */
static void test_random_pieces(const tp_md *variant) {
    enum { SIZE = 5000, ROUNDS = 300 };
    uint8_t *data = malloc(SIZE), expected[TP_MD_MOST_DIGEST], digest[TP_MD_MOST_DIGEST];
    for (size_t i = 0; i < SIZE; i++)
        data[i] = noise(i);
    uint32_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        tp_md_stream stream;
        tp_md_init(&stream, variant);
        tp_md_update(&stream, NULL, 0);
        size_t size = 0;
        for (;;) {
            random = random * 1664525u + 1013904223u;
            size_t piece = (random >> 8) % (random >> 31 ? 300 : 20);
            if (piece > SIZE - size) break;
            tp_md_update(&stream, data + size, piece);
            size += piece;
        }
        tp_md_finish(&stream, digest);
        tp_md_hash(variants[0], data, size, expected);
        CHECK(same(variant, digest, expected));
    }
    free(data);
}

static void test_levels(void) {
    tp_cpu_features all = tp_cpu_detect();
    CHECK(!all.sha || all.sse41 || all.neon);
    CHECK(!all.avx2 || all.sse41);
    CHECK(!all.avx512 || all.avx2);
    tp_cpu_level level = TP_CPU_SSE;
    for (int i = TP_CPU_PORTABLE; i <= TP_CPU_NEON; i++) {
        CHECK(tp_cpu_level_named(tp_cpu_level_name((tp_cpu_level)i), &level) && (int)level == i);
        tp_cpu_features capped = tp_cpu_cap(all, level);
        CHECK(tp_cpu_level_of(capped) <= level || (all.neon && level != TP_CPU_PORTABLE));
        CHECK(capped.sha == (all.sha && level >= TP_CPU_SSE));
        CHECK(capped.avx2 == (all.avx2 && level >= TP_CPU_AVX2));
        CHECK(capped.avx512 == (all.avx512 && level >= TP_CPU_AVX512));
    }
    level = TP_CPU_SSE;
    CHECK(!tp_cpu_level_named("mmx", &level) && !tp_cpu_level_named("", &level) && !tp_cpu_level_named("SSE", &level));
    CHECK(level == TP_CPU_SSE);
    CHECK(tp_cpu_level_of(tp_cpu_cap(all, TP_CPU_PORTABLE)) == TP_CPU_PORTABLE);
}

int main(void) {
    int passed = 1;
    test_levels();
    for (size_t h = 0; h < sizeof hashes / sizeof *hashes; h++) {
        find_variants(hashes[h].select);
        for (int i = 0; i < variant_count; i++) {
            printf("%s%s", variants[i]->name, i + 1 < variant_count ? ", " : "; ");
            test_examples(variants[i], &hashes[h]);
            test_padding(variants[i], &hashes[h]);
            test_sizes_between_guards(variants[i]);
            test_many(variants[i]);
            test_splits(variants[i]);
            test_random_pieces(variants[i]);
            passed += 6;
        }
    }
    printf("%d passed, 0 failed\n", passed);
    return 0;
}
