"""The crystal: its lattice and orientation, size, shape and mosaicity."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nbhybrid import _core, units
from nbhybrid.arrays import rotation_matrices, take, vector
from nbhybrid.errors import ModelError
from nbhybrid.fields import LARGEST_INT, Kind, choice, number, part, several, whole
from nbhybrid.hints import names_are_checked
from nbhybrid.model import Model, Vector, frozen
from nbhybrid.options import fields_of, takes_options, usual, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt


@names_are_checked
@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class UnitCell(Model):
    """A unit cell.

    With the semantics ``reference`` a crystal with two or three angles that are not 90 degrees gets other angles, and a
    warning; with ``corrected`` or ``reference,oblique-cell`` it has these.

    Parameters
    ----------
    a, b, c : float
        Edges in Angstrom.
    alpha, beta, gamma : float
        Angles in degrees.

    Raises
    ------
    ModelError
        If no cell has these edges and angles.
    """

    a: float
    b: float
    c: float
    alpha: float = 90.0
    beta: float = 90.0
    gamma: float = 90.0

    _kinds: ClassVar = dict.fromkeys(("a", "b", "c", "alpha", "beta", "gamma"), number())

    def __post_init__(self) -> None:
        super().__post_init__()
        _core.cell_volume(self._fields())

    @property
    def volume(self) -> float:
        """The volume in cubic Angstrom."""
        return _core.cell_volume(self._fields())

    def _fields(self) -> tuple[float, ...]:
        return (self.a, self.b, self.c, *(units.radians(angle) for angle in (self.alpha, self.beta, self.gamma)))


def _cell_of(edges: Sequence[float]) -> UnitCell:
    return UnitCell(*edges)


@names_are_checked
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
@takes_options("Crystal")
class Crystal(Model):
    """The crystal: lattice and orientation, size, shape and mosaicity.

    Parameters
    ----------
    cell : UnitCell, optional
        Needed without a matrix; with one it gives the edges, and the matrix the directions.
    mosflm_matrix : array_like, (3, 3), optional
        Columns a*, b*, c* times the wavelength, as MOSFLM writes them.
    misset_deg : (float, float, float) or "random", optional
        Rotations about x, y and z on top of cell or matrix.
    misset_seed : int, optional
        Of a random misset; needed for it.
    rotation : array_like, (3, 3), optional
        A rotation of the lattice after the misset.
    n_cells : float or (float, float, float)
        Unit cells along a, b and c, 1 or more: whole numbers with the semantics ``reference``, of any size with ``corrected``.
    size_mm : (float, float, float), optional
        Edges of the crystal; where above zero they give the number of cells.
    shape : {"square", "round", "gauss", "tophat"}
        Spots of gauss and tophat crystals are as wide as the number of cells says with the semantics ``corrected`` or
        ``reference,spot-scale``; with ``reference`` they shrink with its cube.
    fudge : float
        Factor on the spot size of the other shapes than square.
    mosaic_spread_deg : float
    mosaic_domains : int, optional
        By default 10 with a spread and 1 without.
    mosaic_seed : int
    domain_rotations : array_like, (n, 3, 3), optional
        The rotations of the domains, instead of random ones.

    Raises
    ------
    ModelError, ArrayTypeError, ArrayValueError
    """

    cell: UnitCell | None = None
    mosflm_matrix: npt.NDArray[np.float64] | None = None
    misset_deg: Vector | Literal["random"] | None = None
    misset_seed: int | None = None
    rotation: npt.NDArray[np.float64] | None = None
    n_cells: tuple[float, float, float] = (usual("-N"),) * 3
    size_mm: Vector | None = None
    shape: str = "square"
    fudge: float = usual("-fudge")
    mosaic_spread_deg: float | None = None
    mosaic_domains: int | None = None
    mosaic_seed: int = usual("-mosaic_seed")
    domain_rotations: npt.NDArray[np.float64] | None = None

    _kinds: ClassVar = {
        "cell": part(UnitCell, "a UnitCell", {list: _cell_of, tuple: _cell_of}),
        "misset_seed": whole(),
        "size_mm": several(3, number(least=0), "(a, b, c)"),
        "shape": choice(*_core.shape_names),
        "mosaic_spread_deg": number(least=0),
        "mosaic_domains": whole(1, LARGEST_INT),
        "mosaic_seed": whole(),
    }
    _instead_of: ClassVar = {"n_cells": "size_mm"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cell is None and self.mosflm_matrix is None:
            raise ModelError("Crystal: there is no lattice, expected cell or mosflm_matrix")
        self._set("n_cells", _N_CELLS.take("Crystal.n_cells", self.n_cells))
        if isinstance(self.misset_deg, str):
            choice("random").take("Crystal.misset_deg", self.misset_deg)
            if self.misset_seed is None:
                raise ModelError('misset_deg="random" needs a misset_seed')
        elif self.misset_deg is not None:
            self._set("misset_deg", vector(self.misset_deg, "misset_deg"))
        if self.mosflm_matrix is not None:
            self._set("mosflm_matrix", frozen(take(self.mosflm_matrix, "mosflm_matrix", (3, 3))))
        if self.rotation is not None:
            self._set("rotation", frozen(rotation_matrices(take(self.rotation, "rotation", (3, 3)), "rotation")[0]))
        if self.domain_rotations is not None:
            self._set("domain_rotations", frozen(rotation_matrices(self.domain_rotations, "domain_rotations")))

    def _in_force(self) -> dict[str, Any]:
        shown = super()._in_force()
        if self.domain_rotations is not None or not self.mosaic_spread_deg:
            for name in ("mosaic_spread_deg", "mosaic_domains", "mosaic_seed"):
                shown.pop(name, None)
        else:
            shown["mosaic_domains"] = self.mosaic_domains or _core.usual_mosaic_domains
        if self.size_mm is not None and all(self.size_mm):
            shown.pop("n_cells", None)
        else:
            shown["n_cells"] = self.n_cells
        return shown

    def _fields(self) -> dict[str, Any]:
        fields = fields_of(self) | {"cells": tuple(float(n) for n in self.n_cells), "shape": self.shape}
        if self.cell is not None:
            fields["cell"] = self.cell._fields()
        if self.mosflm_matrix is not None:
            fields["matrix"] = tuple(self.mosflm_matrix.ravel().tolist())
        if self.misset_deg == "random":
            fields["misset"] = "random"
        elif self.misset_deg is not None:
            fields["misset"] = "angles"
            fields["misset_angles"] = tuple(units.radians(angle) for angle in self.misset_deg)
        if self.rotation is not None:
            fields["rotation"] = self.rotation.tolist()
        if self.size_mm is not None:
            fields["size"] = tuple(units.metres(edge) for edge in self.size_mm)
        if self.domain_rotations is not None:
            fields["domains"] = self.domain_rotations
        return fields

    @classmethod
    def _from_fields(cls, fields: Mapping[str, Any], seeds: Mapping[str, Any]) -> Crystal:
        angles = tuple(units.degrees_of(angle) for angle in fields["misset_angles"])
        misset = {"none": None, "random": "random", "angles": angles}[fields["misset"]]
        size = fields["size"]
        matrix = fields["matrix"]
        return cls(
            cell=_cell_from(fields["cell"]),
            mosflm_matrix=None if matrix is None else [matrix[0:3], matrix[3:6], matrix[6:9]],  # type: ignore[arg-type]
            misset_deg=misset,  # type: ignore[arg-type]
            misset_seed=None if seeds["misset"] is None else -seeds["misset"],
            # As in the reference, there is no crystal of less than a cell, and an edge that is not above zero does not count.
            n_cells=tuple(max(n, 1) for n in fields["cells"]),
            size_mm=tuple(units.mm_of(max(edge, 0.0)) for edge in size) if max(size) > 0 else None,  # type: ignore[arg-type]
            shape=fields["shape"],
            **values_of(cls, fields),
            mosaic_seed=-seeds["mosaic"],
        )


def _cells_of(value: Any) -> tuple[float, float, float]:
    """Return the numbers of cells along each axis, of which one stands for all three; whole ones are int."""
    is_list = isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) == 1
    numbers = several(3, number(least=1, most=LARGEST_INT), "").convert(value if is_list else (value,) * 3)
    a, b, c = (int(n) if n.is_integer() else n for n in numbers)
    return a, b, c


_N_CELLS = Kind("a number of 1 or more, or three of them", _cells_of)


def _cell_from(values: Sequence[float] | None) -> UnitCell | None:
    """Return the cell of the core's six numbers, of which those that are zero were not given."""
    if values is None:
        return None
    a = values[0]
    b, c = (v if v > 0 else a for v in values[1:3])
    alpha, beta, gamma = (units.degrees_of(v) if v > 0 else 90.0 for v in values[3:])
    return UnitCell(a, b, c, alpha, beta, gamma)
