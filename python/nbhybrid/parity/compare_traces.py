"""Compares two traces quantity by quantity, in the order of computation, and names the first that differs."""

from __future__ import annotations

import dataclasses
import enum
import math
import struct
from typing import TYPE_CHECKING

from nbhybrid.errors import InputFileError
from nbhybrid.traces import QUANTITIES, STEP_FIELDS, PixelTrace, Quantity, Trace

if TYPE_CHECKING:
    from collections.abc import Iterable

# What each quantity is computed from. The names in capitals are inputs that no line shows.
INPUTS: dict[str, tuple[str, ...]] = {
    "pix0_vector_meters": ("DETECTOR",),
    "fdet_vec": ("DETECTOR",),
    "sdet_vec": ("DETECTOR",),
    "pixel_pos_meters": ("pix0_vector_meters", "fdet_vec", "sdet_vec"),
    "R_distance_meters": ("pixel_pos_meters",),
    "close_distance_meters": ("pix0_vector_meters", "fdet_vec", "sdet_vec"),
    "omega_pixel_sr": ("R_distance_meters", "close_distance_meters"),
    "obliquity_factor": ("R_distance_meters", "close_distance_meters"),
    "diffracted_vec": ("pixel_pos_meters",),
    "incident_vec": ("BEAM",),
    "lambda_meters": ("WAVELENGTH",),
    "lambda_angstroms": ("lambda_meters",),
    "scattering_vec_A_inv": ("diffracted_vec", "incident_vec", "lambda_meters"),
    "rot_a_angstroms": ("ORIENTATION",),
    "rot_b_angstroms": ("ORIENTATION",),
    "rot_c_angstroms": ("ORIENTATION",),
    "rot_a_star_A_inv": ("ORIENTATION",),
    "rot_b_star_A_inv": ("ORIENTATION",),
    "rot_c_star_A_inv": ("ORIENTATION",),
    "hkl_frac": ("scattering_vec_A_inv", "rot_a_angstroms", "rot_b_angstroms", "rot_c_angstroms"),
    "hkl_rounded": ("hkl_frac",),
    "F_latt_a": ("hkl_frac", "SIZE"),
    "F_latt_b": ("hkl_frac", "SIZE"),
    "F_latt_c": ("hkl_frac", "SIZE"),
    "F_latt": ("F_latt_a", "F_latt_b", "F_latt_c", "hkl_frac", "hkl_rounded", "SIZE"),
    "F_cell": ("hkl_rounded", "hkl_frac", "AMPLITUDES"),
    "I_before_scaling": ("F_cell", "F_latt", "BACKGROUND"),
    "r_e_meters": ("CONSTANTS",),
    "r_e_sqr": ("CONSTANTS",),
    "fluence_photons_per_m2": ("FLUENCE",),
    "steps": ("SAMPLING",),
    "oversample_thick": ("SAMPLING",),
    "oversample_polar": ("SAMPLING",),
    "oversample_omega": ("SAMPLING",),
    "capture_fraction": ("diffracted_vec", "SENSOR"),
    "polar": ("diffracted_vec", "incident_vec", "POLARIZATION"),
    "omega_pixel": ("omega_pixel_sr",),
    "cos_2theta": ("diffracted_vec", "incident_vec"),
    "I_pixel_final": (
        *("I_before_scaling", "r_e_sqr", "fluence_photons_per_m2", "steps", "capture_fraction", "polar", "omega_pixel"),
        *("oversample_thick", "oversample_polar", "oversample_omega"),
    ),
    "floatimage_accumulated": ("I_pixel_final",),
}

# The hidden inputs in words.
HIDDEN = {
    "DETECTOR": "the detector's placement (distance, beam centre, convention, pivot, rotations)",
    "BEAM": "the direction of the beam (divergence, sources, convention)",
    "WAVELENGTH": "the wavelength (dispersion, sources)",
    "ORIENTATION": "the crystal's orientation (cell or matrix, misset, phi, mosaic domain, the state that phi = 0 carries over)",
    "SIZE": "the crystal's size or shape",
    "AMPLITUDES": "the table of structure factors (file, default, interpolation)",
    "BACKGROUND": "the background, or steps other than the one shown",
    "CONSTANTS": "physical constants",
    "FLUENCE": "the fluence (flux, exposure, beam size)",
    "SAMPLING": "the number of steps and what is recomputed at each",
    "SENSOR": "the sensor (thickness, attenuation, layers)",
    "POLARIZATION": "the polarization (Kahn factor, axis)",
}

SCALING_CHAIN = (
    *("I_before_scaling", "r_e_sqr", "fluence_photons_per_m2", "steps", "capture_fraction", "polar", "omega_pixel"),
    *("cos_2theta", "I_pixel_final"),
)


class Verdict(enum.Enum):
    """How two values compare."""

    IDENTICAL = "identical"
    WITHIN = "within bound"
    DIVERGENT = "divergent"
    MISSING_FIRST = "missing in the first"
    MISSING_SECOND = "missing in the second"

    @property
    def bad(self) -> bool:
        """True for what keeps two traces from being the same."""
        return self not in (Verdict.IDENTICAL, Verdict.WITHIN)


@dataclasses.dataclass(frozen=True)
class Difference:
    """A quantity of two traces.

    Attributes
    ----------
    name : str
    occurrence : int
        0 for the first line of this name; several layers, sub-pixels and sources repeat it.
    first, second : tuple of float or None
    absolute, relative : float
        The largest over the components; relative to the length of the vector. NaN where a side is missing.
    ulps : int or None
        Largest distance in units in the last place of a double; None for numbers of a log.
    verdict : Verdict
    """

    name: str
    occurrence: int
    first: tuple[float, ...] | None
    second: tuple[float, ...] | None
    absolute: float
    relative: float
    ulps: int | None
    verdict: Verdict


@dataclasses.dataclass(frozen=True)
class StepDifference:
    """The first step that differs: its row, its place in the loops, and the fields that differ with both values."""

    row: int
    place: dict[str, int]
    fields: dict[str, tuple[float, float]]


@dataclasses.dataclass
class PixelComparison:
    """All quantities of a pixel, and the first step that differs."""

    slow: int | None
    fast: int | None
    differences: list[Difference]
    steps_compared: int = 0
    first_step: StepDifference | None = None

    @property
    def first_divergent(self) -> Difference | None:
        """The first quantity, in the order of computation, that differs or is missing."""
        return next((d for d in self.differences if d.verdict.bad), None)

    @property
    def same(self) -> bool:
        """True if nothing differs by more than the tolerance."""
        return self.first_divergent is None and self.first_step is None

    def consequences(self) -> list[str]:
        """Return the names that differ and are computed from the first that does, or share its hidden input."""
        first = self.first_divergent
        if first is None:
            return []
        roots = {first.name, *(i for i in INPUTS.get(first.name, ()) if i.isupper())}
        names = [d.name for d in self.differences if d.verdict.bad and d is not first]
        return [name for name in dict.fromkeys(names) if name != first.name and roots & _ancestors(name)]

    def independent(self) -> list[str]:
        """Return the names that differ and have nothing to do with the first that does."""
        first = self.first_divergent
        dependent = {first.name, *self.consequences()} if first else set()
        return [name for name in dict.fromkeys(d.name for d in self.differences if d.verdict.bad) if name not in dependent]

    def explanation(self) -> str:
        """Return in words where the traces part and what may be the cause."""
        first = self.first_divergent
        if first is None:
            return "no quantity differs" if self.first_step is None else "the quantities agree, but a step does not"
        if first.verdict in (Verdict.MISSING_FIRST, Verdict.MISSING_SECOND):
            return f"first divergent: {first.name} is {first.verdict.value} trace; everything before it agrees"
        inputs = INPUTS.get(first.name, ())
        shown = [name for name in inputs if not name.isupper()]
        hidden = [HIDDEN[name] for name in inputs if name.isupper()]
        text = f"first divergent: {first.name}; everything before it agrees: "
        if shown and not hidden:
            return text + f"its inputs ({', '.join(shown)}) do, so its own formula differs"
        if shown:
            return text + f"so do its inputs {', '.join(shown)}; left are {' or '.join(hidden)}, or its formula"
        return text + (" or ".join(hidden) if hidden else "its formula or its input")


@dataclasses.dataclass
class TraceComparison:
    """Two traces, pixel by pixel."""

    first: str
    second: str
    rtol: float
    pixels: list[PixelComparison]

    @property
    def same(self) -> bool:
        """True if no pixel differs."""
        return all(pixel.same for pixel in self.pixels)


def compare_traces(first: Trace, second: Trace, rtol: float = 0.0) -> TraceComparison:
    """Compare two traces in the order of computation.

    Parameters
    ----------
    first, second : Trace
    rtol : float
        The bound of an engine, or of what can be expected: values that differ by no more than this share of their size (of a
        vector's length) agree. 0, the bound of the exact engine, demands all bits, or all 15 digits where one side is a log.

    Raises
    ------
    InputFileError
        If they have no pixel in common.
    """
    pairs = _pair_pixels(first, second)
    exact = first.exact and second.exact
    return TraceComparison(first.source, second.source, rtol, [_compare_pixels(a, b, rtol, exact) for a, b in pairs])


def _pair_pixels(first: Trace, second: Trace) -> list[tuple[PixelTrace, PixelTrace]]:
    addresses = {(pixel.slow, pixel.fast): pixel for pixel in second}
    if any(pixel.slow is None for pixel in (*first, *second)):
        if len(first) != len(second):
            raise InputFileError(
                f"{first.source} has {len(first)} pixels and {second.source} {len(second)}, and not all say which they are"
            )
        return list(zip(first, second, strict=True))
    pairs = [(pixel, addresses[pixel.slow, pixel.fast]) for pixel in first if (pixel.slow, pixel.fast) in addresses]
    if not pairs:
        raise InputFileError(f"{first.source} and {second.source} have no pixel in common")
    return pairs


def _compare_pixels(first: PixelTrace, second: PixelTrace, rtol: float, exact: bool) -> PixelComparison:
    ours, theirs = _numbered(first.quantities), _numbered(second.quantities)
    if not ours or not theirs:  # one side is a table of steps alone
        ours = theirs = {}
    differences = [_difference(key, ours.get(key), theirs.get(key), rtol, exact) for key in _merged(list(ours), list(theirs))]
    slow, fast = (first.slow, first.fast) if first.slow is not None else (second.slow, second.fast)
    comparison = PixelComparison(slow, fast, differences)
    if first.steps is not None and second.steps is not None:
        comparison.steps_compared = min(len(first.steps), len(second.steps))
        comparison.first_step = _first_step(first, second, rtol)
    return comparison


def _numbered(quantities: Iterable[Quantity]) -> dict[tuple[str, int], tuple[float, ...]]:
    counts: dict[str, int] = {}
    numbered = {}
    for quantity in quantities:
        occurrence = counts.get(quantity.name, 0)
        counts[quantity.name] = occurrence + 1
        numbered[quantity.name, occurrence] = quantity.values
    return numbered


def _merged(first: list[tuple[str, int]], second: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return all keys: those of the first in its order, the others after the key they follow in the second."""
    merged = list(first)
    known = set(first)
    for i, key in enumerate(second):
        if key not in known:
            before = merged.index(second[i - 1]) + 1 if i else 0
            merged.insert(before, key)
            known.add(key)
    return merged


def _difference(
    key: tuple[str, int], first: tuple[float, ...] | None, second: tuple[float, ...] | None, rtol: float, exact: bool
) -> Difference:
    name, occurrence = key
    if first is None or second is None or len(first) != len(second):
        verdict = Verdict.MISSING_FIRST if first is None else Verdict.MISSING_SECOND if second is None else Verdict.DIVERGENT
        return Difference(name, occurrence, first, second, math.nan, math.nan, None, verdict)
    absolute = max(abs(a - b) if a != b else 0.0 for a, b in zip(first, second, strict=True))
    size = max(math.hypot(*first), math.hypot(*second))
    relative = absolute / size if size > 0 and math.isfinite(size) else absolute
    same = all(_same(a, b, exact) for a, b in zip(first, second, strict=True))
    whole = all(isinstance(v, int) for v in (*first, *second))
    within = relative <= rtol and not whole
    verdict = Verdict.IDENTICAL if same else Verdict.WITHIN if within else Verdict.DIVERGENT
    ulps = max(_ulps(a, b) for a, b in zip(first, second, strict=True)) if exact else None
    return Difference(name, occurrence, first, second, absolute, relative, ulps, verdict)


def _same(a: float, b: float, exact: bool) -> bool:
    if a == b or (math.isnan(a) and math.isnan(b)):
        return True
    return not exact and format(a, ".15g") == format(b, ".15g")


def _ulps(a: float, b: float) -> int:
    def place(x: float) -> int:
        bits: int = struct.unpack("<q", struct.pack("<d", x))[0]
        return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)

    return abs(place(float(a)) - place(float(b)))


def _first_step(first: PixelTrace, second: PixelTrace, rtol: float) -> StepDifference | None:
    import numpy as np

    assert first.steps is not None
    assert second.steps is not None
    count = min(len(first.steps), len(second.steps))
    a, b = first.steps[:count], second.steps[:count]
    bad = np.zeros(count, bool)
    apart = {}
    for field in STEP_FIELDS:
        equal = (a[field] == b[field]) | ((a[field] != a[field]) & (b[field] != b[field]))
        if a[field].dtype.kind == "f" and rtol > 0:
            equal |= np.abs(a[field] - b[field]) <= rtol * np.maximum(np.abs(a[field]), np.abs(b[field]))
        apart[field] = ~equal
        bad |= ~equal
    if not bad.any():
        return None
    row = int(bad.argmax())
    place = {field: int(a[field][row]) for field in ("layer", "sub_slow", "sub_fast", "source", "phi", "domain")}
    fields = {field: (a[field][row].item(), b[field][row].item()) for field in STEP_FIELDS if apart[field][row]}
    return StepDifference(row, place, fields)


def _ancestors(name: str) -> set[str]:
    """Return everything a quantity is computed from, hidden inputs included."""
    found: set[str] = set()
    waiting = list(INPUTS.get(name, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += INPUTS.get(one, ())
    return found


assert set(INPUTS) == set(QUANTITIES)
