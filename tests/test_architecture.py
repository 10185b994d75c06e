"""The house's rooms and the directions of its arrows, read from the imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "writer").rglob("*.py"))
PURE = {"manuscript", "context", "suggestion", "shelf"}
TORCH = {"engine", "transformer", "checkpoints", "training"}
PURE_LIBRARIES = {
    "writer",
    "charset_normalizer",
    "docx",
    "platformdirs",
    "psutil",
    "pypandoc",
    "rjieba",
    "tomli_w",
    "tomlkit",
}
ALLOWED = {
    "manuscript": {"manuscript"},
    "context": {"context"},
    "suggestion": {"suggestion"},
    "shelf": {"shelf", "manuscript"},
    "transformer": {"transformer"},
    "checkpoints": {"checkpoints", "transformer", "shelf"},
    "engine": {"engine", "checkpoints", "transformer", *PURE},
    "training": {"training", "checkpoints", "transformer", *PURE},
    "commands": {"commands", *TORCH, *PURE},
    "ui": {"ui", *PURE},
}


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "writer").parts[0]


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: say whole names"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_the_way_of_the_arrows(path):
    room = room_of(path)
    imported = imports_of(path)
    libraries = {name.split(".")[0] for name in imported}
    rooms = {name.split(".")[1] for name in imported if name.startswith("writer.")}
    assert "PySide6" not in libraries or room == "ui"
    assert "torch" not in libraries or room in TORCH | {"commands"}
    if room in PURE or path.parent == ROOT / "writer":
        assert libraries <= PURE_LIBRARIES | sys.stdlib_module_names
    if room in ALLOWED:
        assert rooms & ALLOWED.keys() <= ALLOWED[room]


def test_the_window_can_be_imported_without_torch():
    code = "import sys, writer.ui.app; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_short_and_named_after_a_subject(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
    assert path.stem not in {"utils", "util", "helpers", "helper", "misc", "common"}
