"""The settings as a TOML file that people may edit: one table a group.

What is broken in it costs its own default and a notice, never the start of the program. Writing
keeps the writer's comments, spelling and unknown keys.
"""

import contextlib
import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import save_failed, write_atomically
from writer.settings import VERSION, Settings, about, all_settings

_LONGEST_SHOWN = 40
_INT64 = 2**63
"""What TOML's whole numbers stay below; Python cannot even print the longest of its own."""


def read_settings(path: Path) -> tuple[Settings, list[WriterError]]:
    """Return the settings in the file and what is to be told about it.

    A missing file means the defaults. Whatever is wrong with the content is a notice, and the file
    is copied to `NAME.bak` beside it, before anything overwrites it.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Settings(), []
    except OSError as error:
        return Settings(), [_unreadable(path, (error.strerror or str(error)).lower())]
    settings, notices = _understood(path, data)
    if notices:
        with contextlib.suppress(WriterError):  # the notices tell more than a missing copy
            _back_up(path, data)
    return settings, notices


def write_settings(path: Path, settings: Settings) -> None:
    """Write all settings, keeping what else an existing good file holds.

    One that is broken, or from a newer Writer, is copied to `NAME.bak` first.

    Raises:
        WriterError: SAVE_FAILED.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_bytes()
    except FileNotFoundError:
        old = b""
    except OSError as error:
        raise save_failed(path, error) from error
    if _understood(path, old)[1]:
        _back_up(path, old)
    new = _updated(old, settings)
    if _understood(path, new) != (settings, []):
        new = _updated(b"", settings)
    if new != old:
        write_atomically(path, new)


def _back_up(path: Path, data: bytes) -> None:
    write_atomically(path.with_name(path.name + ".bak"), data)


def _understood(path: Path, data: bytes) -> tuple[Settings, list[WriterError]]:
    try:
        # utf-8-sig: Windows' editors like to put a mark in front.
        tables = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Settings(), [_unreadable(path, "it is not UTF-8 text")]
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, endless digits or brackets
        return Settings(), [_unreadable(path, _shortened(str(error), 120))]
    notices = _version_notices(path, tables.get("version", VERSION))
    for group in dict(all_settings()):
        table = tables.setdefault(group, {})
        if not isinstance(table, dict):
            notices.append(_invalid(path, group, table, "a table of settings"))
            tables[group] = {}
    settings = Settings()
    for group, setting in all_settings():
        if setting.name not in tables[group]:
            continue
        value = tables[group][setting.name]
        try:
            settings = settings.with_value(group, setting.name, _printable(value))
        except WriterError as error:
            accepts = error.fields["accepts"]
            notices.append(_invalid(path, f"{group}.{setting.name}", value, accepts))
    return settings, notices


def _version_notices(path: Path, version: object) -> list[WriterError]:
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        return [_invalid(path, "version", version, f"a whole number from 1 to {VERSION}")]
    return [WriterError(ErrorKind.SETTINGS_NEWER, path=path)] if version > VERSION else []


def _updated(old: bytes, settings: Settings) -> bytes:
    """Return the file's content with these settings in it."""
    try:
        document = tomlkit.parse(old.decode("utf-8-sig"))
        _fill(document, settings)
    except (TOMLKitError, ValueError, TypeError, RecursionError):  # broken: it was backed up
        document = tomlkit.document()
        _fill(document, settings)
    return tomlkit.dumps(document).encode("utf-8")


def _fill(document: tomlkit.TOMLDocument, settings: Settings) -> None:
    if not document.body:
        document.add(tomlkit.comment("Writer's settings; what is deleted here has its default."))
        document.add("version", tomlkit.item(VERSION))
    elif document.get("version", VERSION) != VERSION:
        document["version"] = VERSION
    for group, setting in all_settings():
        if not isinstance(document.get(group), dict):
            document[group] = tomlkit.table()
        table: Any = document[group]
        value = settings.get(group, setting.name)
        if setting.name not in table:
            if hasattr(table, "add"):
                table.add(tomlkit.comment(about(setting).help))
            table[setting.name] = value
        elif not _same(table[setting.name], value):
            table[setting.name] = value


def _same(written: object, value: object) -> bool:
    """Tell whether what is written may stay as it is spelled: 0x28 for 40, 1 for 1.0."""
    return not isinstance(written, bool) and written == value


def _printable(value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    too_long = isinstance(value, int) and not -_INT64 <= value < _INT64
    return float("inf") if too_long else value


def _invalid(path: Path, name: str, value: object, accepts: object) -> WriterError:
    shown = _shortened(repr(_printable(value)), _LONGEST_SHOWN)
    return WriterError(
        ErrorKind.SETTING_REPLACED, path=path, name=name, value=shown, accepts=accepts
    )


def _unreadable(path: Path, reason: str) -> WriterError:
    return WriterError(ErrorKind.SETTINGS_UNREADABLE, path=path, reason=reason)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
