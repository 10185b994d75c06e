"""Model folders as they lie on a disk, with nothing in them that could be loaded."""

from pathlib import Path


def make_folder(path: Path, **files: int) -> Path:
    """Make a folder that looks like a model from outside; `files` are further ones and sizes."""
    path.mkdir(parents=True)
    for name, size in {"config.json": 2, "model.safetensors": 3000, "tokenizer.json": 10}.items():
        (path / name).write_bytes(b"w" * size)
    for name, size in files.items():
        (path / name).write_bytes(b"x" * size)
    return path


def make_snapshot(cache: Path) -> Path:
    """Make what the Hugging Face cache has of a model: links into the folder of its blobs."""
    model = cache / "models--somebody--novel"
    snapshot = model / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (model / "blobs").mkdir()
    for name, size in {"config.json": 2, "model.safetensors": 3000, "vocab.txt": 10}.items():
        (model / "blobs" / f"blob-{name}").write_bytes(b"b" * size)
        (snapshot / name).symlink_to(Path("../../blobs") / f"blob-{name}")
    return snapshot


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files beneath a folder and what they hold, links followed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
