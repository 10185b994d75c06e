import random

import pytest

from writer.manuscript.emphasis import Style, spans


def _drawn(line):
    """The line with {e ...}, {s ...}, {b ...} around its styles, markers left out."""
    drawn, at = [], 0
    letters = {Style.EMPHASIS: "e", Style.STRONG: "s", Style.BOTH: "b"}
    for span in spans(line):
        drawn.append(line[at : span.start])
        if not span.marker:
            drawn.append(f"{{{letters[span.style]} {line[span.start : span.end]}}}")
        at = span.end
    return "".join([*drawn, line[at:]])


@pytest.mark.parametrize(
    ("line", "drawn"),
    [
        ("*x*", "{e x}"),
        ("_x_", "{e x}"),
        ("**x**", "{s x}"),
        ("__x__", "{s x}"),
        ("***x***", "{b x}"),
        ("a *b c* d", "a {e b c} d"),
        ("**a *b* c**", "{s a }{b b}{s  c}"),
        ("*a **b** c*", "{e a }{b b}{e  c}"),
        ("*a*b", "{e a}b"),
        ("**a*", "*{e a}"),
        ("*a**b*", "{e a**b}"),
        ("*a _b* c_", "{e a _b} c_"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("snake_case_name", "snake_case_name"),
        ("* bullet", "* bullet"),
        ("* bullet *yes*", "* bullet {e yes}"),
        (r"\*not\*", r"\*not\*"),
        (r"\\*yes*", r"\\{e yes}"),
        (r"*a\*b*", r"{e a\*b}"),
        ("* a*", "* a*"),
        ("*“No,”* she said", "{e “No,”} she said"),
        ("她说*不*。", "她说{e 不}。"),
        ("他**很**好", "他{s 很}好"),
        ("他说**“好”**然后", "他说{s “好”}然后"),
        ("*unclosed", "*unclosed"),
        ("😀 *x*", "😀 {e x}"),
        ("", ""),
    ],
)
def test_emphasis(line, drawn):
    assert _drawn(line) == drawn


@pytest.mark.parametrize("line", ["***", "---", "___", "* * *", " - - -", "*\t*\t*  ", "*" * 9])
def test_scene_breaks(line):
    (span,) = spans(line)
    assert (span.start, span.end, span.style, span.marker) == (
        0,
        len(line),
        Style.SCENE_BREAK,
        True,
    )


@pytest.mark.parametrize("line", ["**", "--", "    ***", "*-*", "*** x", "", "   "])
def test_no_scene_breaks(line):
    assert all(span.style != Style.SCENE_BREAK for span in spans(line))


@pytest.mark.parametrize("level", range(1, 7))
def test_headings(level):
    line = "#" * level + " Chapter *Four* #"
    found = spans(line)
    assert {span.style.heading_level for span in found} == {level}
    assert "".join(line[s.start : s.end] for s in found) == line
    shown = [(line[s.start : s.end], Style.EMPHASIS in s.style) for s in found if not s.marker]
    assert shown == [("Chapter ", False), ("Four", True), (" ", False)]


@pytest.mark.parametrize("line", ["#tag", "####### seven", "    # code", "a # b"])
def test_no_headings(line):
    assert spans(line) == []


def test_spans_are_in_order_without_overlaps_and_markers_are_signs():
    random_ = random.Random(5)
    for _ in range(2000):
        line = "".join(random_.choices("**__ab #\\。“他 ", k=random_.randrange(25)))
        at = 0
        for span in spans(line):
            assert at <= span.start < span.end <= len(line)
            assert span.style
            if span.marker and not span.style & (Style.SCENE_BREAK | Style.HEADING_1):
                assert set(line[span.start : span.end]) <= set("*_# ")
            at = span.end


@pytest.mark.parametrize(
    "piece", ["*", "_", "*a ", "**a", "a**", "*a_", "_a*b", "\\*", "a*", "***a ", "# ", "* ", "#"]
)
def test_adversarial_lines_end(piece):
    # Quadratic time would take minutes here.
    spans(piece * 8_000 + "a" + piece[::-1] * 8_000 + "x")
    spans(piece * 8_000)
