/* The CRCs eight bytes at a time, from tables. */
#include "hashing/crc.h"

/* What a byte contributes to the remainder is the sum of what its bits do: p0 … p7, of the highest bit first. */
#define BIT(i, b, p) ((i) >> (b) & 1 ? (p) : 0)
#define BYTE(i, p0, p1, p2, p3, p4, p5, p6, p7)                                                                        \
    BIT(i, 7, p0) ^ BIT(i, 6, p1) ^ BIT(i, 5, p2) ^ BIT(i, 4, p3) ^ BIT(i, 3, p4) ^ BIT(i, 2, p5) ^ BIT(i, 1, p6) ^    \
        BIT(i, 0, p7)
#define BYTES_4(i, ...)                                                                                                \
    BYTE(i, __VA_ARGS__), BYTE((i) + 1, __VA_ARGS__), BYTE((i) + 2, __VA_ARGS__), BYTE((i) + 3, __VA_ARGS__)
#define BYTES_16(i, ...)                                                                                               \
    BYTES_4(i, __VA_ARGS__), BYTES_4((i) + 4, __VA_ARGS__), BYTES_4((i) + 8, __VA_ARGS__),                             \
        BYTES_4((i) + 12, __VA_ARGS__)
#define BYTES_64(i, ...)                                                                                               \
    BYTES_16(i, __VA_ARGS__), BYTES_16((i) + 16, __VA_ARGS__), BYTES_16((i) + 32, __VA_ARGS__),                        \
        BYTES_16((i) + 48, __VA_ARGS__)
#define TABLE(...)                                                                                                     \
    {BYTES_64(0, __VA_ARGS__), BYTES_64(64, __VA_ARGS__), BYTES_64(128, __VA_ARGS__), BYTES_64(192, __VA_ARGS__)}

/* For each byte, by how many follow it in the eight. The numbers are x^32, x^33 … x^95 modulo the polynomial. */
typedef const uint32_t tables[8][256];

static tables crc32_tables = {
    TABLE(0xedb88320, 0x76dc4190, 0x3b6e20c8, 0x1db71064, 0x0edb8832, 0x076dc419, 0xee0e612c, 0x77073096),
    TABLE(0x3b83984b, 0xf0794f05, 0x958424a2, 0x4ac21251, 0xc8d98a08, 0x646cc504, 0x32366282, 0x191b3141),
    TABLE(0xe1351b80, 0x709a8dc0, 0x384d46e0, 0x1c26a370, 0x0e1351b8, 0x0709a8dc, 0x0384d46e, 0x01c26a37),
    TABLE(0xed59b63b, 0x9b14583d, 0xa032af3e, 0x5019579f, 0xc5b428ef, 0x8f629757, 0xaa09c88b, 0xb8bc6765),
    TABLE(0xb1e6b092, 0x58f35849, 0xc1c12f04, 0x60e09782, 0x30704bc1, 0xf580a6c0, 0x7ac05360, 0x3d6029b0),
    TABLE(0x1eb014d8, 0x0f580a6c, 0x07ac0536, 0x03d6029b, 0xec53826d, 0x9b914216, 0x4dc8a10b, 0xcb5cd3a5),
    TABLE(0x8816eaf2, 0x440b7579, 0xcfbd399c, 0x67de9cce, 0x33ef4e67, 0xf44f2413, 0x979f1129, 0xa6770bb4),
    TABLE(0x533b85da, 0x299dc2ed, 0xf9766256, 0x7cbb312b, 0xd3e51bb5, 0x844a0efa, 0x4225077d, 0xccaa009e),
};

static tables crc32c_tables = {
    TABLE(0x82f63b78, 0x417b1dbc, 0x20bd8ede, 0x105ec76f, 0x8ad958cf, 0xc79a971f, 0xe13b70f7, 0xf26b8303),
    TABLE(0xfbc3faf9, 0xff17c604, 0x7f8be302, 0x3fc5f181, 0x9d14c3b8, 0x4e8a61dc, 0x274530ee, 0x13a29877),
    TABLE(0x8b277743, 0xc76580d9, 0xe144fb14, 0x70a27d8a, 0x38513ec5, 0x9edea41a, 0x4f6f520d, 0xa541927e),
    TABLE(0x52a0c93f, 0xaba65fe7, 0xd725148b, 0xe964b13d, 0xf64463e6, 0x7b2231f3, 0xbf672381, 0xdd45aab8),
    TABLE(0x6ea2d55c, 0x37516aae, 0x1ba8b557, 0x8f2261d3, 0xc5670b91, 0xe045beb0, 0x7022df58, 0x38116fac),
    TABLE(0x1c08b7d6, 0x0e045beb, 0x85f4168d, 0xc00c303e, 0x6006181f, 0xb2f53777, 0xdb8ca0c3, 0xef306b19),
    TABLE(0xf56e0ef4, 0x7ab7077a, 0x3d5b83bd, 0x9c5bfaa6, 0x4e2dfd53, 0xa5e0c5d1, 0xd0065990, 0x68032cc8),
    TABLE(0x34019664, 0x1a00cb32, 0x0d006599, 0x847609b4, 0x423b04da, 0x211d826d, 0x9278fa4e, 0x493c7d27),
};

static uint32_t load_little_endian(const uint8_t *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline uint32_t update(tables t, uint32_t crc, const uint8_t *data, size_t size) {
    crc = ~crc;
    for (; size >= 8; size -= 8, data += 8) {
        uint32_t a = crc ^ load_little_endian(data), b = load_little_endian(data + 4);
        crc = t[7][a & 0xff] ^ t[6][a >> 8 & 0xff] ^ t[5][a >> 16 & 0xff] ^ t[4][a >> 24] ^ t[3][b & 0xff] ^
              t[2][b >> 8 & 0xff] ^ t[1][b >> 16 & 0xff] ^ t[0][b >> 24];
    }
    for (; size; size--)
        crc = crc >> 8 ^ t[0][(crc ^ *data++) & 0xff];
    return ~crc;
}

uint32_t tp_crc32_portable(uint32_t crc, const uint8_t *data, size_t size) {
    return update(crc32_tables, crc, data, size);
}

uint32_t tp_crc32c_portable(uint32_t crc, const uint8_t *data, size_t size) {
    return update(crc32c_tables, crc, data, size);
}
