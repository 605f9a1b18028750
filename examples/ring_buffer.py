"""A ring buffer between two threads: no lock, and nobody waits unless it is full or empty."""

import threading

from threadpool import Atomics, SharedBuffer

# Cells of `state`: how many numbers were ever put, and how many taken.
PUT, TAKEN = 0, 1


class Ring:
    """A queue of int64 numbers for one thread that puts and one that takes."""

    def __init__(self, size):
        self.size = size
        self.numbers = SharedBuffer(8 * size).view("int64")
        self.state = SharedBuffer(16).view("int64")

    def put(self, number):
        put = Atomics.load(self.state, PUT)
        while put - (taken := Atomics.load(self.state, TAKEN)) == self.size:  # full
            Atomics.wait(self.state, TAKEN, taken)
        self.numbers[put % self.size] = number
        Atomics.store(self.state, PUT, put + 1)  # what was written before is seen by who sees this
        Atomics.notify(self.state, PUT)

    def take(self):
        taken = Atomics.load(self.state, TAKEN)
        while Atomics.load(self.state, PUT) == taken:  # empty
            Atomics.wait(self.state, PUT, taken)
        number = self.numbers[taken % self.size]
        Atomics.store(self.state, TAKEN, taken + 1)
        Atomics.notify(self.state, TAKEN)
        return int(number)


if __name__ == "__main__":
    ring = Ring(64)

    def produce():
        for number in range(20_000):
            ring.put(number)

    producer = threading.Thread(target=produce)
    producer.start()
    numbers = [ring.take() for _ in range(20_000)]
    producer.join()
    assert numbers == list(range(20_000))
    print(f"{len(numbers):,} numbers in their order")
