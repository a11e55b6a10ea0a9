"""An experiment in the core, made ready on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid.arrays import DeviceBuffer
from nbhybrid.devices import open_device
from nbhybrid.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from nbhybrid.experiment import Experiment


class Prepared:
    """The panels of an experiment, made ready on a device, through which they go together."""

    def __init__(self, experiment: Experiment, threads: int, engine: str, device: str) -> None:
        self._threads = threads
        self._cores = [_core.Simulator(core, threads, engine == "fast") for core in experiment._cores]
        self._set: _core.DeviceSet | None = None
        opened = open_device(device)
        if opened is None:
            return
        if len(self._cores) == 1:
            self._cores[0].use_device(opened)
        else:
            self._set = _core.DeviceSet(self._cores, opened)

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """What the panels have to say: names and texts."""
        return [pair for core in self._cores for pair in core.warnings]

    def long_run(self, experiment: Experiment) -> list[tuple[str, str]]:
        """Return the warning that the images of all panels will take hours, if so."""
        return self._cores[0].long_run(experiment._cores[0], self._threads, len(self._cores))

    def blank_images(self, images: Sequence[Any]) -> list[tuple[str, str]]:
        """Return the warning that no panel's image, in the host's memory, holds anything, if so."""
        found = [core.blank_image(image) for core, image in zip(self._cores, images, strict=True)]
        return found[0] if all(found) else []

    @property
    def only(self) -> _core.Simulator:
        """The simulator of a detector of one panel."""
        if len(self._cores) > 1:
            raise ModelError(f"the detector has {len(self._cores)} panels, expected one: simulate a panel alone for it")
        return self._cores[0]

    def run(self, targets: Sequence[npt.NDArray[Any] | DeviceBuffer], watch: Callable[[float], bool] | None) -> None:
        """Render each panel into its memory, which is the device's for all of them or for none."""
        buffers = [memory for memory in targets if isinstance(memory, DeviceBuffer)]
        if buffers:
            self._run_on_device(buffers, watch)
        elif self._set is not None:
            self._set.run(targets, self._threads, watch)
        else:
            for core, memory in zip(self._cores, targets, strict=True):
                core.run(memory, self._threads, watch)

    def _run_on_device(self, buffers: list[DeviceBuffer], watch: Callable[[float], bool] | None) -> None:
        first, *others = buffers
        with first.work(*others):
            if self._set is not None:
                self._set.run_on_device([buffer.address for buffer in buffers], first.stream, self._threads, watch)
            else:
                self._cores[0].run_on_device(first.address, first.stream, self._threads, watch)
