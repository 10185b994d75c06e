import pytest

from writer.training.repetition import distinct, longest_copies, repeated

SOURCE = "It was the best of times, it was the worst of times, it was the age of wisdom."


@pytest.mark.parametrize(
    ("text", "n", "share"),
    [("a b c d", 1, 0.0), ("a a a a", 1, 0.75), ("a b a b", 2, 1 / 3), ("a", 2, 0.0), ("", 1, 0.0)],
)
def test_what_repeats_itself_is_counted(text, n, share):
    assert repeated(text, n) == pytest.approx(share)
    assert distinct([text], n) == pytest.approx(1 - share if text and len(text.split()) >= n else 0)


def test_distinct_looks_across_texts():
    assert distinct(["a b", "a b"], 2) == 0.5
    assert distinct(["a b", "c d"], 2) == 1


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        (
            "So it was the worst of times, it WAS the end",
            "it was the worst of times it was the",
        ),
        ("it was the age of wisdom", "it was the age of wisdom"),
        ("best of times", ""),  # everybody's
        ("It rained all day in London and nobody went out", ""),
        ("", ""),
    ],
)
def test_the_longest_copy_is_found(text, copied):
    ours = longest_copies(["nothing of the kind is here", text], ["Another book.", SOURCE])
    assert " ".join(ours[1]) == copied
    assert ours[0] == []


def test_chinese_is_copied_character_by_character():
    source = "话说天下大势，分久必合，合久必分。"
    (found,) = longest_copies(["他说：天下大势，分久必合！"], [source])
    assert "".join(found) == "说天下大势分久必合"


def test_a_copy_at_the_end_of_everything():
    text = "one two three four five six"
    assert longest_copies([text], [f"zero {text}"]) == [text.split()]
