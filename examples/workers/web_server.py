"""An HTTP server that hashes in workers, and answers other requests meanwhile."""

import asyncio
from pathlib import Path

from threadpool.worker import WorkerPool

HASHER = Path(__file__).with_name("hasher.py")


def serve(pool):
    """Serves GET /hash/<password>, and says "ok" to anything else: ``async with await serve(pool)``."""

    async def handle(reader, writer):
        request = await reader.readline()
        while (await reader.readline()).strip():
            pass  # headers
        path = request.split()[1].decode()
        body = await pool.run(path.removeprefix("/hash/")) if path.startswith("/hash/") else "ok"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        writer.close()
        await writer.wait_closed()

    return asyncio.start_server(handle, "127.0.0.1", 0)


async def get(server, path):
    """The body of the answer."""
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.partition(b"\r\n\r\n")[2].decode()


async def measure_lag(lags):
    """Appends how much too late the event loop comes to what is due, in seconds."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + 0.001
        await asyncio.sleep(0.001)
        lags.append(loop.time() - due)


async def main():
    lags = []
    async with WorkerPool(HASHER) as pool, await serve(pool) as server:
        measuring = asyncio.create_task(measure_lag(lags))
        hashes = await asyncio.gather(*(get(server, f"/hash/{word}") for word in ["a", "b", "c", "d", "a"]))
        measuring.cancel()
    assert hashes[0] == hashes[4] != hashes[1]
    print(f"five hashes; meanwhile the event loop was {sorted(lags)[len(lags) // 2] * 1e3:.1f} ms late (median)")


if __name__ == "__main__":
    asyncio.run(main())
