"""How fast a model continues a text here: a standard request, as a novelist's pauses make it."""

import time
from collections.abc import Callable
from contextlib import closing
from statistics import median

from writer.checkpoints.tokenizer import Tokenizer
from writer.engine.engine import Engine
from writer.settings import Sampling
from writer.suggestion.request import Answer, Request

TEXT_TOKENS = 200
"""Before the cursor, about."""
_CANDIDATES, _LENGTH = 5, 24
_RUNS = 3
_ENGLISH = (
    "The house stood at the end of the road, where the trees came down to the water. Nobody had "
    "lived there for many years, and the children of the village said that on winter nights a "
    "light could be seen in the upper window. Anna did not believe them. She had come back for "
    "the first time since her mother died, with one small bag and the old key in her pocket, and "
    "she wanted nothing more than to sit down by a fire and not to speak to anyone until the "
    "morning. The door was not locked. Inside it was cold, and it smelled of dust and apples. She "
    "put the bag on the floor, and stood still, and listened. Somewhere above her a board moved, "
    "as if a man had put his foot on it with great care. She thought of the road behind her, and "
    "of the boat that would not go again before Monday. Then she took the lamp from the table, "
    "and went to the stairs, and said in a voice that was almost quiet that she knew that he was "
    "there, and that he had better come down, because she"
)
_CHINESE = (
    "那座房子在路的尽头，树林一直长到水边。许多年来没有人住在那里，村里的孩子们说，冬天的夜里，"
    "楼上的窗户会有灯光。她不相信他们的话。母亲去世以后，她第一次回来，只带着一个小小的包，口袋里"
    "放着旧钥匙。她什么也不想要，只想在火边坐下来，到天亮以前不和任何人说话。门没有锁。屋里很冷，"
    "有灰尘和苹果的味道。她把包放在地上，站着不动，听了一会儿。楼上的木板响了一声，好像有一个人"
    "小心地把脚放了上去。她想起身后的路，想起星期一以前不会再开的船。然后她从桌上拿起灯，走到楼梯"
    "前面，用几乎平静的声音说，她知道他在那里，他最好自己下来，因为她"
)


def tokens_per_second(
    engine: Engine, on_progress: Callable[[float], None] = lambda share: None
) -> float:
    """Return how many tokens `engine` says in a second, in all its candidates together.

    Five candidates of at most 24 tokens behind a text of about 200 that has been read before, as
    the text before the cursor has when its writer pauses; the median of three.

    Args:
        engine: It must be doing nothing else.
        on_progress: Told the share that is done, between two tokens; what it raises ends all.
    """
    text = standard_text(engine.tokenizer)
    found = []
    for run in range(_RUNS + 1):
        answers, seconds = _answered(engine, text, run, on_progress)
        if run:  # the first one reads the text, and prepares kernels
            found.append(_said(answers, engine.tokenizer) / seconds)
    on_progress(1.0)
    return median(found)


def standard_text(tokenizer: Tokenizer) -> str:
    """Return a text of common words of about `TEXT_TOKENS` tokens, English or Chinese.

    It is the one that takes fewer tokens for its length, what is lost in them counted as well.
    """

    def cost(text: str) -> float:
        tokens = len(tokenizer.encode(text)) + tokenizer.lost(text)
        return tokens / len(text.encode("utf-8"))

    text = min(_ENGLISH, _CHINESE, key=cost)
    length = max(1, len(tokenizer.encode(text)))
    return text if length <= TEXT_TOKENS else text[-(len(text) * TEXT_TOKENS // length) :]


def _answered(
    engine: Engine, text: str, run: int, on_progress: Callable[[float], None]
) -> tuple[list[Answer], float]:
    """Return the answers to a standard request, and the seconds until the last one."""
    sampling = Sampling(candidates=_CANDIDATES, length=_LENGTH)
    request = Request(0, len(text), text, "", sampling, seed=run + 1)
    answers: list[Answer] = []
    started = time.perf_counter()
    with closing(engine.stream(request)) as stream:
        for answer in stream:
            answers.append(answer)
            on_progress((run + min(len(answers) / _LENGTH, 1.0)) / (_RUNS + 1))
    return answers, time.perf_counter() - started


def _said(answers: list[Answer], tokenizer: Tokenizer) -> int:
    """Return how many tokens the candidates have at their longest: the last answer trims them."""
    longest: dict[int, str] = {}
    for answer in answers:
        for candidate in answer.candidates:
            if len(candidate.text) > len(longest.get(candidate.number, "")):
                longest[candidate.number] = candidate.text
    return sum(len(tokenizer.encode(text)) for text in longest.values())
