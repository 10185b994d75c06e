"""The report: one page of Markdown of all that is kept, and a plot beside it."""

import math
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.long_context.comparison import (
    DISTANCES,
    POSITIONS,
    Marks,
    Mean,
    mean_loss,
    name_marks,
    position_marks,
)
from benchmarks.long_context.evaluation import Losses, losses_of
from benchmarks.long_context.extended import comparisons
from benchmarks.long_context.kept import read
from benchmarks.long_context.names import find_names, mentions
from benchmarks.long_context.plot import draw
from benchmarks.long_context.preparation import Stretch, word_counts
from benchmarks.long_context.training import result_of
from benchmarks.long_context.variants import BASELINE, BRIEF_BASELINE, Reading, Variant
from writer.checkpoints.tokenizer import Tokenizer
from writer.errors import ErrorKind, WriterError
from writer.manuscript.atomic import write_atomically
from writer.training.preparation import kept_tokenizer

_BEYOND = "beyond 1K"
_BRIEF = "†"
_FLAT = {"longformer": 1.2, "bigbird": 1.2, "performer": 1.2, "xl": 1.2, "compressive": 1.2,
         "reformer": 1.6}  # fmt: skip
"""Growth of the time per token over the lengths that is asked of kinds, at most."""

Row = Sequence[str]


@dataclass(frozen=True)
class Read:
    """One reading of a variant, with the losses found."""

    variant: Variant
    reading: Reading
    losses: Losses

    @property
    def label(self) -> str:
        """Return its name in the tables; brief trainings are marked."""
        return self.reading.label + ("" if self.variant.is_main else f" {_BRIEF}")


def report(
    variants: list[Variant], stretches: list[Stretch], corpus: Path, work: Path, rare: int,
    out: Path,
) -> None:  # fmt: skip
    """Write the report on `variants` to `out`, and the plot beside it.

    Raises:
        WriterError: OUTPUT_UNWRITABLE.
    """
    found = [
        Read(variant, reading, losses)
        for variant in variants
        for reading in variant.readings
        if (losses := losses_of(work, reading.name)) is not None
    ]
    costs = {each: cost for each in variants if (cost := _kept(work, "costs", each)) is not None}
    parts = [_trainings(variants, work)]
    if found:
        parts += _readings(found, stretches, corpus, work, rare)
    parts += [_gaps(variants, work), *map(_comparison, comparisons(work))]
    parts += [_laws(variants, work), _costs(costs), _growths(costs), _kept_sizes(costs)]
    parts.append(f"Measured on {platform.machine()}, torch {torch.__version__.split('+')[0]}.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draw([each for each in found if each.variant.is_main], costs, out.with_suffix(".png"))
        text = "\n\n".join(filter(None, parts)) + "\n"
        write_atomically(out, text.encode("utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WriterError(ErrorKind.OUTPUT_UNWRITABLE, path=out, reason=reason) from error
    print(text)


def _kept(work: Path, folder: str, variant: Variant) -> Any:  # noqa: ANN401 - what JSON has
    found = read(work / folder / f"{variant.name}.json")
    return None if found is None else found["value"]


def _table(title: str, head: Row, rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |"]
    lines.append("|" + "|".join("---" if not n else "--:" for n in range(len(head))) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def _trainings(variants: list[Variant], work: Path) -> str:
    rows = []
    for variant in variants:
        if (result := result_of(work, variant.name)) is None:
            continue
        speed = result["tokens"] / max(1e-9, result["seconds"])
        rows.append([
            variant.label + ("" if variant.is_main else f" {_BRIEF}"),
            f"{result['parameters'] / 1e6:.2f}", f"{result['tokens'] / 1e6:.2f}",
            f"{result['recipe']['window']:,}", f"{result['seconds'] / 60:.1f}", f"{speed:,.0f}",
            "–" if result["held_out"] is None else f"{result['held_out']:.3f}",
        ])  # fmt: skip
    head = ["variant", "million parameters", "million tokens", "longest windows", "minutes",
            "tokens/s", "held-out loss, nats"]  # fmt: skip
    note = (f"\n\n{_BRIEF} trained briefly, on few tokens: not comparable with the others. The "
            "held-out losses are of windows as long as the training's, and of gap fillers of what "
            "is hidden.")  # fmt: skip
    return _table("Trainings", head, rows) + (note if rows else "")


def _readings(
    found: list[Read], stretches: list[Stretch], corpus: Path, work: Path, rare: int
) -> list[str]:
    length = len(stretches[0].tokens) - 1
    if any(each.losses.shape[1] != length or len(each.losses) > len(stretches) for each in found):
        raise WriterError(
            ErrorKind.SETTING_INVALID,
            name="length or stretches", value=f"{length} or {len(stretches)}",
            accepts="what evaluate was told",
        )  # fmt: skip
    shape = (len(stretches), length)
    counts = word_counts(corpus, work, print)
    tokenizer = kept_tokenizer(work / "texts" / "work")
    marks = position_marks(shape, {**POSITIONS, _BEYOND: (1024, 1 << 40)})
    names = name_marks(_mentions(stretches, tokenizer, counts), shape, counts, rare)
    baselines = {each.reading.name: each.losses for each in found}
    rows = _means(found, marks, baselines, list(marks))
    far = list(DISTANCES)
    all_names = _means(found, names, baselines, [f"names, {each}" for each in far])
    groups = [each for each in names if each.startswith(("rare", "common"))]
    kinds = _means(found, names, baselines, groups)
    sure = (
        f"; in brackets the difference from dense trained on as many tokens, in nats ± its "
        f"standard error; {_BRIEF} on one stretch of each novel"
    )
    say_rare = f"rare: fewer than {rare} times in the training texts"
    return [
        _table(f"Perplexity of a token by position, {shape[0]} stretches{sure}",
               ["reading", *_counted(marks, list(marks))], rows),
        _table("Perplexity of the tokens of names said before, by tokens since",
               ["reading", *_counted(names, [f"names, {each}" for each in far])], all_names),
        _table(f"The same by rarity ({say_rare})", ["reading", *_counted(names, groups)], kinds),
    ]  # fmt: skip


def _mentions(
    stretches: list[Stretch], tokenizer: Tokenizer, counts: Counter[str]
) -> list[list[Any]]:
    found = []
    for each in stretches:
        pieces = [tokenizer.token_bytes(token) for token in each.tokens[1:].tolist()]
        names = find_names(each.text.decode("latin-1"), counts)
        found.append(list(mentions(pieces, names)))
    return found


def _counted(marks: dict[str, Marks], groups: list[str]) -> list[str]:
    return [f"{each} ({int(marks[each].sum()):,})" for each in groups]


def _means(
    found: list[Read], marks: dict[str, Marks], baselines: dict[str, Losses], groups: list[str]
) -> list[Row]:
    return [
        [each.label, *(_mean(mean_loss(each.losses, marks[group], _other(each, baselines)))
                       for group in groups)]
        for each in found
    ]  # fmt: skip


def _other(each: Read, losses: dict[str, Losses]) -> Losses | None:
    """Return what a reading is compared with: dense, trained on as many tokens."""
    name = BASELINE if each.variant.is_main else BRIEF_BASELINE
    return None if each.reading.name == name else losses.get(name)


def _mean(mean: Mean) -> str:
    if not mean.tokens:
        return "–"
    if mean.difference is None:
        return f"{mean.perplexity:.2f}"
    return f"{mean.perplexity:.2f} ({mean.difference:+.3f} ± {mean.error:.3f})"


def _gaps(variants: list[Variant], work: Path) -> str:
    rows = []
    lengths: list[int] = []
    for variant in variants:
        if (found := _kept(work, "gaps", variant)) is None:
            continue
        lengths = [each["length"] for each in found]
        said = [f"{math.exp(each['in_turn']):.1f}" for each in found]
        said += ["–" if each["at_once"] is None else f"{math.exp(each['at_once']):.1f}"
                 for each in found]  # fmt: skip
        rows.append([variant.label, *said])
    head = ["network", *(f"{each}, in turn" for each in lengths),
            *(f"{each}, at once" for each in lengths)]  # fmt: skip
    return _table("Perplexity of a token of a gap, by the gap's tokens", head, rows)


def _comparison(found: dict[str, Any]) -> str:
    one, two = (f"{each['name']}, n_ctx {each['n_ctx']:,}" for each in found["models"])
    rows = [
        [name, f"{each['tokens']:,}", f"{math.exp(each['loss']):.2f}",
         f"{math.exp(each['other']):.2f}", f"{each['difference']:+.4f} ± {each['error']:.4f}",
         f"{each['loss'] / each['other'] - 1:+.2%}"]
        for name, each in found["bins"].items()
    ]  # fmt: skip
    head = ["position", "tokens", one, two, "difference, nats", "of the loss"]
    return _table("Extended context, perplexity of a token by position", head, rows)


def _laws(variants: list[Variant], work: Path) -> str:
    rows = [
        [each.label, *(f"{value:.1g}" for value in found.values())]
        for each in variants
        if (found := _kept(work, "laws", each)) is not None
    ]
    head = ["kind", "future leak, float64", "chunked against whole, float64", "float32"]
    return _table("Laws, as largest differences", head, rows)


def _costs(costs: dict[Variant, dict[str, Any]]) -> str:
    rows = []
    lengths = _lengths(costs)
    for variant, cost in costs.items():
        cells = [
            _times(cost["training"], lengths), _times(cost["reading"], lengths),
            _times(cost["step"], lengths),
        ]  # fmt: skip
        rows.append([variant.label, *cells])
    by = " / ".join(f"{int(each):,}" for each in lengths)
    head = ["kind", f"training at {by}", f"reading on after {by}", f"one step after {by}"]
    return _table("Microseconds a token by length", head, rows)


def _growths(costs: dict[Variant, dict[str, Any]]) -> str:
    rows = []
    for variant, cost in costs.items():
        cells = [_growth(cost[what]) for what in ("training", "reading", "step")]
        asked = _FLAT.get(variant.name)
        peaks = [_growth(cost["peak"].get(what, {})) for what in ("training", "reading")]
        rows.append([variant.label, *map(_times_x, cells), *map(_times_x, peaks),
                     "–" if asked is None else f"{asked:g}"])  # fmt: skip
    head = ["kind", "time training", "time reading", "time of a step", "peak training",
            "peak reading", "asked of times"]  # fmt: skip
    lengths = _lengths(costs)
    span = f"{int(lengths[0]):,} to {int(lengths[-1]):,}" if lengths else ""
    title = f"Growth from {span} tokens: of the time a token, of the peak in all"
    return _table(title, head, rows)


def _kept_sizes(costs: dict[Variant, dict[str, Any]]) -> str:
    rows = []
    for variant, cost in costs.items():
        kept = cost["kept"]
        peak = [_mb(cost["peak"].get(what, {})) for what in ("training", "reading")]
        sizes = " / ".join(f"{value / 1e6:.2f}" for value in kept.values())
        rows.append([variant.label, f"{cost['parameters'] / 1e6:.2f}", sizes, *peak])
    head = ["kind", "million parameters", "kept, MB, by length", "peak training, MB, first / last",
            "peak reading, MB, first / last"]  # fmt: skip
    return _table("Memory", head, rows)


def _lengths(costs: dict[Variant, dict[str, Any]]) -> list[str]:
    return max((list(cost["training"]) for cost in costs.values()), key=len, default=[])


def _times(found: dict[str, float], lengths: list[str]) -> str:
    return " / ".join(f"{found[each]:,.0f}" if each in found else "–" for each in lengths)


def _growth(found: dict[str, float]) -> float | None:
    """Return how much more the longest takes than the shortest; None where one was measured."""
    values = list(found.values())
    return values[-1] / max(1e-9, values[0]) if len(values) > 1 else None


def _times_x(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}x"


def _mb(found: dict[str, float]) -> str:
    return " / ".join(f"{each / 1e6:.0f}" for each in found.values()) or "–"
