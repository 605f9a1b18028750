# How bytes and open files get to another process.


cdef extern from "worker/stream.h" nogil:
    enum:
        TP_STREAM_BUSY
        TP_STREAM_BROKEN
        TP_STREAM_PIECES
        TP_STREAM_FILES

    ctypedef struct tp_piece:
        const void *bytes
        size_t size

    Py_ssize_t tp_stream_write(int stream, const tp_piece *pieces, size_t count, int file)
    Py_ssize_t tp_stream_read(int stream, void *bytes, size_t size, int *files, size_t *count)


cdef enum: PREFIX_SIZE = 4  # bytes for the length of a head
