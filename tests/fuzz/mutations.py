"""Ways to damage a model's files, each drawn by chance: what disks, downloads and enemies do."""

import json
import random
from collections.abc import Callable

Files = dict[str, bytes]

FOLDER, LINK = b"\0a folder\0", b"\0a link out\0"
"""What stands for a file that is to become a folder, or a link to a file elsewhere."""

_ODD: list[object] = [
    -1, 0, 1, 2, 3, 7, 15, 17, 49, 383, 385, 2**20, 2**31, 2**40, 2**63, 2**64, 10**400, 1.5, 1e308,
    float("nan"), float("inf"), "", "x", "gpt2", "llama", "../x", "/etc/passwd", "\ud800", "\0",
    "a" * 5000, None, True, False, [], {}, [1], {"a": 1}, [[[[]]]], "relu", "float16", "int8",
]  # fmt: skip
_NUMBERS = [0, 1, 2, 127, 128, 255, 2**16, 2**31 - 1, 2**32 - 1, 2**40, 2**60, 2**63, 2**64 - 1]
_BAD_UTF8 = [b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80", b"\xfe\xff", b"\x80"]


def mutate(files: Files, chance: random.Random) -> list[str]:
    """Damage `files` in one to three ways, in place; return what was done."""
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        way = chance.choice(_WAYS)
        largest = max(files, key=lambda name: len(files[name]))  # the weights
        name = chance.choice((largest, *sorted(files)))
        way(files, name, chance)
        done.append(f"{way.__name__.strip('_')} {name}")
    return done


def _truncate(files: Files, name: str, chance: random.Random) -> None:
    files[name] = files[name][: _place(files[name], chance)]


def _flip(files: Files, name: str, chance: random.Random) -> None:
    data = bytearray(files[name])
    for _ in range(chance.choice((1, 1, 4, 64))):
        if data:
            data[_place(data, chance)] = chance.randrange(256)
    files[name] = bytes(data)


def _insert(files: Files, name: str, chance: random.Random) -> None:
    at = _place(files[name], chance)
    added = chance.choice((b"\0", b"[" * 2000, b"{", b'"', b"\n" * 300, chance.randbytes(40)))
    files[name] = files[name][:at] + added + files[name][at:]


def _remove(files: Files, name: str, chance: random.Random) -> None:
    at = _place(files[name], chance)
    files[name] = files[name][:at] + files[name][at + chance.choice((1, 8, 200)) :]


def _repeat(files: Files, name: str, chance: random.Random) -> None:
    at = _place(files[name], chance)
    part = files[name][at : at + chance.choice((8, 64, 1000))]
    files[name] = files[name][:at] + part + files[name][at:]


def _swap(files: Files, name: str, chance: random.Random) -> None:
    other = chance.choice(sorted(files))
    files[name], files[other] = files[other], files[name]


def _lose(files: Files, name: str, chance: random.Random) -> None:
    files[name] = chance.choice((b"", FOLDER, LINK))


def _number(files: Files, name: str, chance: random.Random) -> None:
    """Write an odd number over four or eight bytes, as a count or a length may stand there."""
    data, size = bytearray(files[name]), chance.choice((4, 8))
    at = min(_place(data, chance), max(0, len(data) - size))
    number = chance.choice(_NUMBERS) % (1 << 8 * size)
    data[at : at + size] = number.to_bytes(size, "little")
    files[name] = bytes(data)


def _spoil_text(files: Files, name: str, chance: random.Random) -> None:
    at = _place(files[name], chance)
    files[name] = files[name][:at] + chance.choice(_BAD_UTF8) + files[name][at:]


def _spoil_numbers(files: Files, name: str, chance: random.Random) -> None:
    """Put NaN or infinity where floating numbers probably are."""
    data = bytearray(files[name])
    at = chance.randrange(len(data) // 2, max(len(data) // 2 + 1, len(data) - 4)) // 4 * 4
    data[at : at + 4] = chance.choice((b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\0\0\x80\xff"))
    files[name] = bytes(data)


def _lines(files: Files, name: str, chance: random.Random) -> None:
    """Take lines out, put lines in, say one twice, or in another order."""
    lines = files[name].split(b"\n")
    at = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[at : at + chance.choice((1, 5, 100))]
        case 1:
            lines.insert(at, chance.choice((b"", b"x", b"[SEP]", b"a b c", "雨".encode())))
        case 2:
            lines.insert(at, lines[-1 - at])
        case 3:
            lines += [b"more%d" % number for number in range(chance.choice((1, 500)))]
        case 4:
            chance.shuffle(lines)
    files[name] = b"\n".join(lines)


def _value(files: Files, name: str, chance: random.Random) -> None:
    """Change, lose, or say twice something in JSON, or in the JSON header of safetensors."""
    data = files[name]
    is_weights = name.endswith(".safetensors")
    size = int.from_bytes(data[:8], "little") if is_weights else 0
    body = data[8 : 8 + size] if is_weights else data
    try:
        found = json.loads(body)
        body = json.dumps(_changed(found, chance)).encode("utf-8", "surrogatepass")
    except (ValueError, TypeError, RecursionError, OverflowError):
        return
    if chance.random() < 0.15 and body.startswith(b"{") and b"," in body:
        first = body[1 : body.index(b",")]
        body = b"{" + first + b"," + body[1:]
    files[name] = len(body).to_bytes(8, "little") + body + data[8 + size :] if is_weights else body


def _changed(found: object, chance: random.Random) -> object:
    """Return `found` with one odd thing somewhere in it."""
    if isinstance(found, dict) and found and chance.random() < 0.95:
        key = chance.choice(list(found))
        if chance.random() < 0.15:
            del found[key]
        elif chance.random() < 0.1:
            other = chance.choice(list(found))
            found[key], found[other] = found[other], found[key]
        else:
            found[key] = _changed(found[key], chance)
        return found
    if isinstance(found, list) and found and chance.random() < 0.9:
        at = chance.randrange(len(found))
        if chance.random() < 0.2:
            del found[at]
        else:
            found[at] = _changed(found[at], chance)
        return found
    if isinstance(found, str) and found in ("F32", "F16") and chance.random() < 0.8:
        return chance.choice(("F64", "F16", "BF16", "I8", "U8", "I32", "BOOL", "F8_E4M3", "F4"))
    return chance.choice(_ODD)


def _place(data: bytes | bytearray, chance: random.Random) -> int:
    """Return a place in `data`, often near its beginning, where headers are."""
    if not data:
        return 0
    return chance.randrange(min(len(data), chance.choice((8, 64, 1024, len(data), len(data)))))


_WAYS: list[Callable[[Files, str, random.Random], None]] = [
    _truncate, _flip, _flip, _insert, _remove, _repeat, _swap, _lose, _number, _number,
    _spoil_text, _spoil_numbers, _lines, _value, _value, _value, _value,
]  # fmt: skip
