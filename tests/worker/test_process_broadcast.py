"""BroadcastChannel between processes, and through them."""

import enum
import threading

import pytest
from process_programs import hear, hear_below

from threadpool.worker import BroadcastChannel, Worker

pytestmark = pytest.mark.thread_unsafe(reason="the name of the channel is everybody's")


def test_all_hear_but_the_one_who_speaks():
    with (
        BroadcastChannel("news") as here,
        BroadcastChannel("news") as beside,
        Worker(hear, runtime="process", name="one") as one,
        Worker(hear, runtime="process", name="two") as two,
        Worker(hear_below, runtime="process") as above,
        Worker(hear, name="thread") as thread,
    ):
        everybody = (one, two, above, thread)
        assert [worker.recv(60) for worker in everybody] == ["ready"] * 4
        here.post_message("started")
        assert [worker.recv(60) for worker in everybody] == ["started"] * 4
        said = [("from", name) for name in ("below", "one", "thread", "two")]
        assert sorted(here.recv(60) for _ in range(4)) == said
        assert beside.recv(60) == "started"
        assert sorted(beside.recv(60) for _ in range(4)) == said
        assert here.receive_message() is None
        assert beside.receive_message() is None


class Name(enum.StrEnum):
    NEWS = "news"


def test_a_name_that_is_of_a_class_of_strings():
    with BroadcastChannel(Name.NEWS) as here, Worker(hear, runtime="process", name="one") as one:
        assert one.recv(60) == "ready"
        here.post_message("started")
        assert one.recv(60) == "started"
        assert here.recv(60) == ("from", "one")


def test_only_who_listens_needs_pickles():
    with (
        BroadcastChannel("objects") as here,
        BroadcastChannel("objects") as other,
        Worker(hear, runtime="process") as one,
    ):
        assert one.recv(60) == "ready"
        lock = threading.Lock()
        here.post_message(lock)  # nobody over there has opened this name
        assert other.recv(60) is lock
        with BroadcastChannel("news") as news, pytest.raises(TypeError, match="cannot be pickled"):
            news.post_message(lock)
        with BroadcastChannel("news") as news:
            news.post_message("text")
        assert one.recv(60) == "text"
