"""Simulations: an experiment made ready to be rendered, any number of times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbhybrid import _core
from nbhybrid.arrays import ArrayTypeError, kind_of, out_buffer, rotation_matrices, take
from nbhybrid.cores import usable_cores
from nbhybrid.device_arrays import DeviceBuffer, device_buffer, is_on_cuda
from nbhybrid.devices import CPU, is_device, number_of, open_device
from nbhybrid.engines import ENGINES, missing
from nbhybrid.errors import ModelError
from nbhybrid.experiment import Experiment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    from nbhybrid.traces import Trace


class Simulator:
    """An experiment made ready to be rendered.

    Parameters
    ----------
    experiment : Experiment
    engine : {"exact", "fast"}
        ``"exact"``: the reference's bits. ``"fast"``: a relative error of at most 3e-6 in pixels brighter than a millionth of the
        brightest; runs that cannot be had that way are exact. On the processor traces are always exact.
    semantics : str, optional
        Instead of the experiment's own.
    device : str
        ``"cpu"``, ``"cuda"`` or ``"cuda:1"`` and so on. The exact engine gives the same bits on all of them. Runs that a device
        cannot take are rendered by the processor, and a warning says why.
    threads : int, optional
        By default the cores this process may use. The image does not depend on it.

    Raises
    ------
    ModelError
        For an engine or a kind of device that is not there.
    DeviceError
        If there is no such device, or it has too little memory.

    Notes
    -----
    Any number of Python threads may run one simulator at once, each into an image of its own; the interpreter is free meanwhile.
    """

    def __init__(
        self,
        experiment: Experiment,
        *,
        engine: Literal["exact", "fast"] = "exact",
        semantics: str | None = None,
        device: str = "cpu",
        threads: int | None = None,
    ) -> None:
        _check_way(engine, device)
        if threads is not None and threads < 1:
            raise ModelError(f"threads: found {threads!r}, expected a number above zero")
        self.experiment = experiment if semantics is None else experiment.replace(semantics=semantics)
        self.engine = engine
        self.device = device
        self.threads = threads or usable_cores()
        self._cores = self._prepared()

    def _prepared(self) -> list[_core.Simulator]:
        cores = [_core.Simulator(core, self.threads, self.engine == "fast") for core in self.experiment._cores]
        for core in cores:
            device = open_device(self.device)
            if device is not None:
                core.use_device(device)
        return cores

    @property
    def warnings(self) -> list[str]:
        """Those of the experiment, and where the state that the reference carries along changes the image."""
        return list(dict.fromkeys([*self.experiment.warnings, *(line for core in self._cores for line in core.warnings)]))

    def run(self, out: Any = None, *, watch: Callable[[float], bool] | None = None) -> Any:
        """Render the image.

        Parameters
        ----------
        out : array or tensor of float32, (slow, fast), optional
            Where to write; C-contiguous and writeable. It is returned. For several panels: a list of them, or one flat array
            in which each panel begins at `Experiment.offsets`. For a simulator on a CUDA device it may lie in the device's memory
            (a tensor of torch, an array of CuPy, for a detector of one panel): then nothing is copied to the host, and the work
            is done in the order of the caller's current stream.
        watch : callable, optional
            Called about twenty times a second with the share of the work done, 0 to 1; returns False to stop.

        Returns
        -------
        numpy.ndarray of float32, (slow, fast), or `out`
            Photons in each pixel; pixels outside the region or masked are 0. For several panels, a list of arrays.

        Raises
        ------
        Interrupted
            If `watch` said so.
        ArrayTypeError, ArrayValueError
            If `out` does not fit.
        """
        if out is not None and is_on_cuda(out):
            self._run_on_device(out, watch)
            return out
        targets = self._targets(out)
        for core, target in zip(self._cores, targets, strict=True):
            core.run(target, self.threads, watch)
        if out is not None:
            return out
        return targets if self.experiment.detector.panels is not None else targets[0]

    def _device_buffer(self, out: Any, shape: tuple[int, ...]) -> DeviceBuffer:
        """Return memory of this simulator's device to write into."""
        if self._single.device == CPU:
            why = "a simulator on cpu" if self.device == CPU else "; ".join(self._single.warnings)
            raise ArrayTypeError(f"out: expected an array in the host's memory, got one on cuda for {why}")
        return device_buffer(out, "out", shape, device=number_of(self.device))

    def _run_on_device(self, out: Any, watch: Callable[[float], bool] | None) -> None:
        buffer = self._device_buffer(out, self.experiment.shape)
        self._single.run_on_device(buffer.address, buffer.stream, self.threads, watch)

    def _targets(self, out: Any) -> list[npt.NDArray[np.float32]]:
        """Return the array that each panel is written to."""
        shapes = self.experiment.shapes
        if out is None:
            import numpy as np

            return [np.empty(shape, np.float32) for shape in shapes]
        if self.experiment.detector.panels is None:
            return [out_buffer(out, "out", shapes[0])]
        if isinstance(out, (list, tuple)):
            if len(out) != len(shapes):
                raise ModelError(f"out: found {len(out)} arrays, expected {len(shapes)}, one for each panel")
            return [out_buffer(each, f"out[{i}]", shape) for i, (each, shape) in enumerate(zip(out, shapes, strict=True))]
        offsets = self.experiment.offsets
        flat = out_buffer(out, "out", (offsets[-1],))
        return [flat[begin:end].reshape(shape) for begin, end, shape in zip(offsets, offsets[1:], shapes, strict=False)]

    def run_pixels(self, pixels: Any, out: Any = None, *, watch: Callable[[float], bool] | None = None) -> Any:
        """Render some pixels alone, such as those of shoeboxes.

        Parameters
        ----------
        pixels : array_like of int, (n, 2)
            Slow and fast, in any order.
        out : array or tensor of float32, (n,), optional
            Where to write; it is returned.
        watch : callable, optional
            As for `run`.

        Returns
        -------
        numpy.ndarray or torch.Tensor of float32, (n,)
            What the whole image holds there, bit for bit. Of the pixels' kind, unless `out` is given.

        Raises
        ------
        ModelError
            For a pixel outside the image.
        Interrupted, ArrayTypeError, ArrayValueError
        """
        addresses = take(pixels, "pixels", ("n", 2), "int32")
        if out is not None and is_on_cuda(out):
            buffer = self._device_buffer(out, (len(addresses),))
            self._single.run_pixels_on_device(addresses, buffer.address, buffer.stream, self.threads, watch)
            return out
        if out is not None:
            self._single.run_pixels(addresses, out_buffer(out, "out", (len(addresses),)), self.threads, watch)
            return out
        import numpy as np

        values: npt.NDArray[np.float32] = np.empty(len(addresses), np.float32)
        self._single.run_pixels(addresses, values, self.threads, watch)
        return kind_of(pixels).give(values)

    def trace(self, pixels: Sequence[tuple[int, int]], level: Literal["summary", "steps"] = "summary") -> Trace:
        """Return what pixels are made of, from the kernel itself.

        Parameters
        ----------
        pixels : sequence of (slow, fast)
        level : {"summary", "steps"}
            With ``"steps"``, every step of the sum is kept too.

        Returns
        -------
        Trace
            On the processor from the scalar path, with all bits of the reference. On a device from its own kernel, with values that
            are as near to those as its formulas are: `PixelTrace.decided` and `PixelTrace.error_bound` tell how the pixel got its
            bits. Pixels, and runs, that the device leaves to the scalar path are traced by that; `PixelTrace.traced_by` and
            `PixelTrace.origin` say so.

        Raises
        ------
        ModelError
            For a pixel outside the image.
        SizeError
            If the steps would not fit into memory.
        """
        from nbhybrid.traces import trace_of

        if level not in ("summary", "steps"):
            raise ModelError(f"level: found {level!r}, expected summary or steps")
        return trace_of(self._single, pixels, level == "steps", self.engine, self.device)

    def update(self, **parts: Any) -> None:
        """Exchange parts of the experiment: the next run is that of ``Simulator(experiment.replace(**parts))``.

        Parameters
        ----------
        **parts
            As `Experiment.replace` takes them: ``crystal``, ``structure_factors``, ``beam``, ``scan`` and the others.
        """
        self.experiment = self.experiment.replace(**parts)
        self._cores = self._prepared()

    @property
    def _single(self) -> _core.Simulator:
        """The core's simulator of a detector of one panel."""
        if len(self._cores) > 1:
            raise ModelError(f"the detector has {len(self._cores)} panels, expected one: simulate a panel alone for it")
        return self._cores[0]

    def __reduce__(self) -> tuple[Any, ...]:
        return (_simulator, (self.experiment, self.threads, self.engine, self.device))


def _simulator(experiment: Experiment, threads: int, engine: Literal["exact", "fast"], device: str = "cpu") -> Simulator:
    return Simulator(experiment, threads=threads, engine=engine, device=device)


def _check_way(engine: str, device: str) -> None:
    """Refuse an engine or a device that is not there."""
    if engine not in ENGINES or not is_device(device):
        raise ModelError(missing(engine, device))


def simulate(experiment: Experiment, out: Any = None, **options: Any) -> Any:
    """Render an experiment once.

    Parameters
    ----------
    experiment : Experiment
    out : array or tensor of float32, (slow, fast), optional
    **options
        As `Simulator` takes them.

    Returns
    -------
    numpy.ndarray of float32, (slow, fast), or `out`
    """
    return Simulator(experiment, **options).run(out)


def simulate_batch(
    experiment: Experiment,
    orientations: Any,
    out: Any = None,
    *,
    engine: Literal["exact", "fast"] = "exact",
    device: str = "cpu",
    threads: int | None = None,
    watch: Callable[[float], bool] | None = None,
) -> Any:
    """Render one still for each orientation, in one call.

    Parameters
    ----------
    experiment : Experiment
    orientations : array_like, (n, 3, 3)
        Rotations of the lattice, on top of the crystal's own.
    out : array or tensor of float32, (n, slow, fast), optional
        Where to write; it is returned.
    engine : {"exact", "fast"}
        As for `Simulator`.
    device : str
        As for `Simulator`.
    threads : int, optional
        By default the cores this process may use. Small images are rendered side by side.
    watch : callable, optional
        As for `Simulator.run`.

    Returns
    -------
    numpy.ndarray or torch.Tensor of float32, (n, slow, fast)
        Of the orientations' kind, unless `out` is given. Image ``i`` has the bits of
        ``simulate(experiment.replace(crystal=crystal.replace(rotation=orientations[i])))`` for a crystal without a rotation.

    Raises
    ------
    Interrupted
        If `watch` said so.
    ArrayTypeError, ArrayValueError, ModelError, SizeError
    """
    _check_way(engine, device)
    opened = open_device(device)
    rotations = rotation_matrices(orientations, "orientations")
    shape = (len(rotations), *experiment.shape)
    if out is not None:
        _core.run_batch(
            experiment._core, rotations, out_buffer(out, "out", shape), threads or usable_cores(), engine == "fast", opened, watch
        )
        return out
    import numpy as np

    images: npt.NDArray[np.float32] = np.empty(shape, np.float32)
    _core.run_batch(experiment._core, rotations, images, threads or usable_cores(), engine == "fast", opened, watch)
    return kind_of(orientations).give(images)
