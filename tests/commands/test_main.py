import pytest

from writer import __version__
from writer.__main__ import main


def said(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main([*arguments])
    assert caught.value.code == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_version(capsys):
    assert said(capsys, "--version") == f"Writer {__version__}\n"


def test_help_reads_well(capsys):
    out = said(capsys, "--help")
    for word in ("writer [FILE]", "complete", "train", "--version", "Tab"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("command", ["complete", "train"])
def test_each_command_has_its_own_help(command, capsys):
    out = said(capsys, command, "--help")
    assert out.startswith(f"usage: writer {command}")
    assert "None" not in out


def test_an_unknown_flag_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--nonsense"])
    assert caught.value.code == 2
    assert "--nonsense" in capsys.readouterr().err
