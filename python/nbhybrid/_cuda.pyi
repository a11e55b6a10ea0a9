from nbhybrid import _core

def device_names() -> list[str]: ...
def device(index: int) -> _core.Device: ...
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
