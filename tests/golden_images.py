"""Compute the golden images with whatever nbhybrid this interpreter has, and print as JSON which are not the reference's.

    python tests/golden_images.py [DEVICE]

It needs no file but those of tests/golden, so that installed packages, forced instructions and emulated processors can be put to
the test by it. The largest run is left out.
"""

import hashlib
import json
import os
import pathlib
import sys

import nbhybrid as nb
from nbhybrid import _core

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"


def main(device):
    """Print the level of instructions, how many images are the reference's, and which are not or were refused."""
    os.chdir(GOLDEN / "inputs")
    found = {"isa": _core.isa(), "same": 0, "wrong": [], "refused": []}
    for name, case in json.loads((GOLDEN / "cases.json").read_text()).items():
        if name == "lyso_supervisor":
            continue
        try:
            image = nb.simulate(nb.Experiment.from_args(case["args"].split()), device=device)
        except nb.errors.DeviceError as error:
            if "no device can take this run" not in str(error):
                raise
            found["refused"].append(name)
            continue
        if hashlib.sha256(image.tobytes()).hexdigest() == case["float_sha256"]:
            found["same"] += 1
        else:
            found["wrong"].append(name)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:] or ["cpu"])
