"""What a user may not expect of legal input, as Python warnings: one class, a name for each kind, the words of the API in use."""

from __future__ import annotations

import contextlib
import contextvars
import re
import sys
import warnings
from typing import TYPE_CHECKING

from nbhybrid import _core
from nbhybrid.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    # Name and text, as the core has them.
    Pair = tuple[str, str]

# What the objects call what the core, which speaks the command line's language, names by an option.
WORDS = {
    "-adxv": "Detector.adxv",
    "-beam_vector": "Beam(direction=...)",
    "-beamsize": "Beam(size_mm=...)",
    "-cell": "Crystal(cell=...)",
    "-close_distance": "Detector(close_distance_mm=...)",
    "-curved_det": "Detector(curved=True)",
    "-custom": "Detector.custom",
    "-default_F": "StructureFactors(default=...)",
    "-denzo": "Detector.denzo",
    "-detector_abs": "Sensor(attenuation_depth_um=...)",
    "-detector_rotx": "Detector(rotation_deg=...)",
    "-detector_roty": "Detector(rotation_deg=...)",
    "-detector_rotz": "Detector(rotation_deg=...)",
    "-detector_thick": "Sensor(thickness_um=...)",
    "-detector_thicksteps": "Sensor(layers=...)",
    "-detpixels": "Detector(pixels=...)",
    "-detpixels_f": "Detector(pixels=...)",
    "-detpixels_s": "Detector(pixels=...)",
    "-detsize": "Detector(size_mm=...)",
    "-detsize_f": "Detector(size_mm=...)",
    "-detsize_s": "Detector(size_mm=...)",
    "-dials": "Detector.dials",
    "-dispersion": "Beam(dispersion_percent=...)",
    "-dispsteps": "Beam(dispersion_percent=Spread(steps=...))",
    "-distance": "Detector(distance_mm=...)",
    "-divergence": "Beam(horizontal_divergence_mrad=..., vertical_divergence_mrad=...)",
    "-divsteps": "Beam(horizontal_divergence_mrad=Spread(steps=...), vertical_divergence_mrad=Spread(steps=...))",
    "-dmin": "Sampling(dmin_angstrom=...)",
    "-dump": "StructureFactors.from_file(dump=True)",
    "-energy": "Beam(energy_ev=...)",
    "-exposure": "Beam(exposure_s=...)",
    "-fdet_vector": "Detector(fast_axis=...)",
    "-fluence": "Beam(fluence=...)",
    "-flux": "Beam(flux=...)",
    "-fudge": "Crystal(fudge=...)",
    "-gauss_xtal": "Crystal(shape='gauss')",
    "-hdivrange": "Beam(horizontal_divergence_mrad=...)",
    "-hdivstep": "Beam(horizontal_divergence_mrad=Spread(step=...))",
    "-hdivsteps": "Beam(horizontal_divergence_mrad=Spread(steps=...))",
    "-hkl": "StructureFactors.from_file",
    "-img": "Experiment.from_args",
    "-interpolate": "StructureFactors(interpolate=True)",
    "-lambda": "Beam(wavelength_angstrom=...)",
    "-mask": "Detector(mask=...)",
    "-mat": "Crystal(mosflm_matrix=...)",
    "-misset": "Crystal(misset_deg=...)",
    "-misset_seed": "Crystal(misset_seed=...)",
    "-mosaic": "Crystal(mosaic_spread_deg=...)",
    "-mosaic_domains": "Crystal(mosaic_domains=...)",
    "-mosaic_seed": "Crystal(mosaic_seed=...)",
    "-mosflm": "Detector.mosflm",
    "-N": "Crystal(n_cells=...)",
    "-Na": "Crystal(n_cells=...)",
    "-Nb": "Crystal(n_cells=...)",
    "-Nc": "Crystal(n_cells=...)",
    "-nointerpolate": "StructureFactors(interpolate=False)",
    "-nopolar": "Beam(polarization=None)",
    "-odet_vector": "Detector(normal=...)",
    "-ORGX": "Detector(org=...)",
    "-ORGY": "Detector(org=...)",
    "-osc": "Scan(range_deg=...)",
    "-oversample": "Sampling(oversample=...)",
    "-oversample_omega": "Sampling(recompute_solid_angle=True)",
    "-oversample_polar": "Sampling(recompute_polarization=True)",
    "-oversample_thick": "Sampling(recompute_thickness=True)",
    "-phi": "Scan(phi_deg=...)",
    "-phistep": "Scan(step_deg=...)",
    "-phisteps": "Scan(steps=...)",
    "-pivot": "Detector(pivot=...)",
    "-pix0_vector": "Detector(origin_mm=...)",
    "-pixel": "Detector(pixel_size_mm=...)",
    "-point_pixel": "Detector(point_pixel=True)",
    "-polar": "Beam(polarization=...)",
    "-polar_vector": "Beam(polarization_axis=...)",
    "-roi": "Detector(region=...)",
    "-round_div": "Beam(round_divergence=True)",
    "-round_xtal": "Crystal(shape='round')",
    "-sdet_vector": "Detector(slow_axis=...)",
    "-seed": "poisson(seed=...)",
    "-sourcefile": "Beam(sources=...)",
    "-spindle_axis": "Scan(axis=...)",
    "-square_div": "Beam(round_divergence=False)",
    "-square_xtal": "Crystal(shape='square')",
    "-tophat_spots": "Crystal(shape='tophat')",
    "-twotheta": "Detector(twotheta_deg=...)",
    "-twotheta_axis": "Detector(twotheta_axis=...)",
    "-vdivrange": "Beam(vertical_divergence_mrad=...)",
    "-vdivstep": "Beam(vertical_divergence_mrad=Spread(step=...))",
    "-vdivsteps": "Beam(vertical_divergence_mrad=Spread(steps=...))",
    "-water": "Sampling(water_um=...)",
    "-Xbeam": "Detector(beam_center_mm=...)",
    "-Xclose": "Detector(close_mm=...)",
    "-xds": "Detector.xds",
    "-xtal_x": "Crystal(size_mm=...)",
    "-xtal_y": "Crystal(size_mm=...)",
    "-xtal_z": "Crystal(size_mm=...)",
    "-xtalsize": "Crystal(size_mm=...)",
    "-Ybeam": "Detector(beam_center_mm=...)",
    "-Yclose": "Detector(close_mm=...)",
}
# An option, and the numbers that follow it.
_OPTION = re.compile(r"(?<![\w-])(-[A-Za-z][A-Za-z_0-9]*)\b((?: [+-]?\d(?:[\d.]*\d)?(?:e[+-]?\d+)?\b)*)")
_TWICE = re.compile(r"(\w+\(\w+=\.\.\.\))(?:(?:,| and) \1)+")
_SEMANTICS = re.compile(r"--semantics ([\w.,@-]*[\w-])")


class InputWarning(UserWarning):
    """Legal input that may not mean what its author thinks.

    Its text ends with the name of its kind in brackets; `ignore_warnings` silences a kind, and
    ``warnings.simplefilter("error", nbhybrid.InputWarning)`` turns all of them into errors.

    Attributes
    ----------
    name : str
        Of the kind: the id of a defect of the reference, or another that ``nbhybrid.warning_names`` lists.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(name, text)
        self.name = name

    def __str__(self) -> str:
        return line_of(self.args)


def line_of(pair: Iterable[str]) -> str:
    """Return a warning as a line: its text, and its name in brackets."""
    name, text = pair
    return f"{text} [{name}]"


def warning_names() -> dict[str, str]:
    """Return the names of all kinds of warnings, with what they are about."""
    return dict(_core.warning_names())


def ignore_warnings(*names: str) -> None:
    """Silence the warnings of these names, as a filter of the module `warnings`.

    Raises
    ------
    ModelError
        For a name that no warning has.
    """
    for name in names:
        if name not in warning_names():
            raise ModelError(f"ignore_warnings: found {name!r}, expected one of {', '.join(sorted(warning_names()))}")
        warnings.filterwarnings("ignore", rf"[\s\S]*\[{re.escape(name)}\]$", InputWarning)


def in_words_of_objects(text: str) -> str:
    """Return a text of the core with the names of options replaced by those of the Python objects' parameters."""
    text = _SEMANTICS.sub(r'Experiment(semantics="\1")', text)
    # Two options may be one parameter.
    return _TWICE.sub(r"\1", _OPTION.sub(_in_words_of_objects, text))


def _in_words_of_objects(match: re.Match[str]) -> str:
    option, numbers = match[1], match[2].split()
    words = WORDS.get(option)
    if words is None:
        return match[0]
    # Several numbers have another order, or none, in the objects.
    return words.replace("...", numbers[0]) if len(numbers) == 1 else words


_IS_SAID = contextvars.ContextVar("_IS_SAID", default=False)


@contextlib.contextmanager
def already_said() -> Iterator[None]:
    """Give no warnings while that lasts, in this thread: whoever begins has given them for all."""
    token = _IS_SAID.set(True)
    try:
        yield
    finally:
        _IS_SAID.reset(token)


def warn(pairs: Iterable[Pair]) -> None:
    """Give the warnings to Python, as if the caller of this package had caused them.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Names and texts.
    """
    if _IS_SAID.get():
        return
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "nbhybrid":
        level, frame = level + 1, frame.f_back
    for name, text in pairs:
        warnings.warn(InputWarning(name, text), stacklevel=level)
