"""Motion before cameras: a worker for each, which keeps what it saw last. Pictures reach it by reference."""

import asyncio

import numpy

from threadpool import imaging
from threadpool.worker import Worker


def watch():
    """Tells the numbers of the pictures in which something is where it was not."""
    from threadpool.worker import parent_port  # this worker's

    number, last = 0, None
    while (picture := parent_port.recv()) is not None:
        small = imaging.box_blur(imaging.resize(imaging.gray(picture), (64, 40), "box"), 1).astype("int16")
        if last is not None and abs(small - last).max() > 20:
            parent_port.post_message(number)
        number, last = number + 1, small


async def motion(pictures):
    """The numbers that a worker of their own tells of."""
    async with Worker(watch) as worker:
        for picture in pictures:
            worker.post_message(picture)
        worker.post_message(None)
        return [number async for number in worker]


def pictures(generator, appears):
    """Twelve pictures with a little noise, and from a certain one on with something bright."""
    for number in range(12):
        picture = generator.integers(90, 100, (400, 640, 3), "uint8")
        if number >= appears:
            picture[100:200, 200:300] = 250
        yield picture


async def main():
    generator = numpy.random.default_rng(1)
    found = await asyncio.gather(motion(pictures(generator, 5)), motion(pictures(generator, 9)))
    assert found == [[5], [9]]
    print(f"in front of two cameras, something came into picture {found[0][0]} and picture {found[1][0]}")


if __name__ == "__main__":
    asyncio.run(main())
