"""Loads a large library before it is imported, without stopping the window.

An import loads it with the interpreter to itself: 140 ms for torch, 80 ms for rjieba, in which no
key is taken. A foreign call gives the interpreter away while it lasts, and the import then finds
the library in memory.
"""

import ctypes
import importlib.util
import os
import sys
from pathlib import Path


def preload_torch() -> None:
    """Load what `import torch` will need; it must not be imported for that."""
    preload("torch", f"lib/libtorch_cpu.{'dylib' if sys.platform == 'darwin' else 'so'}")


def preload(package: str, library: str) -> None:
    """Load a library of `package`, by its path within it, where the system has `dlopen`.

    Where it has not, or the library is elsewhere, the import will do it.
    """
    spec = importlib.util.find_spec(package)
    if sys.platform == "win32" or spec is None or not spec.submodule_search_locations:
        return
    path = Path(spec.submodule_search_locations[0]) / library
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    dlopen(os.fsencode(path), os.RTLD_NOW)  # should it fail, the import will say why
