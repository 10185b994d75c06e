"""`writer complete`: the continuations of a text's end, printed."""

import argparse
import json
import random
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from itertools import accumulate
from pathlib import Path
from unicodedata import east_asian_width

from writer.context.window import from_word_start, window_length
from writer.errors import ErrorKind, WriterError
from writer.manuscript.line_ends import split_line_ends
from writer.manuscript.text_file import read_text_file
from writer.model_choice import AUTOMATIC, suiting_model
from writer.settings import Machine, Precision, Sampling, about, checked
from writer.suggestion.request import Answer, Request

_THREADS = next(setting for setting in fields(Machine) if setting.name == "threads")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `complete` and a flag for each setting of `Sampling`."""
    parser = commands.add_parser(
        "complete",
        help="print continuations of a text's end",
        description="Print continuations of the end of a text.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  writer complete chapter.md --candidates 5 --seed 7",
    )
    parser.add_argument("file", nargs="?", default="-", help="a text file; - reads the input")
    for setting in fields(Sampling):
        words = about(setting)
        parser.add_argument(
            f"--{setting.name.replace('_', '-')}",
            type=type(setting.default),
            default=setting.default,
            metavar=words.technical.split()[-1].upper(),
            help=f"{words.help} ({setting.default:,}; {words.minimum:,g} to {words.maximum:,.10g})",
        )
    parser.add_argument(
        "--model",
        default=AUTOMATIC,
        help="a bundled model or a folder (%(default)s: by the text's language)",
    )
    parser.add_argument("--threads", type=int, default=0, help="0 = all cores but one (0 to 64)")
    parser.add_argument(
        "--precision",
        choices=[each.value for each in Precision],
        default=Precision.AUTO.value,
        help="what the model's numbers are kept in (%(default)s: the fastest here)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the continuations; return the exit status."""
    sampling = Sampling(
        **{  # type: ignore[arg-type]
            setting.name: checked(setting, getattr(arguments, setting.name))
            for setting in fields(Sampling)
        }
    )
    threads = int(checked(_THREADS, arguments.threads))
    # The line end that closes every text file is no paragraph that the writer has ended.
    request = make_request(_read(arguments.file).removesuffix("\n"), sampling)
    from writer.__main__ import load_engine

    name = suiting_model(request.before) if arguments.model == AUTOMATIC else arguments.model
    machine = Machine(threads=threads, precision=arguments.precision, model=name)
    engine = load_engine(machine)
    with closing(engine.stream(request)) as answers:
        if arguments.json:
            _print_json(_last(answers))
        elif sys.stdout.isatty():
            _print_growing(answers)
        else:
            _print_plain(_last(answers))
    return 0


def make_request(text: str, sampling: Sampling) -> Request:
    """Return the request for what follows `text`."""
    length = window_length(len(text), sampling.context_length)
    before = from_word_start(text[len(text) - length :], at_start=length >= len(text))
    seed = sampling.seed or random.randrange(1, 2**31)
    return Request(0, len(text), before, "", sampling, seed)


def _read(file: str) -> str:
    if file != "-":
        return read_text_file(Path(file)).text
    try:
        return split_line_ends(sys.stdin.buffer.read().decode("utf-8-sig"))[0]
    except UnicodeDecodeError as error:
        raise WriterError(
            ErrorKind.FILE_UNREADABLE, path="standard input", reason="it is not UTF-8"
        ) from error


def _last(answers: Iterator[Answer]) -> Answer:
    *_, last = answers
    return last


def _print_plain(answer: Answer) -> None:
    for number, candidate in enumerate(answer.candidates, 1):
        print(f"{number}. {candidate.text.strip()}")


def _print_json(answer: Answer) -> None:
    found = {
        "seed": answer.request.seed,
        "tokens_read": answer.tokens_read,
        "candidates": [
            {"text": each.text, "mean_logprob": round(each.mean_logprob, 4)}
            for each in answer.candidates
        ],
    }
    print(json.dumps(found, ensure_ascii=False, indent=2))


def _print_growing(answers: Iterator[Answer]) -> None:
    """Write the candidates over and over in place, as they grow."""
    shown = 0
    for answer in answers:
        if shown:
            print(f"\033[{shown}A\033[J", end="")
        width = shutil.get_terminal_size().columns
        lines = [
            f"{number}. {' '.join(candidate.text.split())}"
            for number, candidate in enumerate(answer.candidates, 1)
        ]
        # While they grow a line each, so that going back up finds the first one.
        for line in lines:
            print(line if answer.done else _cut(line, width - 1))
        shown = len(lines)


def _cut(line: str, columns: int) -> str:
    """Return what of `line` fits; East Asian letters take two columns."""
    ends = accumulate(2 if east_asian_width(letter) in "WF" else 1 for letter in line)
    return line[: sum(end <= columns for end in ends)]
