/* Many messages at once, of any number and sizes, have the digests that each has alone. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_size) {
    enum { MOST = 80 };
    if (input_size < 2) return 0;
    fuzzed with = chosen(input[0]);
    if (with.hash.crc) return 0; /* has no such function */
    size_t count = input[1] % (MOST + 1);
    input += 2;
    input_size -= 2;
    tp_message messages[MOST];
    uint8_t *digests = malloc(count * with.hash.digest_size + 1), expected[TP_MOST_DIGEST];
    CHECK(digests);
    for (size_t i = 0; i < count; i++) {
        size_t at = 2 * i;
        size_t size = at + 1 < input_size ? (size_t)input[at] | (size_t)input[at + 1] << 8 : i * 64;
        size %= size % 5 ? 300 : 6000; /* most are short, some have several chunks */
        messages[i] = (tp_message){message(input, input_size, size), size, digests + i * with.hash.digest_size};
    }
    if (with.hash.md)
        tp_md_many(with.hash.md, messages, count);
    else
        tp_blake3_many(with.hash.blake3, messages, count);
    for (size_t i = 0; i < count; i++) {
        digest_of(&with.portable, messages[i].data, messages[i].size, expected);
        CHECK(memcmp(messages[i].digest, expected, with.hash.digest_size) == 0);
        free((void *)messages[i].data);
    }
    free(digests);
    return 0;
}
