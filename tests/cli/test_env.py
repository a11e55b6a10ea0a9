"""`nbhybrid env`: what a result was made with."""

import json
import re
import sys

import nbhybrid
from helpers import PROGRAM, run
from nbhybrid.libm import libm_verdict


def test_environment(tmp_path):
    done = run([], tmp_path, command=[*PROGRAM, "env"])
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["nbhybrid"]["version"] == nbhybrid.__version__
    assert found["nbhybrid"]["commit"]
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["packages"]["numpy"]
    assert set(found["packages"]) >= {"numpy", "torch"}
    assert found["processor"]["isa_in_use"]
    assert found["libm"] == libm_verdict()
    assert found["threads"] >= 1
    assert set(found["cuda"]) == {"device", "driver", "toolkit"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["time"])


def test_torch_is_not_imported_for_it(tmp_path):
    code = "import sys; from nbhybrid.env import environment; environment(); print('torch' in sys.modules)"
    assert run([], tmp_path, command=[sys.executable, "-c", code]).stdout == "False\n"


def test_the_probe_notices_another_function(monkeypatch):
    import math

    monkeypatch.setattr(math, "sin", lambda x: math.cos(x - math.pi / 2))
    libm_verdict.cache_clear()
    try:
        verdict = libm_verdict()
    finally:
        libm_verdict.cache_clear()
    assert not verdict["matches"]
    assert "sin" in verdict["functions"]
    assert verdict["compared"] == 2400
