"""The thread that does the job wanted last, held in the middle by gates."""

import threading

import pytest

from writer.errors import ErrorKind, WriterError
from writer.ui.book.comparison import Comparison
from writer.ui.book.newest import Newest


class Gate:
    """A job that says when it has begun and waits until it may end."""

    def __init__(self, result):
        self.result = result
        self.begun, self.open = threading.Event(), threading.Event()
        self.was_wanted = None

    def __call__(self, is_wanted):
        self.begun.set()
        assert self.open.wait(10)
        self.was_wanted = is_wanted()
        return self.result


@pytest.fixture
def newest(qapp):
    worker = Newest()
    yield worker
    worker.stop()
    assert not worker.isRunning()


def test_only_what_was_wanted_last_is_answered(newest, qtbot):
    answers = []
    newest.done.connect(answers.append)
    first = Gate("first")
    newest.want(first)
    assert first.begun.wait(10)
    skipped = []
    newest.want(skipped.append)
    with qtbot.waitSignal(newest.done):
        newest.want(lambda _: "last")
        first.open.set()
    assert answers == ["last"]
    assert not skipped
    assert first.was_wanted is False


def test_a_result_that_came_too_late_is_not_told(newest, qtbot):
    answers = []
    newest.done.connect(answers.append)
    newest.want(lambda _: "late")
    newest.wait()  # done, but not told yet
    newest.drop()
    with qtbot.waitSignal(newest.done):
        newest.want(lambda _: "next")
    assert answers == ["next"]


def test_stopping_waits_for_the_thread_and_it_can_be_asked_again(newest, qtbot):
    gate = Gate("x")
    newest.want(gate)
    assert gate.begun.wait(10)
    threading.Timer(0.01, gate.open.set).start()
    newest.stop()
    assert gate.was_wanted is False
    assert not newest.isRunning()
    with qtbot.waitSignal(newest.done):
        newest.want(lambda _: 1)


def test_many_wishes_end_in_the_last(newest, qtbot):
    answers = []
    newest.done.connect(answers.append)
    for number in range(300):
        newest.want(lambda _, number=number: number)
    qtbot.waitUntil(lambda: answers[-1:] == [299])
    assert answers == sorted(answers)


def test_a_failure_is_told_and_the_thread_lives(newest, qtbot):
    def fail(_):
        raise WriterError(ErrorKind.FILE_MISSING, path="a.txt")

    with qtbot.waitSignal(newest.failed) as told:
        newest.want(fail)
    assert told.args[0].kind is ErrorKind.FILE_MISSING
    with qtbot.waitSignal(newest.failed) as told:
        newest.want(lambda _: 1 / 0)
    assert told.args[0].kind is ErrorKind.INTERNAL


def test_texts_are_compared_and_read_off_the_window_s_thread(qtbot):
    comparison = Comparison()
    threads = []

    def read():
        threads.append(threading.get_ident())
        return "one two"

    with qtbot.waitSignal(comparison.ready) as told:
        comparison.compare_later(read, "one three")
    new, pieces = told.args
    assert new == "one three"
    assert [piece.text for piece in pieces] == ["one ", "two", "three"]
    assert threads != [threading.get_ident()]
    comparison.stop()
