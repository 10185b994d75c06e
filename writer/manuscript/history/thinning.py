"""Which snapshots stay as they grow old: a function of their times, nothing else."""

from collections.abc import Mapping
from datetime import datetime, timedelta

_EPOCH = datetime(1, 1, 1)  # a Monday, so that weeks begin on Mondays
_PERIODS = (
    (timedelta(minutes=10), timedelta(minutes=1)),
    (timedelta(hours=1), timedelta(minutes=10)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=30), timedelta(days=1)),
)
"""(younger than this, the last of each such period stays), and of what is older, each week's."""
_WEEK = timedelta(weeks=1)


def kept(times: Mapping[str, datetime], now: datetime) -> set[str]:
    """Return the ids that stay: the oldest, and of every period the last.

    A period is a minute, ten, an hour, a day or a week of the clock in the zone of `now`, the
    longer the older a snapshot is. Each period lies within the next longer one, so that thinning
    often leaves what thinning once does. The times know their zones, too.
    """
    if not times:
        return set()
    ordered = sorted(times, key=lambda id: (times[id], id))
    last: dict[tuple[timedelta, int], str] = {}
    for id in ordered:
        for period in (_WEEK, *(period for _, period in _PERIODS)):
            last[period, _number(times[id], period, now)] = id
    stay = {ordered[0]}
    for id in ordered:
        period = _period(now - times[id])
        if last[period, _number(times[id], period, now)] == id:
            stay.add(id)
    return stay


def _period(age: timedelta) -> timedelta:
    return next((period for limit, period in _PERIODS if age < limit), _WEEK)


def _number(time: datetime, period: timedelta, now: datetime) -> int:
    """Return the number of the period that `time` lies in."""
    local = time.astimezone(now.tzinfo).replace(tzinfo=None)
    return (local - _EPOCH) // period
