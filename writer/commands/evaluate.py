"""`writer evaluate`: how well a model predicts texts, and how it writes beside their author."""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from writer.checkpoints.folder import Model, read_model, read_shape, refuse_gap_filler
from writer.engine.engine import Engine
from writer.errors import ErrorKind, WriterError
from writer.settings import Sampling
from writer.shelf.reading import Reading, as_json, write_reading
from writer.shelf.shelf import Shelf
from writer.suggestion.request import Request
from writer.training.corpus import corpus_files, documents, text_files
from writer.training.evaluation import (
    Score,
    loss_by_position,
    perplexity_by_place,
    score,
    tokens_digest,
)
from writer.training.repetition import distinct, longest_copies, repeated

_PROMPT_CHARACTERS = 4000
_SAMPLE_TOKENS = 60


@dataclass(frozen=True, slots=True)
class Sample:
    """A continuation, and what its author wrote in its place."""

    before: str
    text: str
    human: str


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `evaluate` and its flags."""
    parser = commands.add_parser(
        "evaluate", help="measure a model on texts",
        description="Measure how well a model predicts texts that it has not been trained on, in "
        "windows of its context with a stride of half of it, and how it writes: what repeats "
        "itself, and what it has copied from the texts it was trained on.",
    )  # fmt: skip
    parser.add_argument("model", help="a model's name, its folder, or its .gguf file")
    parser.add_argument("text", nargs="+", type=Path, help=".txt, .md, .xz, .json, or folders")
    parser.add_argument("--samples", type=int, default=20, help="continuations (%(default)s)")
    parser.add_argument("--training", nargs="+", type=Path, default=[], metavar="CORPUS",
                        help="what it was trained on, to look for copies")  # fmt: skip
    parser.add_argument("--characters", type=int, default=0, metavar="N",
                        help="read only the first N of each document; 0 = all")  # fmt: skip
    parser.add_argument("--by-position", action="store_true",
                        help="measure only the loss by position in the context")  # fmt: skip
    parser.add_argument("--windows", type=int, default=256, metavar="N",
                        help="contexts read for that, at most (%(default)s)")  # fmt: skip
    parser.add_argument("--write", action="store_true",
                        help="put that beside the model's card, as reading.json")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="of the samples (%(default)s)")
    parser.add_argument("--show", action="store_true", help="print the samples, too")
    parser.add_argument("--threads", type=int, default=0, help="0 = as torch chooses")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure as told; return the exit status."""
    if arguments.threads > 0:
        torch.set_num_threads(arguments.threads)
    # As they are: what cleaning takes out would be missing from the bytes that are counted.
    raw = documents(text_files(arguments.text), cleaned=False)
    texts = [text[: arguments.characters or None] for text in raw]
    if not texts:
        raise WriterError(ErrorKind.CORPUS_EMPTY, paths=", ".join(map(str, arguments.text)))
    path = Shelf().find(arguments.model)
    refuse_gap_filler(path, read_shape(path))
    if arguments.by_position:
        return _measure_positions(path, texts, arguments)
    model = read_model(path)
    training, _ = corpus_files(arguments.training) if arguments.training else ([], [])
    found = _predictions(model, texts)
    samples = list(_samples(model, texts, arguments.samples, arguments.seed))
    if samples:
        found["writing"] = _writing(samples)
    if samples and training:
        found["copies"] = _copies(samples, training)
    if arguments.show:
        found["samples"] = [[each.before[-80:], each.text] for each in samples]
    print(json.dumps(found, ensure_ascii=False, indent=2) if arguments.json else _table(found))
    return 0


def _measure_positions(path: Path, texts: Sequence[str], arguments: argparse.Namespace) -> int:
    model = read_model(path)
    tell = _Progress("by position")
    windows = max(1, arguments.windows)
    found = loss_by_position(model.network, model.tokenizer, texts, windows, tell)
    tell.end()
    names = tuple(dict.fromkeys(each.name for each in text_files(arguments.text)))
    if not found.stretches:
        raise WriterError(ErrorKind.CORPUS_EMPTY, paths=", ".join(map(str, arguments.text)))
    reading = Reading(found.stretches, names, found.tokens, tokens_digest(model.tokenizer))
    if arguments.write:
        write_reading(path, reading)
    said = as_json(reading)
    print(json.dumps(said, ensure_ascii=False, indent=2) if arguments.json else _curve(reading))
    return 0


def _curve(reading: Reading) -> str:
    lines = [f"{'tokens read':>18} {'loss':>8} {'perplexity':>11}"]
    for each in reading.stretches:
        place = f"{each.first:,} to {each.end:,}"
        lines.append(f"{place:>18} {each.loss:>8.4f} {math.exp(each.loss):>11,.2f}")
    return "\n".join([*lines, f"\n{reading.tokens:,} tokens of {', '.join(reading.texts)}"])


def _predictions(model: Model, texts: Sequence[str]) -> dict[str, Any]:
    scores = []
    stride = model.network.config.n_ctx // 2
    for number, text in enumerate(texts, 1):
        tell = _Progress(f"text {number} of {len(texts)}")
        scores.append(score(model.network, model.tokenizer, text, stride, tell))
        tell.end()
    longest = max(texts, key=len)
    return {
        "texts": [_scored(text[:40], each) for text, each in zip(texts, scores, strict=True)],
        "all": _scored("", sum(scores, Score())),
        "perplexity by tokens read": {
            f"{place.start + 1:,} to {place.stop:,}": round(perplexity, 2)
            for place, perplexity in perplexity_by_place(model.network, model.tokenizer, longest)
        },
    }


def _scored(name: str, found: Score) -> dict[str, Any]:
    return {
        "text": " ".join(name.split()),
        "bytes": found.bytes,
        "bits per byte": round(found.bits_per_byte, 4),
        "bits per character": round(found.bits_per_character, 4),
        "perplexity per word": round(found.perplexity_per_word, 1),
    }


def _samples(model: Model, texts: Sequence[str], count: int, seed: int) -> Iterator[Sample]:
    """Yield continuations at the default settings, at places spread evenly over the texts."""
    engine = Engine(model)
    sampling = Sampling(candidates=1, length=_SAMPLE_TOKENS)
    tell = _Progress("samples")
    for number in range(count):
        text = texts[number % len(texts)]
        end = len(text) * (2 * number + 1) // (2 * count)
        end = text.rfind(" ", 0, end) + 1 or end if " " in text[max(0, end - 40) : end] else end
        before = text[max(0, end - _PROMPT_CHARACTERS) : end].rstrip(" ")
        request = Request(number, end, before, "", sampling, seed + number)
        with closing(engine.stream(request)) as answers:
            *_, answer = answers
        said = answer.candidates[0].text if answer.candidates else ""
        yield Sample(before, said, text[len(text[:end].rstrip(" ")) :][: len(said)])
        tell((number + 1) / count)
    tell.end()


def _writing(samples: Sequence[Sample]) -> dict[str, Any]:
    both = [each for each in samples if each.text.strip() and each.human.strip()]
    ours, human = [each.text for each in both], [each.human for each in both]
    return {
        f"{name}-{n}": [round(measure(each, n), 4) for each in (ours, human)]
        for name, measure in (("rep", _mean_repeated), ("distinct", distinct))
        for n in (1, 2, 3, 4)
    }


def _mean_repeated(texts: Sequence[str], n: int) -> float:
    return fmean(repeated(text, n) for text in texts) if texts else 0.0


def _copies(samples: Sequence[Sample], files: Sequence[Path]) -> dict[str, Any]:
    print("looking for copies ...", file=sys.stderr)
    copies = longest_copies([each.text for each in samples], documents(files))
    longest = max(copies, key=len)
    return {"longest, in words": len(longest), "it is": " ".join(longest)}


def _table(found: dict[str, Any]) -> str:
    lines = [f"{'bytes':>12} {'bits/byte':>10} {'bits/char':>10} {'ppl/word':>10}"]
    for each in [*found["texts"], {**found["all"], "text": "all"}]:
        lines.append(
            f"{each['bytes']:>12,} {each['bits per byte']:>10.4f} "
            f"{each['bits per character']:>10.4f} {each['perplexity per word']:>10,.1f}  "
            f"{each['text']}"
        )
    lines.append("\nperplexity of a token, by how many the model has read before it")
    lines += [f"{place:>14} {value:>10,.2f}" for place, value in
              found["perplexity by tokens read"].items()]  # fmt: skip
    if "writing" in found:
        lines.append(f"\n{'repetition':>14} {'model':>10} {'author':>10}")
        lines += [f"{name:>14} {ours:>10.4f} {human:>10.4f}"
                  for name, (ours, human) in found["writing"].items()]  # fmt: skip
    if "copies" in found:
        copies = found["copies"]
        lines.append(f"\nlongest copy: {copies['longest, in words']} words: {copies['it is']}")
    for before, text in found.get("samples", ()):
        lines.append(f"\n... {' '.join(before.split())} ▸ {' '.join(text.split())}")
    return "\n".join(lines)


class _Progress:
    """Shows on a terminal how far something is."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._said = time.monotonic()

    def __call__(self, share: float) -> None:
        """Take note of the share that is done."""
        if sys.stderr.isatty() and time.monotonic() - self._said > 0.5:
            self._said = time.monotonic()
            print(f"\r{self._what}: {share:.0%}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if sys.stderr.isatty():
            print(f"\r{self._what}: done", file=sys.stderr, flush=True)
