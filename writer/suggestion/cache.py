"""The answers given lately, so that coming back to a place asks for nothing."""

from collections import OrderedDict

from writer.suggestion.request import Answer, Request


class AnswerCache:
    """Finished answers by all that decides them; the least recently used one goes first."""

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[object, Answer] = OrderedDict()

    def put(self, answer: Answer) -> None:
        """Keep a finished answer."""
        self._answers[answer.request.key] = answer
        self._answers.move_to_end(answer.request.key)
        if len(self._answers) > self._capacity:
            self._answers.popitem(last=False)

    def clear(self) -> None:
        """Forget all answers."""
        self._answers.clear()

    def get(self, request: Request) -> Answer | None:
        """Return the answer to an equal request, or None."""
        answer = self._answers.get(request.key)
        if answer is not None:
            self._answers.move_to_end(request.key)
        return answer
