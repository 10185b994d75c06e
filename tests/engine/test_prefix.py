import random

import pytest
import torch
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from writer.engine.prefix import Prefix


class Counting:
    """A network that notes how many tokens it was made to read."""

    def __init__(self, **config):
        self._network = random_network(**config)
        self.head = self._network.head
        self.empty_state = self._network.empty_state
        self.read: list[int] = []

    def features(self, tokens, state):
        self.read.append(tokens.shape[1])
        return self._network.features(tokens, state)


def read(prefix: Prefix, tokens: list[int]) -> None:
    assert list(prefix.read(tokens))[-1:] in ([], [len(tokens)])


def assert_as_if_cold(prefix: Prefix, tokens: list[int]) -> None:
    logits, state = random_network(n_ctx=512)(torch.tensor([tokens]))
    assert_close(prefix.logits, logits[0, -1], atol=1e-4, rtol=0)
    assert prefix.state.length == len(tokens)
    assert_close(prefix.state.own_keys, state.own_keys, atol=1e-4, rtol=0)
    assert_close(prefix.state.own_values, state.own_values, atol=1e-4, rtol=0)


TEXT = [number * 7 % 383 for number in range(300)]
EDITS = {
    "typed on": ([*TEXT, 5, 6], 2),
    "taken back": (TEXT[:290], 1),
    "moved back": (TEXT[:3], 1),
    "changed near the end": ([*TEXT[:295], 9, 9], 2),
    "changed in the middle": ([*TEXT[:150], 9, *TEXT[151:]], 150),
    "changed at the start": ([9, *TEXT[1:]], 300),
    "asked again": (TEXT, 0),
    "another text": ([8] * 20, 20),
    "one token": (TEXT[:1], 1),
}


@pytest.mark.parametrize(("edited", "fresh"), EDITS.values(), ids=EDITS)
def test_only_what_follows_the_first_difference_is_read(edited, fresh):
    network = Counting(n_ctx=512)
    prefix = Prefix(network)
    read(prefix, TEXT)
    assert sum(network.read) == 300
    network.read.clear()
    read(prefix, edited)
    assert sum(network.read) == fresh
    assert_as_if_cold(prefix, edited)


def test_any_walk_over_texts_ends_as_if_cold():
    prefix, chance = Prefix(Counting(n_ctx=512)), random.Random(3)
    text = list(TEXT[:50])
    for _ in range(30):
        cut = chance.randrange(1, len(text) + 1)
        text = (text[:cut] + [chance.randrange(384) for _ in range(chance.randrange(80))])[:400]
        for count, _ in enumerate(prefix.read(text)):
            if count == chance.randrange(4):
                break  # something newer came
        else:
            assert_as_if_cold(prefix, text)
    read(prefix, text)
    assert_as_if_cold(prefix, text)


@pytest.mark.parametrize("left_after", [0, 1, 2])
def test_what_was_read_before_it_was_left_stays_read(left_after):
    network = Counting(n_ctx=512)
    prefix = Prefix(network)
    reading = prefix.read(TEXT)
    for _ in range(left_after):
        next(reading)
    reading.close()
    with pytest.raises(ValueError, match="not been read"):
        _ = prefix.logits
    done = sum(network.read)
    read(prefix, TEXT)
    assert sum(network.read) == 300
    assert (left_after > 0) == (done > 0)
    assert_as_if_cold(prefix, TEXT)


def test_a_long_text_is_read_in_several_looks():
    looks = list(Prefix(random_network(n_ctx=512)).read(TEXT))
    assert len(looks) >= 3
    assert looks == sorted(looks)
    assert looks[-1] == 300


def test_going_on_from_a_state_leaves_it_for_the_next():
    network = random_network(n_ctx=512)
    prefix = Prefix(network)
    read(prefix, TEXT)
    state = prefix.state.branch(3)
    for _ in range(4):
        _, state = network(torch.tensor([[1], [2], [3]]), state)
    assert_as_if_cold(prefix, TEXT)
