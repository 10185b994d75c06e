"""`python -m tests.fuzz.histories`: damaged histories; what is sound in them must come back.

A history passes if every text that is offered is what it was or is refused with a reason, every
snapshot that is not whole is said in a notice and stays as it is, thinning loses no text of the
others, and the next snapshot can be taken. It fails by any other exception, or in two seconds.
"""

import argparse
import hashlib
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from writer.errors import ErrorKind, WriterError
from writer.manuscript.history.snapshot_file import Unfit, from_bytes
from writer.manuscript.history.snapshots import History

SECONDS = 2.0
_NOW = datetime(2026, 11, 24, 15, 2, tzinfo=UTC)
_FOLDER, _LINK, _GONE = b"\0a folder\0", b"\0a link\0", b"\0gone\0"

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one damaged history."""

    damage: str
    read: int = 0
    """Texts that came back."""
    refused: int = 0
    wrong: str = ""
    """What must not have happened, empty if it did not."""


@cache
def base() -> tuple[Files, dict[str, str]]:
    """Return a sound history's files, and every text that was ever in it by its digest."""
    chance = random.Random(1)
    texts: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        history = History(root / "history")
        sources = {f"scene{number}": root / f"{number}.md" for number in range(4)}
        for minute in range(12):
            for path in chance.sample(sorted(sources.values()), 2):
                text = "".join(chance.choices("the rain fell 他很好。\n", k=chance.randrange(400)))
                path.write_text(text, encoding="utf-8")
                texts[hashlib.sha256(text.encode()).hexdigest()] = text
            when = _NOW + timedelta(minutes=minute)
            history.take(sources, when, "named" if minute % 5 == 0 else "")
        folder = root / "history"
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        names = (path.relative_to(folder).as_posix().rsplit("Z-")[0] for path in paths)
        return dict(zip(map(_named, names), map(Path.read_bytes, paths), strict=True)), texts


def _named(path: str) -> str:
    """Return the name of a file in the history that is the same in every process."""
    return f"{path}Z-00000000.json" if path.startswith("snapshots") else path


def run(seed: int) -> Outcome:
    """Damage the history by the chance of `seed`, and use it."""
    chance = random.Random(seed)
    files = dict(base()[0])
    damage = "; ".join(_damage(files, chance) for _ in range(chance.choice((1, 1, 2, 4))))
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        _write(files, root)
        started = time.process_time()
        try:
            outcome = _used(root, files, damage)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return Outcome(damage, wrong=f"raised {type(error).__name__}: {error}")
        seconds = time.process_time() - started
        if seconds > SECONDS:
            return Outcome(damage, wrong=f"took {seconds:.1f} s")
        return outcome


def _used(root: Path, files: Files, damage: str) -> Outcome:
    """Read all of a damaged history, take a snapshot more, thin it, and look at what is there."""
    sound, texts = base()
    history = History(root / "history")
    read = refused = 0
    for snapshot in history.snapshots():
        for key, digest in snapshot.entries.items():
            try:
                text = history.text(snapshot, key)
            except WriterError as error:
                if error.kind is not ErrorKind.PAST_UNREADABLE or len(str(error)) > 500:
                    return Outcome(damage, wrong=f"said {error}")
                refused += 1
                continue
            if text != texts.get(digest):
                return Outcome(damage, wrong=f"{key} of {snapshot.id} never was {text!r}")
            read += 1
    said = " ".join(map(str, history.notices))
    for file in sound:
        if file.startswith("snapshots") and (file in said) == _is_whole_or_gone(files[file]):
            return Outcome(damage, wrong=f"notices are {said!r}")
    (root / "new.md").write_text("Written now.", encoding="utf-8")
    taken = history.take({"new": root / "new.md"}, _NOW + timedelta(hours=1))
    if taken is None or History(root / "history").text(taken, "new") != "Written now.":
        return Outcome(damage, wrong="the next snapshot was not taken")
    return Outcome(damage, read, refused, _lost(history, root, files))


def _is_whole_or_gone(data: bytes) -> bool:
    try:
        from_bytes("", data)
    except Unfit:
        return data == _GONE
    return True


def _lost(history: History, root: Path, files: Files) -> str:
    """Thin the history; return which text or damaged file was lost though it had to stay."""
    before = {
        (snapshot.id, key): _text(history, digest)
        for snapshot in history.snapshots()
        for key, digest in snapshot.entries.items()
    }
    history.thin(_NOW + timedelta(days=2))
    for snapshot in history.snapshots():
        for key, digest in snapshot.entries.items():
            if _text(history, digest) != before[snapshot.id, key]:
                return f"thinning lost {key} of {snapshot.id}"
    for file, data in files.items():
        path = root / "history" / file
        is_damaged = file.startswith("snapshots") and not _is_whole_or_gone(data)
        if is_damaged and not os.path.lexists(path):
            return f"the damaged {file} was deleted"
    return ""


def _text(history: History, digest: str) -> bytes | None:
    try:
        return history.read(digest)
    except WriterError:
        return None


def _damage(files: Files, chance: random.Random) -> str:
    """Damage one file in place; return what was done."""
    snapshots = [name for name in sorted(files) if name.startswith("snapshots")]
    name = chance.choice((chance.choice(sorted(files)), chance.choice(snapshots)))
    data = files[name]
    at = chance.randrange(len(data) + 1)
    way = chance.choice(("cut", "flip", "insert", "remove", "swap", "lose", "seal", "nul"))
    match way:
        case "cut":
            files[name] = data[:at]
        case "flip":
            files[name] = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        case "insert":
            files[name] = data[:at] + chance.choice((b"\0", b"[" * 3000, b'"')) + data[at:]
        case "remove":
            files[name] = data[:at] + data[at + chance.choice((1, 20)) :]
        case "swap":
            other = chance.choice(sorted(files))
            files[name], files[other] = files[other], data
        case "lose":
            files[name] = chance.choice((b"", _FOLDER, _LINK, _GONE))
        case "seal":
            files[name] = _sealed(data, at, chance)
        case "nul":
            files[name] = bytes(len(data))
    return f"{way} {name} at {at}"


def _sealed(data: bytes, at: int, chance: random.Random) -> bytes:
    """Return other bytes under a checksum that fits them, as an enemy or a bug would write them."""
    body = data.rpartition(b',"sha256"')[0]
    other = chance.choice((b"0", b"9", b'"', b"x", b"null", b"[", b"\xff", b"1e999"))
    body = body[:at] + other + body[at + 1 :]
    return body + b',"sha256":"%s"}\n' % hashlib.sha256(body).hexdigest().encode()


def _write(files: Files, root: Path) -> None:
    (root / "elsewhere").write_bytes(b"{}")
    for name, data in files.items():
        path = root / "history" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data == _FOLDER:
            path.mkdir()
        elif data == _LINK:
            path.symlink_to(root / "elsewhere")
        elif data != _GONE:
            path.write_bytes(data)


def main() -> int:
    """Run many seeds, and count."""
    parser = argparse.ArgumentParser("python -m tests.fuzz.histories", description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed (%(default)s)")
    arguments = parser.parse_args()
    counts, failed = Counter[str](), 0
    for seed in range(arguments.first, arguments.first + arguments.count):
        outcome = run(seed)
        counts["texts read"] += outcome.read
        counts["refused with a reason"] += outcome.refused
        if outcome.wrong:
            failed += 1
            print(f"seed {seed}, {outcome.damage}: {outcome.wrong}", flush=True)
    print(f"{arguments.count} damaged histories, {failed} wrong; {dict(counts)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
