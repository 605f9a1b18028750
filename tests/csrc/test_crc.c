/* The CRCs: published examples, every variant against the definition, pieces, and memory not to be touched. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "check.h"
#include "hashing/crc.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST = 4200, LARGE = 3 * 1024 * 1024 + 77 };

typedef struct crc {
    uint32_t polynomial; /* without x^32, the bit of x^31 lowest */
    const tp_crc_variant *(*select)(tp_cpu_features features);
    const tp_crc_factors *factors;
    uint32_t nine_digits;
} crc;

static const crc crcs[] = {
    {0xedb88320, tp_crc32_select, &tp_crc32_factors, 0xcbf43926},
    {0x82f63b78, tp_crc32c_select, &tp_crc32c_factors, 0xe3069283},
};

/* RFC 3720, 12.1, and RFC 1952, 8: the remainder of the bits times x^32, bit by bit, with both ends complemented. */
static uint32_t oracle(const crc *c, uint32_t before, const uint8_t *data, size_t size) {
    uint32_t state = ~before;
    for (size_t i = 0; i < size; i++) {
        state ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            state = state >> 1 ^ (state & 1 ? c->polynomial : 0);
    }
    return ~state;
}

/* x^n modulo the polynomial. */
static uint32_t power(const crc *c, int n) {
    uint32_t remainder = 0x80000000;
    for (; n; n--)
        remainder = remainder >> 1 ^ (remainder & 1 ? c->polynomial : 0);
    return remainder;
}

static void test_factors(const crc *c) {
    for (int i = 0; i < TP_CRC_DISTANCES; i++) {
        int bits = 8 * (16 << i);
        CHECK((*c->factors)[i][0] == (uint64_t)power(c, bits + 63) << 32);
        CHECK((*c->factors)[i][1] == (uint64_t)power(c, bits - 1) << 32);
    }
}

/* A step of the long division of x^96 is the one from a power to the next, and subtracts the polynomial or not. */
static void test_reduction(void) {
    uint64_t quotient = 0;
    for (int bit = 0; bit < 64; bit++)
        quotient |= (uint64_t)(power(&crcs[0], 31 + bit) & 1) << bit;
    CHECK(tp_crc32_reduction[0] == (uint64_t)power(&crcs[0], 96) << 1);
    CHECK(tp_crc32_reduction[1] == quotient);
    CHECK(tp_crc32_reduction[2] == ((uint64_t)crcs[0].polynomial << 1 | 1));
}

static void test_digits(const crc *c, tp_crc_update *update) {
    CHECK(update(0, NULL, 0) == 0 && update(0x12345678, NULL, 0) == 0x12345678);
    CHECK(update(0, (const uint8_t *)"123456789", 9) == c->nine_digits);
}

/* RFC 3720, B.4. */
static void test_iscsi(tp_crc_update *update) {
    static const uint8_t read_command[48] = {0x01,        0xc0,        [16] = 0x14, [22] = 0x04,
                                             [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02};
    uint8_t data[32] = {0};
    CHECK(update(0, data, 32) == 0x8a9136aa);
    memset(data, 0xff, 32);
    CHECK(update(0, data, 32) == 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        data[i] = (uint8_t)i;
    CHECK(update(0, data, 32) == 0x46dd794e);
    for (int i = 0; i < 32; i++)
        data[i] = (uint8_t)(31 - i);
    CHECK(update(0, data, 32) == 0x113fdb5c);
    CHECK(update(0, read_command, 48) == 0xd9963a56);
}

static uint32_t next_random(uint32_t *random) {
    *random = *random * 1664525u + 1013904223u;
    return *random >> 8;
}

static void fill(uint8_t *data, size_t size) {
    uint32_t random = 1;
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)next_random(&random);
}

/* Every size, at the end of memory, and at every alignment from its start on: there all sizes up to several times what
 * the variants take at once, and then some, at each alignment others. */
static void test_sizes_between_guards(const crc *c, tp_crc_update *update) {
    static uint8_t data[MOST];
    static uint32_t expected[MOST + 1]; /* of the first so many bytes */
    fill(data, MOST);
    for (size_t size = 0; size < MOST; size++)
        expected[size + 1] = oracle(c, expected[size], data + size, 1);

    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (MOST + 64 + page - 1) / page * page;
    uint8_t *pages = mmap(NULL, room + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    uint8_t *start = pages + page, *end = start + room;
    CHECK(mprotect(pages, page, PROT_NONE) == 0 && mprotect(end, page, PROT_NONE) == 0);
    for (size_t size = 0; size <= MOST; size++) {
        memcpy(end - size, data, size);
        CHECK(update(0, end - size, size) == expected[size]);
    }
    for (size_t alignment = 0; alignment < 64; alignment++) {
        memcpy(start + alignment, data, MOST);
        for (size_t size = 0; size <= MOST; size += size < 700 ? 1 : 1 + (size + alignment) % 13)
            CHECK(update(0, start + alignment, size) == expected[size]);
    }
    munmap(pages, room + 2 * page);
}

/* Large data, so much that memory is read ahead, of one kind: whole, and in pieces of random sizes. */
static void test_large(const crc *c, tp_crc_update *update, const uint8_t *data, uint32_t expected) {
    CHECK(update(0, data, LARGE) == expected);
    for (size_t size = 1; size <= MOST; size += 97)
        CHECK(update(0x9abcdef0, data + size, size) == oracle(c, 0x9abcdef0, data + size, size));
    uint32_t random = 7;
    for (int round = 0; round < 5; round++) {
        uint32_t value = 0;
        for (size_t done = 0, piece; done < LARGE; done += piece) {
            uint32_t kind = next_random(&random) % 4;
            piece = next_random(&random) % (kind == 0 ? 40 : kind == 1 ? 300 : kind == 2 ? MOST : 100000);
            if (piece > LARGE - done) piece = LARGE - done;
            value = update(value, data + done, piece);
        }
        CHECK(value == expected);
    }
}

/* A single one among zeros, at every place: what all other data is the sum of. */
static void test_single_bits(const crc *c, tp_crc_update *update) {
    enum { SIZE = 400 };
    uint8_t data[SIZE] = {0};
    for (size_t bit = 0; bit < 8 * SIZE; bit++) {
        data[bit / 8] = (uint8_t)(1 << bit % 8);
        CHECK(update(0, data, SIZE) == oracle(c, 0, data, SIZE));
        data[bit / 8] = 0;
    }
}

static void test_features(void) {
    tp_cpu_features all = tp_cpu_detect();
    CHECK(!all.clmul || all.sse41);
    CHECK(!all.vpclmul || (all.avx512 && all.clmul));
    CHECK(all.neon || (!all.crc32 && !all.pmull));
    for (int level = TP_CPU_PORTABLE; level <= TP_CPU_NEON; level++) {
        tp_cpu_features capped = tp_cpu_cap(all, (tp_cpu_level)level);
        CHECK(capped.clmul == (all.clmul && level >= TP_CPU_SSE));
        CHECK(capped.vpclmul == (all.vpclmul && level >= TP_CPU_AVX512));
        CHECK(capped.crc32 == (all.crc32 && level >= TP_CPU_SSE) && capped.pmull == (all.pmull && level >= TP_CPU_SSE));
    }
}

/* Every variant that this CPU can run, also those that a CPU with less would have selected: they change as the level
 * rises. */
int main(void) {
    int passed = 2;
    test_features();
    test_reduction();
    uint8_t *noise = malloc(LARGE), *zeros = calloc(1, LARGE), *ones = malloc(LARGE);
    CHECK(noise && zeros && ones);
    fill(noise, LARGE);
    memset(ones, 0xff, LARGE);
    for (const crc *c = crcs; c < crcs + sizeof crcs / sizeof *crcs; c++) {
        test_factors(c);
        passed++;
        uint32_t of_noise = oracle(c, 0, noise, LARGE), of_zeros = oracle(c, 0, zeros, LARGE);
        uint32_t of_ones = oracle(c, 0, ones, LARGE);
        const tp_crc_variant *last = NULL;
        for (int level = TP_CPU_PORTABLE; level <= TP_CPU_NEON; level++) {
            const tp_crc_variant *variant = c->select(tp_cpu_cap(tp_cpu_detect(), (tp_cpu_level)level));
            CHECK(last || strcmp(variant->name, "portable") == 0);
            if (variant == last) continue;
            last = variant;
            test_digits(c, variant->update);
            if (c->select == tp_crc32c_select) test_iscsi(variant->update);
            test_sizes_between_guards(c, variant->update);
            test_single_bits(c, variant->update);
            test_large(c, variant->update, noise, of_noise);
            test_large(c, variant->update, zeros, of_zeros);
            test_large(c, variant->update, ones, of_ones);
            passed += 6;
            printf("%s, ", variant->name);
        }
    }
    free(noise), free(zeros), free(ones);
    printf("%d passed, 0 failed\n", passed);
    return 0;
}
