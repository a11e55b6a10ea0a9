"""Images as functions of tensors, through which gradients flow. Needs torch, which nothing else imports."""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

try:
    import torch
except ImportError as error:
    from nbhybrid.extras import install

    raise ImportError(f"nbhybrid.torch needs torch, which is not installed: {install('torch')}") from error

from nbhybrid.arrays import check_tensor
from nbhybrid.errors import ModelError
from nbhybrid.fields import choice
from nbhybrid.input_warnings import already_said
from nbhybrid.simulator import Simulator
from nbhybrid.values import slope_of_rotation, with_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

__all__ = ["render"]

_DTYPES = {"float32": torch.float32, "float64": torch.float64}
# Rotation vectors: a derivative is that of a small rotation on top.
_ROTATIONS = ("crystal.rotation", "crystal.domain_rotations")


class _Renderer:
    """What an operator's number stands for: a simulator, and which parameters its tensors are."""

    def __init__(self, simulator: Simulator, paths: tuple[str, ...], dtype: Literal["float32", "float64"]) -> None:
        self.simulator = simulator
        self.paths = paths
        self.dtype = dtype
        self.shape = simulator.experiment.shape
        self._last: tuple[tuple[Any, ...], Simulator] | None = None

    def at(self, tensors: list[torch.Tensor]) -> tuple[Simulator, dict[str, npt.NDArray[np.float64]]]:
        """Return the simulator of these values, and the values."""
        arrays = [np.array(tensor.detach().cpu().numpy(), np.float64, order="C") for tensor in tensors]
        key = (self.simulator.experiment, *(array.tobytes() for array in arrays))
        values = dict(zip(self.paths, arrays, strict=True))
        if self._last is None or self._last[0][0] is not key[0] or self._last[0][1:] != key[1:]:
            with already_said():
                experiment = with_values(self.simulator.experiment, values)
                made = Simulator(experiment, engine=self.simulator.engine, threads=self.simulator.threads)
            self._last = (key, made)
        return self._last[1], values


_numbers = itertools.count()
_renderers: weakref.WeakValueDictionary[int, _Renderer] = weakref.WeakValueDictionary()


@torch.library.custom_op("nbhybrid::render", mutates_args=())
def _render(tensors: list[torch.Tensor], number: int) -> torch.Tensor:
    renderer = _renderers[number]
    simulator, _ = renderer.at(tensors)
    return torch.from_numpy(simulator.run(dtype=renderer.dtype))


@_render.register_fake
def _(tensors: list[torch.Tensor], number: int) -> torch.Tensor:
    renderer = _renderers[number]
    return torch.empty(renderer.shape, dtype=_DTYPES[renderer.dtype])


@torch.library.custom_op("nbhybrid::render_backward", mutates_args=())
def _backward(upstream: torch.Tensor, tensors: list[torch.Tensor], number: int) -> list[torch.Tensor]:
    renderer = _renderers[number]
    simulator, values = renderer.at(tensors)
    found = simulator.vjp(upstream.detach().cpu().numpy().astype(np.float64), list(renderer.paths))
    gradients = []
    for path, tensor in zip(renderer.paths, tensors, strict=True):
        gradient = found[path]
        if path in _ROTATIONS:
            gradient = _of_rotation_vectors(gradient, values[path])
        gradients.append(torch.from_numpy(np.array(gradient)).reshape(tensor.shape).to(tensor.dtype))
    return gradients


@_backward.register_fake
def _(upstream: torch.Tensor, tensors: list[torch.Tensor], number: int) -> list[torch.Tensor]:
    return [torch.empty_like(tensor) for tensor in tensors]


def _of_rotation_vectors(gradient: npt.NDArray[np.float64], vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rows = [slope_of_rotation(w).T @ g for w, g in zip(vectors.reshape(-1, 3), gradient.reshape(-1, 3), strict=True)]
    return np.stack(rows).reshape(vectors.shape)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
    tensors, number = inputs
    ctx.save_for_backward(*tensors)
    ctx.number = number
    ctx.renderer = _renderers[number]


def _pull(context: Any, upstream: torch.Tensor) -> tuple[list[torch.Tensor], None]:
    return _backward(upstream, list(context.saved_tensors), context.number), None


def _no_second(context: Any, *upstream: Any) -> Any:
    raise NotImplementedError(
        "nbhybrid.torch.render: there are no second derivatives: expected no create_graph=True, or another method"
    )


_render.register_autograd(_pull, setup_context=_remember)
_backward.register_autograd(_no_second, setup_context=lambda ctx, inputs, output: None)


def _no_vmap(*_: Any) -> Any:
    raise NotImplementedError(
        "nbhybrid.torch.render does not work under vmap: expected a loop over images, or nbhybrid.simulate_batch"
    )


for _op in (_render, _backward):
    torch.library.register_vmap(_op, _no_vmap)


def render(
    simulator: Simulator, values: Mapping[str, torch.Tensor], dtype: Literal["float32", "float64"] = "float32"
) -> torch.Tensor:
    """Return the image of an experiment with these values, through which gradients flow.

    Parameters
    ----------
    simulator : Simulator
        Of the experiment, on the processor; what is automatic was chosen when it was made.
    values : dict of str to torch.Tensor of float32 or float64
        By path, as `Simulator.differentiable` lists them, of the parameter's shape and in its unit: in place of what the experiment
        has. ``crystal.rotation`` and ``crystal.domain_rotations`` are rotation vectors in degrees that turn what it has.
    dtype : {"float32", "float64"}
        Of the image: with ``"float64"`` the pixels before their last rounding, which `torch.autograd.gradcheck` needs.

    Returns
    -------
    torch.Tensor, (slow, fast)
        In the memory of the host.

    Raises
    ------
    ModelError
        For a path that does not exist, or that this experiment has no derivative by.
    ArrayTypeError, ArrayValueError
        For a value that is no tensor of the right shape.
    NotImplementedError
        In the backward pass, for second derivatives; under `torch.vmap`.
    """
    if not isinstance(simulator, Simulator):
        raise ModelError(f"simulator: found a {type(simulator).__name__}, expected a Simulator")
    if simulator.experiment.detector.panels is not None:
        raise ModelError("the detector is made of panels: expected a detector of one, render each alone")
    dtype = choice(*_DTYPES).take("dtype", dtype)
    paths = tuple(values)
    for path, tensor in values.items():
        check_tensor(tensor, f"values[{path!r}]", simulator._differentiator.parameter(path, "values").shape)
    image: torch.Tensor = _render(list(values.values()), _number_of(simulator, paths, dtype))
    return image


def _number_of(simulator: Simulator, paths: tuple[str, ...], dtype: Literal["float32", "float64"]) -> int:
    """Return the operator's number, which is the same for the same simulator, so that a loop is compiled once."""
    known: dict[tuple[tuple[str, ...], str], tuple[int, _Renderer]] = simulator.__dict__.setdefault("_renderers", {})
    if (paths, dtype) not in known:
        number, renderer = next(_numbers), _Renderer(simulator, paths, dtype)
        _renderers[number] = renderer
        known[paths, dtype] = (number, renderer)
    return known[paths, dtype][0]
