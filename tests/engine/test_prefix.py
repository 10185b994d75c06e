import random

import pytest
import torch
from torch.testing import assert_close

from tests.checkpoints.tiny_models import random_network
from writer.engine.prefix import MEMORY_BYTES, Prefixes


class Counting:
    """A network that notes how many tokens it was made to read."""

    def __init__(self, **config):
        self._network = random_network(**config)
        self.device, self.head = self._network.device, self._network.head
        self.n_ctx = self._network.n_ctx
        self.empty_state = self._network.empty_state
        self.read: list[int] = []

    def reading(self, tokens, state):
        result = yield from self._network.reading(tokens, state)
        self.read.append(tokens.shape[1])
        return result


def read(prefixes: Prefixes, tokens: list[int]) -> None:
    for _ in prefixes.read(tokens):
        pass


def assert_as_if_cold(prefixes: Prefixes, tokens: list[int]) -> None:
    network = random_network(n_ctx=512)
    logits, state = network(torch.tensor([tokens]), network.empty_state())
    found = prefixes.state
    assert_close(prefixes.logits, logits[0, -1], atol=1e-4, rtol=0)
    assert found.length == len(tokens)
    entries = found.entries[:, :, :, : len(tokens)]
    assert_close(entries, state.entries[:, :, :, : len(tokens)], atol=1e-4, rtol=0)


TEXT = [number * 7 % 383 for number in range(300)]
# Of 300 tokens the blocks end at 192, 296 and 300.
EDITS = {
    "typed on": ([*TEXT, 5, 6], 6),
    "typed on into another block": ([*TEXT, 5, 6, 7, 8], 112),
    "typed on to a block's end": ([*TEXT, *[5] * 84], 192),
    "taken back": (TEXT[:298], 2),
    "taken back into another block": (TEXT[:290], 98),
    "moved back": (TEXT[:3], 3),
    "changed near the end": ([*TEXT[:297], 9, 9], 3),
    "changed in the middle": ([*TEXT[:150], 9, *TEXT[151:]], 300),
    "changed behind a whole block": ([*TEXT[:200], 9, *TEXT[201:]], 108),
    "changed at the start": ([9, *TEXT[1:]], 300),
    "asked again": (TEXT, 0),
    "another text": ([8] * 20, 20),
    "one token": (TEXT[:1], 1),
}


@pytest.mark.parametrize(("edited", "fresh"), EDITS.values(), ids=EDITS)
def test_only_the_blocks_that_differ_are_read(edited, fresh):
    network = Counting(n_ctx=512)
    prefixes = Prefixes(network)
    read(prefixes, TEXT)
    assert sum(network.read) == 300
    network.read.clear()
    read(prefixes, edited)
    assert sum(network.read) == fresh
    assert_as_if_cold(prefixes, edited)


def test_any_walk_over_texts_ends_as_if_cold():
    prefixes, chance = Prefixes(Counting(n_ctx=512)), random.Random(3)
    text = list(TEXT[:50])
    for _ in range(30):
        cut = chance.randrange(1, len(text) + 1)
        text = (text[:cut] + [chance.randrange(384) for _ in range(chance.randrange(80))])[:400]
        for count, _ in enumerate(prefixes.read(text)):
            if count == chance.randrange(8):
                break  # something newer came
        else:
            assert_as_if_cold(prefixes, text)
    read(prefixes, text)
    assert_as_if_cold(prefixes, text)


@pytest.mark.parametrize("left_after", range(5))
def test_what_was_read_before_it_was_left_stays_read(left_after):
    network = Counting(n_ctx=512)
    prefixes = Prefixes(network)
    reading = prefixes.read(TEXT)
    for _, _ in zip(range(left_after), reading, strict=False):
        pass
    reading.close()
    with pytest.raises(ValueError, match="not been read"):
        _ = prefixes.logits
    read(prefixes, TEXT)
    assert sum(network.read) == 300
    assert_as_if_cold(prefixes, TEXT)


def test_reading_stops_to_look_more_often_than_it_reads():
    looks = list(Prefixes(random_network(n_ctx=512)).read(TEXT))
    assert len(looks) == 3 * 2  # three blocks of two layers


OTHER = [number * 5 % 383 for number in range(280)]


def test_coming_back_to_a_text_reads_next_to_nothing():
    network = Counting(n_ctx=512)
    prefixes = Prefixes(network)
    for text in (TEXT, OTHER, TEXT[:100] + OTHER):
        read(prefixes, text)
    network.read.clear()
    for text in (TEXT, OTHER, TEXT[:100] + OTHER, TEXT):
        read(prefixes, text)
        assert_as_if_cold(prefixes, text)
    assert sum(network.read) == 0


def test_a_text_that_shares_a_beginning_leaves_the_other_as_it_was():
    network = Counting(n_ctx=512)
    prefixes = Prefixes(network)
    read(prefixes, TEXT)
    read(prefixes, TEXT[:200] + OTHER[:20])
    assert_as_if_cold(prefixes, TEXT[:200] + OTHER[:20])
    assert sum(network.read) == 300 + 28
    read(prefixes, TEXT)
    assert_as_if_cold(prefixes, TEXT)
    assert sum(network.read) == 300 + 28


def test_the_text_read_longest_ago_goes_when_memory_is_short():
    network = Counting(n_ctx=512)
    once = Prefixes(network)
    read(once, TEXT)
    prefixes = Prefixes(network, memory_bytes=once.nbytes * 5 // 2)
    texts = [[first, *TEXT[1:]] for first in (11, 12, 13)]
    for text in texts:
        read(prefixes, text)
        assert prefixes.nbytes <= once.nbytes * 5 // 2
    network.read.clear()
    read(prefixes, texts[2])
    read(prefixes, texts[1])
    assert sum(network.read) == 0
    read(prefixes, texts[0])
    assert sum(network.read) == 300


def test_one_text_is_kept_however_little_memory_there_is():
    prefixes = Prefixes(Counting(n_ctx=512), memory_bytes=1)
    read(prefixes, TEXT)
    assert_as_if_cold(prefixes, TEXT)


def test_texts_left_at_once_do_not_push_out_what_has_been_read():
    network = Counting(n_ctx=512)
    once = Prefixes(network)
    read(once, TEXT)
    prefixes = Prefixes(network, memory_bytes=once.nbytes * 7 // 2)
    read(prefixes, TEXT)
    for first in range(20, 30):
        reading = prefixes.read([first, *OTHER])
        next(reading)
        reading.close()
    network.read.clear()
    read(prefixes, TEXT)
    assert sum(network.read) == 0


def test_room_for_much_is_given_back():
    prefixes = Prefixes(Counting(n_ctx=512))
    for _ in prefixes.read(TEXT, room=1600):
        pass
    large = prefixes.nbytes
    for _ in prefixes.read([*TEXT, 5], room=100):
        pass
    assert prefixes.nbytes < large / 3
    assert_as_if_cold(prefixes, [*TEXT, 5])


def test_an_end_given_up_is_there_again_when_it_is_wanted():
    network = Counting(n_ctx=512)
    prefixes = Prefixes(network)
    read(prefixes, TEXT)
    for ahead in (TEXT + OTHER[:24], TEXT + OTHER[30:90], TEXT + OTHER[100:102]):
        read(prefixes, ahead)
    network.read.clear()
    for text, fresh in ((TEXT, 4), ([*TEXT, 5], 5), (TEXT + OTHER[:24], 0), ([*TEXT, 5], 0)):
        read(prefixes, text)
        assert_as_if_cold(prefixes, text)
        assert sum(network.read) == fresh
        network.read.clear()


class Sensitive(Counting):
    """A network whose numbers tell in what blocks a text was read, and in how much room.

    As those of real ones do in their last bits, on some processors, with some sizes.
    """

    def reading(self, tokens, state):
        output, after = yield from super().reading(tokens, state)
        count, room = tokens.shape[1], after.entries.shape[3]
        mark = count + (room if count <= 32 else 0) / 4096
        after.entries[:, :, :, state.used : after.used] += mark
        return output * mark, after


@pytest.mark.parametrize("memory_bytes", [MEMORY_BYTES, 300_000, 1])
def test_what_is_read_never_depends_on_what_was_read_before(memory_bytes):
    chance = random.Random(4)
    network = Sensitive(n_ctx=512)
    for _ in range(6):
        prefixes = Prefixes(network, memory_bytes=memory_bytes)
        text = TEXT[: chance.randrange(20, 300)]
        for _ in range(25):
            cut = chance.choice([len(text), len(text), chance.randrange(len(text))])
            tail = OTHER[chance.randrange(250) :][
                : chance.randrange(1, chance.choice([4, 30, 200]))
            ]
            text, before = (text[:cut] + tail)[:480], text
            if chance.random() < 0.3:
                text = before  # asked again, perhaps in another room
            room = chance.choice([10, 10, 10, 200])
            left_after = chance.choice([99, 99, 0, 3])
            for count, _ in enumerate(prefixes.read(text, room)):
                if count == left_after:
                    break
            else:
                cold = Prefixes(network, memory_bytes=memory_bytes)
                for _ in cold.read(text, room):
                    pass
                count = len(text)
                assert prefixes.state.length == count
                assert prefixes.state.entries.shape == cold.state.entries.shape
                mine, its = (each.state.entries[:, :, :, :count] for each in (prefixes, cold))
                assert torch.equal(mine, its)
                assert torch.equal(prefixes.logits, cold.logits)


def test_another_room_shares_whole_blocks_only():
    network = Counting(n_ctx=512)
    prefixes = Prefixes(network)
    read(prefixes, TEXT)
    for _ in prefixes.read(TEXT, room=100):
        pass
    assert sum(network.read) == 300 + 108


def test_what_another_number_of_threads_has_read_is_forgotten(one_thread):
    network = Counting(n_ctx=512)
    prefixes = Prefixes(network)
    read(prefixes, TEXT)
    torch.set_num_threads(2)
    try:
        read(prefixes, TEXT)
    finally:
        torch.set_num_threads(1)
    assert sum(network.read) == 2 * 300
    assert prefixes.nbytes < 2 * 512 * 2 * 2 * 2 * 16 * 4


def test_typing_keeps_one_text_not_one_for_each_key():
    prefixes = Prefixes(Counting(n_ctx=512))
    read(prefixes, TEXT)
    size = prefixes.nbytes
    for end in range(1, 40):
        read(prefixes, [*TEXT, *OTHER[:end]])
        read(prefixes, [*TEXT, *OTHER[: end - 1]])
    assert prefixes.nbytes <= 3 * size  # with the ends that were given up last


def test_going_on_from_a_state_leaves_it_for_the_next():
    network = random_network(n_ctx=512)
    prefixes = Prefixes(network)
    for _ in prefixes.read(TEXT, room=12):
        pass
    state = prefixes.state.branch(3)
    before = state.entries.data_ptr()
    for _ in range(4):
        _, state = network(torch.tensor([[1], [2], [3]]), state)
    assert state.entries.data_ptr() == before  # there was room
    assert_as_if_cold(prefixes, TEXT)


def test_of_a_large_network_one_buffer_serves_every_text():
    prefixes = Prefixes(Counting(n_ctx=512), memory_bytes=1)
    read(prefixes, TEXT)
    buffer = prefixes.state.entries.data_ptr()
    for tokens in (OTHER, TEXT, [*TEXT[:150], *OTHER], [*TEXT[:150], 3], [*TEXT, *OTHER[:200]]):
        for _ in prefixes.read(tokens, room=200):
            pass
        assert_as_if_cold(prefixes, tokens)
        assert prefixes.state.entries.data_ptr() == buffer
