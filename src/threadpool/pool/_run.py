"""The functions of the default pool."""

from ._default import engine


def run(fn, data, *, workers=None, chunk=None):
    return engine().run(fn, data, workers, chunk)
