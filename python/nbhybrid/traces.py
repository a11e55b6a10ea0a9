"""Traces as data: what a pixel is made of, from the kernel itself or read back from a file."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from typing import TYPE_CHECKING, Any, Literal

from nbhybrid.cores import usable_cores
from nbhybrid.devices import CPU, is_device, open_device
from nbhybrid.engines import missing
from nbhybrid.errors import DeviceError, InputFileError, ModelError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from nbhybrid import _core

# Unit and meaning of each quantity, in the order in which they are computed.
QUANTITIES: dict[str, tuple[str, str]] = {
    "pix0_vector_meters": ("m", "corner of the first pixel"),
    "fdet_vec": ("", "fast axis of the detector"),
    "sdet_vec": ("", "slow axis of the detector"),
    "pixel_pos_meters": ("m", "position of the sub-pixel"),
    "R_distance_meters": ("m", "its distance from the sample"),
    "omega_pixel_sr": ("sr", "solid angle of the pixel"),
    "close_distance_meters": ("m", "distance of the detector along its normal"),
    "obliquity_factor": ("", "close distance over distance"),
    "diffracted_vec": ("", "direction of the diffracted ray"),
    "incident_vec": ("", "direction of the incident ray"),
    "lambda_meters": ("m", "wavelength"),
    "lambda_angstroms": ("A", "wavelength"),
    "scattering_vec_A_inv": ("1/m", "scattering vector"),
    "rot_a_angstroms": ("A", "cell vector a of the rotated crystal"),
    "rot_b_angstroms": ("A", "cell vector b of the rotated crystal"),
    "rot_c_angstroms": ("A", "cell vector c of the rotated crystal"),
    "rot_a_star_A_inv": ("1/A", "reciprocal vector a* of the crystal before the rotation"),
    "rot_b_star_A_inv": ("1/A", "reciprocal vector b* of the crystal before the rotation"),
    "rot_c_star_A_inv": ("1/A", "reciprocal vector c* of the crystal before the rotation"),
    "hkl_frac": ("", "fractional Miller index"),
    "hkl_rounded": ("", "nearest Miller index"),
    "F_latt_a": ("", "lattice factor along a"),
    "F_latt_b": ("", "lattice factor along b"),
    "F_latt_c": ("", "lattice factor along c"),
    "F_latt": ("", "lattice factor"),
    "F_cell": ("e", "structure-factor amplitude"),
    "I_before_scaling": ("e^2", "sum over all steps"),
    "r_e_meters": ("m", "classical electron radius"),
    "r_e_sqr": ("m^2", "its square"),
    "fluence_photons_per_m2": ("photons/m^2", "fluence"),
    "steps": ("", "number of steps"),
    "oversample_thick": ("", "whether the capture is recomputed at each sub-pixel"),
    "oversample_polar": ("", "whether the polarization is"),
    "oversample_omega": ("", "whether the solid angle is"),
    "capture_fraction": ("", "fraction of the photons that the sensor captures"),
    "polar": ("", "polarization factor"),
    "omega_pixel": ("sr", "solid angle"),
    "cos_2theta": ("", "cosine of the scattering angle"),
    "I_pixel_final": ("photons", "photons in the pixel"),
    "floatimage_accumulated": ("photons", "the same as the image holds it, float32"),
}

STEP_FIELDS = (
    *("layer", "sub_slow", "sub_fast", "source", "phi", "domain", "h", "k", "l", "h0", "k0", "l0"),
    *("lattice_factor", "amplitude", "polarization", "solid_angle", "capture", "intensity"),
)
_INTEGER_FIELDS = {"layer", "sub_slow", "sub_fast", "source", "phi", "domain", "h0", "k0", "l0"}


@dataclasses.dataclass(frozen=True)
class Quantity:
    """A named value, or vector of three, that the kernel used.

    Attributes
    ----------
    name : str
        As in the text of a trace.
    values : tuple of float or int
        One value or three.
    """

    name: str
    values: tuple[float, ...]

    @property
    def unit(self) -> str:
        """The unit of the values, empty for plain numbers and unknown names."""
        return QUANTITIES.get(self.name, ("", ""))[0]

    @property
    def meaning(self) -> str:
        """What it is, in words; empty for unknown names."""
        return QUANTITIES.get(self.name, ("", ""))[1]

    def text(self, prefix: str = "TRACE_CPP") -> str:
        """Return the line of a trace, 15 digits."""
        words = (str(v) if isinstance(v, int) else format(v, ".15g") for v in self.values)
        return " ".join([f"{prefix}:", self.name, *words])


@dataclasses.dataclass
class PixelTrace:
    """The trace of a pixel.

    Attributes
    ----------
    slow, fast : int or None
        The pixel; None if a file does not say.
    quantities : list of Quantity
        In the order of computation; those of several layers, sub-pixels and sources repeat their names.
    steps : numpy.ndarray or None
        Structured array, one row a step, with the fields of `STEP_FIELDS` (int32 and float64).
    rendered : bool
        False for a pixel outside the region of interest, or masked.
    traced_by : {"scalar path", "device"}
        Whose values these are. The values of a device are those that its kernel used, or follow from them.
    decided : bool or None
        Of a device with the exact engine: whether the bound of the error told how the pixel rounds. Where it did not, the image has
        the scalar path's value. None if there was no such test.
    error_bound : float or None
        How far ``I_pixel_final`` may be from the reference's, photons; None if there was no test.
    origin : str
        The same in words; empty for what the scalar path traced as usual.
    """

    slow: int | None
    fast: int | None
    quantities: list[Quantity]
    steps: npt.NDArray[np.void] | None = None
    rendered: bool = True
    traced_by: str = "scalar path"
    decided: bool | None = None
    error_bound: float | None = None
    origin: str = ""

    def __getitem__(self, name: str) -> float | tuple[float, ...]:
        """Return the first value of this name: a number, or a tuple of three."""
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity.values[0] if len(quantity.values) == 1 else quantity.values
        raise KeyError(name)

    def text(self) -> str:
        """Return the summary lines as `nbhybrid run` prints them."""
        return "".join(quantity.text() + "\n" for quantity in self.quantities if quantity.values)


@dataclasses.dataclass
class Trace:
    """Traces of some pixels.

    Attributes
    ----------
    pixels : list of PixelTrace
        In the order in which they were asked for.
    source : str
        Where they come from.
    exact : bool
        Whether the quantities have all their bits; those of a log have 15 digits.
    """

    pixels: list[PixelTrace]
    source: str = "nbhybrid"
    exact: bool = True

    def __iter__(self) -> Iterator[PixelTrace]:
        """Iterate over the pixels."""
        return iter(self.pixels)

    def __len__(self) -> int:
        """Return the number of pixels."""
        return len(self.pixels)

    def __getitem__(self, index: int) -> PixelTrace:
        """Return a pixel by its place."""
        return self.pixels[index]

    def text(self) -> str:
        """Return the summary of all pixels, each after a line ``# pixel slow fast``."""
        return "".join(
            f"# pixel {pixel.slow} {pixel.fast}\n" + (f"# {pixel.origin}\n" if pixel.origin else "") + pixel.text()
            for pixel in self.pixels
        )

    def to_json(self) -> str:
        """Return all quantities and steps as JSON; numbers keep all their bits."""
        return json.dumps({"source": self.source, "pixels": [_pixel_to_dict(pixel) for pixel in self.pixels]}, indent=1)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a compressed ``.npz`` file that `read_trace` reads.

        Parameters
        ----------
        path : path-like
            Its name should end in ``.npz``.
        """
        import numpy as np

        arrays: dict[str, npt.NDArray[Any]] = {"source": np.array(self.source)}
        for i, pixel in enumerate(self.pixels):
            arrays[f"{i}_address"] = np.array([-1 if v is None else v for v in (pixel.slow, pixel.fast)], "<i8")
            arrays[f"{i}_names"] = np.array([q.name for q in pixel.quantities])
            arrays[f"{i}_counts"] = np.array([len(q.values) for q in pixel.quantities], "<i4")
            arrays[f"{i}_integer"] = np.array([all(isinstance(v, int) for v in q.values) for q in pixel.quantities], bool)
            arrays[f"{i}_values"] = np.array([v for q in pixel.quantities for v in q.values], "<f8")
            if pixel.traced_by != "scalar path" or pixel.origin:
                arrays[f"{i}_origin"] = np.array([pixel.traced_by, pixel.origin])
            if pixel.decided is not None:
                arrays[f"{i}_rounding"] = np.array([float(pixel.decided), pixel.error_bound], "<f8")
            if pixel.steps is not None:
                arrays[f"{i}_steps"] = pixel.steps
        with open(path, "wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _pixel_to_dict(pixel: PixelTrace) -> dict[str, Any]:
    return {
        "slow": pixel.slow,
        "fast": pixel.fast,
        "rendered": pixel.rendered,
        "traced_by": pixel.traced_by,
        "decided": pixel.decided,
        "error_bound": pixel.error_bound,
        "origin": pixel.origin,
        "quantities": [{"name": q.name, "unit": q.unit, "values": list(q.values)} for q in pixel.quantities],
        "steps": None
        if pixel.steps is None
        else {"fields": STEP_FIELDS, "rows": [[row[f].item() for f in STEP_FIELDS] for row in pixel.steps]},
    }


def trace(
    args: str | Sequence[str],
    pixels: Sequence[tuple[int, int]],
    level: Literal["summary", "steps"] = "summary",
    threads: int | None = None,
    *,
    device: str | None = None,
) -> Trace:
    """Simulate and return what the given pixels are made of.

    Parameters
    ----------
    args : str or sequence of str
        The options of ``nbhybrid run``, as for `Experiment.from_args`. No file is written.
    pixels : sequence of (slow, fast)
        The pixels to trace.
    level : {"summary", "steps"}
        With ``"steps"``, every step of the sum is kept too.
    threads : int, optional
        Threads; by default the cores this process may use.
    device : str, optional
        Instead of that of the options: ``"cpu"``, ``"cuda"`` or ``"cuda:1"`` and so on. On the processor the scalar path traces. A
        device traces by its own kernel, that of the options' engine; `PixelTrace.traced_by` tells for each pixel.

    Returns
    -------
    Trace

    Warns
    -----
    InputWarning
        As ``nbhybrid run`` would warn.

    Raises
    ------
    OptionError, InputFileError, ModelError, SizeError
        As ``nbhybrid run`` would complain.
    DeviceError
        If the device is not there, or cannot take the run.
    """
    from nbhybrid import _core
    from nbhybrid.input_warnings import warn
    from nbhybrid.words import words_of

    if level not in ("summary", "steps"):
        raise OptionError(f"level: found {level!r}, expected summary or steps")
    options, remarks = _core.parse_options(words_of(args))
    threads = threads or options.threads or usable_cores()
    device = device or options.device
    experiment = _core.Experiment(options, threads)
    simulator = _core.Simulator([experiment], threads, options.engine == "fast")
    warn(dict.fromkeys([*remarks, *experiment.warnings, *simulator.warnings]))
    if device != CPU:
        why = missing(options.engine, device)
        if why:
            raise DeviceError(why) if is_device(device) else ModelError(why)
        opened = open_device(device)
        assert opened is not None
        simulator.use_device(opened)
    return trace_of(simulator, pixels, level == "steps", options.engine, device, threads)


def trace_of(
    simulator: _core.Simulator, pixels: Sequence[tuple[int, int]], with_steps: bool, engine: str, device: str, threads: int
) -> Trace:
    """Return the traces of a simulator that was asked to use this engine on this device."""
    from nbhybrid import _core

    addresses = [(int(slow), int(fast)) for slow, fast in pixels]
    rendered = _core.render(simulator, _core.Memory([]), trace=addresses, steps=with_steps, threads=threads)
    traces = [from_core(record, with_steps) for record in rendered.traces]
    return Trace(traces) if device == CPU else Trace(traces, f"nbhybrid, {engine} engine on {device}")


def step_dtype() -> np.dtype[np.void]:
    """Return the type of a row of steps: the fields of `STEP_FIELDS` without padding."""
    import numpy as np

    return np.dtype([(name, "<i4" if name in _INTEGER_FIELDS else "<f8") for name in STEP_FIELDS])


def from_core(record: dict[str, Any], with_steps: bool) -> PixelTrace:
    """Return a record of the core."""
    quantities = [Quantity(name, values) for name, values in record["quantities"] if values]
    steps = None
    if with_steps:
        import numpy as np

        from nbhybrid import _core

        fields, size = _core.step_layout()
        names, formats, offsets = zip(*fields, strict=True)
        packed = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})
        steps = np.frombuffer(record["steps"], packed).astype(step_dtype())
    found = PixelTrace(record["slow"], record["fast"], quantities, steps, record["rendered"])
    found.traced_by, found.origin = record["traced_by"], record["origin"]
    found.decided, found.error_bound = record["decided"], record["error_bound"]
    return found


_TRACE_LINE = re.compile(r"TRACE_\w+: *(?P<name>\w+)[ =:]+(?P<values>.*)")
_KEY_VALUE_LINE = re.compile(r"\s*(?P<name>[A-Za-z]\w*)\s*=\s*(?P<values>[-+.\deEnaif ,()\[\]]+?)\s*$")
_PIXEL_LINE = re.compile(r"# pixel (\d+) (\d+)\s*$")


def read_trace(path: str | os.PathLike[str]) -> Trace:
    """Read a trace: a log with ``TRACE_C:``, ``TRACE_PY:`` or ``TRACE_CPP:`` lines, ``name=value`` lines, or an ``.npz`` file.

    A file of steps (as ``--trace-file`` writes them) gives steps without quantities.

    Parameters
    ----------
    path : path-like
        The file; what is no trace line is passed over. Files of steps may be compressed (``.gz``).

    Returns
    -------
    Trace

    Raises
    ------
    InputFileError
        If the file cannot be read or holds no trace.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            start = file.read(4)
        if start.startswith(b"PK"):
            return _read_npz(name)
        text = _read_text(name, compressed=start.startswith(b"\x1f\x8b"))
    except OSError as error:
        raise InputFileError(f"{name}: {error.strerror or error}") from error
    pixels = _parse(text, name)
    if not pixels:
        raise InputFileError(f"{name}: found no trace, expected TRACE_ lines, name=value lines or a table of steps")
    return Trace(pixels, name, exact=False)


def _read_text(name: str, compressed: bool) -> str:
    import gzip

    with gzip.open(name, "rb") if compressed else open(name, "rb") as file:
        return file.read().decode("utf-8", "replace")


def _read_npz(name: str) -> Trace:
    import zipfile

    import numpy as np

    try:
        with np.load(name, allow_pickle=False) as arrays:
            pixels: list[PixelTrace] = []
            while f"{len(pixels)}_names" in arrays:
                pixels.append(_pixel_from_arrays(arrays, f"{len(pixels)}_"))
            return Trace(pixels, name)
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputFileError(f"{name}: is not a trace saved by nbhybrid ({error})") from error


def _pixel_from_arrays(arrays: Any, prefix: str) -> PixelTrace:
    values = iter(arrays[prefix + "values"].tolist())
    quantities = []
    for name, count, integer in zip(arrays[prefix + "names"], arrays[prefix + "counts"], arrays[prefix + "integer"], strict=True):
        numbers = [next(values) for _ in range(count)]
        quantities.append(Quantity(str(name), tuple(int(v) if integer else v for v in numbers)))
    slow, fast = (None if v < 0 else int(v) for v in arrays[prefix + "address"])
    pixel = PixelTrace(slow, fast, quantities, arrays.get(prefix + "steps"))
    if prefix + "origin" in arrays:
        pixel.traced_by, pixel.origin = (str(word) for word in arrays[prefix + "origin"])
    if prefix + "rounding" in arrays:
        decided, bound = arrays[prefix + "rounding"].tolist()
        pixel.decided, pixel.error_bound = bool(decided), bound
    return pixel


def _parse(text: str, name: str) -> list[PixelTrace]:
    """Return the pixels of a log; one without headings is a pixel of unknown place."""
    pixels: list[PixelTrace] = []
    rows: list[list[tuple[float, ...]]] = []

    def current() -> int:
        if not pixels:
            pixels.append(PixelTrace(None, None, []))
            rows.append([])
        return len(pixels) - 1

    for number, line in enumerate(text.splitlines(), 1):
        heading = _PIXEL_LINE.match(line)
        if heading:
            pixels.append(PixelTrace(int(heading[1]), int(heading[2]), []))
            rows.append([])
            continue
        row = _step_of(line)
        if row is not None:
            rows[current()].append(row)
            continue
        quantity = _quantity_of(line, f"{name}: line {number}")
        if quantity is not None:
            pixels[current()].quantities.append(quantity)
    for pixel, steps in zip(pixels, rows, strict=True):
        if steps:
            import numpy as np

            pixel.steps = np.array(steps, step_dtype())
    return [pixel for pixel in pixels if pixel.quantities or pixel.steps is not None]


def _step_of(line: str) -> tuple[float, ...] | None:
    words = line.split()
    if len(words) != len(STEP_FIELDS) or "0x" not in line:
        return None
    try:
        return tuple(
            int(word) if field in _INTEGER_FIELDS else float.fromhex(word) for field, word in zip(STEP_FIELDS, words, strict=True)
        )
    except ValueError:
        return None


def _quantity_of(line: str, where: str) -> Quantity | None:
    found = _TRACE_LINE.search(line) or _KEY_VALUE_LINE.match(line)
    if found is None:
        return None
    words = re.sub(r"[,()\[\]]", " ", found["values"]).split()
    try:
        values = tuple(_number(word) for word in words)
    except ValueError as error:
        if "TRACE_" in line:
            raise InputFileError(f"{where}: {found['name']} is {found['values']!r}, expected numbers") from error
        return None
    return Quantity(found["name"], values) if values else None


def _number(word: str) -> float:
    try:
        whole = int(word)
    except ValueError:
        return float(word)
    return -0.0 if whole == 0 and word.startswith("-") else whole
