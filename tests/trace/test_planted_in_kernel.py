"""An error planted in a factor while the kernel computes: comparing the trace with a sound one names that factor first."""

import os
import pathlib
import subprocess
import warnings

import pytest
from helpers import SMALL_WORDS
from nbhybrid.parity.compare_traces import compare_traces
from nbhybrid.traces import read_trace

# A program of the C++ tests; `make test` sets it.
PROGRAM = os.environ.get("NBHYBRID_PERTURBED", "")
WORDS = [*SMALL_WORDS, "-phi", "1", "-osc", "2", "-phisteps", "3", "-detector_abs", "300", "-detector_thick", "450"]
FACTORS = [
    *("pixel_pos_meters", "R_distance_meters", "omega_pixel_sr", "diffracted_vec", "lambda_meters", "scattering_vec_A_inv"),
    *("rot_a_angstroms", "hkl_frac", "F_latt_a", "F_latt", "F_cell", "I_before_scaling", "capture_fraction", "polar"),
    "I_pixel_final",
]
# Nothing else is computed from these.
WITHOUT_CONSEQUENCES = {"I_pixel_final"}


def traced(name, folder, factor="1.000001"):
    """Return the trace of the pixel (10, 12) with this factor changed."""
    if not PROGRAM:
        text = "NBHYBRID_PERTURBED is not set: errors planted in the kernel are NOT looked for"
        warnings.warn(text, stacklevel=1)
        pytest.skip(text)
    done = subprocess.run([PROGRAM, name, factor, "10", "12", *WORDS], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path = pathlib.Path(folder) / f"{name}.log"
    path.write_text(done.stdout)
    return read_trace(path)


def test_nothing_planted_is_the_trace_of_the_package(tmp_path):
    from nbhybrid import trace

    sound = traced("none", tmp_path)
    assert compare_traces(sound, trace(WORDS, [(10, 12)])).same


@pytest.mark.parametrize("name", FACTORS)
def test_the_planted_factor_is_named(name, tmp_path):
    pixel = compare_traces(traced("none", tmp_path), traced(name, tmp_path)).pixels[0]
    assert pixel.first_divergent.name == name
    assert name in pixel.explanation()
    if name not in WITHOUT_CONSEQUENCES:
        assert "I_pixel_final" in pixel.consequences()


def test_a_factor_that_is_not_there_is_refused(tmp_path):
    if not PROGRAM:
        pytest.skip("NBHYBRID_PERTURBED is not set")
    done = subprocess.run([PROGRAM, "colour", "2", "1", "1", *WORDS], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "colour" in done.stderr
