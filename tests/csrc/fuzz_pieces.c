/* A message in pieces of any sizes has the digest that it has at once; BLAKE3 in each of its modes, and any part of its
 * output. */
#include "fuzz.h"

/* Takes bytes from the front of the input; zeros when there are no more. */
static uint32_t taken(const uint8_t **input, size_t *size, int bytes) {
    uint32_t value = 0;
    for (; bytes && *size; bytes--, ++*input, --*size)
        value = value << 8 | **input;
    return value;
}

static void check_blake3(const fuzzed *with, uint8_t mode, const uint8_t *bytes, size_t size, const size_t *pieces,
                         size_t count, uint64_t seek, size_t out_size) {
    const tp_blake3_variant *variants[2] = {with->hash.blake3, with->portable.blake3};
    uint8_t *out[2];
    for (int i = 0; i < 2; i++) {
        tp_blake3_stream stream;
        uint8_t key[TP_BLAKE3_KEY] = {mode, 1, 2, 3};
        if (mode % 3 == 0) tp_blake3_init(&stream, variants[i]);
        if (mode % 3 == 1) tp_blake3_init_keyed(&stream, variants[i], key);
        if (mode % 3 == 2) tp_blake3_init_derive_key(&stream, variants[i], bytes, size % 3000);
        size_t begin = 0;
        for (size_t piece = 0; i == 0 && piece < count; begin += pieces[piece++])
            tp_blake3_update(&stream, bytes + begin, pieces[piece]);
        tp_blake3_update(&stream, bytes + begin, size - begin);
        CHECK((out[i] = malloc(out_size + 1)));
        tp_blake3_finish(&stream, seek, out[i], out_size);
    }
    CHECK(memcmp(out[0], out[1], out_size) == 0);
    free(out[0]);
    free(out[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_size) {
    enum { MOST_PIECES = 64 };
    fuzzed with = chosen((uint8_t)taken(&input, &input_size, 1));
    uint8_t mode = (uint8_t)taken(&input, &input_size, 1);
    size_t size = 1 + taken(&input, &input_size, 2) % 40000, left = size, count = 0, pieces[MOST_PIECES];
    uint64_t seek = (uint64_t)taken(&input, &input_size, 4) << mode % 30;
    size_t out_size = taken(&input, &input_size, 2) % 3000;
    while (count < MOST_PIECES && input_size) {
        size_t piece = taken(&input, &input_size, 1);
        if (piece > 200) piece = (piece - 200) * 512;
        if (piece > left) break;
        pieces[count++] = piece;
        left -= piece;
    }
    uint8_t *bytes = message(input, input_size, size), digest[TP_MOST_DIGEST], expected[TP_MOST_DIGEST];
    digest_of(&with.portable, bytes, size, expected);
    tp_hash_stream stream, copy;
    tp_hash_init(&stream, &with.hash);
    size_t begin = 0;
    for (size_t piece = 0; piece < count; begin += pieces[piece++])
        tp_hash_update(&stream, bytes + begin, pieces[piece]);
    copy = stream;
    for (int i = 0; i < 2; i++) {
        tp_hash_update(i ? &copy : &stream, bytes + begin, size - begin);
        tp_hash_finish(i ? &copy : &stream, digest);
        CHECK(memcmp(digest, expected, with.hash.digest_size) == 0);
    }
    if (with.hash.blake3) check_blake3(&with, mode, bytes, size, pieces, count, seek, out_size);
    free(bytes);
    return 0;
}
