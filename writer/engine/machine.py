"""The machine in words: everything beside model and precision that numbers come out otherwise with.

It is asked anew for each answer, as the number of threads can be changed at any time.
"""

from functools import cache

import torch

from writer.hardware import processor_name


def machine_name(device: torch.device, libraries: tuple[str, ...] = ()) -> str:
    """Return what works on `device`: processor, its vector units, threads, torch, more libraries.

    An accelerator's own name takes the processor's place.
    """
    threads = torch.get_num_threads()
    working = "1 thread" if threads == 1 else f"{threads} threads"
    return ", ".join((*_hardware(device), working, f"torch {torch.__version__}", *libraries))


@cache
def _hardware(device: torch.device) -> tuple[str, ...]:
    if device.type == "cuda":
        return (torch.cuda.get_device_name(device),)
    if device.type == "cpu":
        return processor_name(), torch.backends.cpu.get_cpu_capability()
    return f"{processor_name()} {device.type}", torch.backends.cpu.get_cpu_capability()
