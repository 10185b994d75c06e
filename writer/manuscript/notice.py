"""Notices: what a writer is told about something that opened all the same. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell: a kind and the fields that fill its sentence.

    The kind is a member of any Enum whose values are sentences with `{fields}` in them; each room
    has its own, beside what it is told about.
    """

    kind: Enum
    fields: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return str(self.kind.value).format(**self.fields)
