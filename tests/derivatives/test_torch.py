"""Images as functions of tensors."""

import nbhybrid as nb
import numpy as np
import pytest
from derivative_scenes import SHAPES, scene

torch = pytest.importorskip("torch", reason="torch is not installed: that gradients flow through TENSORS is NOT tested")
pytestmark = pytest.mark.filterwarnings("ignore::nbhybrid.InputWarning")

PIXELS = {"pixels": (6, 7), "pixel_size_mm": 0.8, "distance_mm": 45.0}


def small(shape="gauss", **parts):
    """Return a simulator of a few pixels."""
    crystal = nb.Crystal(
        cell=nb.UnitCell(31, 36, 42, 84, 95, 101), misset_deg=(10, 20, 30), n_cells=(3.5, 4.5, 4.2), shape=shape, fudge=0.9
    )
    beam = nb.Beam(wavelength_angstrom=1.0, fluence=1e24, polarization=0.5)
    made = {"crystal": crystal, "beam": beam, "detector": nb.Detector.mosflm(**PIXELS), "structure_factors": 30.0}
    return nb.Simulator(nb.Experiment(**made | parts, semantics="corrected", sampling=nb.Sampling(oversample=1)))


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("shape", SHAPES[:3])
def test_gradcheck(shape):
    from nbhybrid.torch import render

    simulator = small(shape)
    cell, misset = tensor(31.0, 36.0, 42.0, 84.0, 95.0, 101.0), tensor(10.0, 20.0, 30.0)
    distance = torch.tensor(45.0, dtype=torch.float64, requires_grad=True)
    paths = ("crystal.cell", "crystal.misset_deg", "detector.distance_mm")

    def image(*values):
        return render(simulator, dict(zip(paths, values, strict=True)), dtype="float64") * 1e3

    assert torch.autograd.gradcheck(image, (cell, misset, distance), eps=1e-6, atol=1e-5, rtol=1e-4)


def test_rotation_vectors_have_their_own_slopes():
    from nbhybrid.torch import render

    simulator = small()
    for start in ((0.0, 0.0, 0.0), (3.0, -2.0, 25.0)):
        assert torch.autograd.gradcheck(
            lambda w: render(simulator, {"crystal.rotation": w}, dtype="float64") * 1e3,
            (tensor(*start),),
            eps=1e-6,
            atol=1e-5,
            rtol=1e-4,
        )


def test_gradients_are_those_of_vjp():
    from nbhybrid.torch import render

    simulator = small(structure_factors=nb.StructureFactors.from_grid(np.full((9, 9, 9), 20.0), (-4, -4, -4)))
    amplitudes = torch.full((9, 9, 9), 20.0, dtype=torch.float64, requires_grad=True)
    fluence = torch.tensor(1e24, dtype=torch.float32, requires_grad=True)
    image = render(simulator, {"structure_factors.amplitudes": amplitudes, "beam.fluence": fluence})
    assert image.dtype == torch.float32
    assert np.allclose(image.detach().numpy(), simulator.run(), rtol=1e-6)
    image.sum().backward()
    found = simulator.vjp(np.ones((6, 7)), ["structure_factors.amplitudes", "beam.fluence"])
    assert np.allclose(amplitudes.grad.numpy(), found["structure_factors.amplitudes"], rtol=1e-7)
    assert fluence.grad.dtype == torch.float32
    assert np.isclose(float(fluence.grad), found["beam.fluence"], rtol=1e-6)


def test_a_compiled_function_has_the_same_gradient():
    from nbhybrid.torch import render

    simulator = small()
    loss = lambda w: (render(simulator, {"crystal.misset_deg": w}, dtype="float64") ** 2).sum()  # noqa: E731
    gradients = []
    for function in (loss, torch.compile(loss, backend="aot_eager")):
        misset = tensor(10.0, 20.0, 30.0)
        function(misset).backward()
        gradients.append(misset.grad)
    assert gradients[0].abs().max() > 0
    assert torch.equal(*gradients)


def test_opcheck():
    from nbhybrid.torch import _number_of, _render

    simulator = small()
    number = _number_of(simulator, ("crystal.misset_deg",), "float32")
    torch.library.opcheck(
        _render, ([tensor(10.0, 20.0, 30.0)], number), test_utils=("test_schema", "test_faketensor", "test_autograd_registration")
    )


def test_an_updated_simulator_is_rendered():
    from nbhybrid.torch import render

    simulator = small()
    values = {"beam.fluence": torch.tensor(1e24, dtype=torch.float64)}
    before = render(simulator, values)
    simulator.update(crystal=simulator.experiment.crystal.replace(misset_deg=(11, 20, 30)))
    assert not torch.equal(render(simulator, values), before)


def test_what_is_refused_is_said():
    from nbhybrid.torch import render

    simulator = small()
    misset = tensor(10.0, 20.0, 30.0)
    image = render(simulator, {"crystal.misset_deg": misset}, dtype="float64")
    (gradient,) = torch.autograd.grad(image.sum(), misset, create_graph=True)
    with pytest.raises(NotImplementedError, match="no second derivatives"):
        gradient.sum().backward()
    with pytest.raises(NotImplementedError, match="does not work under vmap"):
        torch.vmap(lambda w: render(simulator, {"crystal.misset_deg": w}))(torch.stack([misset.detach(), misset.detach()]))
    with pytest.raises(nb.ModelError, match=r"did you mean crystal\.misset_deg"):
        render(simulator, {"crystal.miset_deg": misset})
    with pytest.raises(nb.ArrayTypeError, match=r"values\['crystal\.misset_deg'\]: found a tuple"):
        render(simulator, {"crystal.misset_deg": (1, 2, 3)})
    with pytest.raises(nb.ArrayValueError, match=r"found the shape \(2,\), expected \(3,\)"):
        render(simulator, {"crystal.misset_deg": tensor(1.0, 2.0)})
    of_grid = small(structure_factors=nb.StructureFactors.from_grid(np.ones((3, 3, 3)), (-1, -1, -1)))
    with pytest.raises(nb.ModelError, match="numbers of zero or more"):
        render(of_grid, {"structure_factors.intensities": -torch.ones(3, 3, 3)})


def test_nothing_else_imports_torch():
    import subprocess
    import sys

    script = "import sys, nbhybrid as nb; nb.Simulator; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_scenes_of_tensors():
    """One gradient of everything at once."""
    from derivative_scenes import smooth_paths
    from nbhybrid.torch import render

    simulator = nb.Simulator(scene(3, "round"))
    paths = [path for path in smooth_paths(simulator) if "rotation" not in path]
    assert len(paths) > 8
    from test_derivatives import value_at

    values = {path: torch.tensor(value_at(simulator, path), dtype=torch.float64, requires_grad=True) for path in paths}
    render(simulator, values, dtype="float64").sum().backward()
    found = simulator.vjp(np.ones((14, 18)), paths)
    for path in paths:
        assert np.allclose(values[path].grad.numpy(), found[path], rtol=1e-9, atol=1e-9 * np.abs(found[path]).max()), path
