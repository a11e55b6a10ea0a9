"""A C library whose last bits differ: glibc without fused multiply-adds, as on processors that have none, gives the same images."""

import json
import os
import subprocess
import sys

import pytest
import tolerances
from helpers import GOLDEN
from test_vector import ALL_IMAGES

VERDICT = "import json\nfrom nbhybrid.libm import libm_verdict\nprint(json.dumps(libm_verdict()))"


def run_without_fused_functions(folder, *words):
    environment = {**os.environ, "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4", "NBHYBRID_ISA": "baseline"}
    words = [sys.executable, "-c", *words]
    return json.loads(subprocess.run(words, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE).stdout)


def test_the_golden_images_do_not_depend_on_it(golden_folder):
    if not tolerances.libm_matches():
        pytest.skip("this C library is another one already: the effect of its last bits is NOT tested")
    verdict = run_without_fused_functions(golden_folder, VERDICT)
    if verdict["different"] == 0:
        pytest.skip("this C library has one version of its functions: the effect of its last bits is NOT tested")
    found = run_without_fused_functions(golden_folder, ALL_IMAGES, str(GOLDEN / "cases.json"))
    assert found == {"isa": "baseline", "wrong": []}
