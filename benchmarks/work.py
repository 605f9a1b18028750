"""Functions to run in parallel; at module level, so that processes can import them."""

import hashlib
import time


def nothing(x):
    return None


def hundred_nanoseconds(x):
    return x * 3 + 1


def one_microsecond(x):
    return _count(x % 7 + 15)


def ten_microseconds(x):
    return sum(range(x % 7 + 600))


def hundred_microseconds(x):
    return _count(x % 7 + 2_200)


def one_millisecond(x):
    return _count(x % 7 + 22_000)


def ten_milliseconds(x):
    return _count(x % 7 + 220_000)


def _count(times):
    total = 0
    for i in range(times):
        total += i & 3
    return total


def ten_milliseconds_or_hundred_nanoseconds(x):
    """Long for a negative item."""
    return ten_milliseconds(x) if x < 0 else x * 3 + 1


def sleep_or_hundred_nanoseconds(x):
    """10 ms that take no core, for a negative item."""
    return time.sleep(0.01) if x < 0 else x * 3 + 1


def sha256(data):
    return hashlib.sha256(data).digest()


def list_of_one(x):
    return [x]
