"""An experiment with other values of parameters that are named by their paths, as derivatives name them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import numpy.typing as npt

    from nbhybrid.experiment import Experiment
    from nbhybrid.model import Model

    Array = npt.NDArray[np.float64]

_PANEL = re.compile(r"detector\.panels\[(\d+)\]\.(.+)")


def rotation_of(vector: Array) -> Array:
    """Return the rotation about a vector by its length in degrees, exp([w]x) (O. Rodrigues).

    Parameters
    ----------
    vector : numpy.ndarray, (3,)

    Returns
    -------
    numpy.ndarray, (3, 3)
    """
    import numpy as np

    w = np.radians(vector)
    angle = float(np.linalg.norm(w))
    cross = _cross_product_with(w)
    # sin(x) / x and (1 - cos x) / x^2, both smooth at 0.
    along = np.sinc(angle / np.pi)
    across = 0.5 * np.sinc(0.5 * angle / np.pi) ** 2
    return np.eye(3) + along * cross + across * (cross @ cross)


def slope_of_rotation(vector: Array) -> Array:
    """Return how the small rotation that is put on top of exp([w]x) depends on a change of w: the left Jacobian of rotations.

    Parameters
    ----------
    vector : numpy.ndarray, (3,)
        w in degrees.

    Returns
    -------
    numpy.ndarray, (3, 3)
        ``I + (1 - cos x) / x^2 [w]x + (x - sin x) / x^3 [w]x^2``, x being the angle (J. Sola et al., arXiv:1812.01537, eq. 145).
    """
    import numpy as np

    w = np.radians(vector)
    angle = float(np.linalg.norm(w))
    cross = _cross_product_with(w)
    across = 0.5 * np.sinc(0.5 * angle / np.pi) ** 2
    # Below a hundredth the second term of the series is less than a rounding.
    rest = (angle - np.sin(angle)) / angle**3 if angle > 1e-2 else 1.0 / 6.0 - angle**2 / 120.0
    return np.eye(3) + across * cross + rest * (cross @ cross)


def _cross_product_with(w: Array) -> Array:
    import numpy as np

    return np.array([[0.0, -w[2], w[1]], [w[2], 0.0, -w[0]], [-w[1], w[0], 0.0]])


def _number_or_tuple(value: Array) -> Any:
    return float(value) if value.ndim == 0 else tuple(value.tolist())


def _cell(crystal: Any, value: Array) -> Any:
    from nbhybrid.crystal import UnitCell

    return crystal.replace(cell=UnitCell(*value.tolist()))


def _rotation(crystal: Any, value: Array) -> Any:
    import numpy as np

    before = np.eye(3) if crystal.rotation is None else crystal.rotation
    return crystal.replace(rotation=rotation_of(value) @ before)


def _domains(crystal: Any, value: Array) -> Any:
    import numpy as np

    turned = [rotation_of(w) @ before for w, before in zip(value, crystal.domain_rotations, strict=True)]
    return crystal.replace(domain_rotations=np.stack(turned))


def _amplitudes(factors: Any, value: Array) -> Any:
    from nbhybrid.structure_factors import StructureFactors

    return StructureFactors.from_grid(value, factors.origin, factors.default, interpolate=factors.interpolate)


def _default(factors: Any, value: Array) -> Any:
    from nbhybrid.structure_factors import StructureFactors

    grid = factors.grid
    if grid is None:
        return StructureFactors.from_dict({"default": float(value)})
    return StructureFactors.from_grid(grid, factors.origin, float(value), interpolate=factors.interpolate)


def _intensities(factors: Any, value: Array) -> Any:
    import numpy as np

    if not (value >= 0).all():
        raise ModelError(f"structure_factors.intensities: found {value.min():g}, expected numbers of zero or more")
    return _amplitudes(factors, np.sqrt(value))


# What is more than a field of its part.
_SPECIAL: dict[str, Callable[[Any, Array], Any]] = {
    "crystal.cell": _cell,
    "crystal.rotation": _rotation,
    "crystal.domain_rotations": _domains,
    "structure_factors.amplitudes": _amplitudes,
    "structure_factors.intensities": _intensities,
    "structure_factors.default": _default,
}


def _with_field(part: Model, fields: list[str], value: Any) -> Any:
    """Return a part with another value for a field, or for one of a part of it."""
    name, *rest = fields
    if rest:
        value = _with_field(getattr(part, name), rest, value)
    return part.replace(**{name: value})


def _with_value(experiment: Experiment, path: str, value: Array) -> Experiment:
    part, _, rest = path.partition(".")
    if path in _SPECIAL:
        return experiment.replace(**{part: _SPECIAL[path](getattr(experiment, part), value)})
    panel = _PANEL.fullmatch(path)
    if panel:
        panels = list(experiment.detector.panels or ())
        number = int(panel[1])
        panels[number] = _with_field(panels[number], panel[2].split("."), _number_or_tuple(value))
        return experiment.replace(detector=experiment.detector.replace(panels=tuple(panels)))
    kept = value if rest.startswith("sources.") else _number_or_tuple(value)
    return experiment.replace(**{part: _with_field(getattr(experiment, part), rest.split("."), kept)})


def with_values(experiment: Experiment, values: Mapping[str, Array]) -> Experiment:
    """Return the experiment with these values. What it had chosen by itself stays: the sub-pixels.

    Parameters
    ----------
    experiment : Experiment
    values : dict of str to numpy.ndarray
        By path. Of ``crystal.rotation`` and ``crystal.domain_rotations``, a rotation vector in degrees that turns what the
        experiment has; of ``structure_factors.amplitudes`` or ``.intensities`` the whole grid.

    Raises
    ------
    ModelError
        For values that no experiment can have.
    """
    chosen = experiment._cores[0].configuration["sampling"]["oversample"]
    changed = experiment.replace(sampling=experiment.sampling.replace(oversample=chosen))
    for path, value in values.items():
        changed = _with_value(changed, path, value)
    return changed
