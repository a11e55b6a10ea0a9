"""The way into the core: experiments made ready on a device, and the one request that renders them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid.arrays import DeviceBuffer
from nbhybrid.devices import open_device

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from nbhybrid.experiment import Experiment

    # Checked arrays, of the host or of a device.
    Memory = npt.NDArray[Any] | DeviceBuffer


def prepare(experiment: Experiment, threads: int, engine: str, device: str) -> _core.Simulator:
    """Return the panels of an experiment, made ready on a device, through which they go together."""
    simulator = _core.Simulator(experiment._cores, threads, engine == "fast")
    opened = open_device(device)
    if opened is not None:
        simulator.use_device(opened)
    return simulator


def render(
    plans: _core.Simulator | _core.Batch,
    memory: Sequence[Memory],
    *,
    threads: int,
    watch: Callable[[float], bool] | None = None,
    pixels: npt.NDArray[Any] | None = None,
) -> _core.Rendered:
    """Render into memory, which is the device's for all images or for none.

    Parameters
    ----------
    plans : _core.Simulator or _core.Batch
        Of the images; on the device to whose memory they go, if they go to one's.
    memory : sequence of numpy.ndarray or DeviceBuffer
        One for each image, or one for all of them.
    threads : int
    watch : callable, optional
        As for `Simulator.run`.
    pixels : numpy.ndarray of int32, (n, 2), optional
        These alone, of the only image.
    """
    buffers = [each for each in memory if isinstance(each, DeviceBuffer)]
    if not buffers:
        return _core.render(plans, _core.Memory(memory), pixels=pixels, threads=threads, watch=watch)
    first, *others = buffers
    with first.work(*others):
        where = _core.Memory.on_device([buffer.address for buffer in buffers], first.stream)
        return _core.render(plans, where, pixels=pixels, threads=threads, watch=watch)
