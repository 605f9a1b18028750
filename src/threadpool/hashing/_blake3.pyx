"""BLAKE3 of buffers, of one buffer by several threads, and of bytes that come in pieces."""

import _thread
import operator

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
cimport cython
from libc.stdint cimport uint8_t, uint64_t

from threadpool cimport Batch, BufferCall, Kernel, set_body, set_function
from threadpool.hashing._kernels cimport Hash
from threadpool.hashing._table cimport *
from threadpool.pool._pin cimport pin, release

from threadpool.pool._default import default

cdef const tp_blake3_variant *variant = hash_named("blake3").blake3

cdef enum:
    WORTH_DETACHING = 8 * 1024
    # Bytes from which on several threads are not slower than one even if they have to be woken, and the system gives them
    # no other core at once. Each takes parts, which are subtrees: so small that all end at about the same time, so large
    # that to share them out costs nothing.
    WORTH_SHARING = 4 * 1024 * 1024
    SMALLEST_PART = 64 * 1024
    LARGEST_PART = 1024 * 1024
    PARTS = 32

# About: for the pool, which asks nobody for help with what is done sooner than a thread wakes up.
cdef double BYTE_NANOSECONDS = 0.2


cdef int hash_one(const void *data, size_t size, void *digest) noexcept nogil:
    tp_blake3(variant, <const uint8_t *>data, size, <uint8_t *>digest)
    return 0


cdef void hash_many(const BufferCall *calls, size_t count) noexcept nogil:
    tp_blake3_many(variant, <const tp_message *>calls, count)  # which has the same fields


cdef struct subtrees:
    const tp_blake3_mode *mode
    const uint8_t *data
    size_t chunks            # of each
    uint64_t first_chunk     # of the first
    uint8_t *cvs


cdef int hash_subtrees(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil:
    cdef subtrees *work = <subtrees *>arguments
    cdef size_t index
    for index in range(begin, end):
        tp_blake3_subtree(work.mode, work.data + index * work.chunks * TP_BLAKE3_CHUNK, work.chunks,
                          work.first_chunk + index * work.chunks, work.cvs + index * TP_BLAKE3_DIGEST)
    return 0


@cython.final
cdef class SubtreeBatch(Batch):
    cdef list results(self):
        return []


@cython.final
cdef class SubtreeKernel(Kernel):
    """Works out the chaining values of some subtrees."""

    cdef subtrees *work
    cdef size_t count

    cdef Batch bind(self, object data, dict options):
        cdef SubtreeBatch batch = SubtreeBatch()
        set_body(batch, hash_subtrees, self.work, self.count)
        batch.nanoseconds = BYTE_NANOSECONDS * self.count * self.work.chunks * TP_BLAKE3_CHUNK
        return batch


cdef int update(tp_blake3_stream *stream, const uint8_t *data, size_t size) except -1:
    """Takes in some bytes: many with the help of the pool. After an error the stream is of no use."""
    cdef size_t part = SMALLEST_PART, first, count
    if size >= WORTH_SHARING:
        while part < LARGEST_PART and part * PARTS < size:
            part *= 2
        first = (part - (stream.chunks * TP_BLAKE3_CHUNK + stream.size) % part) % part
        count = (size - first - 1) // part
        if first:
            with nogil:
                tp_blake3_update(stream, data, first)
        share(stream, data + first, part, count)
        data += first + count * part
        size -= first + count * part
    if size < WORTH_DETACHING:
        tp_blake3_update(stream, data, size)
    else:
        with nogil:
            tp_blake3_update(stream, data, size)
    return 0


cdef int share(tp_blake3_stream *stream, const uint8_t *data, size_t part, size_t count) except -1:
    """Takes in `count` parts of as many bytes, which is a power of two; the stream has a multiple of it."""
    cdef SubtreeKernel kernel = SubtreeKernel()
    cdef subtrees work
    cdef size_t index, chunks = part // TP_BLAKE3_CHUNK
    work.mode = &stream.mode
    work.data = data
    work.chunks = chunks
    work.first_chunk = (stream.chunks * TP_BLAKE3_CHUNK + stream.size) // TP_BLAKE3_CHUNK
    work.cvs = <uint8_t *>PyMem_RawMalloc(count * TP_BLAKE3_DIGEST)
    if work.cvs is NULL:
        raise MemoryError
    try:
        kernel.work = &work
        kernel.count = count
        default.run(kernel, ())
        for index in range(count):
            tp_blake3_add_subtree(stream, work.cvs + index * TP_BLAKE3_DIGEST, chunks)
    finally:
        PyMem_RawFree(work.cvs)
    return 0


@cython.final
cdef class Blake3(Hash):
    """BLAKE3 (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3: one function, fast everywhere", 2020) of buffers.

    >>> blake3(b"abc").hex()[:16]
    '6437b3ac38465133'

    Used like `sha256`; digests are 32 bytes. ``blake3(data)`` hashes a large buffer, of 4 MiB and more, with every
    core; ``run(blake3, buffers)`` and ``blake3.many(buffers)`` hash many at once, each by one thread. `blake3.new` is for
    bytes that come in pieces, for keys, and for digests of any size.
    """

    def __cinit__(self):
        set_function(self, "blake3", hash_one, TP_BLAKE3_DIGEST)
        self.together = hash_many
        self.describe("blake3", 10, BYTE_NANOSECONDS)
        self.unit = 16
        self.worth_detaching = WORTH_DETACHING

    def __call__(self, data, /):
        cdef Py_buffer view
        cdef tp_blake3_stream stream
        digest = PyBytes_FromStringAndSize(NULL, TP_BLAKE3_DIGEST)
        cdef uint8_t *out = <uint8_t *>PyBytes_AS_STRING(digest)
        pin(&view, data, False, -1)
        try:
            if view.len < WORTH_DETACHING:
                tp_blake3(variant, <const uint8_t *>view.buf, view.len, out)
            elif view.len < WORTH_SHARING:
                with nogil:
                    tp_blake3(variant, <const uint8_t *>view.buf, view.len, out)
            else:
                tp_blake3_init(&stream, variant)
                update(&stream, <const uint8_t *>view.buf, view.len)
                tp_blake3_finish(&stream, 0, out, TP_BLAKE3_DIGEST)
        finally:
            release(&view)
        return digest

    def new(self, data=b"", *, key=None, derive_key_context=None):
        """A `Blake3Stream`, which has been given ``data``.

        ``key``: 32 bytes, for the keyed mode. ``derive_key_context``: a string that says what for, for the mode that
        derives a key from what the stream is given. ValueError: a key of another size, or both.
        """
        stream = Blake3Stream(key, derive_key_context)
        stream.update(data)
        return stream


@cython.final
cdef class Blake3Stream:
    """BLAKE3 of bytes that come in pieces, in the shape of hashlib's objects; made by `blake3.new`.

    >>> stream = blake3.new(b"a")
    >>> stream.update(b"bc")
    >>> stream.hexdigest() == blake3(b"abc").hex()
    True
    >>> len(stream.digest(100, seek=1000))
    100

    Modes and output of any length as in the paper, 2.3 and 2.6. Methods of one stream may be called from several threads,
    and then come one after the other.
    """

    cdef tp_blake3_stream stream
    cdef size_t version    # of it: how many updates there were
    cdef object lock

    name = "blake3"
    digest_size = TP_BLAKE3_DIGEST
    block_size = 64

    def __cinit__(self, key=None, derive_key_context=None):
        cdef Py_buffer view
        self.lock = _thread.allocate_lock()
        if key is not None and derive_key_context is not None:
            raise ValueError("key and derive_key_context are for different modes: only one may be given")
        if key is not None:
            try:
                key = bytes(memoryview(key))
            except TypeError:
                raise TypeError(f"key must be a bytes-like object, not {type(key).__name__!r}") from None
            if len(key) != TP_BLAKE3_KEY:
                raise ValueError(f"key must have {TP_BLAKE3_KEY} bytes, not {len(key)}")
            tp_blake3_init_keyed(&self.stream, variant, <const uint8_t *>PyBytes_AS_STRING(key))
        elif derive_key_context is not None:
            if not isinstance(derive_key_context, str):
                raise TypeError(f"derive_key_context must be a string, not {type(derive_key_context).__name__!r}")
            context = derive_key_context.encode()
            tp_blake3_init_derive_key(
                &self.stream, variant, <const uint8_t *>PyBytes_AS_STRING(context), len(context))
        else:
            tp_blake3_init(&self.stream, variant)

    def update(self, data, /):
        """Takes in the bytes of a contiguous bytes-like object; many by every core.

        After an exception, as of Ctrl-C, the stream is as it was. BufferError, TypeError: it is none.
        """
        cdef Py_buffer view
        pin(&view, data, False, -1)
        try:
            if view.len < WORTH_SHARING:
                with self.lock:
                    self.version += 1
                    update(&self.stream, <const uint8_t *>view.buf, view.len)
            else:
                self.update_by_all(<const uint8_t *>view.buf, view.len)
        finally:
            release(&view)

    cdef int update_by_all(self, const uint8_t *data, size_t size) except -1:
        """Without the lock, for signal handlers may run meanwhile, and use the stream; so from the start again, if anything
        has been added by then. After Ctrl-C the stream is as it was."""
        cdef tp_blake3_stream changed
        cdef size_t version
        while True:
            with self.lock:
                version = self.version
                changed = self.stream
            update(&changed, data, size)
            with self.lock:
                if self.version == version:
                    self.version += 1
                    self.stream = changed
                    return 0

    def digest(self, length=TP_BLAKE3_DIGEST, *, seek=0):
        """``length`` bytes of the output for all that came so far, from byte ``seek`` on."""
        cdef size_t size = not_negative("length", length)
        cdef uint64_t begin = not_negative("seek", seek)
        try:
            out = PyBytes_FromStringAndSize(NULL, size)
        except OverflowError:
            raise MemoryError(f"{size} bytes") from None
        cdef uint8_t *bytes_out = <uint8_t *>PyBytes_AS_STRING(out)
        with self.lock:
            if size < WORTH_DETACHING:
                tp_blake3_finish(&self.stream, begin, bytes_out, size)
            else:
                with nogil:
                    tp_blake3_finish(&self.stream, begin, bytes_out, size)
        return out

    def hexdigest(self, length=TP_BLAKE3_DIGEST, *, seek=0):
        """The same, as hexadecimal digits, two a byte."""
        return self.digest(length, seek=seek).hex()

    def copy(self):
        """A stream that goes on by itself from here."""
        cdef Blake3Stream other = Blake3Stream()
        with self.lock:
            other.stream = self.stream
        return other

    __copy__ = copy

    def __reduce__(self):
        raise TypeError("a Blake3Stream cannot be pickled: it may hold a key")


cdef object not_negative(str name, number):
    try:
        number = operator.index(number)
    except TypeError:
        raise TypeError(f"{name} must be an int, not {type(number).__name__!r}") from None
    if not 0 <= number < 1 << 63:
        raise ValueError(f"{name} must be in [0, 2**63), not {number}")
    return number
