"""What the workers of web_server.py run: `default` is called with each task, and this file once in each worker."""

import hashlib

SALT = b"of this example"  # state: each worker has its own, and keeps it between tasks


def default(password):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), SALT, 200_000).hex()
