"""The sampler's thread: what it does first, what it drops, what it leaves to others."""

import os
import sys

import pytest

from tests.ui.conftest import Serving
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
