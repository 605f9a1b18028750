/* BLAKE3: the published test vectors, every variant against the portable one, pieces, subtrees, and memory not to be
 * touched. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "check.h"
#include "hashing/blake3_variants.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_VARIANTS = 8, CHUNK = TP_BLAKE3_CHUNK, DIGEST = TP_BLAKE3_DIGEST };
static const tp_blake3_variant *variants[MOST_VARIANTS]; /* the portable one first */
static int variant_count;

/* Every variant that this CPU can run, also those that a CPU with less would have selected. */
static void find_variants(void) {
    for (int level = TP_CPU_PORTABLE; level <= TP_CPU_NEON; level++) {
        const tp_blake3_variant *variant = tp_blake3_select(tp_cpu_cap(tp_cpu_detect(), (tp_cpu_level)level));
        int known = 0;
        while (known < variant_count && variants[known] != variant)
            known++;
        if (known == variant_count) variants[variant_count++] = variant;
    }
    CHECK(strcmp(variants[0]->name, "portable") == 0);
    CHECK(variants[0]->compress == tp_blake3_compress_portable);
}

static void check_digest(const char *hex, const uint8_t *digest) {
    char text[2 * DIGEST + 1];
    for (int i = 0; i < DIGEST; i++)
        sprintf(text + 2 * i, "%02x", digest[i]);
    CHECK(strcmp(text, hex) == 0);
}

/* What the published test vectors hash. */
static uint8_t *counting(size_t size) {
    uint8_t *data = malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)(i % 251);
    return data;
}

static uint32_t random_state = 1;

static uint32_t draw(uint32_t below) {
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)random_state * below >> 32);
}

static uint8_t *noise(size_t size) {
    uint8_t *data = malloc(size);
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)draw(256);
    return data;
}

typedef enum mode { HASH, KEYED, DERIVE, MODES } mode;
static const char key[] = "whats the Elvish word for friend",
                  context[] = "BLAKE3 2019-12-27 16:29:52 test vectors context";

static void init(tp_blake3_stream *stream, const tp_blake3_variant *variant, mode which) {
    if (which == HASH) tp_blake3_init(stream, variant);
    if (which == KEYED) tp_blake3_init_keyed(stream, variant, (const uint8_t *)key);
    if (which == DERIVE) tp_blake3_init_derive_key(stream, variant, (const uint8_t *)context, strlen(context));
}

static void hash(const tp_blake3_variant *variant, mode which, const uint8_t *data, size_t size, uint64_t seek,
                 uint8_t *out, size_t out_size) {
    tp_blake3_stream stream;
    init(&stream, variant, which);
    tp_blake3_update(&stream, data, size);
    tp_blake3_finish(&stream, seek, out, out_size);
}

static void test_vectors(const tp_blake3_variant *variant) {
    static const struct {
        mode which;
        size_t size;
        uint64_t seek;
        const char *expected;
    } vectors[] = {
        {HASH, 0, 0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
        {HASH, 1, 0, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
        {HASH, 64, 0, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98"},
        {HASH, 1024, 0, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
        {HASH, 1025, 0, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
        {HASH, 2049, 0, "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"},
        {HASH, 16384, 0, "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4"},
        {HASH, 31744, 0, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"},
        {HASH, 102400, 0, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"},
        {HASH, 1025, 1000, "286b3b453c65f5e5104d51e7a89b342b36617a4e141ac94683d29200a5201f87"},
        {KEYED, 0, 0, "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26"},
        {KEYED, 1, 0, "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b"},
        {KEYED, 64, 0, "ba8ced36f327700d213f120b1a207a3b8c04330528586f414d09f2f7d9ccb7e6"},
        {KEYED, 1024, 0, "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4"},
        {KEYED, 1025, 0, "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69"},
        {KEYED, 2049, 0, "9f29700902f7c86e514ddc4df1e3049f258b2472b6dd5267f61bf13983b78dd5"},
        {KEYED, 16384, 0, "9e9fc4eb7cf081ea7c47d1807790ed211bfec56aa25bb7037784c13c4b707b0d"},
        {KEYED, 31744, 0, "efa53b389ab67c593dba624d898d0f7353ab99e4ac9d42302ee64cbf9939a419"},
        {KEYED, 102400, 0, "1c35d1a5811083fd7119f5d5d1ba027b4d01c0c6c49fb6ff2cf75393ea5db4a7"},
        {KEYED, 1025, 1000, "1e6f7cd0b9a4af08d7dcdc9dae3e91e48faee1862509f0f00378bb4fb27ca394"},
        {DERIVE, 0, 0, "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d"},
        {DERIVE, 1, 0, "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c"},
        {DERIVE, 64, 0, "a5c4a7053fa86b64746d4bb688d06ad1f02a18fce9afd3e818fefaa7126bf73e"},
        {DERIVE, 1024, 0, "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706"},
        {DERIVE, 1025, 0, "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb"},
        {DERIVE, 2049, 0, "2ea477c5515cc3dd606512ee72bb3e0e758cfae7232826f35fb98ca1bcbdf273"},
        {DERIVE, 16384, 0, "160e18b5878cd0df1c3af85eb25a0db5344d43a6fbd7a8ef4ed98d0714c3f7e1"},
        {DERIVE, 31744, 0, "39772aef80e0ebe60596361e45b061e8f417429d529171b6764468c22928e28e"},
        {DERIVE, 102400, 0, "4652cff7a3f385a6103b5c260fc1593e13c778dbe608efb092fe7ee69df6e9c6"},
        {DERIVE, 1025, 1000, "22e336dc31934d54061d0e9399c41591152bd0a5f5b281c28c51188de727fa1d"},
    };
    uint8_t *data = counting(102400), digest[DIGEST];
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        hash(variant, vectors[i].which, data, vectors[i].size, vectors[i].seek, digest, DIGEST);
        check_digest(vectors[i].expected, digest);
    }
    /* A context of several chunks. */
    tp_blake3_stream stream;
    char *many_words = malloc(3200);
    for (int i = 0; i < 3200; i++)
        many_words[i] = "context "[i % 8];
    tp_blake3_init_derive_key(&stream, variant, (const uint8_t *)many_words, 3200);
    tp_blake3_update(&stream, data, 10);
    tp_blake3_finish(&stream, 0, digest, DIGEST);
    check_digest("67d7f909b175fd71711aa4fd904812e9f58c3721bdcca97f0e4c1fa55481541a", digest);
    free(many_words);
    free(data);
}

/* The variants share the tree, so only an answer from elsewhere proves it: the digest of the digests of every size up
 * to 5000. */
static void test_sizes(const tp_blake3_variant *variant) {
    uint8_t *data = counting(5000), digest[DIGEST];
    tp_blake3_stream digests;
    tp_blake3_init(&digests, variant);
    for (size_t size = 0; size <= 5000; size++) {
        tp_blake3(variant, size ? data : NULL, size, digest);
        tp_blake3_update(&digests, digest, DIGEST);
    }
    tp_blake3_finish(&digests, 0, digest, DIGEST);
    check_digest("0d1c458a1d968fee53a66aef55b178aaa9e4f9cdafea1df4ad84b844a79d7ae4", digest);
    free(data);
}

/* Sizes about the bounds of blocks, chunks, and subtrees of all numbers of lanes; and output from anywhere. */
static void test_bounds(const tp_blake3_variant *variant) {
    enum { MOST = (1 << 20) + 3 * CHUNK };
    uint8_t *data = noise(MOST), expected[3000], out[3000];
    static const size_t bounds[] = {
        64,    1024,  2048,  4096,  5120,  7168,  8192,  9216,   15360,   16384,
        17408, 31744, 32768, 33792, 49152, 65536, 66560, 131072, 1 << 20, (1 << 20) + 2 * CHUNK};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        for (size_t size = bounds[i] - 1; size <= bounds[i] + 1; size++) {
            tp_blake3(variants[0], data, size, expected);
            tp_blake3(variant, data, size, out);
            CHECK(memcmp(out, expected, DIGEST) == 0);
            if (size > 5120) continue;
            for (mode which = HASH; which < MODES; which++) {
                uint64_t seek = size % 2 ? draw(2000) : ((uint64_t)1 << 38) - draw(2000); /* block 2^32 among them */
                hash(variants[0], which, data, size, seek, expected, sizeof expected);
                hash(variant, which, data, size, seek, out, sizeof out);
                CHECK(memcmp(out, expected, sizeof out) == 0);
            }
        }
    free(data);
}

/* Output is the same in pieces. */
static void test_seek(const tp_blake3_variant *variant) {
    uint8_t all[2000], piece[2000];
    tp_blake3_stream stream;
    tp_blake3_init(&stream, variant);
    tp_blake3_update(&stream, (const uint8_t *)context, strlen(context));
    tp_blake3_finish(&stream, 0, all, sizeof all);
    for (int i = 0; i < 1000; i++) {
        size_t seek = draw(sizeof all), size = draw((uint32_t)(sizeof all - seek + 1));
        memset(piece, 0xab, sizeof piece);
        tp_blake3_finish(&stream, seek, piece, size);
        CHECK(memcmp(piece, all + seek, size) == 0);
        CHECK(size == sizeof piece || piece[size] == 0xab);
    }
}

/* Every size at every alignment, with a page that may not be touched right behind the data, and right before it. */
static void test_sizes_between_guards(const tp_blake3_variant *variant) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (20 * CHUNK + page - 1) / page * page;
    uint8_t *pages = mmap(NULL, room + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK(mprotect(pages, page, PROT_NONE) == 0 && mprotect(pages + page + room, page, PROT_NONE) == 0);
    uint8_t *start = pages + page, *data = noise(room), expected[DIGEST], digest[DIGEST];
    for (size_t size = 0; size <= 18 * CHUNK + 1; size += size < 300          ? 1
                                                          : size % CHUNK == 0 ? 511
                                                                              : CHUNK - size % CHUNK) {
        tp_blake3(variants[0], data, size, expected);
        memcpy(start + room - size, data, size);
        tp_blake3(variant, start + room - size, size, digest);
        CHECK(memcmp(digest, expected, DIGEST) == 0);
        for (size_t alignment = 0; alignment < (size <= CHUNK ? 16 : 2); alignment++) {
            memcpy(start + alignment, data, size);
            tp_blake3(variant, start + alignment, size, digest);
            CHECK(memcmp(digest, expected, DIGEST) == 0);
        }
    }
    free(data);
    munmap(pages, room + 2 * page);
}

/* Any number of messages of any sizes, some ending where a page begins that may not be touched. */
static void test_many(const tp_blake3_variant *variant) {
    enum { MOST = 100, ROOM = 3000 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = 4 * page;
    uint8_t *pages = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && mprotect(pages + room, page, PROT_NONE) == 0);
    for (size_t i = 0; i < room; i++)
        pages[i] = (uint8_t)draw(256);
    tp_message messages[MOST];
    uint8_t digests[MOST + 1][DIGEST], expected[DIGEST];
    static const uint32_t most[] = {65, 65, 300, CHUNK + 1, CHUNK + 1, ROOM};
    for (size_t round = 0; round < 200; round++) {
        size_t count = round % MOST;
        for (size_t i = 0; i < count; i++) {
            size_t size = round % 7 == 0 ? 64 * (round % 5) : draw(most[round % 6]);
            size_t offset = i % 5 ? draw((uint32_t)(room - ROOM)) : room - size;
            messages[i] = (tp_message){size || i % 2 ? pages + offset : NULL, size, digests[i]};
        }
        memset(digests, 0xab, sizeof digests);
        tp_blake3_many(variant, messages, count);
        for (size_t i = 0; i < count; i++) {
            tp_blake3(variants[0], messages[i].data, messages[i].size, expected);
            CHECK(memcmp(digests[i], expected, DIGEST) == 0);
        }
        for (size_t i = 0; i < DIGEST; i++)
            CHECK(digests[count][i] == 0xab);
    }
    munmap(pages, room + page);
}

/* Data in pieces of random sizes; the digest of what has come is asked for on the way, and copies go on by themselves.
 */
static void test_pieces(const tp_blake3_variant *variant) {
    enum { SIZE = 120 * CHUNK };
    static const uint32_t most[] = {100, 3000, 40 * CHUNK};
    uint8_t *data = noise(SIZE), expected[DIGEST], digest[DIGEST];
    for (int round = 0; round < 27; round++) {
        mode which = (mode)(round % MODES);
        size_t size = 0, copied = 0, end = draw(round % 2 ? 5000 : SIZE);
        tp_blake3_stream stream, copy;
        init(&stream, variant, which);
        copy = stream;
        while (size < end) {
            size_t piece = draw(most[round / 3 % 3]);
            if (draw(4) == 0) piece = piece / CHUNK * CHUNK; /* often to the end of a chunk */
            if (piece > end - size) piece = end - size;
            tp_blake3_update(&stream, size || piece ? data + size : NULL, piece);
            size += piece;
            if (draw(40)) continue;
            tp_blake3_finish(&stream, 0, digest, DIGEST);
            hash(variants[0], which, data, size, 0, expected, DIGEST);
            CHECK(memcmp(digest, expected, DIGEST) == 0);
            copy = stream;
            copied = size;
        }
        hash(variants[0], which, data, end, 0, expected, DIGEST);
        tp_blake3_finish(&stream, 0, digest, DIGEST);
        CHECK(memcmp(digest, expected, DIGEST) == 0);
        tp_blake3_update(&copy, data + copied, end - copied);
        tp_blake3_finish(&copy, 0, digest, DIGEST);
        CHECK(memcmp(digest, expected, DIGEST) == 0);
    }
    free(data);
}

/* A message whose subtrees are hashed by themselves, mixed with updates, is the message. */
static void test_subtrees(const tp_blake3_variant *variant) {
    enum { CHUNKS = 300, SIZE = CHUNKS * CHUNK };
    uint8_t *data = noise(SIZE), expected[DIGEST], digest[DIGEST], cv[DIGEST];
    for (int round = 0; round < 27; round++) {
        mode which = (mode)(round % MODES);
        size_t most = (size_t)1 << round % 9, end = most * CHUNK + 1 + draw((uint32_t)(SIZE - most * CHUNK));
        if (round % 4 == 0) end = end / CHUNK * CHUNK; /* the last subtree ends the message */
        tp_blake3_stream stream;
        init(&stream, variant, which);
        size_t done = 0;
        for (;;) {
            size_t chunks = most, left = (end - done) / CHUNK;
            while (chunks && (chunks > left || done / CHUNK % chunks || chunks * CHUNK == end))
                chunks /= 2;
            if (chunks == 0) break;
            if (draw(4)) {
                tp_blake3_subtree(&stream.mode, data + done, chunks, done / CHUNK, cv);
                tp_blake3_add_subtree(&stream, cv, chunks);
            } else {
                tp_blake3_update(&stream, data + done, chunks * CHUNK);
            }
            done += chunks * CHUNK;
        }
        tp_blake3_update(&stream, data + done, end - done);
        tp_blake3_finish(&stream, 0, digest, DIGEST);
        hash(variants[0], which, data, end, 0, expected, DIGEST);
        CHECK(memcmp(digest, expected, DIGEST) == 0);
    }
    /* Far behind: the number of a chunk has more than 32 bits. */
    for (size_t chunks = 1; chunks <= 256; chunks *= 2)
        for (uint64_t first = ((uint64_t)1 << 32) - chunks; first <= (uint64_t)3 << 32;
             first = 2 * first + 2 * chunks) {
            tp_blake3_stream streams[2];
            init(&streams[0], variants[0], KEYED);
            init(&streams[1], variant, KEYED);
            tp_blake3_subtree(&streams[0].mode, data, chunks, first, expected);
            tp_blake3_subtree(&streams[1].mode, data, chunks, first, cv);
            CHECK(memcmp(cv, expected, DIGEST) == 0);
        }
    free(data);
}

int main(void) {
    find_variants();
    for (int i = 0; i < variant_count; i++) {
        test_vectors(variants[i]);
        test_sizes(variants[i]);
        test_bounds(variants[i]);
        test_seek(variants[i]);
        test_sizes_between_guards(variants[i]);
        test_many(variants[i]);
        test_pieces(variants[i]);
        test_subtrees(variants[i]);
    }
    for (int i = 0; i < variant_count; i++)
        printf("%s%s", variants[i]->name, i + 1 < variant_count ? ", " : ": ");
    printf("%d passed, 0 failed\n", 8 * variant_count);
    return 0;
}
