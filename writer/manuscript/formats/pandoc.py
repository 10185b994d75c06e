"""Running pandoc, the program that reads and writes documents, from its Python package.

It is watched while it works: it can be cancelled, and has its time and memory. What it reads is
nobody's that can be trusted, so it reads in its sandbox.
"""

import math
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pypandoc  # type: ignore[import-untyped]

_POLL_SECONDS = 0.02
_HEAP_EXHAUSTED = 251
_READING_MEMORY = ("+RTS", "-M2g", "-RTS")
TIME_LIMIT_SECONDS = 600.0


class Cancelled(Exception):
    """The writer has asked to stop; nothing was changed."""


class PandocFailed(Exception):
    """It did not work; the text is the reason, to be put into a sentence."""


def never() -> bool:
    """Say that nobody has cancelled."""
    return False


def ignore(share: float) -> None:
    """Tell nobody how far it is."""


def guessed_rest(seconds: float, expected: float) -> float:
    """Return the share of a work that is still to do, which never is none.

    >>> [round(guessed_rest(seconds, 10.0), 2) for seconds in (0, 10, 20)]
    [1.0, 0.14, 0.02]
    """
    return math.exp(-2 * seconds / expected)


def write_with_pandoc(
    arguments: Sequence[str],
    document: bytes,
    on_time: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> bytes:
    """Return the document, pandoc's JSON, as another format says it.

    Args:
        arguments: `-t` and what belongs to the format.
        document: Of pandoc's JSON.
        on_time: Told the seconds so far, again and again.
        cancelled: Asked as often.

    Raises:
        Cancelled: `cancelled` said so.
        PandocFailed: with the reason.
    """
    command = ["-f", "json", *arguments, "--wrap=none", "--standalone", "-o", "-"]
    return _run(command, document, on_time, cancelled)


def read_with_pandoc(
    format_: str,
    data: bytes,
    on_time: Callable[[float], None] = ignore,
    cancelled: Callable[[], bool] = never,
) -> bytes:
    """Return what stands in a document as pandoc's JSON; it may be anybody's and hold anything.

    Raises:
        Cancelled: `cancelled` said so.
        PandocFailed: with the reason.
    """
    command = [*_READING_MEMORY, "--sandbox", "-f", format_, "-t", "json", "-o", "-"]
    return _run(command, data, on_time, cancelled)


def default_file(name: str) -> bytes:
    """Return one of the files that pandoc takes for granted, such as its `reference.docx`.

    Raises:
        PandocFailed: with the reason.
    """
    return _run([f"--print-default-data-file={name}"], b"", ignore, never)


def _run(
    arguments: Sequence[str],
    given: bytes,
    on_time: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> bytes:
    with (
        tempfile.TemporaryDirectory(prefix="writer-") as folder,
        open(Path(folder, "given"), "w+b") as source,
        open(Path(folder, "made"), "w+b") as made,
        open(Path(folder, "said"), "w+b") as said,
    ):
        source.write(given)
        source.seek(0)
        # An own data folder: nobody's templates change what Writer makes.
        command = [_program(), f"--data-dir={folder}", *arguments]
        flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        try:
            process = subprocess.Popen(
                command, stdin=source, stdout=made, stderr=said, cwd=folder, creationflags=flags
            )
        except OSError as error:
            raise PandocFailed(f"pandoc, which does it, cannot run ({error.strerror})") from error
        try:
            _watch(process, on_time, cancelled)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            said.seek(0)
            raise PandocFailed(_reason(process.returncode, said.read(100_000)))
        made.seek(0)
        return made.read()


def _program() -> str:
    try:
        return str(pypandoc.get_pandoc_path())
    except OSError as error:
        raise PandocFailed(
            "pandoc, which does it, is missing; please install Writer anew"
        ) from error


def _watch(
    process: "subprocess.Popen[bytes]",
    on_time: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> None:
    started = time.monotonic()
    while True:
        if cancelled():
            raise Cancelled
        try:
            process.wait(_POLL_SECONDS)
            return
        except subprocess.TimeoutExpired:
            seconds = time.monotonic() - started
        if seconds > TIME_LIMIT_SECONDS:
            raise PandocFailed(f"it took more than {TIME_LIMIT_SECONDS / 60:.0f} minutes")
        on_time(seconds)


def _reason(status: int, said: bytes) -> str:
    if status == _HEAP_EXHAUSTED:
        return "it takes more than 2 GB of memory"
    if status < 0:
        return f"pandoc, which does it, was stopped by the system (signal {-status})"
    lines = said.decode("utf-8", "replace").strip().splitlines()
    told = [line for line in lines if line.strip() and not line.startswith("[")]
    words = " ".join(" ".join(told[:3]).split())[:200].rstrip(".")
    return f"pandoc says “{words}”" if words else f"pandoc failed (status {status})"


def in_folder(files: dict[str, bytes]) -> "tempfile.TemporaryDirectory[str]":
    """Return a new temporary folder with these files, for arguments that name some."""
    folder = tempfile.TemporaryDirectory(prefix="writer-")
    for name, data in files.items():
        Path(folder.name, os.path.basename(name)).write_bytes(data)
    return folder
