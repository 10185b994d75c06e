"""Every setting of the program, once: default, bounds, unit, words and command-line flag.

The settings form, the TOML file, the flags of `writer complete` and the checks are all made from
the fields below, so a setting is added here and nowhere else. Standard library only.
"""

from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, TypeAlias

from writer.errors import ErrorKind, WriterError

Value: TypeAlias = int | float | str
"""What a setting may hold; a StrEnum member counts as str."""

VERSION = 1
"""Of the settings file; a higher one was written by a newer Writer."""


class Precision(StrEnum):
    """The number format that a model works in."""

    AUTO = "auto"
    INT8 = "int8"
    BF16 = "bf16"
    FP32 = "fp32"


class Mode(StrEnum):
    """When continuations are offered."""

    AFTER_PAUSE = "after-pause"
    ON_DEMAND = "on-demand"
    OFF = "off"


class Battery(StrEnum):
    """What a pause in the typing means while the machine draws on its battery."""

    ON_DEMAND = "on-demand"
    AS_USUAL = "as-usual"


class Theme(StrEnum):
    """What the window looks like."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class BackupTime(StrEnum):
    """When a book is backed up by itself."""

    ON_CLOSING = "on-closing"
    WHEN_ASKED = "when-asked"


@dataclass(frozen=True, slots=True)
class About:
    """What a field says about its setting, beside the default."""

    label: str
    """The plain word: “Boldness”."""
    technical: str
    """The field's standard term: “temperature”."""
    help: str
    """One line: what it does to the text."""
    minimum: float | None = None
    maximum: float | None = None
    step: float = 1
    """Of a slider and of the arrow keys; its digits are the digits shown."""
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """(value, plain words) of a setting that takes one of a few."""
    in_form: bool = True
    """Whether the pane beside the page shows it; others are flags and file entries only."""


def _setting(default: Value, label: str, technical: str, text: str, **more: Any) -> Any:  # noqa: ANN401 - as dataclasses.field
    return field(default=default, metadata={"about": About(label, technical, text, **more)})


@dataclass(frozen=True, slots=True)
class Sampling:
    """How continuations are drawn. Two equal values and one seed give the same answer."""

    temperature: float = _setting(
        0.9,
        "Boldness",
        "temperature",
        "Higher is more surprising; 0 always takes the likeliest.",
        minimum=0,
        maximum=2,
        step=0.05,
    )
    top_k: int = _setting(
        40,
        "Choices",
        "top-k",
        "How many next words are in the running; 0 lets in all.",
        minimum=0,
        maximum=200,
        step=1,
    )
    context_length: int = _setting(
        131072,
        "Looks back",
        "context length",
        "How much of your text is read before it goes on.",
        minimum=16,
        maximum=131072,
        step=16,
        unit="tokens",
    )
    candidates: int = _setting(
        3,
        "Continuations",
        "candidates",
        "How many are offered side by side.",
        minimum=1,
        maximum=8,
        step=1,
    )
    length: int = _setting(
        24,
        "Length",
        "maximum length",
        "How far one continuation goes at most.",
        minimum=1,
        maximum=200,
        step=1,
        unit="tokens",
    )
    top_p: float = _setting(
        1.0,
        "Focus",
        "top-p",
        "Lower leaves out the unlikely tail; 1 leaves out nothing.",
        minimum=0.05,
        maximum=1,
        step=0.05,
    )
    min_p: float = _setting(
        0.0,
        "Floor",
        "min-p",
        "Leaves out words this much less likely than the likeliest.",
        minimum=0,
        maximum=0.5,
        step=0.01,
    )
    repetition_penalty: float = _setting(
        1.1,
        "Fresh words",
        "repetition penalty",
        "Higher avoids words just used; 1 does not mind.",
        minimum=1,
        maximum=2,
        step=0.05,
    )
    seed: int = _setting(
        0,
        "Seed",
        "seed",
        "The same seed gives the same continuations; 0 takes another each time.",
        minimum=0,
        maximum=2**31 - 1,
        step=1,
        in_form=False,
    )


@dataclass(frozen=True, slots=True)
class Suggesting:
    """When continuations are offered."""

    mode: str = _setting(
        Mode.AFTER_PAUSE.value,
        "Suggest",
        "mode",
        "When continuations appear.",
        choices=(
            (Mode.AFTER_PAUSE.value, "After a pause"),
            (Mode.ON_DEMAND.value, "When I ask"),
            (Mode.OFF.value, "Never"),
        ),
    )
    pause_ms: int = _setting(
        150,
        "Pause",
        "pause",
        "How long you rest before continuations appear.",
        minimum=0,
        maximum=3000,
        step=50,
        unit="ms",
    )

    battery: str = _setting(
        Battery.ON_DEMAND.value,
        "On battery",
        "battery mode",
        "Whether a pause is enough to suggest while the machine is not plugged in.",
        choices=(
            (Battery.ON_DEMAND.value, "When I ask"),
            (Battery.AS_USUAL.value, "As usual"),
        ),
    )


@dataclass(frozen=True, slots=True)
class Machine:
    """How much of the machine is used."""

    threads: int = _setting(
        0,
        "Threads",
        "threads",
        "Processor cores at work; 0 leaves one free for everything else.",
        minimum=0,
        maximum=64,
        step=1,
    )
    precision: str = _setting(
        Precision.AUTO.value,
        "Number format",
        "precision",
        "What the model's numbers are kept in; automatic takes the fastest, measured once.",
        in_form=False,
        choices=tuple((each.value, each.value) for each in Precision),
    )
    model: str = _setting(
        "auto",
        "Model",
        "model",
        "A bundled model's name, or a model folder; auto goes by the language of the text.",
        in_form=False,
    )


@dataclass(frozen=True, slots=True)
class Appearance:
    """How the page looks."""

    theme: str = _setting(
        Theme.SYSTEM.value,
        "Theme",
        "theme",
        "Light or dark paper.",
        in_form=False,
        choices=(
            (Theme.SYSTEM.value, "As the system"),
            (Theme.LIGHT.value, "Light"),
            (Theme.DARK.value, "Dark"),
        ),
    )
    font_size: int = _setting(
        18,
        "Text size",
        "font size",
        "The height of the page's letters.",
        minimum=12,
        maximum=36,
        step=1,
        unit="px",
        in_form=False,
    )


@dataclass(frozen=True, slots=True)
class Backup:
    """Where copies of whole books go, and when."""

    folder: str = _setting(
        "", "Folder", "backup folder", "Where backups of books go; empty: nowhere.", in_form=False
    )
    keep: int = _setting(
        10, "Keep", "backups kept", "How many of one book are kept; the oldest goes first.",
        minimum=1, maximum=1000, in_form=False,
    )  # fmt: skip
    when: str = _setting(
        BackupTime.ON_CLOSING.value, "When", "backup time",
        "Whether closing the window backs up a book that has changed.", in_form=False,
        choices=(
            (BackupTime.ON_CLOSING.value, "On closing"),
            (BackupTime.WHEN_ASKED.value, "When I ask"),
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them, by group; the group's name is the table's name in the file."""

    sampling: Sampling = field(default_factory=Sampling)
    suggesting: Suggesting = field(default_factory=Suggesting)
    machine: Machine = field(default_factory=Machine)
    appearance: Appearance = field(default_factory=Appearance)
    backup: Backup = field(default_factory=Backup)

    def get(self, group: str, name: str) -> Value:
        """Return the value of `group.name`."""
        value: Value = getattr(getattr(self, group), name)
        return value

    def with_value(self, group: str, name: str, value: Value) -> "Settings":
        """Return a copy in which `group.name` is `value`, checked.

        >>> Settings().with_value("sampling", "top_k", 10).sampling.top_k
        10

        Raises:
            WriterError: SETTING_UNKNOWN or SETTING_INVALID.
        """
        found = [f for g, f in all_settings() if (g, f.name) == (group, name)]
        if not found:
            raise WriterError(ErrorKind.SETTING_UNKNOWN, name=f"{group}.{name}")
        values: Any = getattr(self, group)
        changed: dict[str, Any] = {group: replace(values, **{name: checked(found[0], value)})}
        return replace(self, **changed)


PRESETS: dict[str, dict[str, Value]] = {
    "Steady": {"temperature": 0.6, "top_k": 20, "top_p": 0.9, "repetition_penalty": 1.15},
    "Balanced": {"temperature": 0.9, "top_k": 40, "top_p": 1.0, "repetition_penalty": 1.1},
    "Wild": {"temperature": 1.2, "top_k": 100, "top_p": 1.0, "repetition_penalty": 1.05},
}
"""Values of `Sampling` by the name of the preset that sets them."""


def limited(group: str, name: str, value: int) -> int:
    """Return `value`, or the bound of `group.name` that it passes.

    >>> limited("sampling", "candidates", 99)
    8
    """
    words = next(about(f) for g, f in all_settings() if (g, f.name) == (group, name))
    low = value if words.minimum is None else max(value, int(words.minimum))
    return low if words.maximum is None else min(low, int(words.maximum))


def about(setting: "Field[Any]") -> About:
    """Return what a field says about its setting."""
    found: About = setting.metadata["about"]
    return found


def all_settings() -> Iterator[tuple[str, "Field[Any]"]]:
    """Yield (group, field) of every setting, in the order of the form."""
    for group in fields(Settings):
        for setting in fields(getattr(Settings(), group.name)):
            yield group.name, setting


def default_of(group: str, name: str) -> Value:
    """Return the default of `group.name`."""
    return Settings().get(group, name)


def checked(setting: "Field[Any]", value: object) -> Value:
    """Return `value` in the setting's own type, or say what it takes.

    A whole number serves where a fraction is asked for; nothing else is converted.

    Raises:
        WriterError: SETTING_INVALID, naming the setting, the value and what it takes.
    """
    words = about(setting)
    accepts = _accepts(setting)
    if words.choices or isinstance(setting.default, str):
        options = [choice for choice, _ in words.choices]
        if isinstance(value, str) and (not options or value in options):
            return str(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = words.minimum, words.maximum
        whole = isinstance(setting.default, int)
        if (
            (not whole or value == value // 1)
            and (low is None or value >= low)
            and (high is None or value <= high)
        ):
            return int(value) if whole else float(value)
    raise WriterError(
        ErrorKind.SETTING_INVALID, name=setting.name, value=repr(value), accepts=accepts
    )


def _accepts(setting: "Field[Any]") -> str:
    words = about(setting)
    if words.choices:
        return "one of " + ", ".join(choice for choice, _ in words.choices)
    if isinstance(setting.default, str):
        return "text"
    kind = "a whole number" if isinstance(setting.default, int) else "a number"
    return f"{kind} from {words.minimum:g} to {words.maximum:g}"
