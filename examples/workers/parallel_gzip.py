"""Parallel gzip: workers compress blocks, and joined they are one gzip file, which gunzip reads."""

import gzip
import io
import struct
import zlib
from collections import deque

from threadpool.worker import WorkerPool

BLOCK = 128 << 10
WINDOW = 32 << 10  # what a block may refer to of those before it
HEADER = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])  # RFC 1952: deflate, no name, no time, unknown system
END = b"\x03\x00"  # a last block with nothing in it


def compress(task):
    """A block as raw deflate that ends at a whole byte, so that the next may follow."""
    block, before = task
    compressor = zlib.compressobj(6, zlib.DEFLATED, -15, zdict=before)
    return compressor.compress(block) + compressor.flush(zlib.Z_SYNC_FLUSH)


def compress_file(source, target):
    """Reads `source` and writes `target`: binary files. Blocks that wait are few, however long the file."""
    checksum, length, before, pending = 0, 0, b"", deque()
    target.write(HEADER)
    with WorkerPool(compress) as pool:
        while block := source.read(BLOCK):
            pending.append(pool.submit((block, before)))  # by reference: nothing is copied or pickled
            checksum, length, before = zlib.crc32(block, checksum), length + len(block), block[-WINDOW:]
            if len(pending) > 8:
                target.write(pending.popleft().result())
        while pending:
            target.write(pending.popleft().result())
    target.write(END + struct.pack("<II", checksum, length & 0xFFFFFFFF))


if __name__ == "__main__":
    text = b"".join(b"%d squared is %d\n" % (number, number * number) for number in range(200_000))
    compressed = io.BytesIO()
    compress_file(io.BytesIO(text), compressed)
    assert gzip.decompress(compressed.getvalue()) == text
    print(f"{len(text):,} bytes are {len(compressed.getvalue()):,}, by one thread {len(gzip.compress(text, 6)):,}")
