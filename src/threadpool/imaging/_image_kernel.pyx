"""Kernels over images: `run` gives each image to one thread; one image alone, if large, is shared by all."""

from cpython.mem cimport PyMem_RawCalloc, PyMem_RawFree
cimport cython

from threadpool cimport set_body
from threadpool.imaging._picture cimport picture_of, returned
from threadpool.pool._engine cimport Engine
from threadpool.pool._items cimport drained
from threadpool.pool._python_loop cimport add_index

from threadpool.pool._default import default

# From the first on a call lets go of the interpreter; from the second on it is shared by threads, which then is not slower
# even if they have to be woken.
cdef double WORTH_DETACHING_NANOSECONDS = 2_000
cdef double WORTH_SHARING_NANOSECONDS = 2_000_000

# How many images a thread takes at once: half of TP_QUICK_NANOSECONDS, see BufferKernel.
cdef double BURST_NANOSECONDS = 10_000

# Of one image, for each thread: few, for what parts have in common is done for each of them; more than one, for threads are
# not equally fast.
cdef enum: SHARES = 4


cdef class Operation:
    """What is done with one image."""

    cdef object result(self):
        """What the kernel returns for the image, once it is done."""
        return returned(self.source, self.target, self.source.mode)


cdef class ImageKernel(Kernel):
    """A kernel over images: arrays of uint8, or images of Pillow."""

    cdef object settings(self, dict options):
        raise NotImplementedError(f"{type(self).__name__} is a base of kernels: it has no function")

    cdef Operation operation(self, Picture picture, settings, out, str name):
        raise NotImplementedError

    cdef object call(self, image, dict options):
        """The result for one image."""
        cdef Operation operation
        cdef unsigned stage
        cdef int code = 0
        out = options.pop("out", None)
        operation = self.operation(picture_of(image, "image"), self.settings(options), out, "image")
        if operation.operation.nanoseconds < WORTH_DETACHING_NANOSECONDS:
            code = tp_operation_run(&operation.operation)
        elif operation.operation.nanoseconds < WORTH_SHARING_NANOSECONDS:
            with nogil:
                code = tp_operation_run(&operation.operation)
        else:
            for stage in range(operation.operation.stages):
                default.run(Parts(operation, stage), ())
        if code:
            raise MemoryError
        return operation.result()

    cdef Batch bind(self, object data, dict options):
        options = dict(options)
        out = options.pop("out", None)
        return ImageBatch(self, drained(data), self.settings(options), out)

    def __repr__(self):
        return f"<kernel threadpool.imaging.{self.name}>"

    def __reduce__(self):
        return self.name


cdef int refuse_rest(ImageKernel kernel, dict options) except -1:
    for option in options:
        raise TypeError(f"{kernel.name} takes no option {option!r}")
    return 0


cdef int run_images(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil:
    cdef const tp_operation **operations = <const tp_operation **>arguments
    cdef size_t index
    cdef int code
    for index in range(begin, end):
        code = tp_operation_run(operations[index])
        if code:
            failed[0] = index
            return code
    return 0


@cython.final
cdef class ImageBatch(Batch):
    """Operations, one for each image."""

    cdef list operations
    cdef const tp_operation **addresses

    def __cinit__(self, ImageKernel kernel, tuple images, settings, out):
        cdef Operation operation
        cdef size_t index
        if out is not None and not hasattr(out, "__len__"):
            raise TypeError(f"out must be a list of arrays, or one with an axis more, not {type(out).__name__!r}")
        if out is not None and len(out) != len(images):
            raise ValueError(f"out must have one element for each of {len(images)} images, not {len(out)}")
        self.operations = []
        self.addresses = <const tp_operation **>PyMem_RawCalloc(max(len(images), 1), sizeof(void *))
        if self.addresses is NULL:
            raise MemoryError
        self.nanoseconds = 0
        for index, image in enumerate(images):
            name = f"data[{index}]"
            try:
                operation = kernel.operation(picture_of(image, name), settings, None if out is None else out[index], name)
            except Exception as error:
                add_index(error, index)
                raise
            self.operations.append(operation)
            self.addresses[index] = &operation.operation
            self.nanoseconds += operation.operation.nanoseconds
        set_body(self, run_images, self.addresses, len(images))
        self.burst = <unsigned>max(1.0, min(64.0, BURST_NANOSECONDS * self.count / max(self.nanoseconds, 1.0)))

    def __dealloc__(self):
        PyMem_RawFree(self.addresses)

    cdef list results(self):
        cdef Operation operation
        return [operation.result() for operation in self.operations]

    cdef object error(self, size_t index, int code):
        return MemoryError()


cdef struct stage_work:
    tp_run_parts *run
    const void *work


cdef int run_parts(void *arguments, size_t begin, size_t end, size_t *failed) noexcept nogil:
    cdef stage_work *stage = <stage_work *>arguments
    failed[0] = begin
    return stage.run(stage.work, begin, end)


@cython.final
cdef class PartsBatch(Batch):
    cdef Operation operation
    cdef stage_work stage

    cdef list results(self):
        return []

    cdef object error(self, size_t index, int code):
        return MemoryError()


@cython.final
cdef class Parts(Kernel):
    """Does one stage of an operation."""

    cdef Operation operation
    cdef unsigned stage

    def __cinit__(self, Operation operation, unsigned stage):
        self.operation = operation
        self.stage = stage

    cdef Batch bind(self, object data, dict options):
        cdef PartsBatch batch = PartsBatch()
        cdef tp_stage *stage = &self.operation.operation.stage[self.stage]
        cdef Engine engine = default._engine
        cdef size_t shares = max(<size_t>1, min(stage.parts // stage.grain, <size_t>SHARES * engine.pool.limit))
        batch.operation = self.operation
        batch.stage.run = stage.run
        batch.stage.work = self.operation.operation.work
        set_body(batch, run_parts, &batch.stage, stage.parts)
        batch.unit = <unsigned>((stage.parts + shares - 1) // shares)
        batch.nanoseconds = self.operation.operation.nanoseconds
        return batch
