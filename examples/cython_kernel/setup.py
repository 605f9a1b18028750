from Cython.Build import cythonize
from setuptools import setup

setup(ext_modules=cythonize("example_kernels.pyx"), py_modules=[])
