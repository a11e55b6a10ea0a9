"""Images that go through a device together: batches, and the panels of a detector."""

import json

import nbhybrid as nb
import numpy as np
import pytest
from helpers import GOLDEN, NOT_FOR_DEVICES, SMALL_WORDS

CASES = json.loads((GOLDEN / "cases.json").read_text())
SMALL = sorted(set(CASES) - {"lyso_supervisor", *NOT_FOR_DEVICES})
WORDS = [word for word in SMALL_WORDS if word != "-nonoise"]


def turns(count):
    """Return rotations about an axis that is none of the crystal's."""
    matrices = []
    for angle in np.linspace(0, 1, count):
        c, s = np.cos(angle), np.sin(angle)
        matrices.append([[c, -s, 0], [0.6 * s, 0.6 * c, -0.8], [0.8 * s, 0.8 * c, 0.6]])
    return np.array(matrices)


@pytest.mark.parametrize("name", SMALL)
def test_batches_of_golden_runs(name, golden_folder, monkeypatch):
    monkeypatch.chdir(golden_folder)
    made = nb.Experiment.from_args(CASES[name]["args"].split())
    batch = nb.simulate_batch(made, turns(2), device="emulated")
    assert np.array_equal(batch, nb.simulate_batch(made, turns(2)), equal_nan=True)


@pytest.mark.parametrize("engine", ["exact", "fast"])
@pytest.mark.parametrize("device", ["emulated", ["emulated"], ["emulated", "emulated"]])
def test_more_images_than_go_together(device, engine):
    made = nb.Experiment.from_args([*WORDS, "-mosaic", "1", "-mosaic_domains", "3", "-detpixels", "9"])
    batch = nb.simulate_batch(made, turns(600), device=device, engine=engine, threads=2)
    if engine == "exact":
        assert np.array_equal(batch, nb.simulate_batch(made, turns(600)))
    for i in (0, 255, 256, 599):
        alone = nb.simulate_batch(made, turns(600)[i : i + 1], device="emulated", engine=engine)
        assert np.array_equal(batch[i], alone[0])


def test_devices_that_do_not_go_together():
    made = nb.Experiment.from_args(WORDS)
    for device in ([], ["emulated", "cpu"], ["gpu"]):
        with pytest.raises(nb.ModelError, match="device"):
            nb.simulate_batch(made, turns(2), device=device)


def test_a_batch_that_stops():
    made = nb.Experiment.from_args(WORDS)
    seen = []
    for device in ("emulated", ["emulated", "emulated"]):
        with pytest.raises(nb.Interrupted):
            nb.simulate_batch(made, turns(2000), device=device, watch=lambda done: seen.append(done))
    assert seen


def test_the_share_done_never_falls():
    made = nb.Experiment.from_args([*WORDS, "-mosaic", "1", "-mosaic_domains", "20"])
    seen = []
    nb.simulate_batch(made, turns(700), device="emulated", watch=lambda done: seen.append(done) or True)
    assert len(seen) > 500
    assert seen == sorted(seen)
    assert 0 < seen[0] <= seen[-1] <= 1


def test_a_batch_that_the_device_cannot_take():
    made = nb.Experiment.from_args([*WORDS, "-oversample", "2", "-oversample_omega"])
    out = np.full((3, 24, 24), 7, np.float32)
    for device in ("emulated", ["emulated", "emulated"]):
        with pytest.raises(nb.errors.DeviceError, match="-oversample_omega"):
            nb.simulate_batch(made, turns(3), out, device=device)
    assert (out == 7).all()
