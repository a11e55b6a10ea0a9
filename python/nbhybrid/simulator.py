"""Simulations: an experiment made ready to be rendered, any number of times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbhybrid import _core
from nbhybrid.arrays import DeviceBuffer, device_of, is_on_cuda, kind_of, room_like, rotation_matrices, take, target
from nbhybrid.cores import usable_cores
from nbhybrid.derivatives import Differentiator, check_device
from nbhybrid.devices import CPU, is_cuda, is_device, number_of, open_device
from nbhybrid.engines import ENGINES, missing
from nbhybrid.errors import ModelError
from nbhybrid.experiment import Experiment
from nbhybrid.fields import LARGEST_INT, Kind, choice, part, whole
from nbhybrid.hints import names_are_checked
from nbhybrid.input_warnings import already_said, line_of, warn
from nbhybrid.rendering import prepare, render
from nbhybrid.run_warnings import RunWarnings, warn_unless_finite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from nbhybrid.derivatives import Parameter
    from nbhybrid.input_warnings import Pair
    from nbhybrid.rendering import Memory
    from nbhybrid.traces import Trace


_EXPERIMENT = part(Experiment)
_THREADS: Kind = whole(1, LARGEST_INT)
_DTYPE = choice("float32", "float64")


@names_are_checked
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
    device : str, optional
        ``"cpu"``, ``"cuda"`` or ``"cuda:1"`` and so on. The exact engine gives the same bits on all of them. By default each run
        is done where its arrays lie: on the device of `out` or of the list of pixels, which is made ready at its first run, or
        else on the processor.
    threads : int, optional
        By default the cores this process may use. The image does not depend on it.

    Raises
    ------
    ModelError
        For an engine or a kind of device that is not there.
    DeviceError
        If there is no such device, or it has too little memory; or for a run that no device can take, which names the option:
        interpolated amplitudes, or the reference's running products.

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
        device: str | None = None,
        threads: int | None = None,
    ) -> None:
        experiment = _EXPERIMENT.take("experiment", experiment)
        _check_way(engine, device)
        if threads is not None:
            threads = _THREADS.take("threads", threads)
        self.experiment = experiment if semantics is None else experiment.replace(semantics=semantics)
        self.engine = engine
        self.device = device
        self.threads = threads or usable_cores()
        self._prepare()
        self._warn()

    def _prepare(self) -> None:
        """Make the experiment ready, and forget what was of another."""
        self._prepared = prepare(self.experiment, self.threads, self.engine, self.device or CPU)
        self._run_warnings = RunWarnings(self.experiment)
        # On the devices where arrays were found.
        self._elsewhere: dict[str, _core.Simulator] = {}
        self._derivatives: Differentiator | None = None

    def _warn(self, known: Iterable[Pair] = ()) -> None:
        """Give warnings about what was prepared that are not known yet."""
        said = set(known)
        warn(pair for pair in self._own_warnings() if pair not in said)

    def _own_warnings(self) -> list[Pair]:
        return list(dict.fromkeys(self.experiment._worded(self._prepared.warnings)))

    def _where(self, **arrays: Any) -> str:
        """Return the name of the device on which to work with these arrays."""
        return self.device or device_of(**arrays) or CPU

    def _prepared_on(self, device: str) -> _core.Simulator:
        if device == (self.device or CPU):
            return self._prepared
        if device not in self._elsewhere:
            self._elsewhere[device] = prepare(self.experiment, self.threads, self.engine, device)
        return self._elsewhere[device]

    def _check_one_panel(self) -> None:
        """Refuse pixels and traces of a detector of several panels."""
        panels = self._prepared.panels
        if panels > 1:
            raise ModelError(f"the detector has {panels} panels, expected one: simulate a panel alone for it")

    @property
    def warnings(self) -> list[str]:
        """Those of the experiment, and where the state that the reference carries along changes the image."""
        return list(dict.fromkeys([*self.experiment.warnings, *map(line_of, self._own_warnings())]))

    def run(
        self,
        out: Any = None,
        *,
        dtype: Literal["float32", "float64"] | None = None,
        watch: Callable[[float], bool] | None = None,
    ) -> Any:
        """Render the image.

        Parameters
        ----------
        out : array or tensor of float32, (slow, fast), optional
            Where to write; C-contiguous and writeable. It is returned. For several panels: a list of them, or one flat array
            in which each panel begins at `Experiment.offsets`. It may lie in the memory of a CUDA device, the simulator's if that
            has one: then nothing is copied to the host, and the work is done in the order of the caller's current stream. Taken are
            tensors of torch, arrays of CuPy, and what has ``__dlpack__`` or ``__cuda_array_interface__``; where that tells no
            stream, the image is finished when `run` returns.
        dtype : {"float32", "float64"}, optional
            Of a new image. With ``"float64"`` the pixels are those before the last rounding, by the formulas of the derivatives:
            they differ from the float32 image by its rounding and more in the last digits, and have no promise of bits. On the
            processor alone, and without `out`.
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
        DeviceError
            If `out` lies on a device that cannot be used.

        Warns
        -----
        InputWarning
            If a pixel in the host's memory is no finite number. At the first run: before, if it will take more than an hour
            (``long-run``); after, if every pixel of an image in the host's memory is 0 or the background (``blank-image``).
        """
        if dtype is not None and _DTYPE.take("dtype", dtype) == "float64":
            if out is not None:
                raise ModelError("dtype: found 'float64' beside out, expected one of them")
            check_device(self.device)
            return self._differentiator.images(watch)
        panels = {f"out[{i}]": each for i, each in enumerate(out)} if isinstance(out, (list, tuple)) else {"out": out}
        device = self._where(**panels)
        memory = self._memory(out, device)
        prepared = self._prepared_on(device)
        self._run_warnings.before(prepared, self.threads)
        rendered = render(prepared, memory, threads=self.threads, watch=watch)
        self._run_warnings.after(prepared, memory, rendered)
        if out is not None:
            return out
        return memory if self.experiment.detector.panels is not None else memory[0]

    def _memory(self, out: Any, device: str) -> list[Memory]:
        """Return the memory that each panel is written to."""
        shapes = self.experiment.shapes
        if out is None:
            import numpy as np

            return [np.empty(shape, np.float32) for shape in shapes]
        if self.experiment.detector.panels is None:
            return [target(out, "out", shapes[0], device)]
        if isinstance(out, (list, tuple)):
            if len(out) != len(shapes):
                raise ModelError(f"out: found {len(out)} arrays, expected {len(shapes)}, one for each panel")
            return [target(each, f"out[{i}]", shape, device) for i, (each, shape) in enumerate(zip(out, shapes, strict=True))]
        offsets = self.experiment.offsets
        flat = target(out, "out", (offsets[-1],), device)
        if isinstance(flat, DeviceBuffer):
            return [flat.part(begin, shape) for begin, shape in zip(offsets, shapes, strict=False)]
        return [flat[begin:end].reshape(shape) for begin, end, shape in zip(offsets, offsets[1:], shapes, strict=False)]

    def run_pixels(self, pixels: Any, out: Any = None, *, watch: Callable[[float], bool] | None = None) -> Any:
        """Render some pixels alone, such as those of shoeboxes.

        Parameters
        ----------
        pixels : array_like of int, (n, 2)
            Slow and fast, in any order.
        out : array or tensor of float32, (n,), optional
            Where to write, as for `run`; it is returned.
        watch : callable, optional
            As for `run`.

        Returns
        -------
        numpy.ndarray, torch.Tensor or cupy.ndarray of float32, (n,)
            What the whole image holds there, bit for bit. Of the pixels' kind, and on the device if they lie on one, unless `out`
            is given.

        Raises
        ------
        ModelError
            For a pixel outside the image.
        Interrupted, ArrayTypeError, ArrayValueError, DeviceError
        """
        device = self._where(pixels=pixels, out=out)
        addresses = take(pixels, "pixels", ("n", 2), "int32")
        shape = (len(addresses),)
        result = _room(pixels, "pixels", shape, device) if out is None else out
        memory = target(result, "out", shape, device)
        prepared = self._prepared_on(device)
        self._check_one_panel()
        warn_unless_finite(render(prepared, [memory], threads=self.threads, watch=watch, pixels=addresses))
        return result

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
            bits. Pixels that the device leaves to the scalar path are traced by that; `PixelTrace.traced_by` and
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
        listed = take(pixels, "pixels", ("n", 2), "int32").tolist() if is_on_cuda(pixels) else pixels
        self._check_one_panel()
        return trace_of(self._prepared, listed, level == "steps", self.engine, self.device or CPU, self.threads)

    @property
    def differentiable(self) -> dict[str, Parameter]:
        """The parameters that images can be differentiated by, by their paths; of those that this experiment has not, why.

        What is automatic (sub-pixels, domains, steps) was chosen when the simulator was made, and stays.
        """
        return dict(self._differentiator.parameters)

    @property
    def _differentiator(self) -> Differentiator:
        if self._derivatives is None:
            check_device(self.device)
            self._derivatives = Differentiator(self.experiment, self._prepared, self.threads)
        return self._derivatives

    def vjp(
        self, upstream: Any, wrt: Sequence[str], *, watch: Callable[[float], bool] | None = None
    ) -> dict[str, npt.NDArray[np.float64]]:
        """Return how the sum of all pixels, each times its upstream number, changes with parameters.

        Parameters
        ----------
        upstream : array_like of float, (slow, fast)
            For several panels, a list of them. Those of pixels outside the region or masked do not matter.
        wrt : sequence of str
            Paths of parameters, as `differentiable` lists them.
        watch : callable, optional
            As for `run`.

        Returns
        -------
        dict of str to numpy.ndarray of float64
            By path, of the parameter's shape and per its unit. The same bits for any number of threads.

        Raises
        ------
        ModelError
            For a path that does not exist, or that this experiment has no derivative by: then it says why.
        ArrayTypeError, ArrayValueError, DeviceError, Interrupted
        """
        check_device(self.device, upstream=upstream)
        return self._differentiator.vjp(upstream, wrt, watch)

    def jvp(self, directions: Mapping[str, Any], *, watch: Callable[[float], bool] | None = None) -> Any:
        """Return how the image changes for a step in parameters.

        Parameters
        ----------
        directions : dict of str to array_like
            By path, the step in each parameter, of its shape and in its unit; all together are one direction.
        watch : callable, optional
            As for `run`.

        Returns
        -------
        numpy.ndarray of float64, (slow, fast)
            For several panels, a list of them.

        Raises
        ------
        ModelError, ArrayTypeError, ArrayValueError, DeviceError, Interrupted
            As of `vjp`.
        """
        check_device(self.device)
        return self._differentiator.jvp(directions, watch)

    def jacobian(
        self, wrt: Sequence[str], pixels: Any = None, *, watch: Callable[[float], bool] | None = None
    ) -> dict[str, npt.NDArray[np.float64]]:
        """Return how each pixel changes with each component of parameters.

        Parameters
        ----------
        wrt : sequence of str
            Paths of parameters; not those of the whole table of amplitudes.
        pixels : array_like of int, (n, 2), optional
            Slow and fast; without them all pixels of the image.
        watch : callable, optional
            As for `run`.

        Returns
        -------
        dict of str to numpy.ndarray of float64
            By path, (n, ...) or (slow, fast, ...) with the parameter's shape behind.

        Raises
        ------
        ModelError, ArrayTypeError, ArrayValueError, DeviceError, Interrupted
            As of `vjp`.
        """
        check_device(self.device, pixels=pixels)
        return self._differentiator.jacobian(wrt, pixels, watch)

    def update(self, **parts: Any) -> None:
        """Exchange parts of the experiment: the next run is that of ``Simulator(experiment.replace(**parts))``.

        Parameters
        ----------
        **parts
            As `Experiment.replace` takes them: ``crystal``, ``structure_factors``, ``beam``, ``scan`` and the others.
        """
        known = self._own_warnings()
        self.experiment = self.experiment.replace(**parts)
        self._prepare()
        self._warn(known)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_simulator, (self.experiment, self.threads, self.engine, self.device))


def _simulator(experiment: Experiment, threads: int, engine: Literal["exact", "fast"], device: str | None = None) -> Simulator:
    with already_said():  # where it was made
        return Simulator(experiment, threads=threads, engine=engine, device=device)


def _check_way(engine: str, device: str | None) -> None:
    """Refuse an engine or a device that is not there."""
    if engine not in ENGINES or not (device is None or is_device(device)):
        raise ModelError(missing(engine, device or CPU))


def _room(given: Any, name: str, shape: tuple[int, ...], device: str) -> Any:
    """Return room for the result of an argument: of its kind, and on the device if it lies on one."""
    if is_cuda(device) and is_on_cuda(given):
        return room_like(given, name, shape, number_of(device))
    import numpy as np

    return kind_of(given).give(np.empty(shape, np.float32))


def simulate(experiment: Experiment, out: Any = None, **options: Any) -> Any:
    """Render an experiment once.

    Parameters
    ----------
    experiment : Experiment
    out : array or tensor of float32, (slow, fast), optional
        As for `Simulator.run`.
    **options
        As `Simulator` takes them. Without a device it is done where `out` lies.

    Returns
    -------
    numpy.ndarray of float32, (slow, fast), or `out`
    """
    experiment = _EXPERIMENT.take("experiment", experiment)
    if options.get("device") is None:
        options["device"] = device_of(out=out)
    return Simulator(experiment, **options).run(out)


def simulate_batch(
    experiment: Experiment,
    orientations: Any,
    out: Any = None,
    *,
    engine: Literal["exact", "fast"] = "exact",
    device: str | Sequence[str] | None = None,
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
        Where to write, as for `Simulator.run`; it is returned.
    engine : {"exact", "fast"}
        As for `Simulator`.
    device : str or sequence of str, optional
        As for `Simulator`. By default the one on which `orientations` or `out` lie, or else the processor. Of several CUDA devices
        each takes the next images when it has done its last; the result is then in the memory of the host. Many small images go
        through a device together.
    threads : int, optional
        By default the cores this process may use. Small images are rendered side by side.
    watch : callable, optional
        As for `Simulator.run`.

    Returns
    -------
    numpy.ndarray, torch.Tensor or cupy.ndarray of float32, (n, slow, fast)
        Of the orientations' kind, and on the device if they lie on one, unless `out` is given. Image ``i`` has the bits of
        ``simulate(experiment.replace(crystal=crystal.replace(rotation=orientations[i])))`` for a crystal without a rotation.

    Raises
    ------
    Interrupted
        If `watch` said so.
    ArrayTypeError, ArrayValueError, DeviceError, ModelError, SizeError

    Warns
    -----
    InputWarning
        Where the state that the reference carries along changes images, or a pixel is no finite number.
    """
    experiment = _EXPERIMENT.take("experiment", experiment)
    if threads is not None:
        threads = _THREADS.take("threads", threads)
    names = (
        [device or device_of(orientations=orientations, out=out) or CPU] if device is None or isinstance(device, str) else device
    )
    if not names or (len(names) > 1 and CPU in names):
        raise ModelError(f"device: found {device!r}, expected a device, or a list of CUDA devices")
    for name in names:
        _check_way(engine, name)
    devices = [opened for opened in map(open_device, names) if opened is not None]
    rotations = rotation_matrices(orientations, "orientations")
    shape = (len(rotations), *experiment.shape)
    # Of several devices none holds all images.
    where = names[0] if len(names) == 1 else CPU
    result = _room(orientations, "orientations", shape, where) if out is None else out
    memory = target(result, "out", shape, where)
    batch = _core.Batch(experiment._core, rotations, engine == "fast", devices)
    warn_unless_finite(render(batch, [memory], threads=threads or usable_cores(), watch=watch))
    warn(experiment._worded(batch.warnings))
    return result
