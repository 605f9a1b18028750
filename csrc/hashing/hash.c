#include "hashing/hash.h"

#include "hashing/sha1.h"
#include "hashing/sha256.h"

void tp_hash_select(tp_cpu_features features, tp_hash hashes[TP_HASHES]) {
    size_t i = 0;
    hashes[i++] = (tp_hash){.name = "sha256", .digest_size = 32, .block_size = 64, .md = tp_sha256_select(features)};
    hashes[i++] = (tp_hash){.name = "sha1", .digest_size = 20, .block_size = 64, .md = tp_sha1_select(features)};
    hashes[i++] = (tp_hash){.name = "md5", .digest_size = 16, .block_size = 64, .md = tp_md5_select(features)};
    hashes[i++] = (tp_hash){.name = "blake3",
                            .digest_size = TP_BLAKE3_DIGEST,
                            .block_size = TP_BLAKE3_BLOCK,
                            .blake3 = tp_blake3_select(features)};
    hashes[i++] = (tp_hash){.name = "crc32c", .digest_size = 4, .block_size = 1, .crc = tp_crc32c_select(features)};
    hashes[i++] = (tp_hash){.name = "crc32", .digest_size = 4, .block_size = 1, .crc = tp_crc32_select(features)};
}

const char *tp_hash_variant(const tp_hash *hash) {
    return hash->md ? hash->md->name : hash->blake3 ? tp_blake3_name(hash->blake3) : hash->crc->name;
}

bool tp_hash_is_portable_alone(const tp_hash *hash) {
    return hash->md &&
           (hash->md->compress == tp_sha1_compress_portable || hash->md->compress == tp_sha256_compress_portable);
}

void tp_hash_init(tp_hash_stream *stream, const tp_hash *hash) {
    stream->hash = hash;
    if (hash->md)
        tp_md_init(&stream->of.md, hash->md);
    else if (hash->blake3)
        tp_blake3_init(&stream->of.blake3, hash->blake3);
    else
        stream->of.crc = 0;
}

void tp_hash_update(tp_hash_stream *stream, const uint8_t *data, size_t size) {
    if (stream->hash->md)
        tp_md_update(&stream->of.md, data, size);
    else if (stream->hash->blake3)
        tp_blake3_update(&stream->of.blake3, data, size);
    else
        stream->of.crc = stream->hash->crc->update(stream->of.crc, data, size);
}

void tp_hash_finish(tp_hash_stream *stream, uint8_t digest[TP_MOST_DIGEST]) {
    if (stream->hash->md)
        tp_md_finish(&stream->of.md, digest);
    else if (stream->hash->blake3)
        tp_blake3_finish(&stream->of.blake3, 0, digest, TP_BLAKE3_DIGEST);
    else
        for (int i = 0; i < 4; i++)
            digest[i] = (uint8_t)(stream->of.crc >> (24 - 8 * i));
}
