"""Splitting and merging: what they make of texts and of an outline. Pure functions.

Nothing is lost: a scene merged into another goes to the archive with its text as it was, and what
is split says, merged again, what it said before.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from writer.manuscript.book.outline import Item, ItemKind, Outline


def split_places(text: str, at: int) -> tuple[int, int]:
    r"""Return where the first half of a text ends and the second starts, split at `at`.

    Between them is one line end at most, or the spaces in the middle of a paragraph.

    >>> split_places("It rained.\nIt stopped.", 11), split_places("It rained. It stopped.", 11)
    ((10, 11), (10, 11))
    """
    if text[:at].endswith("\n"):
        return at - 1, at
    if text.startswith("\n", at):
        return at, at + 1
    return len(text[:at].rstrip(" ")), len(text) - len(text[at:].lstrip(" "))


def split_text(text: str, at: int) -> tuple[str, str]:
    """Return the two texts that splitting at a code point makes; either may be empty."""
    end, start = split_places(text, at)
    return text[:end], text[start:]


def joined_texts(texts: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    r"""Return the paragraphs of all texts as one text, and where each of them starts there.

    >>> joined_texts(["It rained.", "", "It stopped."])
    ('It rained.\nIt stopped.', (0, 11, 11))
    """
    lengths = (len(text) + 1 if text else 0 for text in texts)
    starts = tuple(accumulate(lengths, initial=0))[:-1]
    whole = "\n".join(text for text in texts if text)
    return whole, tuple(min(start, len(whole)) for start in starts)


def merged(outline: Outline, ids: Sequence[str], texts: Mapping[str, str]) -> tuple[Outline, str]:
    """Return the outline once scenes are merged into the first of them, and what that one says.

    The others are archived; the first gets their synopses too, and a title if it has none.

    Raises:
        ValueError: fewer than two, or what is no living scene.
    """
    chosen = set(ids)
    scenes = [item for item in outline.scenes() if item.id in chosen]
    if len(scenes) < 2 or len(scenes) != len(chosen):
        raise ValueError("two or more living scenes can be merged")
    text, _ = joined_texts([texts[scene.id] for scene in scenes])
    outline = _with_words_of(outline, scenes)
    for scene in scenes[1:]:
        outline = outline.changed(scene.id, archived=True)
    return outline, text


def chapter_begun(outline: Outline, id: str, chapter: Item) -> Outline:
    """Return it with the new `chapter` beginning at a scene: it and all after it lie in that.

    Raises:
        ValueError: it is archived, or no scene of a chapter.
    """
    home = outline.parent(id)
    if home is None or home.kind is not ItemKind.CHAPTER or outline.is_archived(id):
        raise ValueError("only a chapter can be split")
    inside = [item.id for item in outline.children(home.id)]
    larger = outline.added(chapter, home.id)
    return larger.moved(inside[inside.index(id) :], chapter.id, None)


def chapters_merged(outline: Outline, ids: Sequence[str]) -> Outline:
    """Return it with all scenes of some chapters in the first of them; the others are archived.

    Raises:
        ValueError: fewer than two, or what is no living chapter.
    """
    chosen = set(ids)
    chapters = [item for item in outline.living() if item.id in chosen]
    if len(chapters) < 2 or len(chapters) != len(chosen):
        raise ValueError("two or more living chapters can be merged")
    if any(chapter.kind is not ItemKind.CHAPTER for chapter in chapters):
        raise ValueError("only chapters can be merged with chapters")
    outline = _with_words_of(outline, chapters)
    for chapter in chapters[1:]:
        inside = [item.id for item in outline.children(chapter.id)]
        outline = outline.moved(inside, chapters[0].id, None)
        outline = outline.changed(chapter.id, archived=True)
    return outline


def _with_words_of(outline: Outline, items: Sequence[Item]) -> Outline:
    """Return it with the first item bearing all their synopses, and a title if one has any."""
    synopses = dict.fromkeys(item.synopsis for item in items if item.synopsis)
    title = next((item.title for item in items if item.title), "")
    return outline.changed(items[0].id, title=title, synopsis="\n\n".join(synopses))
