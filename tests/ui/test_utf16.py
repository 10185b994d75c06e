import pytest

from writer.ui.utf16 import UnitMap, cut, units

TEXTS = ["", "plain", "a😀b😀😀c", "😀", "雨\u00a0x𠀀y"]


@pytest.mark.parametrize("text", TEXTS)
def test_places_convert_there_and_back(text):
    converted = UnitMap(text)
    for place in range(len(text) + 1):
        unit = units(text[:place])
        assert converted.to_units(place) == unit
        assert converted.to_code_points(unit) == place


@pytest.mark.parametrize("text", TEXTS)
def test_cutting_counts_units(text):
    for start in range(len(text) + 1):
        for end in range(start, len(text) + 1):
            assert cut(text, units(text[:start]), units(text[:end])) == text[start:end]
