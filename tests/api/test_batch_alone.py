"""Every image of a batch has the bytes of the same orientation rendered alone, whatever the batch plans once for all of them."""

import itertools
import warnings

import nbhybrid as nb
import numpy as np
import pytest
from helpers import GOLDEN

COMMON = "-cell 70 80 90 75 85 95 -misset 10 20 30 -default_F 100 -N 5 -distance 100 -pixel 0.8 -detpixels_f 24 -detpixels_s 20"
SHAPES = ("-square_xtal", "-round_xtal", "-gauss_xtal", "-tophat_spots")
SEMANTICS = ("reference", "corrected")
# What a batch shares between its plans, and what it makes anew for each orientation.
FEATURES = {
    "still": "-oversample 1",
    "phi": "-oversample 1 -phi 0 -osc 2 -phisteps 3",
    "phi, nothing near": "-oversample 1 -phi 0 -osc 2 -phisteps 3 -dmin 20",
    "domains": "-oversample 1 -mosaic 1 -mosaic_domains 7",
    "domains and phi": "-oversample 2 -phi -1 -osc 2 -phisteps 2 -mosaic 1 -mosaic_domains 3",
    "sources": "-oversample 1 -hdivrange 2 -hdivsteps 3 -dispersion 5 -dispsteps 2",
    "dmin": "-oversample 2 -dmin 3",
    "sensor": "-oversample 2 -detector_abs 300 -detector_thick 450 -detector_thicksteps 2",
    "water": "-oversample 1 -water 0.1",
    "settling axis": "-oversample 1 -polar 0.9 -polar_vector 0.123 0.456 0.789",
    "restless axis": "-oversample 1 -polar 0.9 -beam_vector 1 0 0 -polar_vector 0.885 -0.666 0.21 -phi 0 -osc 1 -phisteps 2",
    "region": "-oversample 1 -roi 3 17 2 13",
    "curved": "-oversample 1 -curved_det",
    "matrix": f"-oversample 1 -mat {GOLDEN / 'inputs' / 'hex.mat'}",
}


def rotations(count):
    """Return rotation matrices, the first of which does nothing."""
    quaternions = np.random.default_rng(17).normal(size=(count, 4))
    quaternions[0] = 1, 0, 0, 0
    w, x, y, z = (quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return np.array(rows).transpose(2, 0, 1)


def alone(experiment, turns, **how):
    """Return the experiment of each orientation, and its image."""
    made = [experiment.replace(crystal=experiment.crystal.replace(rotation=turn)) for turn in turns]
    return made, np.array([nb.simulate(each, **how) for each in made])


def assert_same_bytes(experiment, turns, **how):
    """Compare a batch with its images rendered alone."""
    made, images = alone(experiment, turns, **how)
    assert nb.simulate_batch(experiment, turns, **how).tobytes() == images.tobytes()
    return made, images


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize(("shape", "semantics"), itertools.product(SHAPES, SEMANTICS))
def test_every_byte(shape, semantics, feature):
    experiment = nb.Experiment.from_args(f"{COMMON} {FEATURES[feature]} {shape} --semantics {semantics}")
    _, images = assert_same_bytes(experiment, rotations(5), threads=2)
    assert images.any()
    assert len({image.tobytes() for image in images}) > 1


@pytest.mark.parametrize("engine", ["exact", "fast"])
@pytest.mark.parametrize("device", ["cpu", "emulated"])
def test_engines_and_devices(engine, device):
    experiment = nb.Experiment.from_args(f"{COMMON} {FEATURES['domains and phi']}")
    assert_same_bytes(experiment, rotations(5), engine=engine, device=device)


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_interpolated_amplitudes(semantics):
    """Where a table ends, and with it the reference's interpolation, depends on the orientation."""
    grid = np.random.default_rng(3).uniform(1, 500, (15, 13, 17))
    experiment = nb.Experiment.from_args(f"{COMMON} {FEATURES['phi']} --semantics {semantics}").replace(
        structure_factors=nb.StructureFactors.from_grid(grid, origin=(-7, -6, -8), default=20.0, interpolate=True)
    )
    turns = rotations(6)
    assert_same_bytes(experiment, turns, threads=2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        nb.simulate_batch(experiment, turns)
    ends = [str(each.message) for each in caught if "[interpolation-sticky]" in str(each.message)]
    assert len(ends) == (1 if semantics == "reference" else 0)
    assert all(end.startswith("6 of 6 images, the first of them image 0: amplitudes are not interpolated") for end in ends)


def test_a_random_orientation_is_drawn_once():
    experiment = nb.Experiment.from_args(f"{COMMON} -misset random -misset_seed 7 -mosaic 1 -mosaic_domains 4 -oversample 1")
    assert_same_bytes(experiment, rotations(4))


@pytest.mark.parametrize("semantics", SEMANTICS)
def test_what_is_derived_from_lengths_of_edges(semantics):
    """A rotation changes the last bits of the edges, and so the number of cells that cover a size, and of sub-pixels."""
    words = "-cell 73 73 73 -default_F 100 -distance 100 -pixel 0.2 -detpixels 20 -fluence 1e26"
    turns = rotations(40)
    covered = nb.Experiment.from_args(f"{words} -xtalsize {73 * 10 * 1e-7:.17g} -oversample 1 --semantics {semantics}")
    made, _ = assert_same_bytes(covered, turns)
    assert len({each.configuration["crystal"]["cells_a"] for each in made}) > 1
    # Three sub-pixels, or four: the spots of 10 cells of 73 A are as wide as a pixel of 10/73 mm.
    sampled = nb.Experiment.from_args(f"{words} -N 10 -pixel {10 / 73:.17g} --semantics {semantics}")
    made, _ = assert_same_bytes(sampled, turns)
    assert len({each.steps for each in made}) > 1
