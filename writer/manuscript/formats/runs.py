r"""A paragraph as runs of one look each, from a line of a page and back to one.

The line is in the dialect of `emphasis`; a run holds the characters themselves, without markers and
backslashes. A backslash stands before a literal `*` or `_` that would emphasise, and before a `#`
or a dash that would make the line a heading or a scene break; everywhere else it is itself.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from writer.manuscript.emphasis import Style, spans

PLAIN = Style(0)
_SPECIAL = re.compile(r"[*_\\#-]")
_ESCAPES = re.compile(r"(?<!\\)\\++(?=[*_])")
_SIGNS = re.compile(r"(?<!\\)(\\*+)([*_]+)")
_GUARDED = re.compile(r" {0,3}(\\+)(?=#{1,6}(?:[ \t]|$)|(?:-[ \t]*){3,}$)")
_TO_GUARD = re.compile(r" {0,3}(?=\\*(?:#{1,6}(?:[ \t]|$)|(?:-[ \t]*){3,}$))")
_CLOSING = re.compile(r"(?<=[ \t])(\\+)(?=#+[ \t]*$)")
_TO_CLOSE = re.compile(r"(?:^|(?<=[ \t]))(?=\\*#+[ \t]*$)")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_HASHES = re.compile(r" {0,3}#{1,6}(?:[ \t]+#+)*[ \t]*")
_FIRST = re.compile(r"\\*.", re.DOTALL)
_PAIRS = (("*", "**"), ("_", "**"), ("*", "__"), ("_", "__"))


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one look: plain, EMPHASIS, STRONG or both."""

    text: str
    style: Style = PLAIN


def is_scene_break(line: str) -> bool:
    """Tell whether a line is nothing but a scene break, a heading's signs without a heading too.

    >>> [is_scene_break(line) for line in ("* * *", "---", "#", "# # #", "# One", "")]
    [True, True, True, True, False, False]
    """
    if _HASHES.fullmatch(line):
        return True
    found = spans(line)
    return bool(found) and Style.SCENE_BREAK in found[0].style


def heading_level(line: str) -> int:
    """Return 1 to 6 for a heading of the page, else 0."""
    if not _HEADING.match(line):
        return 0
    return spans(line)[0].style.heading_level


def runs_of(line: str) -> tuple[Run, ...]:
    r"""Return what a line shows; of a heading, without its signs.

    >>> [(run.text, run.style.name) for run in runs_of(r"# a *b* \*c")]
    [('a ', None), ('b', 'EMPHASIS'), (' *c', None)]
    """
    if not _SPECIAL.search(line):
        return (Run(line),) if line else ()
    return _joined(_shown(line))


def _shown(line: str) -> Iterator[Run]:
    found = spans(line)
    hidden = _backslashes(line, bool(found) and bool(found[0].style.heading_level))
    at = 0
    for span in found:
        if span.start > at:
            yield Run(_without(line, at, span.start, hidden))
        if not span.marker:
            yield Run(_without(line, span.start, span.end, hidden), span.style & Style.BOTH)
        at = span.end
    yield Run(_without(line, at, len(line), hidden))


def _backslashes(line: str, heading: bool) -> set[int]:
    """Return where backslashes stand that are not shown."""
    hidden: set[int] = set()
    if "\\" not in line:
        return hidden
    for found in _ESCAPES.finditer(line):
        count = found.end() - found.start()
        hidden.update(range(found.start(), found.start() + count - count // 2))
    guarded = _GUARDED.match(line)
    closing = _CLOSING.search(line) if heading else None
    hidden.update(found.start(1) for found in (guarded, closing) if found is not None)
    return hidden


def _without(line: str, start: int, end: int, hidden: set[int]) -> str:
    if not hidden:
        return line[start:end]
    return "".join(line[at] for at in range(start, end) if at not in hidden)


def _joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    return tuple(
        Run(text, style)
        for style, group in groupby(runs, lambda run: run.style)
        if (text := "".join(run.text for run in group))
    )


def tidied(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return the runs as every format can hold them.

    Spaces and tabs in a row are one space, none at the end; white space is emphasised only between
    letters that are.
    """
    whole = _joined(runs)
    if len(whole) == 1 and not whole[0].style and not re.search(r"[ \t]{2}|\t| $", whole[0].text):
        return whole
    letters: list[tuple[str, Style]] = []
    for run in whole:
        for letter in run.text:
            space = letter in " \t"
            if not (space and letters and letters[-1][0] == " "):
                letters.append((" " if space else letter, run.style))
    while letters and letters[-1][0] == " ":
        letters.pop()
    return _joined(Run(letter, style) for letter, style in _calm(letters))


def _calm(letters: list[tuple[str, Style]], *, parted: bool = False) -> Iterator[tuple[str, Style]]:
    """Yield letters with white space in the look that both sides share.

    Where it is `parted`, white space between different looks is plain, which looks the same.
    """
    before, at = PLAIN, 0
    for space, group in groupby(letters, lambda each: each[0].isspace()):
        stretch = list(group)
        at += len(stretch)
        if space:
            after = letters[at][1] if at < len(letters) else PLAIN
            style = PLAIN if parted and before != after else before & after
            yield from ((letter, style) for letter, _ in stretch)
        else:
            yield from stretch
            before = stretch[-1][1]


def line_of(runs: Iterable[Run], indent: str = "") -> str:
    r"""Return the line of a page that shows these runs, which are tidied first.

    Emphasis that the dialect cannot say where it stands loses punctuation at its edges, or in the
    end itself; no character is ever lost.

    >>> line_of([Run("2*3*4 is "), Run("so", Style.STRONG), Run(" snake_case")])
    '2\\*3\\*4 is **so** snake_case'
    """
    line = indent + _encoded(tidied(runs))
    found = _TO_GUARD.match(line)
    return line if found is None else f"{line[: found.end()]}\\{line[found.end() :]}"


def heading_line(level: int, runs: Iterable[Run]) -> str:
    r"""Return a heading of the page.

    >>> heading_line(2, [Run("In C #")])
    '## In C \\#'
    """
    body = _encoded(tidied(runs))
    return f"{'#' * level} {_TO_CLOSE.sub(lambda found: chr(92), body, count=1)}".rstrip(" ")


def _encoded(runs: tuple[Run, ...]) -> str:
    """Return the runs with their markers, as much emphasised as the dialect can say."""
    while True:
        stretches = [tuple(group) for _, group in groupby(runs, lambda run: bool(run.style))]
        said: list[str] = []
        kept: list[Run] = []
        for number, stretch in enumerate(stretches):
            before = stretches[number - 1][-1].text if number else ""
            after = stretches[number + 1][0].text if number + 1 < len(stretches) else ""
            if not stretch[0].style:
                said.append(_escaped(stretch[0].text, bool(before), bool(after)))
            elif (found := _marked(stretch, before, after)) is not None:
                said.append(found)
            else:
                stretch = _reduced(stretch)
            kept += stretch
        if len(said) == len(stretches):
            return "".join(said)
        runs = _joined(kept)


def _escaped(text: str, after_marker: bool = False, before_marker: bool = False) -> str:
    def replaced(found: re.Match[str]) -> str:
        backslashes, signs = found.groups()
        before = text[found.start() - 1] if found.start() else "x_"[after_marker]
        after = text[found.end()] if found.end() < len(text) else "x_"[before_marker]
        if not backslashes and _is_inert(signs, before, after, found.span(), text):
            return signs
        return backslashes * 2 + "".join(f"\\{sign}" for sign in signs)

    escaped = _SIGNS.sub(replaced, text) if "*" in text or "_" in text else text
    if before_marker and text.endswith("\\"):
        escaped += "\\" * (len(text) - len(text.rstrip("\\")))
    return escaped


def _is_inert(signs: str, before: str, after: str, at: tuple[int, int], text: str) -> bool:
    """Tell whether signs inside a text neither open nor close, whatever stands elsewhere."""
    if at[0] == 0 or at[1] == len(text) or len(set(signs)) > 1:
        return False
    if before.isspace() and after.isspace():
        return True
    return signs[0] == "_" and before.isalnum() and after.isalnum()


def _marked(stretch: tuple[Run, ...], before: str, after: str) -> str | None:
    """Return emphasised runs with markers that show so between these texts; None if none do."""
    right = _FIRST.match(after)
    left_text = before[len(before[:-1].rstrip("\\")) :]
    right_text = right[0] if right else ""
    expected = _joined((Run(left_text), *stretch, Run(right_text)))
    left_line, right_line = _escaped(left_text, True, True), _escaped(right_text, True)
    for candidate in _candidates(stretch):
        if _joined(_shown(left_line + candidate + right_line)) == expected:
            return candidate
    return None


def _reduced(stretch: tuple[Run, ...]) -> tuple[Run, ...]:
    """Return the runs with less emphasis: first on spaces, then on the edges' punctuation."""
    letters = [(letter, run.style) for run in stretch for letter in run.text]
    parted = _joined(Run(letter, style) for letter, style in _calm(letters, parted=True))
    if parted != stretch:
        return parted
    head, core, tail = _trimmed(stretch)
    if core and (head or tail):
        return (Run(head), *core, Run(tail))
    text = "".join(run.text for run in stretch)
    longest = max(stretch, key=lambda run: len(run.text))
    return (Run(text, longest.style if len(stretch) > 1 else PLAIN),)


def _candidates(stretch: tuple[Run, ...]) -> Iterator[str]:
    for emphasis, strong in _PAIRS:
        signs = {Style.EMPHASIS: emphasis, Style.STRONG: strong}
        for outer in (None, Style.EMPHASIS, Style.STRONG):
            yield _nested(stretch, signs, outer)
    for first, second in ((_PAIRS[0], _PAIRS[1]), (_PAIRS[1], _PAIRS[0]), (_PAIRS[0], _PAIRS[3])):
        yield "".join(_alone(run, (first, second)[at % 2]) for at, run in enumerate(stretch))


def _alone(run: Run, signs: tuple[str, str]) -> str:
    """Write one run with markers of its own."""
    open_ = signs[1] * (Style.STRONG in run.style) + signs[0] * (Style.EMPHASIS in run.style)
    return open_ + _escaped(run.text, True, True) + open_[::-1]


def _nested(stretch: tuple[Run, ...], signs: dict[Style, str], outer: Style | None) -> str:
    """Write the runs with markers; what lasts longer is outside, or what is asked to be."""
    said: list[str] = []
    stack: list[Style] = []
    for at, run in enumerate(stretch):
        while any(style not in run.style for style in stack):
            said.append(signs[stack.pop()])
        missing = [style for style in signs if style in run.style and style not in stack]
        missing.sort(key=lambda style: (style is not outer, -_lasting(stretch, at, style)))
        for style in missing:
            stack.append(style)
            said.append(signs[style])
        said.append(_escaped(run.text, True, True))
    said += (signs[style] for style in reversed(stack))
    return "".join(said)


def _lasting(stretch: tuple[Run, ...], at: int, style: Style) -> int:
    count = 0
    while at + count < len(stretch) and style in stretch[at + count].style:
        count += 1
    return count


def _trimmed(stretch: tuple[Run, ...]) -> tuple[str, tuple[Run, ...], str]:
    """Return punctuation at the start, what is left, and punctuation at the end."""
    letters = [(letter, run.style) for run in stretch for letter in run.text]
    start, end = 0, len(letters)
    while start < end and _is_punctuation(letters[start][0]):
        start += 1
    while end > start and _is_punctuation(letters[end - 1][0]):
        end -= 1
    head, tail = (
        "".join(letter for letter, _ in part) for part in (letters[:start], letters[end:])
    )
    return head, _joined(Run(letter, style) for letter, style in letters[start:end]), tail


def _is_punctuation(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter)[0] in "PS"
