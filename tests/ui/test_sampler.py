"""The sampler's thread: what it does first, what it drops, what it leaves to others."""

import os
import sys
from dataclasses import replace

import pytest

from tests.ui.conftest import Serving
from writer.errors import ErrorKind, WriterError
from writer.settings import Machine, Sampling
from writer.suggestion.request import Request
from writer.ui import sampler as sampler_module
from writer.ui.mailbox import Mailbox
from writer.ui.sampler import Sampler


def request(serial: int) -> Request:
    return Request(serial, 0, f"text {serial}", "", Sampling(), 1)


def test_only_the_newest_is_taken_and_before_all_that_may_wait():
    box = Mailbox()
    box.expect_none()
    box.put(request(1))
    box.put_ahead([request(8), request(9)])
    box.put(request(2))
    box.put_ahead([request(6), request(7)])
    assert box.interrupts
    assert box.take() == (request(2), True)
    assert not box.interrupts
    assert box.take() == (request(6), False)
    assert not box.interrupts
    assert box.take() == (request(7), False)


@pytest.mark.parametrize("wanted", [request(3), None])
def test_anything_wanted_or_unwanted_ends_what_is_prepared(wanted):
    box = Mailbox()
    box.expect_none()
    box.put_ahead([request(8), request(9)])
    assert box.take() == (request(8), False)
    box.put(wanted)
    assert box.interrupts
    if wanted is None:
        box.close()
        assert box.take() is None
    else:
        assert box.take() == (wanted, True)


def test_an_engine_that_nobody_asks_may_rest(qtbot, monkeypatch):
    monkeypatch.setattr(sampler_module, "_REST_AFTER_MS", 1)
    engine = Serving(("one",))
    sampler = Sampler(lambda *_: engine, Machine(), threads=1)
    with qtbot.waitSignal(sampler.loaded):
        sampler.start()
    qtbot.waitUntil(lambda: engine.rested == 1)
    with qtbot.waitSignal(sampler.answered):
        sampler.ask(request(1))
    qtbot.waitUntil(lambda: engine.rested == 2)
    sampler.stop()
    assert engine.rested == 2


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a niceness of its own on Linux")
def test_the_thread_steps_back_before_the_engine_is_loaded(qtbot):
    niceness = []

    def load(machine, on_progress):
        niceness.append(os.getpriority(os.PRIO_PROCESS, 0))
        return Serving()

    before = os.getpriority(os.PRIO_PROCESS, 0)
    sampler = Sampler(load, Machine(), threads=1)
    with qtbot.waitSignal(sampler.loaded):
        sampler.start()
    sampler.stop()
    assert niceness[0] >= min(19, before + 5)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


class Replays:
    """A sampler at work, and what it told of replays."""

    def __init__(self, qtbot, *script):
        self.bot, self.engine = qtbot, Serving(*script)
        self.sampler = Sampler(lambda *_: self.engine, Machine(), threads=1)
        self.told: list[tuple[Request, object]] = []
        self.sampler.replayed.connect(self.on_told)
        self.sampler.replay_failed.connect(self.on_told)
        self.answers: list[object] = []
        self.sampler.answered.connect(self.answers.append)
        with qtbot.waitSignal(self.sampler.loaded) as loaded:
            self.sampler.start()
        self.serving = loaded.args[0]

    def on_told(self, request, found):
        self.told.append((request, found))

    def wait(self, count: int) -> None:
        self.bot.waitUntil(lambda: len(self.told) == count)


@pytest.fixture
def replays(qtbot):
    made = []

    def make(*script):
        made.append(Replays(qtbot, *script))
        return made[-1]

    yield make
    for each in made:
        each.engine.gate.set()
        each.sampler.stop()


def test_a_replay_is_answered_whole_and_shown_to_nobody(replays):
    work = replays(("one and more",))
    work.sampler.replay(request(7))
    work.wait(1)
    asked, found = work.told[0]
    assert replace(asked, serial=7) == request(7)
    assert asked.serial < 0
    assert found.text(0) == "one and more"
    assert found.says(0, "one and")
    assert found.answer.identity == work.serving.identity == work.engine.identity
    assert not work.answers


def test_what_is_asked_meanwhile_goes_before_a_replay(replays):
    work = replays(("one and more",), ("two",))
    work.engine.gate.clear()
    work.sampler.replay(request(7))
    assert work.engine.reached_gate.wait(10)
    work.sampler.ask(request(8))
    work.engine.gate.set()
    work.wait(1)
    assert work.told[0][1] is None
    work.bot.waitUntil(lambda: len(work.answers) == 1)
    assert work.engine.finished == 1


def test_a_replay_that_was_not_begun_is_told_of_too_and_only_once(replays):
    work = replays(("one and more",), ("two",), ("three",))
    work.engine.gate.clear()
    work.sampler.ask(request(1))
    assert work.engine.reached_gate.wait(10)
    work.sampler.replay(request(7))
    work.sampler.replay(request(8))
    assert [found for _, found in work.told] == [None]
    work.sampler.ask(request(2))
    assert [found for _, found in work.told] == [None, None]
    work.engine.gate.set()
    work.bot.waitUntil(lambda: work.engine.finished == 1)
    work.sampler.replay(request(9))
    work.wait(3)
    assert work.told[2][1].text(0) == "three"


def test_a_replay_outlives_what_is_prepared_and_what_is_no_longer_wanted(replays):
    work = replays(("one and more",), ("two",))
    work.engine.gate.clear()
    work.sampler.ask(request(1))
    assert work.engine.reached_gate.wait(10)
    work.sampler.replay(request(7))
    work.sampler.prepare([replace(request(2), serial=0)])
    work.sampler.cancel()
    work.engine.gate.set()
    work.wait(1)
    assert work.told[0][1].text(0) == "two"


def test_a_replay_that_fails_says_so(replays):
    error = WriterError(ErrorKind.INTERNAL, reason="torn")
    work = replays(error, ("two",))
    work.sampler.replay(request(7))
    work.wait(1)
    assert work.told[0][1] is error
    work.sampler.replay(request(7))
    work.wait(2)
    assert work.told[1][1].text(0) == "two"
