"""No golden run warns where nothing is wrong: what warns, and of what, stands here with its reason."""

import dataclasses
import json
import re

import pytest
from helpers import GOLDEN, run_well
from nbhybrid import _core

ARGS = {name: case["args"].split() for name, case in json.loads((GOLDEN / "cases.json").read_text()).items()}
# Six million pixels: its command line is the one of the shipped example.
TOO_LARGE = "lyso_supervisor"


@dataclasses.dataclass(frozen=True)
class Reason:
    """Why golden runs may give a warning: what is wrong with them, and the options without one of which none may give it."""

    why: str
    options: tuple[str, ...] = ()


ALLOWED = {
    "beam-center": Reason(
        "a centre or a pivot that its convention does not look at", ("-Xbeam", "-Xclose", "-ORGX", "-pivot", "-xds", "-dials")
    ),
    "distance": Reason("a two-theta swing, so that the header's distance is another", ("-twotheta", "-twotheta_axis")),
    "oblique-cell": Reason("a cell with three oblique angles, which become others", ("-cell",)),
    "spot-scale": Reason("spots whose width goes with N^3", ("-gauss_xtal", "-tophat_spots", "-binary_spots")),
    "undersampled": Reason("small images, on purpose with few sub-pixels", ("-oversample",)),
    "attenuation-depth": Reason("a thickness without a depth is what the case is about", ("-detector_thick",)),
    "blank-image": Reason("-detector_abs inf: a sensor that captures nothing, all pixels are 0", ("-detector_abs",)),
    "custom-convention": Reason(
        "a vector changes what the beam centre means",
        ("-beam_vector", "-fdet_vector", "-odet_vector", "-pix0_vector", "-polar_vector", "-spindle_axis", "-twotheta_axis"),
    ),
    "interpolation-sticky": Reason("the image leaves the table", ("-interpolate",)),
    "layer-capture": Reason("several layers, each with the deepest one's capture", ("-detector_thick", "-detector_thicksteps")),
    "no-effect": Reason("-N 0, which counts as 1", ("-N",)),
    "mosaic-domains": Reason("a spread without a number of domains is what the case is about", ("-mosaic",)),
    "normal-replaced": Reason("vectors of not exactly the length 1", ("-fdet_vector", "-odet_vector")),
    "option-accident": Reason("a seed that is taken for angles, an axis for an angle", ("-misset_seed", "-twotheta_axis")),
    "oversample-product": Reason("the sum so far is multiplied", ("-oversample_thick", "-oversample_polar", "-oversample_omega")),
    "phi-carryover": Reason("a phi step at exactly 0", ("-osc", "-phisteps")),
    "pix0-overwritten": Reason("the vector is not used", ("-pix0_vector", "-pix0_vector_mm")),
    "random-misset": Reason("not uniform", ("-misset",)),
    "sample-clipped": Reason("the beam is smaller than the crystal", ("-beamsize", "-xtalsize", "-xtal_x", "-samplesize")),
    "source-weights": Reason("weights that differ", ("-sourcefile",)),
    "water-twice": Reason("water", ("-water",)),
}


def warnings_of(words, folder):
    """Return the names of the warnings of a run."""
    done = run_well([*words, "-nonoise", "-nopgm", "--quiet"], folder)
    names = re.findall(r"^nbhybrid: warning: .*\[([\w-]+)\]$", done.stderr, re.MULTILINE)
    assert len(names) == len(done.stderr.splitlines()), f"something else on stderr:\n{done.stderr}"
    return set(names)


@pytest.mark.parametrize("name", sorted(set(ARGS) - {TOO_LARGE}))
def test_a_golden_run_warns_only_of_what_is_wrong_with_it(name, golden_folder):
    found = warnings_of(ARGS[name], golden_folder)
    assert found <= set(ALLOWED), f"{' '.join(ARGS[name])}: {found - set(ALLOWED)}"
    for warning in found:
        assert set(ALLOWED[warning].options) & set(ARGS[name]), (
            f"{warning}: {ALLOWED[warning].why}; not so in {' '.join(ARGS[name])}"
        )


def test_the_largest_one_and_the_example_before_they_are_rendered(golden_folder):
    words = [(golden_folder / word).as_posix() if word.startswith("lyso") else word for word in ARGS[TOO_LARGE]]
    options, told = _core.parse_options([word.encode() for word in words])
    found = {name for name, _ in (*told, *_core.Experiment(options, 1).warnings)}
    assert found <= set(ALLOWED)
    assert all(set(ALLOWED[warning].options) & set(words) for warning in found)


def test_the_golden_runs_are_here():
    assert len(ARGS) > 100
