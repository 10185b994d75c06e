"""Replay: the same request once more, for what was taken from its answer.

It says the same where the engine's `identity` is what it was; see `blocks` for why that is so.
"""

from contextlib import closing

from writer.engine.engine import Engine
from writer.suggestion.replay import replay_of
from writer.suggestion.request import Request


def replay(engine: Engine, request: Request, number: int) -> str:
    """Return the continuation of this number in the last answer; empty where there is none.

    Raises:
        WriterError: MODEL_DAMAGED, as from `Engine.stream`.
    """
    with closing(engine.stream(request)) as answers:
        found = replay_of(answers)
    return found.text(number) if found else ""
