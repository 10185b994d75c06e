from enum import Enum

from writer.manuscript.notice import Notice


class Weather(Enum):
    RAIN = "It rains in {place}."


def test_a_notice_says_its_sentence_and_is_a_value():
    notice = Notice(Weather.RAIN, {"place": "Ghent"})
    assert str(notice) == "It rains in Ghent."
    assert notice == Notice(Weather.RAIN, {"place": "Ghent"})
    assert notice != Notice(Weather.RAIN, {"place": "Brno"})
    assert {notice, Notice(Weather.RAIN, {"place": "Ghent"})} == {notice}
