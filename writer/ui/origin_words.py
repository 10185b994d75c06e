"""The words for where suggested words come from, and for what has changed since."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import Field, asdict, fields
from typing import Any

from PySide6.QtCore import QCoreApplication

from writer.errors import WriterError
from writer.manuscript.provenance import origin as kinds
from writer.manuscript.provenance.origin import Conditions, Origin, differences
from writer.settings import Sampling, Value, about, checked
from writer.ui.number_row import digits_of
from writer.ui.setting_row import words_of

_LEFT_OUT = ("seed",)
"""Settings that decide nothing by themselves: what was drawn with has a line of its own."""


def sampling_words(values: Mapping[str, object]) -> str:
    """Return settings as the pane beside the page names them."""
    return ", ".join(
        f"{words_of(about(setting).label)} {_value_words(setting, values[setting.name])}"
        for setting in fields(Sampling)
        if setting.name in values and setting.name not in _LEFT_OUT
    )


def sampling_of(values: Mapping[str, object]) -> Sampling:
    """Return the settings that were noted; what this Writer does not know is as it usually is."""
    known: dict[str, Any] = {}
    for setting in fields(Sampling):
        with suppress(WriterError, KeyError):
            known[setting.name] = checked(setting, values[setting.name])
    return Sampling(**known)


def has_known_settings(origin: Origin) -> bool:
    """Return whether this Writer can draw with the very settings that an origin has noted."""
    return asdict(sampling_of(origin.sampling)) == dict(origin.sampling)


def difference_words(origin: Origin, now: Conditions) -> list[str]:
    """Return what differs between an origin and now, each as a sentence of its own."""
    kinds_found = differences(origin, now)
    if kinds.MODEL in kinds_found:  # of course it has other weights
        kinds_found = tuple(kind for kind in kinds_found if kind != kinds.FINGERPRINT)
    then = origin.conditions
    said = {
        kinds.MODEL: _tr("The model was {then}, and is {now} now."),
        kinds.FINGERPRINT: _tr("The files of the model {now} are not what they were."),
        kinds.PRECISION: _tr("Its numbers were kept in {then}, and are in {now} now."),
        kinds.MACHINE: _tr("The machine was “{then}”, and is “{now}” now."),
        kinds.CONTEXT: _tr("The text around these words is not what it was."),
        kinds.SETTINGS: _tr("It was drawn with settings that this Writer does not know."),
    }
    values = {
        kinds.MODEL: (then.model, now.model),
        kinds.FINGERPRINT: (then.model, now.model),
        kinds.PRECISION: (then.precision, now.precision),
        kinds.MACHINE: _apart(then.machine, now.machine),
    }
    found = []
    for kind in kinds_found:
        one, other = values.get(kind, ("", ""))
        unknown = _tr("unknown")
        found.append(said[kind].format(then=one or unknown, now=other or unknown))
    return found


def _apart(one: str, other: str) -> tuple[str, str]:
    """Return two machines without what they have in common.

    >>> _apart("A processor, 1 thread, torch 2.9", "A processor, 2 threads, torch 2.9")
    ('1 thread', '2 threads')
    """
    parts, others = one.split(", "), other.split(", ")
    mine = [part for part in parts if part not in others]
    theirs = [part for part in others if part not in parts]
    return (", ".join(mine), ", ".join(theirs)) if mine and theirs else (one, other)


def _value_words(setting: "Field[Any]", value: object) -> str:
    try:
        known: Value = checked(setting, value)
    except WriterError:
        return str(value)
    words = about(setting)
    said = f"{known:.{digits_of(words.step)}f}" if isinstance(known, float) else f"{known:,}"
    return f"{said} {words_of(words.unit)}" if words.unit else said


def _tr(words: str) -> str:
    return QCoreApplication.translate("Origin", words)
