import random

from tests.manuscript.history.seeds import for_seeds
from writer.manuscript.history.alignment import Block, Effort, anchored, longest_first, stretches


def _lists(chance):
    """Return a list and an edit of it, out of few or many different elements."""
    letters = [str(each) for each in range(chance.choice((2, 5, 30, 500)))]
    old = chance.choices(letters, k=chance.randrange(60))
    new = list(old)
    for _ in range(chance.randrange(6)):
        at = chance.randrange(len(new) + 1)
        new[at : at + chance.randrange(5)] = chance.choices(letters, k=chance.randrange(5))
    return old, new


def _check(old, new, blocks):
    end = Block(0, 0, 0)
    for block in blocks:
        assert block.size
        assert block.old >= end.old + end.size
        assert block.new >= end.new + end.size
        there = new[block.new : block.new + block.size]
        assert old[block.old : block.old + block.size] == there
        end = block


@for_seeds(300)
def test_blocks_are_common_and_in_order_and_stretches_are_everything(seed):
    chance = random.Random(seed)
    old, new = _lists(chance)
    found = [anchored(old, new), anchored(old, new, 3), longest_first(old, new, Effort(10**9))]
    for blocks in found:
        _check(old, new, blocks)
        pairs = list(stretches(old, new, blocks))
        assert [each for removed, _ in pairs for each in removed] == old
        assert [each for _, added in pairs for each in added] == new


def test_what_is_rare_is_an_anchor_and_grows():
    old = ["a", "b", "rare", "a", "a", "z"]
    new = ["c", "b", "rare", "a", "c", "c", "z"]
    assert anchored(old, new) == [Block(1, 1, 3), Block(5, 6, 1)]


def test_a_longest_order_of_anchors_is_kept():
    old = list("abcdefgh")
    new = list("xbcdhefgx")
    assert anchored(old, new) == [Block(1, 1, 3), Block(4, 5, 3)]


def test_without_effort_nothing_is_found_and_none_is_spent():
    effort = Effort(3)
    assert longest_first(list("abcd"), list("xabcd"), effort) == []
    assert longest_first(list("abc"), list("xabc"), effort) == [Block(0, 1, 3)]
    assert longest_first(list("abc"), list("xabc"), effort) == []
