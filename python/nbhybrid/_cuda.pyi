"""Types of the extension of the CUDA devices."""

from typing import Any

from nbhybrid import _core

interface: str

def device_names() -> list[str]: ...
def device(index: int) -> _core.Device: ...
def device_of(address: int) -> int: ...
def free_bytes(device: int) -> int: ...
def copy_to_host(device: int, address: int, target: Any, stream: int) -> None: ...
def order_after(device: int, stream: int, other: int) -> None: ...
def wait_for(device: int, stream: int) -> None: ...
def counter_noise(
    device: int,
    means: int,
    is_double: bool,
    counts: int,
    seed: int,
    first_image: int,
    panel: int,
    images: int,
    pixels: int,
    stream: int,
) -> None: ...
