"""The errors that docs/exactness.md states: certified, and met by every copy of the kernel that runs here."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
from nbhybrid import _core

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEVELS = ("baseline", "v2", "v3", "v4", "device")

# Run in a process of its own for each level. The largest errors, and the number of wrong quotients.
MEASURE = """
import json
import mpmath
import numpy as np
from nbhybrid import _core

mpmath.mp.prec = 160
rng = np.random.default_rng(20240607)
limits = _core.bounded_errors()


def run(name, x, y=None):
    result = np.empty_like(x)
    _core.bounded_function(name, x, x if y is None else y, result)
    return result


def largest(name, function, x, relative):
    worst = 0.0
    for found, value in zip(run(name, x).tolist(), x.tolist()):
        true = abs(function(mpmath.mpf(value)))
        reduces = name not in ("exponential", "scaled_sine")
        allowed = limits["reduction_per_radian"] * value if reduces else 0.0
        if relative and reduces and true < limits["smallest_reduced"]:
            continue
        error = abs(abs(mpmath.mpf(found)) - true) / (true if relative else 1)
        worst = max(worst, float(error) - allowed)
    return worst


n = 3000
top = limits["largest_phase"]
phases = np.concatenate([
    rng.uniform(0, 30, n), rng.uniform(0, top, n), 10 ** rng.uniform(-11, np.log10(top), n),
    np.pi * np.round(rng.uniform(0, top / np.pi, n)) * (1 + rng.uniform(-1e-9, 1e-9, n)),
    np.pi / 2 * np.round(rng.uniform(0, top / np.pi, n)),
])
exponents = np.concatenate([rng.uniform(-700, 700, n), np.log(2) * (np.round(rng.uniform(-900, 900, n)) + 0.4999)])
exponents = exponents[abs(exponents) < 700]
half_turns = np.concatenate([rng.uniform(-0.5, 0.5, 2 * n), 10 ** rng.uniform(-30, np.log10(0.5), n), [0.5, -0.5]])
a, b = rng.uniform(-2, 2, 2_000_000), 10 ** rng.uniform(-11, 3, 2_000_000)
print(json.dumps({
    "isa": _core.isa(),
    "sine": largest("sine", mpmath.sin, phases, True),
    "accurate_sine": largest("accurate_sine", mpmath.sin, phases, True),
    "scaled_sine": largest("scaled_sine", mpmath.sinpi, half_turns, True),
    "cosine": largest("cosine", mpmath.cos, phases, False),
    "exponential": largest("exponential", mpmath.exp, exponents, True),
    "wrong_quotients": int((run("quotient", a, b) != a / b).sum()),
}))
"""


def environment(level):
    return {**os.environ, "NBHYBRID_ISA": level}


def runs_here(level):
    words = [sys.executable, "-c", "from nbhybrid import _core; print(_core.isa())"]
    return subprocess.run(words, env=environment(level), capture_output=True, check=False).returncode == 0


def test_the_certificate():
    done = subprocess.run([sys.executable, ROOT / "docs" / "exactness.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("certified") == 6


@pytest.mark.parametrize("level", LEVELS)
def test_every_copy_keeps_the_errors(level):
    if not runs_here(level):
        pytest.skip(f"this processor cannot run level {level}: it is NOT tested")
    done = subprocess.run([sys.executable, "-c", MEASURE], env=environment(level), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["isa"] == level
    limits = _core.bounded_errors()
    for name in ("sine", "accurate_sine", "scaled_sine", "cosine", "exponential"):
        assert 0 < found[name] <= limits[name], (name, found[name])
    assert found["wrong_quotients"] == 0


CONSTANT = re.compile(r"^inline constexpr double (\w+) = ([-+.0-9e]+);", re.MULTILINE)


def constants_of(*folders):
    """Return the named numbers of the headers in these folders of the core."""
    found = {}
    for folder in folders:
        for path in sorted((ROOT / "csrc" / "nbhybrid" / folder).glob("*.hpp")):
            for name, number in CONSTANT.findall(path.read_text()):
                assert name not in found, f"{name} stands twice"
                found[name] = float(number)
    return found


def test_the_page_has_the_numbers_of_the_source():
    """What docs/exactness.md calls `name` = number is what the headers say, and it names all errors that they promise."""
    source = constants_of("numerics", "terms")
    page = dict(re.findall(r"`(\w+)` = ([-+.0-9e]*[0-9])", (ROOT / "docs" / "exactness.md").read_text()))
    assert {name: float(number) for name, number in page.items()} == {name: source[name] for name in page}
    assert {name for name in source if "error" in name or "smallest" in name or "largest" in name} <= set(page)


def test_a_level_that_does_not_exist():
    done = subprocess.run(
        [sys.executable, "-m", "nbhybrid", "env"], env=environment("v9"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert re.search(r"NBHYBRID_ISA: found v9, expected one of .*baseline", done.stderr), done.stderr
