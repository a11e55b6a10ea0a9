"""What a user may not expect of legal input, as Python warnings: one class, a name for each kind, the words of the API in use."""

from __future__ import annotations

import re
import sys
import warnings
from typing import TYPE_CHECKING

from nbhybrid import _core
from nbhybrid.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable

    # Name and text, as the core has them.
    Pair = tuple[str, str]

# What the objects call what the core, which speaks the command line's language, names by an option.
WORDS = {
    "-mosflm": "Detector.mosflm",
    "-xds": "Detector.xds",
    "-adxv": "Detector.adxv",
    "-denzo": "Detector.denzo",
    "-dials": "Detector.dials",
    "-custom": "Detector.custom",
    "-Xbeam": "Detector(beam_center_mm=...)",
    "-Ybeam": "Detector(beam_center_mm=...)",
    "-Xclose": "Detector(close_mm=...)",
    "-Yclose": "Detector(close_mm=...)",
    "-ORGX": "Detector(org=...)",
    "-ORGY": "Detector(org=...)",
    "-beam_vector": "Beam(direction=...)",
    "-beamsize": "Beam(size_mm=...)",
    "-cell": "Crystal(cell=...)",
    "-detector_thicksteps": "Sensor(layers=...)",
    "-exposure": "Beam(exposure_s=...)",
    "-mask": "Detector(mask=...)",
    "-xtal_x": "Crystal(size_mm=...)",
    "-xtal_y": "Crystal(size_mm=...)",
    "-xtal_z": "Crystal(size_mm=...)",
    "-Na": "Crystal(n_cells=...)",
    "-Nb": "Crystal(n_cells=...)",
    "-Nc": "Crystal(n_cells=...)",
    "-close_distance": "Detector(close_distance_mm=...)",
    "-curved_det": "Detector(curved=...)",
    "-default_F": "StructureFactors(default=...)",
    "-detector_abs": "Sensor(attenuation_depth_um=...)",
    "-detector_thick": "Sensor(thickness_um=...)",
    "-distance": "Detector(distance_mm=...)",
    "-divergence": "Beam(horizontal_divergence_mrad=..., vertical_divergence_mrad=...)",
    "-dispersion": "Beam(dispersion_percent=...)",
    "-dmin": "Sampling(dmin_angstrom=...)",
    "-energy": "Beam(energy_ev=...)",
    "-fdet_vector": "Detector(fast_axis=...)",
    "-fluence": "Beam(fluence=...)",
    "-flux": "Beam(flux=...)",
    "-fudge": "Crystal(fudge=...)",
    "-hkl": "StructureFactors.from_file",
    "-interpolate": "StructureFactors(interpolate=True)",
    "-lambda": "Beam(wavelength_angstrom=...)",
    "-mat": "Crystal(mosflm_matrix=...)",
    "-misset": "Crystal(misset_deg=...)",
    "-misset_seed": "Crystal(misset_seed=...)",
    "-mosaic": "Crystal(mosaic_spread_deg=...)",
    "-mosaic_domains": "Crystal(mosaic_domains=...)",
    "-N": "Crystal(n_cells=...)",
    "-odet_vector": "Detector(normal=...)",
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
    "-polar_vector": "Beam(polarization_axis=...)",
    "-roi": "Detector(region=...)",
    "-sdet_vector": "Detector(slow_axis=...)",
    "-sourcefile": "Beam(sources=...)",
    "-spindle_axis": "Scan(axis=...)",
    "-twotheta": "Detector(twotheta_deg=...)",
    "-twotheta_axis": "Detector(twotheta_axis=...)",
    "-water": "Sampling(water_um=...)",
    "-xtalsize": "Crystal(size_mm=...)",
}
# An option, and the number that is to follow it.
_OPTION = re.compile(r"(?<![\w-])(-[A-Za-z][A-Za-z_0-9]*)\b(?: (\d[\d.]*(?:e[-+]?\d+)?\b))?")
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
    option, number = match.groups()
    words = WORDS.get(option)
    if words is None:
        return match[0]
    return words if number is None else words.replace("...", number)


def warn(pairs: Iterable[Pair]) -> None:
    """Give the warnings to Python, as if the caller of this package had caused them.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Names and texts.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "nbhybrid":
        level, frame = level + 1, frame.f_back
    for name, text in pairs:
        warnings.warn(InputWarning(name, text), stacklevel=level)
