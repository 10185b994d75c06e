"""`writer models`: which models there are, what each is, whether it works; adding and removing."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from writer.commands.model_words import Described, everything, table
from writer.errors import ErrorKind, WriterError
from writer.settings import Machine, Precision, checked
from writer.shelf.model_files import model_at
from writer.shelf.shelf import Entry, Origin, Shelf
from writer.shelf.speeds import Speed, Speeds

_THREADS = next(setting for setting in fields(Machine) if setting.name == "threads")
_DTYPES = ("bf16", "fp16", "fp32")
_SEVERAL = "a model's name, its folder, or its .gguf file"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `models` and its own commands."""
    parser = commands.add_parser(
        "models",
        help="list, add, check and remove models",
        description="List the models there are, add and remove some, find out whether one works.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  writer models add ~/Downloads/gpt2-novel --name novel",
    )
    words = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_looking(words)
    _add_changing(words)


def _add_looking(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    listing = commands.add_parser("list", help="print the models there are")
    listing.add_argument("--json", action="store_true", help="print one JSON list")
    listing.set_defaults(run=_list)
    card = commands.add_parser("card", help="print what a model is")
    card.add_argument("model", help=_SEVERAL)
    card.add_argument("--json", action="store_true", help="print one JSON object")
    card.set_defaults(run=_card)
    check = commands.add_parser(
        "check", help="read a model whole, let it write, measure it",
        description="Read a model whole, let it continue a text, and measure how fast it is here. "
        "The exit status is 1 where it cannot be used.",
    )  # fmt: skip
    check.set_defaults(run=_check)
    measuring = commands.add_parser(
        "measure", help="measure what lengths of context cost a model here",
        description="Measure how long a model takes here to read contexts of 128 tokens, 256, and "
        "so on, up to all that it reads, and for one step of five continuations behind each.",
    )  # fmt: skip
    measuring.set_defaults(run=_measure)
    for parser in (check, measuring):
        parser.add_argument("model", help=_SEVERAL)
        parser.add_argument(
            "--precision",
            choices=[each.value for each in Precision],
            default=Precision.AUTO.value,
            help="what its numbers are kept in (%(default)s: the fastest here)",
        )
        parser.add_argument(
            "--threads", type=int, default=0, help="0 = all cores but one (0 to 64)"
        )
        parser.add_argument(
            "--json", action="store_true", help="print JSON lines, the last one is it"
        )


def _add_changing(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    adding = commands.add_parser(
        "add", help="make a model known by a name",
        description="Make a model known by a name. It stays where it is, unless it is copied; it "
        "is checked first.",
    )  # fmt: skip
    adding.add_argument("path", type=Path, help="its folder, a file of it, or its .gguf file")
    adding.add_argument("--name", help="what to call it (after its path)")
    adding.add_argument("--copy", action="store_true", help="copy it into Writer's data folder")
    adding.add_argument("--unchecked", action="store_true", help="do not read it first")
    adding.set_defaults(run=_add)
    removing = commands.add_parser(
        "remove", help="forget a model",
        description="Forget a model that was added; one in Writer's data folder is deleted.",
    )  # fmt: skip
    removing.add_argument("name", help="its name")
    removing.add_argument("--yes", action="store_true", help="delete without asking")
    removing.set_defaults(run=_remove)
    converting = commands.add_parser(
        "convert", help="write a GPT-2 as Hugging Face does",
        description="Write any GPT-2 that can be read as a standard folder, its weights in "
        "safetensors.",
    )  # fmt: skip
    converting.add_argument("source", help=_SEVERAL)
    converting.add_argument("out", type=Path, help="a new or an empty folder")
    converting.add_argument(
        "--dtype", choices=_DTYPES, default="bf16", help="of the weights (%(default)s)"
    )
    converting.set_defaults(run=_convert)


def _list(arguments: argparse.Namespace) -> int:
    speeds = Speeds()
    models = [_described(entry.path, entry, speeds) for entry in Shelf().entries()]
    if arguments.json:
        _print_json([each.as_json() for each in models])
    else:
        print(table(models))
    return 0


def _card(arguments: argparse.Namespace) -> int:
    from writer.checkpoints.card import describe

    shelf = Shelf()
    path = shelf.find(arguments.model)
    entry = next((each for each in shelf.entries() if each.path == path.absolute()), None)
    model = Described(path, entry, describe(path), "", Speeds().known(path))
    if arguments.json:
        _print_json(model.as_json())
    else:
        print(everything(model))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from writer.commands.model_check import check_model

    return _tried(arguments, check_model)


def _measure(arguments: argparse.Namespace) -> int:
    from writer.commands.model_lengths import measure_lengths

    return _tried(arguments, measure_lengths)


def _tried(
    arguments: argparse.Namespace, attempt: Callable[[Path, Any, Precision, int], Any]
) -> int:
    """Print what comes of an attempt at a model, or as JSON why nothing does."""
    from writer.commands.model_check import Telling

    threads = int(checked(_THREADS, arguments.threads))
    tell = Telling(arguments.json)
    path = Shelf().find(arguments.model)
    try:
        found = attempt(path, tell, Precision(arguments.precision), threads)
    except WriterError as error:
        if arguments.json:
            print(json.dumps({"ok": False, "error": str(error), "kind": error.kind.name}))
        raise
    finally:
        tell.end()
    print(json.dumps(found.as_json()) if arguments.json else found.in_words())
    return 0


def _add(arguments: argparse.Namespace) -> int:
    from writer.commands.model_check import Telling, check_model

    shelf, tell = Shelf(), Telling(as_json=False)
    known = {entry.name for entry in shelf.entries()}
    speed: Speed | None = None
    try:
        if not arguments.unchecked:
            found = check_model(model_at(_expanded(arguments.path)), tell)
            speed = Speed(found.tokens_per_second, found.precision)
        entry = shelf.add(
            _expanded(arguments.path), arguments.name, arguments.copy,
            lambda done, total: tell("copying", done / max(1, total)),
        )  # fmt: skip
    finally:
        tell.end()
    if speed is not None:
        Speeds().remember(entry.path, speed)
    already = " already" if entry.name in known else ""
    print(f"“{entry.name}” is there{already}: writer complete --model {_quoted(entry.name)}")
    return 0


def _expanded(path: Path) -> Path:
    return Path(os.path.expanduser(path))  # pathlib raises for an unknown ~user


def _remove(arguments: argparse.Namespace) -> int:
    shelf = Shelf()
    entry = shelf.named(arguments.name)
    if entry is not None and entry.origin is Origin.OWN and not arguments.yes:
        if not sys.stdin.isatty():
            reason = "its files would be deleted; say --yes if that is meant"
            raise WriterError(ErrorKind.MODEL_NOT_REMOVED, name=entry.name, reason=reason)
        if not _is_sure(entry):
            return 1
    shelf.remove(arguments.name)
    print(f"“{arguments.name}” was removed.")
    return 0


def _convert(arguments: argparse.Namespace) -> int:
    from writer.commands.model_check import Telling
    from writer.commands.model_conversion import DTYPES, convert

    tell = Telling(as_json=False)
    source, dtype = Shelf().find(arguments.source), DTYPES[arguments.dtype]
    try:
        convert(source, arguments.out, dtype, lambda share: tell("reading", share))
    finally:
        tell.end()
    print(f"wrote {arguments.out} in {arguments.dtype}")
    return 0


def _described(path: Path, entry: Entry, speeds: Speeds) -> Described:
    from writer.checkpoints.card import describe

    try:
        return Described(path, entry, describe(path), "", speeds.known(path))
    except WriterError as error:
        return Described(path, entry, None, str(error), None)


def _is_sure(entry: Entry) -> bool:
    print(f"Delete “{entry.name}” and its files in {entry.path}? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _print_json(found: object) -> None:
    print(json.dumps(found, ensure_ascii=False, indent=2))
