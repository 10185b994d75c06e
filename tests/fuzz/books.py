"""`python -m tests.fuzz.books`: damaged books; each must open, mended and saying so, or be refused.

It fails by any other exception, by taking long, and by losing a text: each that lay in `scenes/`
must be found in the opened book, or the book be refused and all its files be as they were.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import tomli_w

from tests.fuzz.mutations import FOLDER, LINK, mutate
from writer.errors import ErrorKind, WriterError
from writer.manuscript.book.book import Book
from writer.manuscript.book.book_file import About, BookFile
from writer.manuscript.book.book_notice import BookNotice
from writer.manuscript.book.outline import Item, ItemKind, Outline
from writer.manuscript.book.scene_files import scene_file

SECONDS = 2.0
"""Of work by the processor."""
_REFUSALS = {ErrorKind.BOOK_MISSING, ErrorKind.BOOK_DAMAGED}
_LASTING = {BookNotice.MISSING, BookNotice.UNFIT, BookNotice.NEWER}
"""What is told each time, for nothing that the program does may change it."""
_FILE = "book.toml"
_COPY = ".writer/book.toml"
_ODD = [
    -1, 0, 1, 2, 3, 99, 2**70, 0.5, float("nan"), True, False, "", "x", "scene", "chapter", "part",
    "../x.md", "/etc/passwd", "C:\\x.md", "scenes/../../x.md", "scenes", "book.toml",
    ".writer/lock", "scenes/nowhere.md", "scenes/CON.md", "a\0b", "a\nb", "é" * 400, "雨", [], [1],
    {}, {"a": 1}, [{}], [[[[]]]],
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one damaged book."""

    damage: str
    end: str
    """“refused”, “mended” or “opened”."""
    wrong: str = ""
    """What must not have happened, empty if it did not."""
    seconds: float = 0.0


@cache
def sound_book() -> dict[str, bytes]:
    """Return the files of a sound book, the same in every process."""
    part, chapter, scene = ItemKind
    items = [Item("partpart", part, "Ebb", 0, synopsis="A “quote”\nand more")]
    files = {}
    for number in range(14):
        if number % 4 == 0:
            depth = int(number < 12)
            items.append(Item(f"chapter{number // 4}", chapter, f"Chapter {number}", depth))
        id, title = f"scene{number:03}", ("Dusk", "第一章　春夜", "", "Flood")[number % 4]
        depth = 2 if number < 12 else 1
        file = scene_file(id, title)
        items.append(Item(id, scene, title, depth, file, "draft" * (number % 2)))
        files[file] = f"{title} {number}. 雨停了。\nHe *left*.".encode()
    items[3] = replace(items[3], archived=True, other={"colour": [1, 2]})
    about = About("The Harbour", "A. Writer", "en", {"genre": {"of": ["sea"]}})
    outline = BookFile("bookbookbook", about, Outline(tuple(items))).encode()
    return {_FILE: outline, _COPY: outline, **files}


def damaged(chance: random.Random) -> tuple[dict[str, bytes], str]:
    """Return the files of a book with something wrong, and what that is."""
    files = dict(sound_book())
    outlines = {_FILE: files[_FILE]}
    if chance.random() < 0.4:
        del files[_COPY]
    elif chance.random() < 0.4:
        outlines[_COPY] = files[_COPY]
    done = []
    if chance.random() < 0.5:
        name = chance.choice(sorted(outlines))
        outlines[name] = _other_values(outlines[name], chance)
        done.append("values")
    if not done or chance.random() < 0.3:
        done += mutate(outlines, chance)
    if chance.random() < 0.1:
        outlines[_FILE] = bytes(len(outlines[_FILE]))
        done.append("all NULs")
    files |= outlines
    if chance.random() < 0.2:
        name = chance.choice([name for name in files if name.startswith("scenes/")])
        how = chance.choice(("gone", "folder", "link", "renamed", "more", "inward"))
        done.append(f"{how} {name}")
        data = files.pop(name)
        other = {"folder": FOLDER, "link": LINK, "more": data, "inward": b"\0inward"}
        if how in other:
            files[name] = other[how]
        if how in ("renamed", "more"):
            files[name.replace(".md", " (2).md")] = data
    if chance.random() < 0.05:
        del files[_FILE]
        done.append("no outline")
    return files, "; ".join(done)


def _other_values(data: bytes, chance: random.Random) -> bytes:
    """Return an outline that is sound TOML and says odd things."""
    tables = tomllib.loads(data.decode())
    for _ in range(chance.choice((1, 1, 2, 5))):
        items = tables.get("item")
        whole = not isinstance(items, list) or not items or chance.random() < 0.2
        table = tables if whole else chance.choice(items)
        if not isinstance(table, dict) or not table:
            continue
        key = chance.choice(list(table))
        match chance.randrange(5):
            case 0:
                del table[key]
            case 1 if not whole:
                other = chance.choice(items)
                if isinstance(other, dict):
                    table[key] = other.get(key, "")
            case 2 if not whole:
                items.insert(chance.randrange(len(items)), chance.choice(items))
            case _:
                table[key] = chance.choice(_ODD)
    try:
        return tomli_w.dumps(tables).encode("utf-8", "replace")
    except ValueError:
        return data


def run(seed: int) -> Outcome:
    """Damage a book by the chance of `seed`, and open it."""
    files, damage = damaged(random.Random(seed))
    root = Path(tempfile.mkdtemp())
    try:
        folder = written(files, root)
        started = time.process_time()
        end, wrong = checked(folder)
        seconds = time.process_time() - started
    finally:
        shutil.rmtree(root)
    if not wrong and seconds > SECONDS:
        wrong = f"took {seconds:.1f} s"
    return Outcome(damage, end, wrong, seconds)


def written(files: dict[str, bytes], root: Path) -> Path:
    folder = root / "book"
    (root / "elsewhere.md").write_bytes(b"not the book's")
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data == FOLDER:
            path.mkdir()
        elif data == LINK:
            path.symlink_to(root / "elsewhere.md")
        elif data == b"\0inward":
            path.symlink_to(folder / _FILE)
        else:
            path.write_bytes(data)
    return folder


def checked(folder: Path) -> tuple[str, str]:
    """Open a book, and say how that ended and what was wrong with it."""
    before = all_files(folder.parent)
    try:
        try:
            book = Book.open(folder)
        except WriterError as error:
            words = str(error)
            if error.kind not in _REFUSALS or "\n" in words or not 10 < len(words) < 500:
                return "refused", f"said {words!r}"
            lost = {path for path, data in before.items() if all_files(folder.parent)[path] != data}
            return "refused", f"changed {lost}" if lost else ""
        return _looked_at(book, before)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "opened", f"raised {type(error).__name__}: {error}"


def _looked_at(book: Book, before: dict[str, bytes]) -> tuple[str, str]:
    end = "mended" if book.notices else "opened"
    texts = Counter(book.read_scene(item.id).text for item in book.outline if item.file)
    there = Counter(
        data.decode() for path, data in before.items() if path.startswith("book/scenes/")
    )
    lost = there - texts
    if lost:
        return end, f"cannot reach {list(lost)}"
    kinds = {notice.kind for notice in book.notices}
    if (BookNotice.NEWER in kinds) != book.read_only:
        return end, "is read-only, or not"
    stored = repr((book.outline, book.about, book.id))  # in which NaN is the same as NaN
    if not book.read_only:
        for path in book.toml_paths:
            if not path.is_dir():
                path.write_bytes(book.toml())
    book.close()
    after = all_files(book.folder.parent)
    if any(after.get(path) != data for path, data in before.items() if _FILE not in path):
        return end, "changed a text"
    if BookNotice.KEPT in kinds and after[f"book/{_FILE}.damaged-1"] != before[f"book/{_FILE}"]:
        return end, "did not keep the damaged file"
    return end, "" if BookNotice.NEWER in kinds else _second_time(book.folder, stored)


def _second_time(folder: Path, stored: str) -> str:
    """Open a mended book once more, and say what is wrong with it."""
    book = Book.open(folder)
    book.close()
    if news := {notice.kind for notice in book.notices} - _LASTING:
        return f"said again {news}"
    if repr((book.outline, book.about, book.id)) != stored:
        return "was another one the second time"
    if book.needs_writing and not book.notices and (folder / _COPY).is_file():
        return "wanted to be written again"
    return ""


def all_files(folder: Path) -> dict[str, bytes]:
    """Return what all ordinary files say, those of the program's own lock left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.name not in ("lock", "owner.json")
    }


def main() -> int:
    """Run many seeds, and count."""
    parser = argparse.ArgumentParser("python -m tests.fuzz.books", description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed (%(default)s)")
    arguments = parser.parse_args()
    ends, failed, slowest = Counter[str](), 0, 0.0
    for seed in range(arguments.first, arguments.first + arguments.count):
        outcome = run(seed)
        ends[outcome.end] += 1
        slowest = max(slowest, outcome.seconds)
        if outcome.wrong:
            failed += 1
            print(f"seed {seed}, {outcome.damage}: {outcome.end}, {outcome.wrong}", flush=True)
    words = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    print(f"{sum(ends.values())} books: {words}; {failed} wrong; slowest {slowest:.2f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
