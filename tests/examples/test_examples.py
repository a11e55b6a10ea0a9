"""The examples run, write only where they are told to, and print what the physics demands."""

import importlib.util
import itertools
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed: examples/torch_dataset.py is NOT tested"
)


def run(command, folder):
    """Run Python with these words in an empty folder and return what it printed."""
    words = [sys.executable, *map(str, command)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def run_well(name, folder, *words):
    done = run([EXAMPLES / name, *words], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def numbers(pattern, text):
    """Return the numbers of the one line that matches."""
    (found,) = re.findall(pattern, text, re.M)
    return [float(word) for word in ([found] if isinstance(found, str) else found)]


def test_rotation_series(tmp_path):
    text = run_well("rotation_series.py", tmp_path, "--output", "out/deep")
    rows = re.findall(r"^ +(\d+) +(\S+) to +(\S+) +(\d+) +(\d+) +(\d+) +\((\S+), (\S+), (\S+)\)$", text, re.M)
    assert len(rows) == 10
    assert numbers(r"^images: (\d+)$", text) == [10]
    assert numbers(r"degrees: (\S+) of the maximum apart$", text)[0] < 1e-6

    # Bragg's law by hand: the strongest reflection of an image crosses the Ewald sphere while the crystal turns.
    matrix = np.loadtxt(EXAMPLES / "lysozyme" / "lyso_A.mat")
    half_a_spot = 0.9768 / (12 * 27.2) / 2  # wavelength over the edge of the crystal
    for _, begin, end, spots, _, _, *hkl in rows:
        x, y, z = matrix @ [int(index) for index in hkl]
        phi = np.radians(np.linspace(float(begin), float(end), 21))
        rays = np.array([1 + x * np.cos(phi) - y * np.sin(phi), x * np.sin(phi) + y * np.cos(phi), np.full_like(phi, z)])
        assert np.abs(np.linalg.norm(rays, axis=0) - 1).min() < half_a_spot
        assert int(spots) > 3
    assert sum(int(row[4]) for row in rows[1:]) > 10  # new ones
    assert sum(int(row[5]) for row in rows[1:]) > 10  # gone

    series = np.load(tmp_path / "out" / "deep" / "series.npy")
    assert series.shape == (10, 200, 200)
    assert series.dtype == np.float32
    assert all((first != second).any() for first, second in itertools.pairwise(series))


def test_stills_with_a_spectrum(tmp_path):
    text = run_well("stills_spectrum.py", tmp_path, "--output", "out", "--stills", "5", "--processes", "3")
    assert numbers(r"^images: (\d+), (\d+) wavelengths each$", text) == [5, 30]
    photons = [float(word) for word in re.findall(r"^still \d: +(\S+) photons", text, re.M)]
    assert len(set(photons)) == 5
    assert min(photons) > 0
    assert "3 processes: identical bits\n" in text
    assert numbers(r"images: (\S+) of the maximum apart$", text)[0] < 1e-6

    held = np.load(tmp_path / "out" / "stills.npz")
    assert held["images"].shape == (5, 160, 160)
    assert held["images"].sum(axis=(1, 2)) == pytest.approx(photons, abs=0.06)
    assert np.allclose(np.linalg.det(held["rotations"]), 1)
    energies, weights = 12398.42 / held["wavelengths_angstrom"], held["weights"]
    assert weights.sum() == pytest.approx(1)
    assert abs(weights @ energies - 9500) < 20
    peaks = (weights[1:-1] > weights[:-2]) & (weights[1:-1] > weights[2:])
    assert peaks.sum() > 4  # spikes


def test_fit_of_an_orientation(tmp_path):
    text = run_well("fit_orientation.py", tmp_path, "--output", "out")
    pixels, all_pixels = numbers(r"^pixels: (\d+) of (\d+)$", text)
    assert pixels < all_pixels / 10
    misset, _, chi2 = numbers(r"^start: misset (\S+) degrees, scale (\S+), chi2 (\S+)$", text)
    assert misset > 0.3
    assert chi2 > 100
    misset, scale, chi2 = numbers(r"^end: misset (\S+) degrees, scale (\S+), chi2 (\S+)$", text)
    assert misset < 0.001
    assert scale == pytest.approx(1.7, rel=2e-3)
    assert 0.9 < chi2 < 1.15  # nothing but the counting noise is left

    held = np.load(tmp_path / "out" / "fit.npz")
    assert held["pixels"].shape == (pixels, 2)
    assert len(np.unique(held["pixels"], axis=0)) == pixels
    assert held["values"][:3] == pytest.approx([0.20, -0.28, 0.16], abs=0.001)


@needs_torch
def test_torch_dataset(tmp_path):
    text = run_well("torch_dataset.py", tmp_path, "--output", "out")
    batches = [re.findall(rf"^{workers} workers, batch (\d): \(4, 128, 128\), (.*)$", text, re.M) for workers in (0, 2)]
    assert [number for number, _ in batches[0]] == ["0", "1", "2"]
    assert batches[0] == batches[1]
    assert len({brightness for _, brightness in batches[0]}) == 3
    for workers in (0, 2):
        assert f"{workers} workers: identical bits\n" in text

    import torch

    held = torch.load(tmp_path / "out" / "stills.pt")
    assert held["images"].shape == (12, 128, 128)
    assert held["images"].dtype == torch.float32
    assert len({image.sum().item() for image in held["images"]}) == 12


def test_without_torch(tmp_path):
    hide = "import runpy, sys; sys.modules['torch'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    done = run(["-c", hide, EXAMPLES / "torch_dataset.py"], tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "torch_dataset.py: torch is not installed: pip install torch\n"


@pytest.mark.parametrize(
    "name", [pytest.param(path.name, marks=needs_torch if "torch" in path.name else ()) for path in SCRIPTS], ids=lambda name: name
)
def test_nothing_is_written_unasked(name, tmp_path):
    run_well(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_all_are_on_the_page():
    page = (EXAMPLES.parent / "docs" / "examples.md").read_text()
    assert SCRIPTS
    assert sorted(re.findall(r"\{literalinclude\} \.\./examples/(\S+)", page)) == [path.name for path in SCRIPTS]
    for path in SCRIPTS:
        assert f"python examples/{path.name}" in path.read_text().split('"""')[1]
