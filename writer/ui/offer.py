"""The offer: what an answer still proposes after some of it has been typed or taken. No Qt."""

from dataclasses import dataclass

from writer.suggestion.candidate import Candidate
from writer.suggestion.identity import Identity
from writer.suggestion.request import Answer, Request


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an offer proposes, and on what grounds."""

    request: Request
    candidate: Candidate
    """Whole, as far as it has grown."""
    skipped: int
    """How many characters of it are part of the text already."""
    identity: Identity | None
    """Of the engine that proposes it."""


class Offer:
    """One answer on the page, the place it stands at, and which candidate is chosen.

    What is typed or taken agrees with some candidates only; the others leave the offer, and the
    numbers of those that stay follow.
    """

    def __init__(self, answer: Answer, position: int) -> None:
        self.position = position
        """Where the rest would be inserted, as the document counts."""
        self._taken = ""
        self._chosen = 0
        self._answer = answer
        self._rest = self._remaining()

    @property
    def done(self) -> bool:
        """Whether the candidates have stopped growing."""
        return self._answer.done

    @property
    def texts(self) -> list[str]:
        """What each candidate still proposes."""
        return [candidate.text for candidate in self._rest]

    @property
    def chosen(self) -> int:
        """The index of the chosen one."""
        return self._chosen

    @property
    def proposal(self) -> Proposal | None:
        """The chosen candidate as it was proposed; None if there is none."""
        if not self._rest:
            return None
        number = self._rest[self._chosen].number
        whole = next(each for each in self._answer.candidates if each.number == number)
        answer = self._answer
        return Proposal(answer.request, whole, len(self._taken), answer.identity)

    def text(self, index: int | None = None) -> str:
        """Return what the candidate at `index`, or the chosen one, still proposes; or nothing."""
        index = self._chosen if index is None else index
        return self._rest[index].text if 0 <= index < len(self._rest) else ""

    def grow(self, answer: Answer) -> None:
        """Take a further answer to the same request; the chosen candidate stays chosen."""
        number = self._rest[self._chosen].number if self._rest else 0
        self._answer = answer
        self._rest = self._remaining()
        self._chosen = self._index_of(number)

    def walk(self, steps: int) -> None:
        """Choose the next or an earlier candidate, round and round."""
        if self._rest:
            self._chosen = (self._chosen + steps) % len(self._rest)

    def choose(self, index: int) -> None:
        """Choose the candidate at `index`."""
        self._chosen = index

    def take(self, text: str, length: int) -> bool:
        """Let `text`, `length` document units long, be part of the document from now on.

        Returns whether the chosen candidate goes on behind it; what does not is left out.
        """
        chosen = self._rest[self._chosen] if self._rest else None
        rest = chosen.after_typing(text) if chosen else None
        self._taken += text
        self.position += length
        self._rest = self._remaining()
        self._chosen = self._index_of(chosen.number) if chosen else 0
        return rest is not None

    def _index_of(self, number: int) -> int:
        numbers = [candidate.number for candidate in self._rest]
        return numbers.index(number) if number in numbers else 0

    def _remaining(self) -> list[Candidate]:
        if not self._taken:
            return list(self._answer.candidates)
        rests = (each.after_typing(self._taken) for each in self._answer.candidates)
        return [rest for rest in rests if rest is not None]
