"""Ports and workers on event loops."""

import asyncio
import gc
import itertools
import threading

import pytest

from threadpool.worker import BroadcastChannel, MessageChannel, Worker, current

from .conftest import TIMEOUT, Log, new_ports


def run(function):
    return asyncio.run(asyncio.wait_for(function(), TIMEOUT))


def test_iteration_ends_with_the_port():
    one, two = new_ports()

    async def main():
        for i in range(100):
            one.post_message(i)
        one.close()
        assert [message async for message in two] == list(range(100))
        assert [message async for message in two] == []

    run(main)


def test_iteration_over_what_threads_send():
    one, two = new_ports()

    def send():
        for i in range(2000):
            one.post_message(i)
        one.close()

    async def main():
        thread = threading.Thread(target=send)
        thread.start()
        assert [message async for message in two] == list(range(2000))
        thread.join()

    run(main)


def test_iteration_over_a_worker():
    def script():
        from threadpool.worker import parent_port

        for i in range(10):
            parent_port.post_message(i)

    def failing():
        script()
        raise KeyError("after them")

    async def main():
        assert [message async for message in Worker(script)] == list(range(10))
        got = []
        with pytest.raises(KeyError, match="after them"):
            async for message in (worker := Worker(failing)):
                got.append(message)
        assert got == list(range(10))
        assert worker.join() == 1

    run(main)


test_iteration_over_a_worker = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"  # if it ends before it is waited for
)(test_iteration_over_a_worker)


@pytest.mark.parametrize("turns", range(4))
def test_cancellation_loses_nothing(turns):
    one, two = new_ports()

    async def main():
        for number in range(50):
            task = asyncio.ensure_future(anext(two))
            await asyncio.sleep(0)
            one.post_message(number)
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            message = two.receive_message() if task.cancelled() else None
            assert (message.value if message else task.result()) == number
            assert two.receive_message() is None

    run(main)


def test_several_that_iterate_share_the_messages():
    one, two = new_ports()

    async def main():
        async def collect():
            return [message async for message in two]

        tasks = [asyncio.ensure_future(collect()) for _ in range(3)]
        for i in range(500):
            one.post_message(i)
            if i % 10 == 0:
                await asyncio.sleep(0)
        one.close()
        assert sorted(itertools.chain(*await asyncio.gather(*tasks))) == list(range(500))

    run(main)


def test_callbacks_on_the_loop_and_coroutine_functions():
    log = Log()
    one, two = new_ports()
    here = threading.get_ident()

    async def main():
        done = asyncio.Event()

        async def handle(message):
            await asyncio.sleep(0)
            log("async", message, threading.get_ident() == here)
            if message == 99:
                done.set()

        two.on("message", lambda message: log("sync", message, threading.get_ident() == here))
        two.on("message", handle)
        two.on("message", lambda message: asyncio.get_running_loop().create_future())
        thread = threading.Thread(target=lambda: [one.post_message(i) for i in range(100)])
        thread.start()
        await done.wait()
        thread.join()

    run(main)
    for kind in ("sync", "async"):
        assert [entry for entry in log.entries if entry[0] == kind] == [(kind, i, True) for i in range(100)]


def test_a_handler_that_posts_to_itself_does_not_starve_timers():
    one, two = new_ports()

    async def main():
        one.on("message", two.post_message)
        two.on("message", one.post_message)
        one.post_message(0)
        for _ in range(20):
            await asyncio.sleep(0.001)
        one.close()

    run(main)


def test_an_iteration_that_posts_to_itself_does_not_starve_timers():
    one, two = new_ports()

    async def iterate():
        async for message in two:
            one.post_message(message)

    async def main():
        one.post_message(0)
        task = asyncio.ensure_future(iterate())
        for _ in range(20):
            await asyncio.sleep(0.001)
        one.close()
        await task

    run(main)


@pytest.mark.thread_unsafe(reason="counts threads")
def test_a_thousand_ports_on_one_loop():
    async def main():
        channels = [MessageChannel() for _ in range(1000)]
        got, done = set(), asyncio.Event()

        def hear(message):
            got.add(message)
            if len(got) == 1000:
                done.set()

        async def iterate(port):
            hear(await anext(port))

        before = threading.active_count()
        for number, channel in enumerate(channels):
            if number % 2:
                channel.port2.on("message", hear)
        tasks = [asyncio.ensure_future(iterate(channel.port2)) for channel in channels[::2]]
        await asyncio.sleep(0)

        def send():
            for number, channel in enumerate(channels):
                channel.port1.post_message(number)

        thread = threading.Thread(target=send)
        thread.start()
        await done.wait()
        thread.join()
        await asyncio.gather(*tasks)
        assert threading.active_count() <= before

    run(main)


def test_an_exception_in_a_handler_goes_to_the_loop():
    one, two = new_ports()

    async def main():
        told, done = [], asyncio.Event()
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context["exception"]))

        def handle(message):
            if message == 1:
                raise KeyError("in the handler")
            done.set()

        two.on("message", handle)
        one.post_message(1)
        one.post_message(2)
        await done.wait()
        assert [repr(error) for error in told] == ["KeyError('in the handler')"]

    run(main)


def test_a_loop_that_is_closed_while_it_was_listened_there():
    """Messages that no loop took are there for the next one, or for a thread."""
    log = Log()
    one, two = new_ports()

    async def listen():
        two.on("message", log)

    for number in range(3):
        run(listen)  # each leaves a listener, and perhaps a delivery, with a loop that is closed
        one.post_message(number)
    two.on("message", log)
    assert log.wait(lambda entries: len(entries) == 3) == [0, 1, 2]


def test_a_loop_that_ends_with_a_delivery_on_its_way():
    log = Log()
    one, two = new_ports()

    async def listen(last):
        two.on("message", log)
        one.post_message(last)  # the loop is closed before it has told of it

    asyncio.run(listen(0))
    asyncio.run(listen(1))

    async def hear():
        two.on("message", log)
        while len(log.entries) < 2:
            await asyncio.sleep(0)

    run(hear)
    assert sorted(log.entries) == [0, 1]


def test_listeners_in_two_homes_get_each_message_in_order():
    log = Log()
    one, two = new_ports()

    async def main():
        count, done = 0, asyncio.Event()

        def here(message):
            nonlocal count
            assert message == count
            count += 1
            if count == 200:
                done.set()

        two.on("message", here)
        thread = threading.Thread(target=lambda: two.on("message", log))
        thread.start()
        thread.join()
        for i in range(200):
            one.post_message(i)
        await done.wait()

    run(main)
    assert log.wait(lambda entries: len(entries) == 200) == list(range(200))


def test_a_system_exit_in_a_handler_ends_the_loop_and_nothing_else():
    log = Log()
    one, two = new_ports()

    def leave(message):
        if message == 0:
            raise SystemExit(5)
        log(message)

    loop = asyncio.new_event_loop()

    async def listen():
        two.on("message", leave)

    loop.run_until_complete(listen())
    one.post_message(0)
    one.post_message(1)
    with pytest.raises(SystemExit):
        loop.run_forever()
    one.post_message(2)

    async def hear():
        while len(log.entries) < 2:
            await asyncio.sleep(0)

    loop.run_until_complete(asyncio.wait_for(hear(), TIMEOUT))
    loop.close()
    assert log.entries == [1, 2]


@pytest.mark.thread_unsafe(reason="collects garbage")
def test_a_coroutine_function_that_is_called_once_is_not_garbage():
    """Though its listener is gone, and nobody else has what it waits for."""
    one, two = new_ports()

    async def main():
        reached, ended = asyncio.Event(), []

        async def handle(message):
            reached.set()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                ended.append(message)

        two.once("message", handle)
        one.post_message(1)
        await reached.wait()
        for _ in range(3):
            await asyncio.sleep(0)
            gc.collect()
        assert ended == []

    run(main)


def test_broadcast_channels_iterate():
    async def main():
        with BroadcastChannel("async") as one, BroadcastChannel("async") as other:
            one.post_message("news")
            assert await anext(other) == "news"

    run(main)


def test_a_worker_with_a_loop_goes_on_as_long_as_it_has_a_listener():
    async def script():
        async def double(message):
            parent_port.post_message(message * 2)

        parent_port = current().parent_port
        parent_port.on("message", double)

    worker = Worker(script)
    for i in range(3):
        worker.post_message(i)
        assert worker.recv(TIMEOUT) == 2 * i
    assert worker.terminate().result(TIMEOUT) == 1


@pytest.mark.parametrize("how", ["close", "off", "unref"])
def test_a_worker_with_a_loop_ends_with_its_listeners(how):
    """Which another thread removes, and of which one for another event is left."""
    told = Log()

    async def script():
        port = current().parent_port
        port.on("message", told)
        port.on("close", int)
        told(port)

    worker = Worker(script)
    [port] = told.wait(lambda entries: len(entries) == 1)
    getattr(port, how)(*(["message", told] if how == "off" else []))
    assert worker.join(TIMEOUT) == 0


def test_who_waits_while_another_imports_asyncio(prints):
    source = """
        import types
        asyncio = sys.modules.pop("asyncio")
        import threadpool.worker.messages._receiver
        sys.modules["asyncio"] = types.ModuleType("asyncio")  # as it is at first
        channel = MessageChannel()
        threading.Timer(0.01, channel.port1.post_message, ["hello"]).start()
        print(channel.port2.recv())
        sys.modules["asyncio"] = asyncio

        async def main():
            try:
                channel.port2.recv()
            except RuntimeError:
                print("would block")

        asyncio.run(main())
    """
    assert prints(source) == "hello\nwould block\n"
