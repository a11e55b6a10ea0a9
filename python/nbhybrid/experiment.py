"""The whole experiment: valid once built, from objects, from the reference's command line, or from plain data."""

from __future__ import annotations

import itertools
import json
import numbers
import os
import time
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid.beam import Beam, Sources
from nbhybrid.cores import usable_cores
from nbhybrid.crystal import Crystal
from nbhybrid.detector import Detector, Panel
from nbhybrid.errors import InputFileError, ModelError, NbhybridError
from nbhybrid.fields import TEXT, shown
from nbhybrid.hints import names_are_checked, no_such_name
from nbhybrid.input_warnings import in_words_of_objects, line_of, warn
from nbhybrid.scan import Sampling, Scan
from nbhybrid.structure_factors import MAX_TABLE_GIB, StructureFactors
from nbhybrid.without_effect import line_about
from nbhybrid.words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbhybrid.input_warnings import Pair
    from nbhybrid.model import Model

PARTS: dict[str, type[Model]] = {
    "crystal": Crystal,
    "structure_factors": StructureFactors,
    "beam": Beam,
    "detector": Detector,
    "scan": Scan,
    "sampling": Sampling,
}
# Of parts that are made in several ways.
_EXPECTED = {
    "structure_factors": "a number, or StructureFactors.from_file, .from_arrays or .from_grid",
    "crystal": "a Crystal",
    "beam": "a Beam",
    "detector": "a Detector",
    "scan": "a Scan",
    "sampling": "a Sampling",
}
# The reference's vectors where a custom detector leaves them open.
CUSTOM_FRAME = {
    "beam": (1.0, 0.0, 0.0),
    "fast": (0.0, 0.0, 1.0),
    "slow": (0.0, -1.0, 0.0),
    "normal": (1.0, 0.0, 0.0),
    "twotheta_axis": (0.0, 1.0, 0.0),
    "polarization": (0.0, 0.0, 1.0),
    "spindle": (0.0, 0.0, 1.0),
}


@names_are_checked
class Experiment:
    """Crystal, structure factors, beam, detector, scan and sampling: everything that a simulation needs. Never changes.

    Parameters
    ----------
    crystal : Crystal
    structure_factors : StructureFactors or float
        A number stands for the same amplitude for all reflections.
    detector : Detector
    beam : Beam, optional
    scan : Scan, optional
    sampling : Sampling, optional
    semantics : str
        ``"reference"``, ``"corrected"``, or ``"reference,ID,..."`` to correct single defects of the reference;
        ``"corrected@0.1"`` corrects what version 0.1 did.

    Attributes
    ----------
    warnings : list of str
        Where the semantics change what was asked for, and what `from_args` had to say about options and files; each is also a
        Python warning when the experiment is made. Behind each stands its name, for `ignore_warnings`.
    shape : (int, int)
        Slow and fast pixels of the image; `shapes` for several panels.
    steps : int
        Steps that each pixel sums.

    Raises
    ------
    ModelError, SizeError
        If no valid experiment can be made of them.

    Warns
    -----
    InputWarning
        Where legal input may not mean what its author thinks.
    """

    def __init__(
        self,
        *,
        crystal: Crystal,
        structure_factors: StructureFactors | float,
        detector: Detector,
        beam: Beam | None = None,
        scan: Scan | None = None,
        sampling: Sampling | None = None,
        semantics: str = "reference",
        _remarks: tuple[Pair, ...] | None = None,
        _known: Experiment | None = None,
        _quiet: bool = False,
    ) -> None:
        if isinstance(structure_factors, numbers.Real) and not isinstance(structure_factors, bool):
            structure_factors = StructureFactors.constant(float(structure_factors))
        self.crystal = crystal
        self.structure_factors: StructureFactors = structure_factors  # type: ignore[assignment]  # looked at below
        self.detector = detector
        self.beam = Beam() if beam is None else beam
        self.scan = Scan() if scan is None else scan
        self.sampling = Sampling() if sampling is None else sampling
        self._semantics = TEXT.take("Experiment.semantics", semantics)
        for name, kind in PARTS.items():
            if not isinstance(getattr(self, name), kind):
                raise ModelError(f"Experiment.{name}: found {shown(getattr(self, name))}, expected {_EXPECTED[name]}")
        table, of_table = self.structure_factors._for(self._semantics)
        self._of_table: list[Pair] = of_table
        try:
            self._cores = tuple(_core.Experiment(_core.Options(self._fields(panel), table), 1) for panel in self.detector.parts)
        except NbhybridError as error:
            raise type(error)(in_words_of_objects(str(error))) from None
        # What `from_args` had to say, in the words of the command line; else the core's, in those of the objects.
        self._remarks = _remarks
        self._sealed = True
        said = set() if _known is None else set(_known._pairs)
        if not _quiet:
            warn(pair for pair in self._pairs if pair not in said)

    def __setattr__(self, name: str, value: object) -> None:
        if getattr(self, "_sealed", False):
            raise AttributeError(f"an Experiment does not change; use replace({name}=...)")
        object.__setattr__(self, name, value)

    @property
    def _core(self) -> _core.Experiment:
        """The core's experiment of a detector of one panel."""
        if len(self._cores) > 1:
            raise ModelError(f"the detector has {len(self._cores)} panels, expected one")
        return self._cores[0]

    @property
    def semantics(self) -> str:
        """Which defects of the reference are corrected."""
        return self._cores[0].semantics

    @property
    def warnings(self) -> list[str]:
        """Where the semantics change what was asked for, and what `from_args` had to say about options and files."""
        return [line_of(pair) for pair in self._pairs]

    @property
    def _pairs(self) -> list[Pair]:
        """Names and texts of the warnings."""
        if self._remarks is not None:
            return list(dict.fromkeys(self._remarks))
        return list(dict.fromkeys(self._worded([*self._of_table, *self._of_cores])))

    @property
    def _of_cores(self) -> list[Pair]:
        # A normal that nobody gave comes about by being replaced.
        return [pair for core in self._cores for pair in core.warnings if pair[0] != "normal-replaced"]

    def _worded(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Return warnings of the core in the words of what the experiment was made of."""
        if self._remarks is not None:
            return list(pairs)
        return [(name, in_words_of_objects(text)) for name, text in pairs]

    @property
    def shape(self) -> tuple[int, int]:
        """Slow and fast pixels of the image of a detector of one panel."""
        return self._core.shape

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Slow and fast pixels of each panel."""
        return [core.shape for core in self._cores]

    @property
    def offsets(self) -> list[int]:
        """Where each panel begins in a flat array of all pixels, and the number of all pixels."""
        return [0, *itertools.accumulate(slow * fast for slow, fast in self.shapes)]

    @property
    def steps(self) -> int:
        """Steps that each pixel sums: sources x domains x phi steps x sub-pixels."""
        return self._cores[0].steps

    @property
    def configuration(self) -> dict[str, dict[str, Any]]:
        """What is in force after all defaults and conventions, as ``nbhybrid run --json`` records it."""
        return self._core.configuration

    @property
    def geometry(self) -> dict[str, Any]:
        """Vectors in the laboratory frame: cell vectors (m), reciprocal ones (1/Angstrom), the detector's axes and origin (m)."""
        return self._core.geometry

    def replace(self, **changes: Any) -> Experiment:
        """Return an experiment with other parts."""
        return Experiment(**self._parts_with(changes), _known=self)

    def _variant(self, **changes: Any) -> Experiment:
        """Return what `replace` does, without a word: one of many whose warnings are those of this one."""
        return Experiment(**self._parts_with(changes), _remarks=self._remarks, _quiet=True)

    def _parts_with(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parts, some of them exchanged."""
        parts: dict[str, Any] = {name: getattr(self, name) for name in PARTS} | {"semantics": self._semantics}
        for name in changes:
            if name not in parts:
                raise no_such_name("Experiment", name, parts)
        if "semantics" in changes:
            self._check_corrected_when_read(TEXT.take("Experiment.semantics", changes["semantics"]))
        return parts | dict(changes)

    def _check_corrected_when_read(self, semantics: str) -> None:
        """Refuse semantics that correct what the reading of a command line and its files has settled already."""
        again = {name for name, _ in self._of_cores}
        for name, _ in self._remarks or ():
            if name in _core.defect_ids() and name not in again and _core.corrects(semantics, name):
                where = f"from_args([..., '--semantics', {semantics!r}])"
                raise ModelError(f"Experiment.semantics: {name} acts where a command line is read, expected Experiment.{where}")

    @classmethod
    def from_args(cls, args: str | Sequence[str]) -> Experiment:
        """Return the experiment of a command line of the reference.

        Parameters
        ----------
        args : str or sequence of str
            The options of ``nbhybrid run``: one word each, or a text that is split as a shell does it. Input files are read. Those
            options that have no effect here, such as those of outputs, are named by a warning.

        Raises
        ------
        OptionError, InputFileError, ModelError, SizeError
        """
        words = words_of(args)
        options, remarks = _core.parse_options(words)
        useless = line_about(words, "Experiment")
        if useless:
            remarks = [*remarks, ("no-effect", useless)]
        fields = options.to_dict()
        crystal, seeds, detector = fields["crystal"], fields["seeds"], fields["detector"]
        if crystal["misset"] == "random" and seeds["misset"] is None:
            seeds["misset"] = -int(time.time())
        built = _core.Experiment(options, options.threads or usable_cores())
        frame = detector["placement"]["custom_frame"] if detector["placement"]["convention"] == "custom" else None
        matrix = _core.read_matrix(os.fsencode(crystal["matrix_file"])) if crystal["matrix_file"] else None
        return cls(
            crystal=Crystal._from_fields(crystal, seeds, matrix),
            structure_factors=StructureFactors(interpolate=built.interpolates, _table=built.structure_factors),
            detector=Detector._from_fields(
                detector, frame, _origin(detector, fields["semantics"]), built.configuration["detector"]["pivot"]
            ),
            beam=Beam._from_fields(fields["beam"], frame, _sources(built.source_rows)),
            scan=Scan._from_fields(fields["scan"], frame),
            sampling=Sampling._from_fields(fields["sampling"]),
            semantics=fields["semantics"],
            _remarks=(*remarks, *built.warnings),
        )

    def _fields(self, panel: Panel) -> dict[str, Any]:
        """Return the core's options for a panel, in metres and radians."""
        crystal = self.crystal._fields()
        interpolate = self.structure_factors.interpolate
        crystal["interpolation"] = {None: "automatic", True: "on", False: "off"}[interpolate]
        detector = panel._fields()
        detector["placement"] |= self._frame(panel)
        seed = self.crystal.misset_seed
        return {
            "crystal": crystal,
            "beam": self.beam._fields(),
            "detector": detector,
            "scan": self.scan._fields(),
            "sampling": self.sampling._fields(),
            "seeds": {"misset": None if seed is None else -seed, "mosaic": -self.crystal.mosaic_seed},
            "semantics": self._semantics,
            "max_table_gib": MAX_TABLE_GIB,
        }

    def _frame(self, panel: Panel) -> dict[str, Any]:
        """Return the vectors of a custom panel, with those of beam and scan."""
        by_axes = panel.normal is None and panel.fast_axis is not None and panel.slow_axis is not None
        given = {
            "beam": self.beam.direction,
            "polarization": self.beam.polarization_axis,
            "spindle": self.scan.axis,
            "fast": panel.fast_axis,
            "slow": panel.slow_axis,
            # Without a length it becomes fast x slow.
            "normal": (0.0, 0.0, 0.0) if by_axes else panel.normal,
            "twotheta_axis": panel.twotheta_axis,
        }
        if panel.convention != "custom":
            names = {"beam": "beam.direction", "polarization": "beam.polarization_axis", "spindle": "scan.axis"}
            for name, words in names.items():
                if given[name] is not None:
                    raise ModelError(f"{words}: is fixed by the {panel.convention} convention; use Detector.custom")
            return {}
        return {"custom_frame": {name: value or CUSTOM_FRAME[name] for name, value in given.items()}}

    def to_dict(self) -> dict[str, Any]:
        """Return all parts as plain values, fit for JSON and TOML; numbers keep all their bits."""
        return {name: getattr(self, name).to_dict() for name in PARTS} | {"semantics": self._semantics}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Experiment:
        """Return the experiment of these values, as `to_dict` gives them; parts with defaults may be left out."""
        return cls(**_parts_of(values))

    def to_json(self) -> str:
        """Return `to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Experiment:
        """Return the experiment of a text that `to_json` made."""
        return cls.from_dict(values_of_json(text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.crystal, self.beam, self.scan, self.sampling, self._semantics))

    def __repr__(self) -> str:
        sizes = ", ".join(f"{slow} x {fast}" for slow, fast in dict.fromkeys(self.shapes))
        panels = f"{len(self._cores)} panels of {sizes}" if len(self._cores) > 1 else sizes
        return f"<Experiment of {panels} pixels, {self.steps} steps each>"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restored, (self.to_dict(), self._remarks))


def _restored(values: Mapping[str, Any], remarks: tuple[Pair, ...] | None) -> Experiment:
    """Return an experiment that was pickled: its warnings have been given where it was made."""
    return Experiment(**_parts_of(values), _remarks=remarks, _quiet=True)


def values_of_json(text: str) -> dict[str, Any]:
    """Return the plain data of a text that `Experiment.to_json` made."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InputFileError(f"the text is no JSON: {error}") from error
    if not isinstance(values, dict):
        raise InputFileError(f"the text holds {shown(values)}, expected an object of the experiment's parts")
    return values


def _parts_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts that plain values describe, and the semantics."""
    if not hasattr(values, "items"):
        raise ModelError(f"Experiment: found {shown(values)}, expected a dictionary of its parts")
    for name in values:
        if name not in (*PARTS, "semantics"):
            raise no_such_name("Experiment", str(name), (*PARTS, "semantics"))
    for name in ("crystal", "structure_factors", "detector"):
        if name not in values:
            raise ModelError(f"Experiment: there is no {name}")
    parts: dict[str, Any] = {name: kind.from_dict(values[name]) for name, kind in PARTS.items() if name in values}
    return parts | {"semantics": values.get("semantics", "reference")}


def _origin(detector: Mapping[str, Any], semantics: str) -> tuple[float, float, float] | None:
    """Return the first pixel's corner in metres, if one was given and counts."""
    if detector["pix0"] is None or not _core.corrects(semantics, "pix0-overwritten"):
        return None
    scale = 1e-3 if detector["pix0_in_mm"] else 1.0
    x, y, z = (scale * v for v in detector["pix0"])
    return x, y, z


def _sources(rows: bytes) -> Sources | None:
    if not rows:
        return None
    import numpy as np

    from nbhybrid import units

    table = np.frombuffer(rows, "<f8").reshape(-1, 5)
    wavelengths = [units.angstrom_of(v) for v in table[:, 3].tolist()]
    return Sources(table[:, :3], wavelengths, table[:, 4])  # type: ignore[arg-type]
