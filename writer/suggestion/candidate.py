"""Candidates: what the engine proposes, and how a proposal survives further typing.

Plain values only: this module knows neither Qt nor torch, so both threads may hold them.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Candidate:
    """One continuation proposed for the text before the cursor."""

    serial: int
    """The `Request` it answers; any other than the newest is stale."""
    text: str
    mean_logprob: float
    """Natural log, averaged over tokens, so that length is no advantage."""
    number: int = 0
    """Which of its request's it is: stays the same while it grows."""

    def after_typing(self, typed: str) -> "Candidate | None":
        """Return what is left once `typed` has been typed, or None if they disagree.

        >>> Candidate(7, " the rain fell", -1.2).after_typing(" the").text
        ' rain fell'
        """
        if not self.text.startswith(typed) or self.text == typed:
            return None
        return replace(self, text=self.text[len(typed) :])
