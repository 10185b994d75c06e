import random
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.manuscript.history.seeds import for_seeds
from writer.manuscript.history.thinning import kept

NOW = datetime(2026, 11, 24, 15, 2, 30, tzinfo=UTC)


def _times(chance, now=NOW):
    ages = []
    for _ in range(chance.randrange(200)):
        longest = chance.choice((600, 3600, 86400, 30 * 86400, 500 * 86400))
        ages.append(chance.random() * longest)
    return {str(at): now - timedelta(seconds=age) for at, age in enumerate(ages)}


@for_seeds(50)
def test_thinning_twice_is_thinning_once(seed):
    times = _times(random.Random(seed))
    stay = kept(times, NOW)
    assert stay <= times.keys()
    assert kept({id: times[id] for id in stay}, NOW) == stay


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-7))])
@pytest.mark.parametrize("seed", range(20))
def test_thinning_often_leaves_what_thinning_once_does(seed, zone):
    chance = random.Random(seed)
    times = _times(chance)
    now = NOW.astimezone(zone)
    moments = sorted(now - timedelta(seconds=chance.random() * 40 * 86400) for _ in range(60))
    left = {}
    for before, moment in zip([datetime.min.replace(tzinfo=UTC), *moments], moments, strict=False):
        left |= {id: time for id, time in times.items() if before < time <= moment}
        left = {id: left[id] for id in kept(left, moment)}
    left |= {id: time for id, time in times.items() if time > moments[-1]}
    assert kept(left, now) == kept(times, now)


@for_seeds(50)
def test_newest_and_oldest_stay_and_no_period_loses_all(seed):
    times = _times(random.Random(seed))
    stay = {times[id] for id in kept(times, NOW)}
    if not times:
        assert not stay
        return
    assert {min(times.values()), max(times.values())} <= stay
    for time in times.values():
        age = NOW - time
        reach = (
            timedelta(minutes=1) if age < timedelta(minutes=10)
            else timedelta(minutes=10) if age < timedelta(hours=1)
            else timedelta(hours=1) if age < timedelta(days=1)
            else timedelta(days=1) if age < timedelta(days=30)
            else timedelta(weeks=1)
        )  # fmt: skip
        assert any(time <= other < time + reach for other in stay)


def test_a_year_of_snapshots_every_minute_of_a_working_day_becomes_a_few():
    times = {
        f"{day} {minute}": NOW - timedelta(days=day, minutes=minute)
        for day in range(365)
        for minute in range(0, 480, 1 if day < 2 else 60)
    }
    stay = kept(times, NOW)
    ages = [NOW - times[id] for id in stay]
    assert sum(age < timedelta(minutes=10) for age in ages) == 10
    assert 5 <= sum(timedelta(minutes=10) <= age < timedelta(hours=1) for age in ages) <= 6
    assert 6 <= sum(timedelta(hours=1) <= age < timedelta(days=1) for age in ages) <= 9
    assert 28 <= sum(timedelta(days=1) <= age < timedelta(days=30) for age in ages) <= 31
    assert 46 <= sum(age >= timedelta(days=30) for age in ages) <= 50


def test_a_clock_that_was_set_back_loses_nothing_of_the_future():
    times = {str(at): NOW + timedelta(minutes=at) for at in range(100)}
    assert kept(times, NOW) == times.keys()
