import random

from writer.manuscript.line_ends import split_line_ends


def _random_text(random_, length):
    return "".join(
        random_.choices(["a", "b", "\n", "\r", "\r\n", "\u2028", "\u2029", ""], k=length)
    )


def test_any_mixture_comes_back():
    random_ = random.Random(1)
    for _ in range(500):
        raw = _random_text(random_, 12)
        text, ends = split_line_ends(raw)
        assert "\r" not in text
        assert "\u2029" not in text
        assert ends.apply(text) == raw


def test_lines_outside_an_edit_keep_their_ends():
    random_ = random.Random(2)
    for _ in range(500):
        before, old, new, after = (_random_text(random_, 6) for _ in range(4))
        # A letter on both sides, lest \r and \n meet to make one line end.
        old_text, ends = split_line_ends(before + "x" + old + "y" + after)
        new_text = old_text.replace("x" + split_line_ends(old)[0] + "y", "-" + new.strip() + "+", 1)
        new_text = split_line_ends(new_text)[0]
        written = ends.after_edit(old_text, new_text).apply(new_text)
        assert split_line_ends(written)[0] == new_text
        assert written.startswith(before + "-")
        assert written.endswith("+" + after)


def test_new_lines_get_the_end_that_most_lines_have():
    text, ends = split_line_ends("a\r\nb\r\nc\nd")
    edited = "a\nnew\nb\nc\nd"
    assert ends.after_edit(text, edited).apply(edited) == "a\r\nnew\r\nb\r\nc\nd"


def test_a_paragraph_separator_never_spreads():
    text, ends = split_line_ends("a\u2029b\u2029c")
    edited = text + "\nd\n"
    assert ends.after_edit(text, edited).apply(edited) == "a\u2029b\u2029c\nd\n"


def test_an_old_macintosh_text_goes_on_as_one():
    text, ends = split_line_ends("a\rb\r")
    assert ends.newline == "\r"
    assert ends.after_edit(text, text + "c\n").apply(text + "c\n") == "a\rb\rc\r"
