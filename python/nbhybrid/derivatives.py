"""Derivatives of images by the parameters of their experiment, on arrays that have been checked."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid.arrays import is_on_cuda, pixel_places, take
from nbhybrid.devices import CPU
from nbhybrid.errors import DeviceError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from nbhybrid.experiment import Experiment

    Watch = Callable[[float], bool] | None


@dataclasses.dataclass(frozen=True)
class Parameter:
    """What images may be differentiated by.

    Attributes
    ----------
    path : str
        The dotted path of the experiment's field, such as ``"crystal.cell"``.
    shape : tuple of int
        Of its value; ``()`` for a number.
    unit : str
        In which a derivative is "per unit"; empty for a number without one.
    refusal : str
        Why this experiment has no derivative by it; empty if it has.
    """

    path: str
    shape: tuple[int, ...]
    unit: str
    refusal: str = ""

    def __bool__(self) -> bool:
        return not self.refusal


class Differentiator:
    """The derivatives of the images of a prepared experiment.

    Parameters
    ----------
    experiment : Experiment
    prepared : _core.Simulator
        On the processor.
    threads : int
    """

    def __init__(self, experiment: Experiment, prepared: _core.Simulator, threads: int) -> None:
        self._experiment = experiment
        self._threads = threads
        self._has_panels = experiment.detector.panels is not None
        self._core = _core.Derivatives(prepared, experiment._cores, self._has_panels)
        found = [Parameter(path, tuple(shape), unit, refusal) for path, shape, unit, refusal in self._core.parameters]
        self.parameters: dict[str, Parameter] = {each.path: each for each in found}

    def parameter(self, path: Any, where: str) -> Parameter:
        """Return a parameter that this experiment has.

        Raises
        ------
        ModelError
            If there is none of this path, with what may be meant; or why it cannot be had here.
        """
        if not isinstance(path, str):
            from nbhybrid.fields import shown

            raise ModelError(f"{where}: found {shown(path)}, expected dotted paths such as 'crystal.cell'")
        try:
            self._core.check(path)
        except ModelError as error:
            raise ModelError(f"{where}: {error}") from None
        return self.parameters[path]

    def vjp(self, upstream: Any, wrt: Sequence[str], watch: Watch) -> dict[str, npt.NDArray[np.float64]]:
        """Return what `Simulator.vjp` does."""
        wanted = self._paths(wrt)
        weights = self._upstream(upstream)
        sums = self._core.vjp(weights, [each.path for each in wanted], self._threads, watch)
        return {each.path: values.reshape(each.shape) for each, values in zip(wanted, sums, strict=True)}

    def jvp(self, directions: Mapping[str, Any], watch: Watch) -> Any:
        """Return what `Simulator.jvp` does."""
        if not hasattr(directions, "items") or not directions:
            raise ModelError("directions: expected a dict of paths and values, such as {'crystal.misset_deg': (1, 0, 0)}")
        steps = []
        for path, values in directions.items():
            parameter = self.parameter(path, "directions")
            steps.append((parameter.path, take(values, f"directions[{path!r}]", parameter.shape).reshape(-1).tolist()))
        slopes = self._images()
        self._core.jvp(steps, [], slopes, self._threads, watch)
        return slopes if self._has_panels else slopes[0]

    def images(self, watch: Watch) -> Any:
        """Return the images before they are rounded to float32."""
        values, slopes = self._images(), self._images()
        self._core.jvp([], values, slopes, self._threads, watch)
        return values if self._has_panels else values[0]

    def jacobian(self, wrt: Sequence[str], pixels: Any, watch: Watch) -> dict[str, npt.NDArray[np.float64]]:
        """Return what `Simulator.jacobian` does."""
        import numpy as np

        wanted = self._paths(wrt)
        if len(self._experiment.shapes) > 1:
            raise ModelError(f"the detector has {len(self._experiment.shapes)} panels, expected one: take a panel alone for it")
        of_image = self._experiment.shapes[0]
        places = None if pixels is None else pixel_places(pixels, "pixels", of_image)
        shape = of_image if places is None else (len(places),)
        columns = sum(int(np.prod(each.shape)) for each in wanted)
        values, slopes = np.zeros(shape), np.zeros((*shape, columns))
        self._core.jacobian(0, places, [each.path for each in wanted], values, slopes, self._threads, watch)
        result, begin = {}, 0
        for each in wanted:
            end = begin + int(np.prod(each.shape))
            result[each.path] = slopes[..., begin:end].reshape(*shape, *each.shape)
            begin = end
        return result

    def _paths(self, wrt: Sequence[str]) -> list[Parameter]:
        if isinstance(wrt, str) or not hasattr(wrt, "__iter__"):
            raise ModelError(f"wrt: found {wrt!r}, expected a list of paths, such as ['crystal.cell']")
        wanted = [self.parameter(path, "wrt") for path in wrt]
        twice = next((each.path for i, each in enumerate(wanted) if each in wanted[:i]), None)
        if twice:
            raise ModelError(f"wrt: found {twice} twice, expected each path once")
        return wanted

    def _upstream(self, upstream: Any) -> list[npt.NDArray[Any]]:
        shapes = self._experiment.shapes
        if not self._has_panels:
            return [take(upstream, "upstream", shapes[0], "float64")]
        if not isinstance(upstream, (list, tuple)) or len(upstream) != len(shapes):
            raise ModelError(f"upstream: expected a list of {len(shapes)} arrays, one for each panel")
        return [
            take(each, f"upstream[{i}]", shape, "float64") for i, (each, shape) in enumerate(zip(upstream, shapes, strict=True))
        ]

    def _images(self) -> list[npt.NDArray[np.float64]]:
        import numpy as np

        return [np.zeros(shape) for shape in self._experiment.shapes]


def check_device(device: str | None, **arrays: Any) -> None:
    """Refuse devices on which there are no derivatives.

    Raises
    ------
    DeviceError
    """
    there = next((name for name, array in arrays.items() if is_on_cuda(array)), None)
    if device not in (None, CPU) or there:
        what = f"device {device}" if device not in (None, CPU) else f"{there} on a CUDA device"
        raise DeviceError(f"found {what}, and derivatives are computed on the processor: expected device cpu")
