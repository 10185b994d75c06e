"""Writer's engine as the other engines are measured: one more of `peers`."""

import time
from pathlib import Path
from statistics import median

from benchmarks.peers import TEMPERATURE, TOP_K
from writer.engine.loading import load_engine
from writer.settings import Precision, Sampling
from writer.suggestion.request import Request


class Ours:
    """The engine by itself: no window, no answers kept; rows beyond those asked for included."""

    def __init__(self, folder: Path, threads: int, precision: Precision) -> None:
        self._engine = load_engine(folder, precision, threads)
        self.name = f"ours {self._engine.precision.value}"

    def prepare(self, tokens: list[int]) -> None:
        """Answer at the place before the last token, as the window has when one types on."""
        self._run(tokens[:-1], 5, 24)

    def answer(self, tokens: list[int], rows: int, length: int) -> dict[str, float]:
        """See `Peer`."""
        # The last token is said again, as its end is where a word may go on: one more.
        return self._run(tokens, rows, length + 1)

    def read(self, tokens: list[int]) -> dict[str, float]:
        """See `Peer`."""
        figures = self._run(tokens, 1, 2)
        return {"total": figures["first words"], "longest wait": figures["longest wait"]}

    def _run(self, tokens: list[int], rows: int, length: int) -> dict[str, float]:
        text = self._engine.tokenizer.decode(tokens)
        sampling = Sampling(temperature=TEMPERATURE, top_k=TOP_K, candidates=rows, length=length)
        request = Request(1, len(text), text, "", sampling, seed=1)
        started = last = time.perf_counter()
        first, begun, steps, waits = 0.0, [], [], []
        for answer in self._engine.stream(request):
            now = time.perf_counter()
            waits.append(now - last)
            if answer.candidates:
                first = first or now - started
                (steps if len(answer.candidates) == rows else begun).append(now - last)
            last = now
        shown = [len(each.text.split()) for each in answer.candidates]
        assert len(shown) == rows, shown
        assert length < 24 or min(shown) >= length - 2, shown
        return {
            "first words": first,
            "longest wait": max(waits),
            "step": median(steps),
            "step while more rows are begun": median(begun or steps),
        }
