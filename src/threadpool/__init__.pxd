# The kernel mechanism for Cython code of other packages: `cimport threadpool`. See examples/cython_kernel.

from threadpool.pool._buffer_kernel cimport BufferCall, BufferFunction, BufferKernel, BuffersFunction, set_function
from threadpool.pool._kernel cimport Batch, Body, Kernel, set_body
