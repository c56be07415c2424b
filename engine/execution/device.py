"""Where arithmetic happens: the processor, or a GPU that torch knows."""

from __future__ import annotations

import torch

from engine.errors import DeviceError


def find_device(name: str) -> torch.device:
    """Return the device of that name; `auto` takes CUDA, then MPS, then the processor.

    Raises:
        DeviceError: it is not there; the message says what is.
    """
    if name == "auto":
        return torch.device(_available()[-1])
    available = _available()
    kind, _, number = name.partition(":")
    if kind not in available or kind not in ("cpu", "cuda", "mps") or (number and not number.isdigit()):
        fact = f"The device “{name}” is not there; this machine has {', '.join(available)}."
        raise DeviceError(fact, "Choose one of them, or auto.")
    if kind == "cuda" and int(number or 0) >= torch.cuda.device_count():
        fact = f"There is no “{name}”; this machine has {torch.cuda.device_count()} GPU(s), counted from 0."
        raise DeviceError(fact, "Choose one of them.")
    return torch.device(name)


def describe_device(device: torch.device) -> str:
    """Return a device's name as the report states it."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return str(device)


def is_out_of_memory(failure: BaseException) -> bool:
    """Tell whether a device has no memory left (MPS says so in a plain RuntimeError)."""
    if isinstance(failure, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(failure, RuntimeError) and "out of memory" in str(failure)


def free_cached_memory(device: torch.device) -> None:
    """Give back what torch keeps of a device's memory."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _available() -> list[str]:
    names = ["cpu"]
    if torch.backends.mps.is_available():
        names.append("mps")
    if torch.cuda.is_available():
        names.append("cuda")
    return names
