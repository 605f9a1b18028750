"""A worker for one job: its answer, or its exception, becomes that of a future. This file is the worker's too."""

import asyncio
import json

from threadpool.worker import Worker, is_main_thread, parent_port


def parse(text):
    """Parses JSON in a worker of its own: a future, for an event loop that has other things to do."""
    future = asyncio.get_running_loop().create_future()
    worker = Worker(__file__)
    worker.on("message", future.set_result)
    worker.on("error", future.set_exception)
    worker.post_message(text)  # now that somebody listens
    return future


async def main():
    text = json.dumps({"numbers": list(range(100_000))})
    parsed, *errors = await asyncio.gather(parse(text), parse("{"), return_exceptions=True)
    assert parsed["numbers"][-1] == 99_999
    assert isinstance(errors[0], json.JSONDecodeError)
    print(f"{len(parsed['numbers']):,} numbers; and of a broken text: {errors[0]}")


if not is_main_thread:
    parent_port.post_message(json.loads(parent_port.recv()))
elif __name__ == "__main__":
    asyncio.run(main())
