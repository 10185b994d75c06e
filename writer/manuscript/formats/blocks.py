"""A flow as the document that pandoc writes: its JSON, so that no text is ever taken for markup."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from writer.manuscript.emphasis import Style
from writer.manuscript.formats.flow import (
    Element,
    Heading,
    Paragraph,
    SceneBreak,
    is_indented_by_hand,
    shown_runs,
)
from writer.manuscript.formats.runs import Run

API_VERSION = (1, 23, 1)
Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dress:
    """The names of a format's paragraph styles; empty where its own marks do."""

    scene_break: str = ""
    sign: str = "* * *"
    """What a scene break shows where it has a style."""
    first: str = ""
    """Of the first paragraph after a scene break."""
    synopsis: str = "Synopsis"
    opening: str = ""
    """Of the first paragraph of a book that begins without a heading, on a page of its own."""


def document(blocks: Sequence[Block], meta: dict[str, str], header: str = "") -> bytes:
    """Return pandoc's JSON of a document.

    Args:
        blocks: What it holds.
        meta: Fields by their names in pandoc: title, author, lang.
        header: Raw HTML for its head.
    """
    fields: dict[str, Any] = {key: _meta(value) for key, value in meta.items() if value}
    if header:
        raw = {"t": "RawBlock", "c": ["html", header]}
        fields["header-includes"] = {"t": "MetaBlocks", "c": [raw]}
        fields["document-css"] = {"t": "MetaBool", "c": False}
    whole = {"pandoc-api-version": API_VERSION, "meta": fields, "blocks": blocks}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _meta(value: str) -> Block:
    return {"t": "MetaInlines", "c": [{"t": "Str", "c": value}]}


def blocks_of(flow: Sequence[Element], dress: Dress) -> list[Block]:
    """Return a flow as pandoc's blocks."""
    by_hand = is_indented_by_hand(flow)
    blocks: list[Block] = []
    before: Element | None = None
    number = 0
    for element in flow:
        if isinstance(element, Heading):
            number += 1
            attributes = [f"heading-{number}", [], []]
            inlines = _inlines(element.runs)
            blocks.append({"t": "Header", "c": [element.level, attributes, inlines]})
        elif isinstance(element, SceneBreak):
            blocks.append(_break(dress))
        else:
            block: Block = {"t": "Para", "c": _inlines(shown_runs(element.line, by_hand))}
            style = _style(element, before, dress)
            blocks.append(styled(style, block) if style else block)
        before = element
    return blocks


def _style(element: Paragraph, before: Element | None, dress: Dress) -> str:
    if element.is_synopsis:
        return dress.synopsis
    if before is None:
        return dress.opening
    return dress.first if isinstance(before, SceneBreak) else ""


def _break(dress: Dress) -> Block:
    if not dress.scene_break:
        return {"t": "HorizontalRule"}
    return styled(dress.scene_break, plain(dress.sign))


def plain(text: str) -> Block:
    """Return a paragraph without emphasis."""
    return {"t": "Para", "c": [{"t": "Str", "c": text}]}


def styled(style: str, *blocks: Block) -> Block:
    """Return blocks in a paragraph style; of HTML, in a class of that name."""
    name = style.lower().replace(" ", "-")
    return {"t": "Div", "c": [["", [name], [["custom-style", style]]], list(blocks)]}


def _inlines(runs: Iterable[Run]) -> list[Block]:
    return [_inline(run) for run in runs]


def _inline(run: Run) -> Block:
    # White space within a Str is written as it is, and a million words are a tenth as many pieces.
    inline: Block = {"t": "Str", "c": run.text}
    if Style.EMPHASIS in run.style:
        inline = {"t": "Emph", "c": [inline]}
    if Style.STRONG in run.style:
        inline = {"t": "Strong", "c": [inline]}
    return inline
