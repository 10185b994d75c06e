"""An origin says what differs between then and now, and nothing else."""

from dataclasses import replace

import pytest

from writer.manuscript.provenance.origin import (
    KINDS,
    Conditions,
    Origin,
    context_digest,
    differences,
)

THEN = Conditions("m", "f", "fp32", "cpu", context_digest("a", "b"), {"temperature": 0.9})
ORIGIN = Origin.under("o", THEN, 1, 0, "x")
OTHERWISE = {
    "model": {"model": "n", "fingerprint": ""},
    "fingerprint": {"fingerprint": "g"},
    "precision": {"precision": "int8"},
    "machine": {"machine": "gpu"},
    "context": {"context": context_digest("a", "c")},
    "settings": {"sampling": {"temperature": 1.0}},
}


def test_nothing_differs_from_itself():
    assert differences(ORIGIN, replace(THEN, sampling={**THEN.sampling})) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_each_difference_is_named(kind):
    then = replace(ORIGIN, fingerprint="") if kind == "model" else ORIGIN
    assert differences(then, replace(THEN, **OTHERWISE[kind])) == (kind,)


def test_a_model_may_be_called_otherwise():
    assert differences(ORIGIN, replace(THEN, model="n")) == ()


def test_all_differences_are_named_in_order():
    changes = {name: value for each in OTHERWISE.values() for name, value in each.items()}
    assert differences(ORIGIN, replace(THEN, **changes)) == KINDS


def test_the_digest_tells_where_the_cursor_is():
    digests = {context_digest("abc"[:at], "abc"[at:]) for at in range(4)}
    assert len(digests) == 4
    assert context_digest("\ud83d", "ÿ") != context_digest("\ud83d\xff", "")
