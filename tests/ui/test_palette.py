import pytest

from writer.places import resources
from writer.ui.palette import Palette, contrast, load_palette


@pytest.fixture(params=["light", "dark"])
def palette(request: pytest.FixtureRequest) -> Palette:
    return load_palette(resources() / "themes", request.param)


def test_what_is_read_stands_out_from_what_it_is_on(palette):
    assert contrast(palette.ink, palette.paper) >= 7
    assert contrast(palette.ink, palette.panel) >= 7
    assert contrast(palette.on_accent, palette.accent) >= 4.5
    for ground in (palette.paper, palette.panel, palette.hover):
        assert contrast(palette.faint, ground) >= 4.5
        assert contrast(palette.error, ground) >= 4.5
    for ground in (palette.paper, palette.panel):
        assert contrast(palette.accent, ground) >= 4.5
        assert contrast(palette.focus, ground) >= 3


def test_a_ghost_can_be_read_and_is_not_taken_for_ink(palette):
    assert contrast(palette.ghost, palette.paper) >= 4.5
    assert contrast(palette.ghost, palette.ink) >= 2.5


def test_the_look_s_own_colours():
    light, dark = (load_palette(resources() / "themes", name) for name in ("light", "dark"))
    assert (light.paper, light.ink, light.accent) == ("#FBFAF6", "#24211C", "#A8502C")
    assert (dark.paper, dark.ink, dark.accent) == ("#1C1B19", "#DAD5CA", "#D98A5F")
    assert (light.is_dark, dark.is_dark) == (False, True)


def test_a_theme_that_names_too_little_is_refused(tmp_path):
    (tmp_path / "half.toml").write_text('name = "half"\nis_dark = false\n', encoding="utf-8")
    with pytest.raises(TypeError, match="paper"):
        load_palette(tmp_path, "half")
