"""Replay: whether a request that is answered once more says again what was taken from it."""

from collections.abc import Iterable
from dataclasses import dataclass

from writer.suggestion.request import Answer


@dataclass(frozen=True, slots=True)
class Replay:
    """What a request said when it was answered once more, to its end."""

    answer: Answer
    """The last one."""
    grown: tuple[str, ...]
    """The longest text that each continuation had while it grew, by its number: the end of it may
    be cut off in the last answer, and was not yet where a continuation was taken as it grew."""

    def text(self, number: int) -> str:
        """Return the continuation of this number in the last answer, empty where there is none."""
        texts = (each.text for each in self.answer.candidates if each.number == number)
        return next(texts, "")

    def says(self, number: int, text: str) -> bool:
        """Return whether continuation `number` was `text`, at the end or while it grew."""
        grown = self.grown[number] if number < len(self.grown) else ""
        return bool(text) and (text == self.text(number) or grown.startswith(text))


def replay_of(answers: Iterable[Answer]) -> Replay | None:
    """Return what all `answers` to a request come to, None if they end before the last one."""
    grown: dict[int, str] = {}
    for answer in answers:
        for each in answer.candidates:
            if len(each.text) > len(grown.get(each.number, "")):
                grown[each.number] = each.text
        if answer.done:
            numbers = range(max(grown, default=-1) + 1)
            return Replay(answer, tuple(grown.get(number, "") for number in numbers))
    return None
