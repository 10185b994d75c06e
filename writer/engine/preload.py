"""Loads torch's largest library before torch is imported, without stopping the window.

The import would load it with the interpreter to itself: 140 ms and more in which no key is taken.
A foreign call gives the interpreter away while it lasts, and the import then finds the library in
memory. It must not import torch.
"""

import ctypes
import importlib.util
import os
import sys
from pathlib import Path


def preload_torch() -> None:
    """Load torch's libraries where the system has `dlopen`; elsewhere the import will."""
    spec = importlib.util.find_spec("torch")
    if sys.platform == "win32" or spec is None or not spec.submodule_search_locations:
        return
    suffix = "dylib" if sys.platform == "darwin" else "so"
    library = Path(spec.submodule_search_locations[0]) / "lib" / f"libtorch_cpu.{suffix}"
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    dlopen(os.fsencode(library), os.RTLD_NOW)  # should it fail, the import will say why
