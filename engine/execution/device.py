"""Where arithmetic happens: the processor, or a GPU that torch knows."""

from __future__ import annotations

import re

import torch

from engine.errors import DeviceError

_DEVICE_NAME = re.compile(r"(cpu|cuda|mps)(:(0|[1-9][0-9]?))?")
"""As torch reads them; no machine has a hundred."""


def find_device(name: str) -> torch.device:
    """Return the device of that name; `auto` takes CUDA, then MPS, then the processor.

    Raises:
        DeviceError: it is not there; the message says what is.
    """
    if name == "auto":
        return torch.device(list_devices()[0])
    available = list_devices()[::-1]
    kind, _, number = name.partition(":")
    if kind not in available or not _DEVICE_NAME.fullmatch(name):
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


def wait_for(device: torch.device) -> None:
    """Wait until a device has done what this thread asked of it: the host's memory that it read may be written again."""
    if device.type == "cuda":
        torch.cuda.current_stream(device).synchronize()
    elif device.type == "mps":
        torch.mps.synchronize()


def free_cached_memory(device: torch.device) -> None:
    """Give back what torch keeps of a device's memory."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def list_devices() -> tuple[str, ...]:
    """Return the kinds of devices that torch finds here, the preferred one first; the processor is always among them."""
    names = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        names.append("mps")
    return (*names, "cpu")
