import lzma

import pytest

from writer.errors import ErrorKind, WriterError
from writer.training.corpus import corpus_files, documents, parted, text_files


def fill(folder, **files):
    folder.mkdir(exist_ok=True, parents=True)
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(lzma.compress(data) if path.suffix == ".xz" else data)
    return folder


def kind_of(caught) -> ErrorKind:
    return caught.value.kind


def test_a_folder_is_searched_and_validation_kept_out(tmp_path):
    fill(tmp_path, b_txt="B", a_md="A", c_xz="C", d_jpg="D", validation_txt="V")
    fill(tmp_path / "deep" / "er", e_txt="E")
    fill(tmp_path / "deep", validation2_xz="W")
    (tmp_path / "folder.txt").mkdir()
    training, validation = corpus_files([tmp_path])
    assert [path.name for path in training] == ["a.md", "b.txt", "c.xz", "e.txt"]
    assert [path.name for path in validation] == ["validation2.xz", "validation.txt"]
    assert sorted(documents(training)) == ["A", "B", "C", "E"]


def test_a_file_that_is_named_is_taken_whatever_its_name(tmp_path):
    fill(tmp_path, validation_txt="V", x_log="X")
    named = [tmp_path / "validation.txt", tmp_path / "x.log"]
    assert corpus_files(named) == (named, [])


def test_nothing_to_train_on_is_said(tmp_path):
    with pytest.raises(WriterError) as caught:
        corpus_files([fill(tmp_path, validation_txt="V", d_jpg="D")])
    assert kind_of(caught) is ErrorKind.CORPUS_EMPTY
    with pytest.raises(WriterError) as caught:
        corpus_files([tmp_path / "none"])
    assert kind_of(caught) is ErrorKind.FILE_MISSING


def test_form_feeds_part_books_and_line_ends_are_one(tmp_path):
    fill(tmp_path, a_txt="One.\r\nTwo.\f\f  \n\fThree.\rFour.\n", b_xz="Five.\r\nSix.")
    assert list(documents(corpus_files([tmp_path])[0])) == [
        "One.\n\nTwo.", "Three.\n\nFour.", "Five.\n\nSix.",
    ]  # fmt: skip


def test_a_byte_order_mark_is_no_letter(tmp_path):
    fill(tmp_path, a_txt="\ufeffOne.")
    assert list(documents([tmp_path / "a.txt"])) == ["One."]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.txt", b"caf\xe9"),
        ("a.txt", "One.".encode("utf-16")),
        ("a.xz", b"not compressed"),
        ("a.xz", lzma.compress(b"One. " * 1000)[:-20]),
        ("a.xz", lzma.compress(b"caf\xe9")),
        ("a.xz", b""),
    ],
)
def test_what_cannot_be_read_is_named(name, data, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(WriterError) as caught:
        list(documents([tmp_path / name]))
    assert kind_of(caught) in (ErrorKind.FILE_UNREADABLE, ErrorKind.CORPUS_ENCODING)
    assert name in str(caught.value)


def test_a_file_that_is_named_twice_is_read_twice(tmp_path):
    fill(tmp_path, a_txt="A", b_txt="B")
    named = [tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "a.txt"]
    assert list(documents(corpus_files(named)[0])) == ["A", "B", "A"]


def test_train_json_is_a_list_of_articles(tmp_path):
    fill(tmp_path, train_json='["第一篇。\\n第二行。", "", "第二篇。"]')
    assert list(documents(corpus_files([tmp_path])[0])) == ["第一篇。\n\n第二行。", "第二篇。"]


@pytest.mark.parametrize("text", ["{}", "[1]", "[", '["a", {"text": "b"}]', "[" * 100_000])
def test_json_that_is_no_list_of_texts_is_refused(text, tmp_path):
    fill(tmp_path, train_json=text)
    with pytest.raises(WriterError, match=r"train\.json") as caught:
        list(documents([tmp_path / "train.json"]))
    assert kind_of(caught) is ErrorKind.CORPUS_JSON


def test_models_and_the_folder_to_be_are_no_texts(tmp_path):
    fill(tmp_path, a_txt="A", B_TXT="B")
    fill(tmp_path / "model", config_json="{}", vocab_txt="V")
    fill(tmp_path / "out" / "work", text_md="W")
    assert [path.name for path in text_files([tmp_path], tmp_path / "out")] == ["B.TXT", "a.txt"]


def test_as_they_are_documents_keep_everything(tmp_path):
    fill(tmp_path, a_txt="  One.\r\n* * *\fTwo _three_ [4]\n")
    found = list(documents([tmp_path / "a.txt"], cleaned=False))
    assert found == ["One.\n* * *", "Two _three_ [4]"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_a_document_is_parted_between_paragraphs(share):
    text = "\n\n".join(f"Paragraph {n}." for n in range(50))
    head, tail = parted(text, share)
    assert text == (f"{head}\n\n{tail}" if tail else head)
    assert bool(tail) == bool(share)
    assert abs(len(tail) - share * len(text)) < 20 or not share
    assert parted("One.", share) == ("One.", "")
