"""What pandoc has read of somebody's document, as a flow of the page's own lines.

All of the text is kept: of lists, tables, quotations and boxes as paragraphs, footnotes in brackets
where they were called. Pictures are counted and left out.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from writer.manuscript.emphasis import Style
from writer.manuscript.formats.flow import Element, Heading, Paragraph, SceneBreak, clean
from writer.manuscript.formats.language import END_WORDS
from writer.manuscript.formats.pandoc import PandocFailed
from writer.manuscript.formats.runs import PLAIN, Run, is_scene_break, line_of, runs_of, tidied

Node = dict[str, Any]
_INDENT = re.compile("[ \u00a0]+")
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
_BREAK = None
"""Among runs: where a line ends inside a paragraph."""
_STYLES = {
    "Emph": Style.EMPHASIS,
    "Underline": Style.EMPHASIS,
    "Strong": Style.STRONG,
    "Strikeout": PLAIN,
    "Superscript": PLAIN,
    "Subscript": PLAIN,
    "SmallCaps": PLAIN,
}
_CHARACTER_STYLES = {
    "Emphasis": Style.EMPHASIS,
    "Strong": Style.STRONG,
    "Intense Emphasis": Style.BOTH,
}
_QUOTES = {"SingleQuote": "‘’", "DoubleQuote": "“”"}
OWN_FRONT_MATTER = "Manuscript "
"""How the styles begin that Writer's manuscripts have on the title page and at the end."""
OWN_END = "Manuscript End"
_LEFT_OUT = {"title-block-header"}


class Reading:
    """A document of pandoc's JSON, read."""

    def __init__(self, document: bytes) -> None:
        """Read it.

        Raises:
            PandocFailed: it is nested too deeply.
        """
        self.pictures = 0
        self.flow: list[Element] = []
        self.meta: dict[str, str] = {}
        try:
            found: Node = json.loads(document)
            self.meta = {key: self._meta(value) for key, value in found["meta"].items()}
            self._blocks(found["blocks"])
        except RecursionError as error:
            raise PandocFailed("it is nested too deeply") from error

    def _meta(self, value: Node) -> str:
        kind, content = value["t"], value.get("c", "")
        if kind == "MetaString":
            return clean(str(content)).strip()
        if kind == "MetaInlines":
            return " ".join(_text(self._inlines(content)).split())
        if kind == "MetaList":
            return ", ".join(filter(None, map(self._meta, content)))
        return ""

    def _blocks(self, blocks: Iterable[Node]) -> None:
        for block in blocks:
            read: Callable[[Any], None] = getattr(self, f"_{block['t'].lower()}", self._nothing)
            read(block.get("c"))

    def _nothing(self, content: object) -> None:
        """Leave out markup of other programs, which is no text."""

    def _para(self, content: list[Node]) -> None:
        for line in _lines(self._inlines(content)):
            self._put(line)

    _plain = _para

    def _put(self, runs: list[Run]) -> None:
        text = clean("".join(run.text for run in runs))
        lead = _INDENT.match(text)
        indent = " " * (lead.end() if lead else 0)
        if is_scene_break(indent + text.strip(" \u00a0")):
            self.flow.append(SceneBreak())
        elif text.strip():
            rest = list(_without_lead(runs, len(indent)))
            self.flow.append(Paragraph(clean(line_of(rest, indent))))

    def _header(self, content: list[Any]) -> None:
        level, (_, classes, _), inlines = content
        if "title" in classes:
            return
        runs = (run or Run(" ") for run in self._inlines(inlines))
        heading = Heading(min(level, 6), _stripped(tidied(runs)))
        # Above text that no heading precedes, pandoc's EPUBs put the book's title.
        is_title = "unnumbered" in classes and heading.text == self.meta.get("title")
        if heading.text and (self.flow or not is_title):
            self.flow.append(heading)

    def _horizontalrule(self, content: object) -> None:
        self.flow.append(SceneBreak())

    def _div(self, content: list[Any]) -> None:
        (identifier, _, pairs), blocks = content
        style = dict(pairs).get("custom-style", "")
        if identifier not in _LEFT_OUT and not self._is_own(style, blocks):
            self._blocks(blocks)

    def _is_own(self, style: str, blocks: list[Node]) -> bool:
        """Tell whether this is a manuscript's title page or its last word, not typed below it."""
        if style == OWN_END:
            inside = [_text(self._inlines(block["c"])) for block in blocks if block["t"] == "Para"]
            return all(text.strip() in END_WORDS for text in inside)
        return style.startswith(OWN_FRONT_MATTER) and not self.flow

    def _blockquote(self, blocks: list[Node]) -> None:
        self._blocks(blocks)

    def _lineblock(self, lines: list[list[Node]]) -> None:
        for line in lines:
            self._para(line)

    def _codeblock(self, content: list[Any]) -> None:
        for line in content[1].split("\n"):
            self._put([Run(line)])

    def _bulletlist(self, items: list[list[Node]]) -> None:
        for item in items:
            self._blocks(item)

    def _orderedlist(self, content: list[Any]) -> None:
        (start, *_), items = content
        for number, item in enumerate(items, start):
            prefix: Node = {"t": "Str", "c": f"{number}. "}
            if item and item[0]["t"] in ("Para", "Plain"):
                first, *rest = item
                item = [{"t": "Para", "c": [prefix, *first["c"]]}, *rest]
            else:
                item = [{"t": "Para", "c": [prefix]}, *item]
            self._blocks(item)

    def _definitionlist(self, entries: list[Any]) -> None:
        for term, definitions in entries:
            self._para(term)
            for definition in definitions:
                self._blocks(definition)

    def _figure(self, content: list[Any]) -> None:
        _, (_, caption), blocks = content
        self._blocks(blocks)
        self._blocks(caption)

    def _table(self, content: list[Any]) -> None:
        _, (_, caption), _, head, bodies, foot = content
        self._blocks(caption)
        rows = [*head[1], *(row for body in bodies for row in [*body[2], *body[3]]), *foot[1]]
        for _, cells in rows:
            for cell in cells:
                self._blocks(cell[4])

    def _inlines(self, inlines: list[Node], style: Style = PLAIN) -> Iterator[Run | None]:
        for at, inline in enumerate(inlines):
            kind: str = inline["t"]
            content: Any = inline.get("c")
            if kind == "Str":
                yield Run(content, style)
            elif kind == "Space":
                yield Run(" ", style)
            elif kind == "SoftBreak":
                yield Run(_soft(inlines, at), style)
            elif kind == "LineBreak":
                yield _BREAK
            elif kind in _STYLES:
                yield from self._inlines(content, style | _STYLES[kind])
            else:
                yield from self._other(kind, content, style)

    def _other(self, kind: str, content: list[Any], style: Style) -> Iterator[Run | None]:
        if kind == "Quoted":
            before, after = tuple(_QUOTES[content[0]["t"]])
            yield Run(before, style)
            yield from self._inlines(content[1], style)
            yield Run(after, style)
        elif kind == "Span":
            named = dict(content[0][2]).get("custom-style", "")
            yield from self._inlines(content[1], style | _CHARACTER_STYLES.get(named, PLAIN))
        elif kind in ("Cite", "Link"):
            yield from self._inlines(content[1], style)
        elif kind in ("Code", "Math"):
            yield Run(content[1], style)
        elif kind == "Image":
            self.pictures += 1
        elif kind == "Note":
            yield from self._note(content, style)

    def _note(self, blocks: list[Node], style: Style) -> Iterator[Run]:
        outer, self.flow = self.flow, []
        self._blocks(blocks)
        inner, self.flow = self.flow, outer
        yield Run(" [", style)
        for at, element in enumerate(inner):
            if at:
                yield Run(" ", style)
            yield from _shown(element)
        yield Run("]", style)


def _shown(element: Element) -> tuple[Run, ...]:
    if isinstance(element, Heading):
        return element.runs
    return runs_of(element.line) if isinstance(element, Paragraph) else ()


def _soft(inlines: list[Node], at: int) -> str:
    """Return what a line end of the source is: a space, except among Chinese and Japanese."""
    near = (inlines[at - 1 : at] or [{}])[0], (inlines[at + 1 : at + 2] or [{}])[0]
    before, after = (str(each.get("c", "")) if each.get("t") == "Str" else "" for each in near)
    return "" if _WIDE.match(before[-1:]) and _WIDE.match(after[:1]) else " "


def _lines(runs: Iterable[Run | None]) -> Iterator[list[Run]]:
    for ends, group in groupby(runs, lambda run: run is _BREAK):
        if not ends:
            yield [run for run in group if run is not None]


def _text(runs: Iterable[Run | None]) -> str:
    return clean("".join(" " if run is None else run.text for run in runs))


def _without_lead(runs: list[Run], count: int) -> Iterator[Run]:
    for run in runs:
        yield Run(run.text[count:], run.style)
        count = max(0, count - len(run.text))


def _stripped(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    if not runs:
        return ()
    first = Run(runs[0].text.lstrip(), runs[0].style)
    return tidied((first, *runs[1:]))
