import contextlib
import errno
import os
import random
from pathlib import Path

import pytest

from writer.errors import ErrorKind, WriterError
from writer.manuscript.text_file import (
    LIMIT_BYTES,
    NoticeKind,
    changed_on_disk,
    new_text_file,
    read_text_file,
)

CHINESE = (
    "第一章　春夜\n　　雨已经下了三天，玛格丽特站在老房子的窗前，望着那条路。“他不会来了，”她说……\n"
)
TRADITIONAL = (
    "第一章　春夜\n　　雨已經下了三天，她站在老房子的窗前，望著那條路。「他不會來了，」她說。\n"
)
JAPANESE = "雨は三日も降り続いていた。彼女は窓のそばに立って、道を見ていた。「もう来ないわ」\n"
KOREAN = (
    "비가 사흘 동안 그치지 않았다. 그녀는 창가에 서서 길을 바라보고 있었다. 그는 오지 않는다.\n"
)
FRENCH = "Le café était déjà fermé, et Hélène n'avait pas reçu la lettre où son père parlait.\n"
GERMAN = "Der Mönch trägt die Äpfel über die Brücke. So groß war die Größe nicht.\n"
RUSSIAN = "Дождь шёл уже три дня. Она стояла у окна старого дома и смотрела на дорогу.\n"
POLISH = "Zażółć gęślą jaźń, powiedziała święta pani z łąki. Był późny, chłodny wieczór.\n"


def _written(tmp_path, data):
    path = tmp_path / "book.txt"
    path.write_bytes(data)
    return path


def _refusal(path):
    with pytest.raises(WriterError) as caught:
        read_text_file(path)
    return caught.value.kind


NASTY = {
    "empty": b"",
    "no final newline": b"one\ntwo",
    "mixed line ends": b"a\r\nb\nc\rd\r\r\n\n\re",
    "separators": "a\u2028b\u2029c\u00a0d\u0085e\x0cf\x0bg\n".encode(),
    "bom only": b"\xef\xbb\xbf",
    "bom": b"\xef\xbb\xbfa\r\n",
    "two boms": b"\xef\xbb\xbf\xef\xbb\xbfa",
    "noncharacters": "a\ufdd0b\ufdd1c\uffffd\ufffe".encode(),
    "private use": "a\ue000\uf8ff\U000f0000".encode(),
    "dos end of file": b"text\r\n\x1a",
    "emoji, right to left": "שלום 👩‍👩‍👧 مرحبا\n".encode(),
    "bad byte": CHINESE.encode() * 5 + b"\xff" + CHINESE.encode(),
    "bad bytes and private use": ("\ue000\ue001" + CHINESE).encode() * 9 + b"\xfe\xff\x80",
    "cut short": (CHINESE * 5).encode()[:-2],
    "overlong": CHINESE.encode() * 5 + b"\xc0\xaf\xe0\x80\x80",
    "surrogates in utf-8": CHINESE.encode() * 5 + b"\xed\xa0\xbd\xed\xb8\x80",
    "utf-16 le": b"\xff\xfe" + CHINESE.encode("utf-16-le"),
    "utf-16 be": b"\xfe\xff" + CHINESE.replace("\n", "\r\n").encode("utf-16-be"),
    "utf-16 bom only": b"\xff\xfe",
    "utf-16 odd length": b"\xff\xfe" + CHINESE.encode("utf-16-le") + b"\x41",
    "utf-16 lone low": b"\xff\xfe" + "a\ude00b".encode("utf-16-le", "surrogatepass"),
    "utf-16 lone high": b"\xfe\xff" + "a\ud83d".encode("utf-16-be", "surrogatepass"),
    "utf-16 high high low": b"\xff\xfe" + b"\x3d\xd8\x3d\xd8\x00\xde",
    "utf-16 unmarked": "Hello, “world”.\r\n".encode("utf-16-le"),
    "utf-16 be unmarked": CHINESE.encode("utf-16-be"),
    "utf-16 unmarked odd": "Hello, world.\n".encode("utf-16-le") + b"\x41",
    "utf-32 le": b"\xff\xfe\x00\x00" + CHINESE.encode("utf-32-le"),
    "utf-32 be": b"\x00\x00\xfe\xff" + CHINESE.encode("utf-32-be"),
    "gb18030 four bytes": (CHINESE * 3 + "𠀀ḿ€").encode("gb18030"),
    "gb18030 cut short": (CHINESE * 3).encode("gb18030")[:-2],
    "gb18030 bad byte": (CHINESE * 3).encode("gb18030") + b"\xff\n" + CHINESE.encode("gb18030"),
    "big5": TRADITIONAL.encode("big5"),
    "shift-jis": JAPANESE.encode("cp932"),
    "euc-jp": JAPANESE.encode("euc_jp"),
    "euc-kr": KOREAN.encode("cp949"),
    "iso-2022-jp": JAPANESE.encode("iso2022_jp"),
    "latin-1": FRENCH.encode("latin-1"),
    "undefined in windows-1252": FRENCH.encode("cp1252") + b"\x81\x8d\x8f\x90\x9d",
    "all but controls": bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100)),
    "windows-1251": RUSSIAN.encode("cp1251"),
    "koi8-r": RUSSIAN.encode("koi8_r"),
    "one line": b"word " * 1_000_000,
}


@pytest.mark.parametrize("data", NASTY.values(), ids=NASTY.keys())
def test_untouched_text_gives_the_same_bytes(tmp_path, data):
    file = read_text_file(_written(tmp_path, data))
    assert "\r" not in file.text
    assert not {"\u2029", "\ufdd0", "\ufdd1", "\0"} & set(file.text)
    file.text.encode("utf-8")  # no lone surrogates: no editor holds them
    assert file.encode(file.text) == data
    saved = file.save(file.text)
    assert file.path.read_bytes() == data
    assert saved == read_text_file(file.path)


ALPHABETS = [
    bytes(range(1, 256)),
    b"ab \r\n\t",
    b"ab\r\n\xe9\xc3\xa9\xff",
    b"\x80\xbf\xc2\xe4\xbd\xa0\xf0\x9f\x98a\n",
    b"a\x00\n\r\xd8\xdc\x4e",
    b"\xb5\xc4\xd2\xbb\xca\xc7\x30\x81\xa1a\n",
]
MARKS = [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xfe\xff"]


def test_whatever_opens_gives_the_same_bytes(tmp_path):
    random_ = random.Random(6)
    path, opened = tmp_path / "book.txt", 0
    for _ in range(700):
        body = bytes(random_.choices(random_.choice(ALPHABETS), k=random_.randrange(1, 60)))
        data = random_.choice(MARKS) + body
        path.write_bytes(data)
        with contextlib.suppress(WriterError):  # binary
            file = read_text_file(path)
            opened += 1
            assert file.encode(file.text) == data, data
    assert opened > 300


@pytest.mark.parametrize("times", [1, 200])
@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        (CHINESE, "utf-8", "UTF-8"),
        (CHINESE, "gb18030", "GB18030"),
        ("第一章 春天", "gb18030", "GB18030"),
        ("他走了。", "gb18030", "GB18030"),
        ("Chapter One\n\n她说：“Hello, Mary.”\n", "gb18030", "GB18030"),
        (TRADITIONAL, "gb18030", "GB18030"),
        (TRADITIONAL, "big5", "Big5"),
        (JAPANESE, "cp932", "Shift-JIS"),
        (JAPANESE, "euc_jp", "EUC-JP"),
        (KOREAN, "cp949", "EUC-KR"),
        (FRENCH, "latin-1", "Latin-1"),
        (GERMAN, "latin-1", "Latin-1"),
        ("Déjà vu.\n", "latin-1", "Latin-1"),
        ("für Käthe\n", "latin-1", "Latin-1"),
        ("été\n", "latin-1", "Latin-1"),
        ("She lived in Orléans and nowhere else, all her life long.\n", "latin-1", "Latin-1"),
        ("“No,” she said — “I won’t.”\n", "cp1252", "Windows-1252"),
        ("¿Dónde está el niño? ¡Aquí, señor!\n", "latin-1", "Latin-1"),
        (RUSSIAN, "cp1251", "Windows-1251"),
        (RUSSIAN, "koi8_r", "KOI8-R"),
        (POLISH, "cp1250", "Windows-1250"),
    ],
)
def test_encodings_are_recognised(tmp_path, text, codec, name, times):
    file = read_text_file(_written(tmp_path, (text * times).encode(codec)))
    assert file.text == text * times
    assert file.encoding.name == name


@pytest.mark.parametrize("at", [0, 1, 1000, 50_000])
def test_one_letter_in_a_long_text_decides(tmp_path, at):
    filler = "The rain had not stopped. " * 3000
    for text in (filler[:at] + "café " + filler[at:], filler[:at] + "naïve" + filler[at:]):
        file = read_text_file(_written(tmp_path, text.encode("latin-1")))
        assert (file.text, file.encoding.name) == (text, "Latin-1")


def test_line_ends_survive_an_edit(tmp_path):
    file = read_text_file(_written(tmp_path, b"a\r\nb\nc\r\n"))
    saved = file.save("a\nnew\nb\nc\n")
    assert file.path.read_bytes() == b"a\r\nnew\r\nb\nc\r\n"
    assert saved == read_text_file(file.path)
    saved.save("a\nb\nc\n")
    assert file.path.read_bytes() == b"a\r\nb\nc\r\n"


def test_bad_bytes_survive_an_edit_and_are_told(tmp_path):
    path = _written(tmp_path, CHINESE.encode() * 5 + b"\xff\xfe end")
    file = read_text_file(path)
    assert file.notice.kind is NoticeKind.DAMAGED
    assert file.notice.fields["count"] == 2
    file.save("New. " + file.text)
    assert path.read_bytes() == b"New. " + CHINESE.encode() * 5 + b"\xff\xfe end"


def test_plain_text_has_no_notice_and_others_name_their_encoding(tmp_path):
    assert read_text_file(_written(tmp_path, CHINESE.encode())).notice is None
    assert read_text_file(_written(tmp_path, b"\xef\xbb\xbfplain")).notice is None
    file = read_text_file(_written(tmp_path, CHINESE.encode("gb18030")))
    assert file.notice.kind is NoticeKind.OTHER_ENCODING
    assert str(file.notice).endswith("is stored as GB18030 and is saved as that.")


@pytest.mark.parametrize(
    ("original", "codec", "added"),
    [(FRENCH, "latin-1", "他"), (JAPANESE, "cp932", "¥"), (RUSSIAN, "cp1251", "é")],
)
def test_a_character_the_encoding_lacks_is_named(tmp_path, original, codec, added):
    path = _written(tmp_path, original.encode(codec))
    file = read_text_file(path)
    with pytest.raises(WriterError) as caught:
        file.save(original + added)
    assert caught.value.kind is ErrorKind.UNENCODABLE
    assert caught.value.fields["character"] == added
    assert path.read_bytes() == original.encode(codec)
    saved = file.save(original + added, encoding="utf-8")
    assert path.read_bytes() == (original + added).encode()
    assert saved.encoding.name == "UTF-8"
    again = file.with_encoding("utf-8").save(original + added, overwrite=True)
    assert (again.text, again.encoding) == (saved.text, saved.encoding)


def test_a_latin_1_text_may_get_curly_quotes(tmp_path):
    file = read_text_file(_written(tmp_path, FRENCH.encode("latin-1")))
    file.save(FRENCH + "“Oui.”")
    assert read_text_file(file.path).text == FRENCH + "“Oui.”"


def test_what_no_file_can_hold_does_not_stop_a_save(tmp_path):
    file = new_text_file(tmp_path / "book.txt").save("a\r\nb\0\ud83d\ude00\ud83d c\u2029d")
    assert file.path.read_bytes() == "a\nb😀\ufffd c\nd".encode()
    assert file == read_text_file(file.path)


def test_what_another_program_wrote_is_not_overwritten(tmp_path):
    path = _written(tmp_path, b"mine")
    file = read_text_file(path)
    assert not changed_on_disk(file)
    path.write_bytes(b"them")
    os.utime(path, ns=(1, 1))
    assert changed_on_disk(file)
    with pytest.raises(WriterError) as caught:
        file.save("mine again")
    assert caught.value.kind is ErrorKind.CHANGED_ON_DISK
    assert path.read_bytes() == b"them"
    assert not changed_on_disk(file.save("mine again", overwrite=True))
    assert path.read_bytes() == b"mine again"


def test_a_touched_file_is_not_changed_and_a_deleted_one_is_made_anew(tmp_path):
    file = read_text_file(_written(tmp_path, b"text"))
    os.utime(file.path, ns=(1, 1))
    assert not changed_on_disk(file)
    file.path.unlink()
    assert not changed_on_disk(file)
    file.save("text")
    assert file.path.read_bytes() == b"text"


def test_a_new_file_does_not_overwrite_unasked(tmp_path):
    path = tmp_path / "new.md"
    assert not changed_on_disk(new_text_file(path))
    new_text_file(path).save("a\nb")
    assert path.read_bytes() == b"a\nb"
    with pytest.raises(WriterError) as caught:
        new_text_file(path).save("c")
    assert caught.value.kind is ErrorKind.CHANGED_ON_DISK


def test_a_failed_save_leaves_file_and_value(tmp_path, monkeypatch):
    file = read_text_file(_written(tmp_path, b"old"))

    def full(*args):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(WriterError, match="the disk is full"):
        file.save("new")
    monkeypatch.undo()
    assert file.path.read_bytes() == b"old"
    assert file.save("new").text == "new"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n....",
        b"PK\x03\x04word/document.xml",
        b"%PDF-1.7\n1 0 obj",
        b"\x1f\x8b\x08data",
        b"text with a \0 in it",
        bytes(range(256)) * 4,
        b"\x01\x02\x03\x04\x05\x06",
        b"\xff\xfea\0\0\0b\0",
        random.Random(7).randbytes(5000),
        bytes(100),
    ],
)
def test_binary_files_are_refused(tmp_path, data):
    assert _refusal(_written(tmp_path, data)) is ErrorKind.FILE_BINARY


def test_what_is_no_text_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert _refusal(tmp_path / "pipe") is ErrorKind.FILE_UNREADABLE
    assert _refusal(tmp_path / "none.txt") is ErrorKind.FILE_MISSING
    assert _refusal(tmp_path) is ErrorKind.FILE_IS_FOLDER
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(LIMIT_BYTES + 1)
    with pytest.raises(WriterError) as caught:
        read_text_file(tmp_path / "huge.txt")
    assert caught.value.kind is ErrorKind.FILE_TOO_LARGE
    assert caught.value.fields["size_mb"] == 101


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device")
def test_an_endless_device_is_refused():
    assert _refusal(Path("/dev/zero")) is ErrorKind.FILE_UNREADABLE


def test_an_unreadable_file_says_why(tmp_path, monkeypatch):
    path = _written(tmp_path, b"text")

    def forbidden(*args):
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(WriterError, match="you are not allowed to read it") as caught:
        read_text_file(path)
    assert caught.value.kind is ErrorKind.FILE_UNREADABLE
