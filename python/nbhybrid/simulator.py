"""Simulations: an experiment made ready to be rendered, any number of times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbhybrid import _core
from nbhybrid.arrays import kind_of, out_buffer, rotation_matrices, take
from nbhybrid.cores import usable_cores
from nbhybrid.engines import missing
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
        brightest; runs that cannot be had that way are exact. Traces are always exact.
    semantics : str, optional
        Instead of the experiment's own.
    device : {"cpu"}
    threads : int, optional
        By default the cores this process may use. The image does not depend on it.

    Raises
    ------
    ModelError
        For an engine or a device that is not there.

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
        device: Literal["cpu"] = "cpu",
        threads: int | None = None,
    ) -> None:
        why = missing(engine, device)
        if why:
            raise ModelError(why)
        if threads is not None and threads < 1:
            raise ModelError(f"threads: found {threads!r}, expected a number above zero")
        self.experiment = experiment if semantics is None else experiment.replace(semantics=semantics)
        self.engine = engine
        self.device = device
        self.threads = threads or usable_cores()
        self._cores = self._prepared()

    def _prepared(self) -> list[_core.Simulator]:
        return [_core.Simulator(core, self.threads, self.engine == "fast") for core in self.experiment._cores]

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
            in which each panel begins at `Experiment.offsets`.
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
        targets = self._targets(out)
        for core, target in zip(self._cores, targets, strict=True):
            core.run(target, self.threads, watch)
        if out is not None:
            return out
        return targets if self.experiment.detector.panels is not None else targets[0]

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

        Raises
        ------
        ModelError
            For a pixel outside the image.
        SizeError
            If the steps would not fit into memory.
        """
        from nbhybrid.traces import Trace, from_core

        if level not in ("summary", "steps"):
            raise ModelError(f"level: found {level!r}, expected summary or steps")
        addresses = [(int(slow), int(fast)) for slow, fast in pixels]
        steps = level == "steps"
        return Trace([from_core(record, steps) for record in self._single.trace(addresses, steps)])

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
        return (_simulator, (self.experiment, self.threads, self.engine))


def _simulator(experiment: Experiment, threads: int, engine: Literal["exact", "fast"]) -> Simulator:
    return Simulator(experiment, threads=threads, engine=engine)


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
    why = missing(engine, "cpu")
    if why:
        raise ModelError(why)
    rotations = rotation_matrices(orientations, "orientations")
    shape = (len(rotations), *experiment.shape)
    if out is not None:
        _core.run_batch(
            experiment._core, rotations, out_buffer(out, "out", shape), threads or usable_cores(), engine == "fast", watch
        )
        return out
    import numpy as np

    images: npt.NDArray[np.float32] = np.empty(shape, np.float32)
    _core.run_batch(experiment._core, rotations, images, threads or usable_cores(), engine == "fast", watch)
    return kind_of(orientations).give(images)
