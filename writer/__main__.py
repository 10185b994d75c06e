"""`writer [FILE]` opens the window; the other commands need none."""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from writer import __version__, hardware, places
from writer.errors import WriterError
from writer.preload import preload_torch
from writer.settings import Machine, Precision
from writer.shelf.shelf import Shelf

if TYPE_CHECKING:
    from writer.engine.engine import Engine
    from writer.shelf.card import Card

_COMMANDS = ("complete", "train", "evaluate", "models", "export", "import", "provenance")
_MODULES = {"import": "import_book"}
"""Where a command cannot be called as it is in Python."""
_DESCRIPTION = """\
A co-writer for novelists. You type; in the pause a model on your own machine offers several
continuations; Tab takes one. Nothing ever leaves the machine.
"""
_EPILOG = """\
commands without a window (each has its own --help):
  writer complete [FILE|-]     print continuations of a text's end
  writer train CORPUS --out D  train a model on text files
  writer evaluate MODEL TEXT   measure a model on texts
  writer models list           the models there are; also add, check, card, remove, convert
  writer export BOOK --out F   write a book as DOCX, EPUB, ODT, HTML, Markdown or text
  writer import F --out BOOK   make a book of a document, a text or a folder of them
  writer provenance BOOK|FILE  say which words the machine wrote
"""


def main(argv: list[str] | None = None) -> int:
    """Run the program; return its exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a path may be no text
    try:
        if argv and argv[0] in _COMMANDS:
            return _run_command(argv)
        return _open_window(argv)
    except WriterError as error:
        print(f"writer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run_command(argv: list[str]) -> int:
    # Only the one asked for: training imports torch, which takes seconds.
    command = importlib.import_module(f"writer.commands.{_MODULES.get(argv[0], argv[0])}")
    parser = argparse.ArgumentParser("writer")
    command.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(argv)
    return int(arguments.run(arguments))


def _open_window(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "writer",
        usage="writer [FILE]\n       writer COMMAND ...",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a text to open")
    parser.add_argument("--version", action="version", version=f"Writer {__version__}")
    arguments = parser.parse_args(argv)
    from writer.ui.app import run

    return run(arguments.file, load_engine, describe)


def load_engine(
    machine: Machine, on_progress: Callable[[float], None] = lambda share: None
) -> "Engine":
    """Load a model by its name on the shelf, or by its path; imports torch.

    Args:
        machine: What the settings say, its `model` no longer automatic.
        on_progress: Told the share that is read; what it raises ends the loading.

    Raises:
        WriterError: MODEL_MISSING, MODEL_DAMAGED, MODEL_TOO_LARGE or PRECISION_UNAVAILABLE.
    """
    preload_torch()
    from writer.engine.loading import load_engine as load

    shelf = Shelf()
    path = shelf.find(machine.model)
    engine = load(
        path,
        Precision(machine.precision),
        machine.threads or hardware.default_threads(),
        places.cache_folder() / "precision.json",
        on_progress,
    )
    if entry := shelf.at(path):  # its folder may be called otherwise
        engine.name = entry.name
    return engine


def describe(path: Path) -> "Card":
    """Return what the model at `path` is, without loading it; imports torch.

    Raises:
        WriterError: MODEL_MISSING or MODEL_DAMAGED.
    """
    preload_torch()
    from writer.checkpoints.card import describe as read

    return read(path)


if __name__ == "__main__":
    sys.exit(main())
