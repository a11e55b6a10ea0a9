"""A C library whose last bits differ: glibc without fused multiply-adds, as on processors that have none, gives the same images."""

import json
import os
import subprocess
import sys

import pytest
import tolerances
from helpers import GOLDEN_IMAGES

VERDICT = "import json\nfrom nbhybrid.libm import libm_verdict\nprint(json.dumps(libm_verdict()))"


def run_without_fused_functions(*words):
    environment = {**os.environ, "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4", "NBHYBRID_ISA": "baseline"}
    words = [sys.executable, *words]
    return json.loads(subprocess.run(words, env=environment, check=True, stdout=subprocess.PIPE).stdout)


def test_the_golden_images_do_not_depend_on_it():
    if not tolerances.libm_matches():
        pytest.skip("this C library is another one already: the effect of its last bits is NOT tested")
    verdict = run_without_fused_functions("-c", VERDICT)
    if verdict["different"] == 0:
        pytest.skip("this C library has one version of its functions: the effect of its last bits is NOT tested")
    found = run_without_fused_functions(GOLDEN_IMAGES)
    assert (found["isa"], found["wrong"]) == ("baseline", [])
    assert found["same"] > 100
