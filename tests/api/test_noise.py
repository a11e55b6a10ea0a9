"""Noise: the reference's bits, and counts that depend on nothing but their place."""

import functools

import nbhybrid as nb
import numpy as np
import pytest
import tolerances
from helpers import run_well
from nbhybrid.images import read_image

WORDS = [
    "-cell",
    "70",
    "80",
    "90",
    "75",
    "85",
    "95",
    "-misset",
    "10",
    "20",
    "30",
    "-N",
    "5",
    "-default_F",
    "100",
    "-oversample",
    "1",
    "-pixel",
    "0.8",
    "-detpixels",
    "48",
]
BRIGHT = ["-fluence", "1e27"]


@functools.cache
def image():
    return nb.simulate(nb.Experiment.from_args([*WORDS, *BRIGHT]))


@pytest.mark.parametrize("more", [[], ["-roi", "5", "40", "7", "30"], ["-fluence", "1e33"]], ids=["whole", "region", "bright"])
@pytest.mark.parametrize("seed", [0, 5])
def test_the_reference_generator(more, seed, tmp_path):
    """The noise image of the command line, which the golden runs hold against the reference."""
    words = [*WORDS, *BRIGHT, *more]
    run_well([*words, "-seed", str(seed)], tmp_path)
    expected = read_image(tmp_path / "noiseimage.img").pixels
    region = (7, 30, 5, 40) if "-roi" in more else None
    counts = nb.poisson(nb.simulate(nb.Experiment.from_args(words)), seed, generator="reference", region=region)
    found = np.minimum(counts + 40, 65535).astype(np.uint16)
    if region:
        inside = np.zeros(found.shape, bool)
        inside[7:31, 5:41] = True
        assert not counts[~inside].any()
        found[~inside] = 0
    assert np.array_equal(found, expected)
    if tolerances.traces_are_exact() and not more:
        assert counts.sum() > 100


def test_threads_order_and_batches_change_nothing():
    one = nb.poisson(image(), 3)
    assert np.array_equal(one, nb.poisson(image(), 3, threads=7))
    assert np.array_equal(one, nb.poisson(image().astype(np.float64), 3))
    batch = nb.poisson(np.stack([image()] * 3), 3, image_number=4)
    assert np.array_equal(batch[2], nb.poisson(image(), 3, image_number=6))
    assert not np.array_equal(batch[2], batch[1])
    panels = nb.poisson([image(), image()], 3)
    assert np.array_equal(panels[0], one)
    assert np.array_equal(panels[1], nb.poisson(image(), 3, panel=1))
    assert not np.array_equal(panels[1], one)
    assert not np.array_equal(nb.poisson(image(), 4), one)


def test_counts_are_near_their_means():
    means = np.full((400, 400), 25.0, np.float32)
    counts = nb.poisson(means, 1)
    assert counts.dtype == np.float32
    assert np.array_equal(counts, np.floor(counts))
    assert abs(counts.mean() - 25) < 4.5 * 5 / 400
    assert abs(counts.var() / 25 - 1) < 4.5 * np.sqrt(2) / 400


def test_out_may_be_the_image_itself():
    own = image().copy()
    assert nb.poisson(own, 9, out=own) is own
    assert np.array_equal(own, nb.poisson(image(), 9))


def test_tensors_give_tensors():
    torch = pytest.importorskip("torch", reason="torch is not installed: noise of tensors is NOT tested")
    counts = nb.poisson(torch.from_numpy(image().copy()), 3)
    assert isinstance(counts, torch.Tensor)
    assert np.array_equal(counts.numpy(), nb.poisson(image(), 3))


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        ({"image": np.full((2, 2), -1.0)}, "none below 0"),
        ({"image": np.full((2, 2), np.inf)}, "finite"),
        ({"image": np.zeros(4)}, "image"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"panel": 2**32}, "panel"),
        ({"image_number": 2**32}, "image_number"),
        ({"generator": "dice"}, "generator"),
        ({"region": (0, 1, 0, 1)}, "region"),
        ({"generator": "reference", "region": (0, 2, 0, 1)}, "region"),
        ({"generator": "reference", "image": np.zeros((2, 2, 2))}, "one for the reference"),
        ({"out": np.zeros((3, 2), np.float32)}, "out"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, needle):
    with pytest.raises(nb.Error, match=needle):
        nb.poisson(**({"image": np.ones((2, 2)), "seed": 1} | arguments))
