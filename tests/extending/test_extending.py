"""The worked examples of docs/extending.md: each patch is applied to a copy of this folder, which is built, and what it adds works.

`make extending` and `make nightly` build; whether the patches fit is looked at always.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
PAGE = ROOT / "docs" / "extending.md"
PATCHES = {path.stem: path for path in sorted(HERE.glob("*.patch"))}
# What `nbhybrid run` needs, and the page of options.
PARTS = ("CMakeLists.txt", "cmake", "csrc", "cuda", "python", "docs", "examples/lysozyme", "tests/golden")
CRYSTAL = "-cell 70 80 90 -default_F 100 -N 5 -distance 100 -lambda 1 -pixel 0.8 -detpixels 16 -oversample 1 -nonoise -nopgm"


def added_lines(patch):
    """Return the lines that a patch adds, by file."""
    lines, name = {}, ""
    for line in patch.read_text(encoding="utf-8").splitlines():
        if line.startswith("+++ "):
            name = line.removeprefix("+++ b/")
        elif line.startswith("+"):
            lines.setdefault(name, []).append(line[1:])
    return lines


def copied(folder):
    """Copy what the build needs, with the times of the files, so that an earlier build there is used again.

    What an earlier version had there, or its patches added, goes.
    """
    wanted = set()
    for part in PARTS:
        source = ROOT / part
        for file in (path for path in source.rglob("*") if path.is_file()) if source.is_dir() else [source]:
            target = folder / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            copied_if_changed(file, target)
            wanted.add(target)
    for file in [path for path in folder.rglob("*") if path.is_file()]:
        if file not in wanted:
            file.unlink()
    return folder


def copied_if_changed(source, target):
    if not (target.exists() and target.read_bytes() == source.read_bytes()):
        shutil.copyfile(source, target)


def applied(folder, patches):
    if shutil.which("patch") is None:
        pytest.skip("the program patch is not here: that the worked examples fit is NOT tested")
    for patch in patches:
        command = ["patch", "--strip=1", "--fuzz=0", "--batch", f"--directory={folder}", f"--input={patch}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{patch.name} does not fit any more: {done.stdout}{done.stderr}"


def test_every_patch_is_told_of_on_the_page():
    assert "option" in PATCHES
    text = PAGE.read_text(encoding="utf-8")
    for name in PATCHES:
        assert f"tests/extending/{name}.patch" in text


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_fits(name, tmp_path):
    for file in added_lines(PATCHES[name]):
        if (ROOT / file).exists():
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / file, tmp_path / file)
    applied(tmp_path, [PATCHES[name]])


def test_an_option_is_one_row():
    """And the line of the model that heeds it; the page shows both as they are."""
    added = added_lines(PATCHES["option"])
    rows = [line for file in added if file.endswith(".def") for line in added[file]]
    assert sum(bool(re.match(r"[A-Z_]+\(", line)) for line in rows) == 1
    removed = [line for line in PATCHES["option"].read_text(encoding="utf-8").splitlines() if re.match(r"-(?!-- )", line)]
    assert removed == []
    assert set(added) == {"csrc/nbhybrid/options/table/beam.def", "csrc/nbhybrid/options/build.cpp"}
    assert len(added["csrc/nbhybrid/options/build.cpp"]) == 1
    text = PAGE.read_text(encoding="utf-8")
    for line in [*rows, *added["csrc/nbhybrid/options/build.cpp"]]:
        assert line.strip() in text


def test_a_shape_is_three_places():
    added = added_lines(PATCHES["shape"])
    assert {file: len(lines) for file, lines in added.items() if not file.endswith("lorentz.hpp")} == {
        "csrc/nbhybrid/physics/crystal_shape.hpp": 2,  # of which one has but a backslash more
        "csrc/nbhybrid/terms/shapes.hpp": 1,
    }
    assert set(added) == {
        "csrc/nbhybrid/physics/crystal_shape.hpp",
        "csrc/nbhybrid/terms/shapes.hpp",
        "csrc/nbhybrid/terms/lorentz.hpp",
    }


@pytest.fixture(scope="session")
def extended():
    """Return the environment in which Python finds the package with all patches, built in a copy of this folder."""
    place = os.environ.get("NBHYBRID_EXTENDING", "")
    if not place:
        pytest.skip("NBHYBRID_EXTENDING names no folder: the worked examples of extensions are NOT BUILT (make extending)")
    folder = pathlib.Path(place).resolve()
    source, build, package = folder / "source", folder / "build", folder / "package" / "nbhybrid"
    copied(source)
    applied(source, PATCHES.values())
    # What is meant, not how fast: the bits are those of every build.
    options = [
        "-DNBHYBRID_PYTHON=ON",
        "-DNBHYBRID_CUDA=OFF",
        "-DNBHYBRID_FOR_CHECKS=ON",
        "-DCMAKE_BUILD_TYPE=None",
        "-DCMAKE_CXX_FLAGS=-O1",
    ]
    pybind11 = subprocess.run(
        [sys.executable, "-m", "pybind11", "--cmakedir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    options += [f"-Dpybind11_DIR={pybind11}", f"-DPython_EXECUTABLE={sys.executable}"]
    subprocess.run(["cmake", "-S", source, "-B", build, *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", build, "--target", "_core", "--parallel", str(os.cpu_count())], check=True)
    shutil.copytree(source / "python" / "nbhybrid", package, dirs_exist_ok=True)
    for file in (f"_core{sysconfig.get_config_var('EXT_SUFFIX')}", "_version.py"):
        shutil.copy(build / file, package / file)
    return {**os.environ, "PYTHONPATH": str(package.parent), "NBHYBRID_SOURCE": str(source)}


def ran(environment, words, folder):
    command = [sys.executable, "-m", "nbhybrid", "run", *shlex.split(words)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def photons(environment, words, folder):
    """Return the image of a run of the extended program."""
    done = ran(environment, words, folder)
    assert done.returncode == 0, done.stderr
    return np.fromfile(folder / "floatimage.bin", np.float32)


def asked(environment, script):
    """Return what a script that prints JSON finds in the extended package."""
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_option_is_read_and_heeded(extended, tmp_path):
    all_of_it = photons(extended, CRYSTAL, tmp_path)
    assert all_of_it.max() > 0
    # A quarter of the fluence costs no bit.
    assert (photons(extended, f"{CRYSTAL} --transmission 0.25", tmp_path) == all_of_it / 4).all()
    assert (photons(extended, f"{CRYSTAL} --transmission 1", tmp_path) == all_of_it).all()
    refused = ran(extended, f"{CRYSTAL} --transmission 1.5", tmp_path)
    assert refused.returncode == 2
    assert '--transmission: found "1.5", expected a number from 0 to 1' in refused.stderr
    assert "did you mean --transmission?" in ran(extended, f"{CRYSTAL} --transmision 1", tmp_path).stderr


def test_the_option_is_in_the_help_and_on_the_page_of_options(extended, tmp_path):
    helped = ran(extended, "--help", tmp_path).stdout
    assert re.search(r"^  --transmission share +what an absorber lets through of the beam \(1\)$", helped, re.M)
    script = "import sys, json, os; sys.path.insert(0, os.environ['NBHYBRID_SOURCE'] + '/docs'); import options"
    rows = [
        line for line in asked(extended, f"{script}; print(json.dumps(options.page()))").splitlines() if "`--transmission`" in line
    ]
    assert len(rows) == 1
    for cell in ("`share`, 0 to 1", "what an absorber lets through of the beam (1)", "`Beam(transmission=...)`", "0.2"):
        assert f"| {cell} |" in rows[0]


PYTHON = f"""
import json, warnings
import nbhybrid as nb
warnings.simplefilter("ignore")
refused = ""
try:
    nb.Beam(transmission=2)
except nb.Error as error:
    refused = str(error)
read = nb.Experiment.from_args("{CRYSTAL} --transmission 0.25")
made = nb.Experiment.from_args("{CRYSTAL}")
halved = made.replace(beam=made.beam.replace(transmission=0.25))
print(json.dumps(dict(
    usual=nb.Beam().transmission,
    read=read.beam.transmission,
    same=bool((nb.simulate(read) == nb.simulate(halved)).all()),
    fewer=bool((nb.simulate(read) * 4 == nb.simulate(made)).all()),
    again=nb.Experiment.from_json(read.to_json()) == read,
    shown="transmission=0.25" in repr(read.beam),
    refused=refused,
    document=nb.Beam.__doc__,
)))
"""


def test_the_option_is_a_parameter_in_python(extended):
    found = asked(extended, PYTHON)
    assert (found["usual"], found["read"]) == (1.0, 0.25)
    assert found["same"]
    assert found["fewer"]
    assert found["again"]
    assert found["shown"]
    assert "Beam.transmission: found 2, expected a finite number from 0 to 1" in found["refused"]
    assert re.search(r"\n    transmission : float\n        What an absorber lets through of the beam \(1\)\.\n", found["document"])


SHAPED = f"{CRYSTAL} --crystal-shape lorentz --semantics corrected -mosaic 1 -mosaic_domains 5"


@pytest.mark.parametrize("level", ["baseline", "v3", "device", "device_split", "device_float"])
def test_the_shape_is_decided_by_every_copy_of_the_kernel(extended, level, tmp_path):
    environment = {**extended, "NBHYBRID_ISA": level}
    if "cannot run" in ran(environment, CRYSTAL, tmp_path).stderr:
        pytest.skip(f"this processor has no {level}: it is NOT TESTED")
    expected = photons(extended, SHAPED, tmp_path)
    assert expected.max() > 0
    assert (photons(environment, f"{SHAPED} --verify --json run.json", tmp_path) == expected).all()
    counts = json.loads((tmp_path / "run.json").read_text())["pixels"]
    assert counts["wrong"] == 0
    assert counts["scalar"] < counts["rendered"] / 10


LATTICE_FACTOR = f"""
import json, warnings
import numpy as np
import nbhybrid as nb
warnings.simplefilter("ignore")
experiment = nb.Experiment.from_args("{SHAPED}")
(traced,) = nb.trace("{SHAPED}", [(7, 9)], level="steps")
steps = traced.steps
offsets = np.stack([steps["h"] - steps["h0"], steps["k"] - steps["k0"], steps["l"] - steps["l0"]])
square = ((5 * offsets) ** 2).sum(axis=0)
refused = ""
try:
    experiment.crystal.replace(shape="lorenz")
except nb.Error as error:
    refused = str(error)
print(json.dumps(dict(
    shape=experiment.crystal.shape,
    steps=len(steps),
    error=float(abs(steps["lattice_factor"] / (125 / (1 + square / 0.25)) - 1).max()),
    same=nb.Experiment.from_json(experiment.to_json()) == experiment,
    refused=refused,
)))
"""


def test_the_shape_has_its_formula_and_its_name(extended, tmp_path):
    found = asked(extended, LATTICE_FACTOR)
    assert found["shape"] == "lorentz"
    assert found["steps"] == 5
    assert found["error"] < 1e-14
    assert found["same"]
    assert "expected square, round, gauss, tophat or lorentz" in found["refused"]
    refused = ran(extended, f"{CRYSTAL} --crystal-shape lorenz", tmp_path)
    assert refused.returncode == 2
    assert '--crystal-shape: found "lorenz", expected square, round, gauss, tophat or lorentz' in refused.stderr


# Differences of float64 images against slopes. A step of 1e-5 moves what F_latt depends on by 1e-3 at most (N h = 100), so that
# differences are off by its square over 6.
SLOPES = f"""
import json, warnings
import numpy as np
import nbhybrid as nb
warnings.simplefilter("ignore")
experiment = nb.Experiment.from_args("{SHAPED} -fudge 0.8")
crystal, beam = experiment.crystal, experiment.beam
moved = {{
    "crystal.fudge": lambda step: experiment.replace(crystal=crystal.replace(fudge=crystal.fudge + step)),
    "beam.wavelength_angstrom": lambda step: experiment.replace(beam=beam.replace(wavelength_angstrom=1 + step)),
    "crystal.n_cells": lambda step: experiment.replace(crystal=crystal.replace(n_cells=tuple(5 + step * x for x in (1, 2, 3)))),
}}
towards = {{"crystal.fudge": 1.0, "beam.wavelength_angstrom": 1.0, "crystal.n_cells": (1, 2, 3)}}
render = lambda experiment: nb.Simulator(experiment).run(dtype="float64")
errors = {{}}
for path, at in moved.items():
    difference = (render(at(1e-5)) - render(at(-1e-5))) / 2e-5
    slope = nb.Simulator(experiment).jvp({{path: towards[path]}})
    errors[path] = [float(abs(slope - difference).max() / abs(slope).max()), float(abs(slope).max())]
print(json.dumps(errors))
"""


def test_the_shape_has_its_slopes(extended):
    found = asked(extended, SLOPES)
    assert len(found) == 3
    for path, (error, largest) in found.items():
        assert largest > 0, path
        assert error < 1e-6, path
