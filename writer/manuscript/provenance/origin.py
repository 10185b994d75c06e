"""Origins: all that decided one continuation which the writer took. Values only.

Who sampled it, and how, is told from outside: this module knows no engine.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

MODEL = "model"
FINGERPRINT = "fingerprint"
PRECISION = "precision"
MACHINE = "machine"
CONTEXT = "context"
SETTINGS = "settings"
KINDS = (MODEL, FINGERPRINT, PRECISION, MACHINE, CONTEXT, SETTINGS)
"""What may differ between then and now, in the order in which it is said."""

BETWEEN = b"\xff"  # a byte that no UTF-8 has, so that no two pairs of texts look alike


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a continuation depends on, beside its seed."""

    model: str
    """The model's name."""
    fingerprint: str
    """Of its weights."""
    precision: str
    machine: str
    """Processor, number of threads and version of torch, in words."""
    context: str
    """The `context_digest` of the text around the place."""
    sampling: Mapping[str, object] = field(hash=False)
    """The settings by name."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One continuation of which the writer took something."""

    id: str
    model: str
    fingerprint: str
    precision: str
    machine: str
    sampling: Mapping[str, object] = field(hash=False)
    seed: int
    candidate: int
    """Its number among those that were drawn with it."""
    context: str
    text: str
    """The whole continuation, taken or not."""
    skipped: int = 0
    """How many characters of it the writer had typed before anything was taken."""
    taken: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    """When the first of it was taken, in UTC."""
    before: int = 0
    """How many characters before the place `context` is of."""
    after: int = 0
    """How many characters behind the place."""
    other: Mapping[str, object] = field(default_factory=dict, hash=False)
    """What a newer Writer has noted beside these."""

    @classmethod
    def under(
        cls, id: str, conditions: Conditions, seed: int, candidate: int, text: str, **rest: Any
    ) -> "Origin":
        """Return a continuation that was drawn under these conditions."""
        values = {each.name: getattr(conditions, each.name) for each in fields(Conditions)}
        return cls(id=id, seed=seed, candidate=candidate, text=text, **values, **rest)

    @property
    def conditions(self) -> Conditions:
        """All that it depends on, beside the seed."""
        return Conditions(**{each.name: getattr(self, each.name) for each in fields(Conditions)})


def context_digest(before: str, after: str) -> str:
    """Return what stands for the text before and after a place: SHA-256, in hexadecimal.

    >>> context_digest("a", "b") == context_digest("a", "b") != context_digest("ab", "")
    True
    """
    digest = hashlib.sha256(before.encode("utf-8", "surrogatepass"))
    digest.update(BETWEEN)
    digest.update(after.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def differences(origin: Origin, now: Conditions) -> tuple[str, ...]:
    """Return which of `KINDS` differ between an origin and now; if none does, a replay is equal.

    Two names of one fingerprint are one model.
    """
    then = origin.conditions
    is_known = bool(now.fingerprint) and then.fingerprint == now.fingerprint
    differ = {
        MODEL: then.model != now.model and not is_known,
        FINGERPRINT: then.fingerprint != now.fingerprint,
        PRECISION: then.precision != now.precision,
        MACHINE: then.machine != now.machine,
        CONTEXT: then.context != now.context,
        SETTINGS: dict(then.sampling) != dict(now.sampling),
    }
    return tuple(kind for kind in KINDS if differ[kind])
