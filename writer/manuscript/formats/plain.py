"""Books as Markdown and as plain text: the pages' own lines, which need no other program."""

import json
from collections.abc import Iterator, Sequence

from writer.manuscript.book.compiled import CompiledBook
from writer.manuscript.formats.flow import Element, Heading, Paragraph, SceneBreak, clean
from writer.manuscript.formats.runs import heading_line

_BREAK = "* * *"


def markdown(compiled: CompiledBook, flow: Sequence[Element]) -> str:
    """Return a book as Markdown; its title, author and language stand above as YAML."""
    fields = {"title": compiled.title, "author": compiled.author, "lang": compiled.language}
    head = [
        f"{key}: {json.dumps(clean(value), ensure_ascii=False)}"
        for key, value in fields.items()
        if value
    ]
    blocks = ["\n".join(["---", *head, "---"])] if head else []
    for element in flow:
        if isinstance(element, Heading):
            blocks.append(heading_line(element.level, element.runs))
        elif isinstance(element, Paragraph):
            blocks.append(element.line)
        else:
            blocks.append(_BREAK)
    return "\n\n".join(blocks) + "\n" if blocks else ""


def text(compiled: CompiledBook, flow: Sequence[Element]) -> str:
    """Return a book as plain text; emphasis stays as it was typed."""
    return "\n\n".join(_texts(compiled, flow)) + "\n"


def _texts(compiled: CompiledBook, flow: Sequence[Element]) -> Iterator[str]:
    head = [" ".join(clean(part).split()) for part in (compiled.title, compiled.author)]
    if any(head):
        yield "\n".join(filter(None, head))
    for element in flow:
        if isinstance(element, Heading):
            yield f"\n{element.text}"
        else:
            yield _BREAK if isinstance(element, SceneBreak) else element.line
