"""A latch: threads wait until a number of things have happened."""

import threading

from threadpool import Atomics, SharedBuffer


class Latch:
    """Opens when `count_down` was called `count` times, and stays open."""

    def __init__(self, count):
        self.missing = SharedBuffer(4).view("int32")
        Atomics.store(self.missing, 0, count)

    def count_down(self):
        if Atomics.sub(self.missing, 0, 1) == 1:  # the old value: this was the last
            Atomics.notify(self.missing, 0)

    def wait(self):
        while (missing := Atomics.load(self.missing, 0)) > 0:
            Atomics.wait(self.missing, 0, missing)  # returns at once if it has changed since


if __name__ == "__main__":
    latch, done = Latch(3), []

    def work(number):
        done.append(number)
        latch.count_down()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    latch.wait()
    assert sorted(done) == [0, 1, 2]
    print("all three have done their part")
