"""Functions to run in parallel; at module level, so that processes can import them."""

import hashlib


def hundred_nanoseconds(x):
    return x * 3 + 1


def ten_microseconds(x):
    return sum(range(x % 7 + 600))


def one_millisecond(x):
    total = 0
    for i in range(x % 7 + 22_000):
        total += i & 3
    return total


def sha256(data):
    return hashlib.sha256(data).digest()
