"""Passwords of many users by scrypt, which lets go of the GIL: every core works, on every build of Python."""

import hashlib
import secrets

from threadpool.worker import WorkerPool


def protect(password):
    """What is stored of a password."""
    salt = secrets.token_bytes(16)
    return salt, hashlib.scrypt(password.encode(), salt=salt, n=2**13, r=8, p=1)


def verify(task):
    password, (salt, digest) = task
    return secrets.compare_digest(hashlib.scrypt(password.encode(), salt=salt, n=2**13, r=8, p=1), digest)


if __name__ == "__main__":
    passwords = [f"correct horse {number}" for number in range(8)]
    with WorkerPool(protect) as pool:
        stored = [future.result() for future in [pool.submit(password) for password in passwords]]
    with WorkerPool(verify) as pool:
        tasks = zip(passwords, stored, strict=True)
        assert all(future.result() for future in [pool.submit(task) for task in tasks])
        assert not pool.submit(("a guess", stored[0])).result()
    print(f"{len(stored)} passwords are stored, and only those are accepted")
