"""What a series holds: each image has the bits that the Python API gives it, whoever rendered it and with how many others."""

import json

import nbhybrid as nb
import numpy as np
import pytest
from helpers import run_well
from nbhybrid.batch import Spec, run_batch
from nbhybrid.batch.counter import Stream
from nbhybrid.batch.orientations import random_rotation
from nbhybrid.images import read_image
from series import ARGS, CRYSTAL, batch, hashes, parameters, spec_text, write_spec

KNOWN_UNIFORM = [0.6688708997097886, 0.44526195955401326, 0.8540300210689051]
KNOWN_ROW = [-0.5865773673268015, -0.7993868895304577, -0.1300292005158012]
QUARTER = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])


def rendered(folder, images=11, **parts):
    """Render a series of single arrays in this process; return them, their parameters and what the run says."""
    spec = Spec.from_toml(spec_text(images=images, **parts), folder)
    result = run_batch(spec, workers=0, threads=1)
    failed = {image for image, _ in result.failures}
    numbers = [i for i in range(spec.recipe.images) if i not in failed]
    pixels = {i: np.load(folder / "out" / "images" / f"image_{i:06d}.npy") for i in numbers}
    return pixels, {i: parameters(folder / "out", i) for i in numbers}, result


def alone(image, beam=None, rotation=None, seed=5, experiment=None, noise=True):
    """Return an image by the usual calls."""
    experiment = experiment or nb.Experiment.from_args(ARGS.split())
    if beam is not None:
        experiment = experiment.replace(beam=experiment.beam.replace(**beam))
    rotation = random_rotation(seed, image) if rotation is None else rotation
    pixels = nb.simulate_batch(experiment, rotation[None], threads=1)[0]
    return nb.poisson(pixels, seed, image_number=image) if noise else pixels


def test_images_are_those_of_the_api_bit_for_bit(tmp_path):
    pixels, about, _ = rendered(tmp_path, noise="photons = true")
    assert sum(image.sum() for image in pixels.values()) > 100
    for i, image in pixels.items():
        rotation = np.array(about[i]["rotation"])
        assert np.array_equal(rotation, random_rotation(5, i))
        assert np.array_equal(image, alone(i, rotation=rotation))
        assert (about[i]["image_number"], about[i]["seed"]) == (i, 5)
        assert about[i]["wavelengths_angstrom"] == [1.0]
        assert about[i]["fluence"] == 1e26


@pytest.mark.parametrize("way", ["engine", "device", "semantics"])
def test_ways_to_render(way, tmp_path):
    table = {"engine": 'engine = "fast"', "device": 'device = "emulated"', "semantics": 'semantics = "corrected"'}[way]
    args = ARGS + " -phi 0 -osc 1 -phisteps 2"
    pixels, _, _ = rendered(tmp_path, images=3, args=args, render=table)
    experiment = nb.Experiment.from_args(args.split())
    options = {"engine": {"engine": "fast"}, "device": {"device": "emulated"}, "semantics": {}}[way]
    if way == "semantics":
        experiment = experiment.replace(semantics="corrected")
    rotations = np.stack([random_rotation(5, i) for i in range(3)])
    expected = nb.simulate_batch(experiment, rotations, **options)
    assert np.array_equal(np.stack(list(pixels.values())), expected)


def test_an_image_does_not_depend_on_the_others(tmp_path):
    """However they are cut into tasks, on how many threads, and how many there are."""
    shots = "fluence_rms_percent = 20\nwavelength_rms_percent = 0.5"
    found = {}
    for number, (images, per_task, threads) in enumerate([(11, 11, 1), (11, 1, 2), (11, 4, 3), (5, 2, 1)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        text = spec_text(images=images, noise="photons = true", shots=shots, output=f"images_per_file = {per_task}")
        run_batch(Spec.from_toml(text, folder), workers=0, threads=threads)
        found[number] = {name: digest for name, digest in hashes(folder / "out" / "images").items() if name.endswith(".npy")}
    assert len(set(found[0].values())) == 11
    assert found[0] == found[1] == found[2]
    assert found[3].items() <= found[0].items()


def test_random_orientations_favour_none():
    """Mean and variance of each entry, and of the trace, over all rotations: 0, 1/3, and 0 with 1."""
    rotations = np.stack([random_rotation(3, i) for i in range(4000)])
    assert np.abs(rotations @ rotations.transpose(0, 2, 1) - np.eye(3)).max() < 1e-14
    assert (np.linalg.det(rotations) > 0).all()
    six_sigma = 6 / np.sqrt(len(rotations))
    assert np.abs(rotations.mean(axis=0)).max() < six_sigma * np.sqrt(1 / 3)
    assert np.abs((rotations**2).mean(axis=0) - 1 / 3).max() < six_sigma * np.sqrt(1 / 5 - 1 / 9)
    traces = np.trace(rotations, axis1=1, axis2=2)
    assert abs(traces.mean()) < six_sigma
    # The angle's density is (1 - cos) / pi: a share of 1/2 + 1/pi of all turns is by more than a right angle.
    angles = np.arccos(np.clip((traces - 1) / 2, -1, 1))
    assert abs((angles > np.pi / 2).mean() - (0.5 + 1 / np.pi)) < six_sigma / 2
    assert not np.array_equal(random_rotation(3, 7), random_rotation(4, 7))


def test_random_numbers_stay_what_they_are():
    """Of these very bits: a series begun with one version of numpy goes on with another."""
    assert [Stream(5, 1, 2).uniform(), Stream(5, 2, 2).uniform(), Stream(2**63 - 1, 3, 2**32 - 1).uniform()] == KNOWN_UNIFORM
    assert random_rotation(5, 2)[0].tolist() == KNOWN_ROW


def test_jitter_has_the_rms_it_says():
    factors = np.array([Stream(1, 3, i).factor(0.25) for i in range(4000)])
    assert (factors > 0).all()
    six_sigma = 6 * 0.25 / np.sqrt(len(factors))
    assert abs(factors.mean() - 1) < six_sigma
    assert abs(factors.std() - 0.25) < six_sigma
    assert Stream(1, 3, 0).factor(0.0) == 1.0


@pytest.mark.parametrize("form", ["matrices", "rows", "wxyz", "xyzw", "text", "npz"])
def test_orientations_of_a_file(form, tmp_path):
    half = np.sqrt(0.5)
    matrices = np.stack([np.eye(3), QUARTER])
    quaternions = np.array([[2.0, 0, 0, 0], [half, 0, 0, half]])  # of any length
    if form in ("matrices", "rows"):
        np.save(tmp_path / "turns", matrices.reshape((2, 3, 3) if form == "matrices" else (2, 9)))
    elif form in ("wxyz", "xyzw"):
        np.save(tmp_path / "turns", quaternions if form == "wxyz" else np.roll(quaternions, -1, axis=1))
    elif form == "text":
        np.savetxt(tmp_path / "turns.npy", matrices.reshape(2, 9))
    else:
        with open(tmp_path / "turns.npy", "wb") as file:
            np.savez(file, orientations=matrices, others=quaternions)
    order = f'\nquaternions = "{form}"' if form in ("wxyz", "xyzw") else ""
    pixels, about, _ = rendered(tmp_path, images=None, orientations=f'file = "turns.npy"{order}')
    assert len(pixels) == 2
    for i, image in pixels.items():
        used = np.array(about[i]["rotation"])
        assert np.abs(used - matrices[i]).max() < 1e-15
        assert np.array_equal(image, alone(i, rotation=used, noise=False))


def test_spectra_of_an_array(tmp_path):
    rng = np.random.default_rng(1)
    spectra = np.stack([rng.uniform(0.99, 1.01, (3, 4)), rng.uniform(0, 1, (3, 4))], axis=2)
    np.save(tmp_path / "spectra.npy", spectra)
    np.save(tmp_path / "wavelengths.npy", spectra[:, :, 0])
    np.save(tmp_path / "weights.npy", spectra[:, :, 1])
    render = 'semantics = "reference,source-weights"'
    pixels, about, _ = rendered(tmp_path, images=3, shots='spectra = "spectra.npy"', render=render)
    for i, image in pixels.items():
        beam = {"sources": nb.Sources(None, spectra[i, :, 0], spectra[i, :, 1])}
        experiment = nb.Experiment.from_args(ARGS.split()).replace(semantics="reference,source-weights")
        assert np.array_equal(image, alone(i, beam, noise=False, experiment=experiment))
        assert about[i]["wavelengths_angstrom"] == spectra[i, :, 0].tolist()
        assert about[i]["weights"] == spectra[i, :, 1].tolist()
    (tmp_path / "two").mkdir()
    both = f'wavelengths = "{tmp_path}/wavelengths.npy"\nweights = "{tmp_path}/weights.npy"'
    again, _, _ = rendered(tmp_path / "two", images=3, shots=both, render=render)
    assert all(np.array_equal(again[i], pixels[i]) for i in pixels)


def test_spectra_of_files_in_electronvolt_and_a_wavelength_a_shot(tmp_path):
    from nbhybrid.units import angstrom_of_energy

    (tmp_path / "shots").mkdir()
    for i in range(3):
        np.savetxt(tmp_path / "shots" / f"shot_{i:03d}.txt", [[12000.0 + i, 1.0], [12010.0, 2.0 + i]][: i + 1])
    pixels, about, _ = rendered(
        tmp_path,
        images=3,
        shots='spectrum_files = "shots/shot_{image:03d}.txt"\nunit = "ev"',
        render='semantics = "corrected"',
    )
    experiment = nb.Experiment.from_args(ARGS.split()).replace(semantics="corrected")
    energies = {0: [12000.0], 1: [12001.0, 12010.0], 2: [12002.0, 12010.0]}
    for i, image in pixels.items():
        wavelengths = [angstrom_of_energy(energy) for energy in energies[i]]
        beam = {"sources": nb.Sources(None, wavelengths, [1.0, 2.0 + i])} if i else {"wavelength_angstrom": wavelengths[0]}
        assert about[i]["wavelengths_angstrom"] == wavelengths
        assert np.array_equal(image, alone(i, beam, noise=False, experiment=experiment))


def test_wavelengths_and_fluences_a_shot(tmp_path):
    np.savetxt(tmp_path / "wavelengths.txt", [1.0, 1.01, 1.02])
    np.savetxt(tmp_path / "fluences.txt", [1e26, 2e26, 3e26])
    shots = 'wavelengths = "wavelengths.txt"\nfluences = "fluences.txt"'
    pixels, about, _ = rendered(tmp_path, images=3, shots=shots, noise="photons = true")
    for i, image in pixels.items():
        beam = {"wavelength_angstrom": [1.0, 1.01, 1.02][i], "fluence": [1e26, 2e26, 3e26][i]}
        assert np.array_equal(image, alone(i, beam))
        assert about[i]["fluence"] == beam["fluence"]


def test_jitter_is_what_the_parameters_say(tmp_path):
    args = ARGS.replace("-fluence 1e26", "-flux 1e20 -exposure 1 -beamsize 0.001")
    pixels, about, _ = rendered(tmp_path, args=args, shots="fluence_rms_percent = 20\nwavelength_rms_percent = 1")
    experiment = nb.Experiment.from_args(args.split())
    fluences = [each["fluence"] for each in about.values()]
    wavelengths = [each["wavelengths_angstrom"][0] for each in about.values()]
    assert len(set(fluences)) == len(set(wavelengths)) == 11
    assert np.abs(np.array(fluences) / 1e32 - 1).max() < 1
    assert np.abs(np.array(wavelengths) - 1).max() < 0.06
    for i, image in pixels.items():
        beam = {"wavelength_angstrom": wavelengths[i], "fluence": fluences[i], "flux": None}
        assert np.array_equal(image, alone(i, beam, noise=False, experiment=experiment))


def test_jitter_moves_a_whole_spectrum(tmp_path):
    np.save(tmp_path / "lines.npy", np.array([[1.0, 1.1]] * 3))
    _, about, _ = rendered(tmp_path, images=3, shots='wavelengths = "lines.npy"\nwavelength_rms_percent = 1')
    for i in range(3):
        factor = Stream(5, 2, i).factor(0.01)
        assert about[i]["wavelengths_angstrom"] == [1.0 * factor, 1.1 * factor]


def test_several_panels(tmp_path):
    parts = (
        "crystal = {cell = [70, 80, 90, 75, 85, 95], n_cells = 5}\nstructure_factors = 100\nbeam = {fluence = 1e26}\n"
        "sampling = {oversample = 1}\ndetector = {panels = [{pixels = [9, 20], pixel_size_mm = 0.8}, "
        "{pixels = [9, 20], pixel_size_mm = 0.8, distance_mm = 120}]}"
    )
    text = spec_text(images=3, noise="photons = true").replace(f'args = "{ARGS}"', parts)
    spec = Spec.from_toml(text, tmp_path)
    run_batch(spec, workers=0)
    experiment = spec.experiment
    for i in range(3):
        image = np.load(tmp_path / "out" / "images" / f"image_{i:06d}.npy")
        assert image.shape == (2, 9, 20)
        turned = experiment.replace(crystal=experiment.crystal.replace(rotation=random_rotation(5, i)))
        counts = nb.poisson(nb.simulate(turned), 5, image_number=i)
        assert np.array_equal(image, np.stack(counts))


@pytest.mark.parametrize("form", ["bin", "smv"])
def test_a_file_an_image(form, tmp_path):
    write_spec(tmp_path, form=form, images=3, noise="photons = true")
    done = batch(tmp_path, "spec.toml", "--serial")
    assert done.returncode == 0, done.stderr
    assert "images: 3\n" in done.stdout
    ending = {"bin": ".bin", "smv": ".img"}[form]
    names = {path.name for path in (tmp_path / "out" / "images").iterdir()}
    assert names == {f"image_{i:06d}{end}" for i in range(3) for end in (ending, ".json")}
    for i in range(3):
        image = read_image(tmp_path / "out" / "images" / f"image_{i:06d}{ending}", (20, 20)).pixels
        expected = alone(i)
        assert np.array_equal(image, np.minimum(expected + 40, 65535) if form == "smv" else expected)
        assert parameters(tmp_path / "out", i)["file"] == f"image_{i:06d}{ending}"


def test_the_header_of_an_smv_image_is_that_of_a_run(tmp_path):
    np.save(tmp_path / "one.npy", np.eye(3)[None])
    args = f"{CRYSTAL} -pixel 0.8 -detpixels 20 -oversample 1"
    write_spec(tmp_path, args=args, images=1, form="smv", orientations='file = "one.npy"')
    assert batch(tmp_path, "spec.toml", "--serial").returncode == 0
    run_well([*args.split(), "-seed", "1"], tmp_path)
    ours = (tmp_path / "out" / "images" / "image_000000.img").read_bytes()
    theirs = (tmp_path / "noiseimage.img").read_bytes()
    assert ours[:512] == theirs[:512]
    assert len(ours) == len(theirs)


def test_images_that_fail_are_listed_and_tried_again(tmp_path):
    (tmp_path / "shots").mkdir()
    for i in range(11):
        (tmp_path / "shots" / f"{i}.txt").write_text("1.0 1\n1.01 2\n" if i not in (3, 7) else "1.0 -1\n1.01 -2\n")
    (tmp_path / "shots" / "9.txt").unlink()
    turns = np.stack([np.eye(3)] * 11)
    turns[5] *= 2
    np.save(tmp_path / "turns.npy", turns)
    write_spec(
        tmp_path,
        shots='spectrum_files = "shots/{image}.txt"',
        orientations='file = "turns.npy"',
        render='semantics = "corrected"',
        noise="photons = true",
        output="images_per_file = 4",
    )
    done = batch(tmp_path, "spec.toml", "--serial")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    for image, why in ((3, "weights"), (5, "not orthogonal"), (7, "weights"), (9, "9.txt")):
        assert any(line.startswith(f"nbhybrid: image {image}: ") and why in line for line in lines), lines
    assert "4 of 11 images failed" in lines[-1]
    listed = json.loads((tmp_path / "out" / "failures.json").read_text())
    assert [each["image"] for each in listed["failures"]] == [3, 5, 7, 9]
    there = {path.stem for path in (tmp_path / "out" / "images").glob("*.npy")}
    assert there == {f"image_{i:06d}" for i in range(11) if i not in (3, 5, 7, 9)}

    for i in (3, 7, 9):
        (tmp_path / "shots" / f"{i}.txt").write_text("1.0 1\n1.01 2\n")
    done = batch(tmp_path, "spec.toml", "--serial")
    assert done.returncode == 1
    assert "1 of 11 images failed" in done.stderr
    assert [each["image"] for each in json.loads((tmp_path / "out" / "failures.json").read_text())["failures"]] == [5]
    assert {path.name for path in (tmp_path / "out" / "images").glob("*.failed.json")} == {"images_000004-000007.failed.json"}


def test_an_error_of_the_renderer_is_that_of_its_image(tmp_path, monkeypatch):
    """The call for a whole beam fails; then each image is rendered alone."""
    from nbhybrid.batch import render

    whole = render.simulate_batch

    def failing(part, rotations, out, **options):
        if any(np.array_equal(rotation, random_rotation(5, 4)) for rotation in rotations):
            raise MemoryError("no room")
        return whole(part, rotations, out, **options)

    monkeypatch.setattr(render, "simulate_batch", failing)
    pixels, _, result = rendered(tmp_path)
    assert result.failures == [(4, "MemoryError: no room")]
    assert set(pixels) == set(range(11)) - {4}
    assert np.array_equal(pixels[5], alone(5, noise=False))


def test_another_series_or_command_in_the_folder_is_refused(tmp_path):
    write_spec(tmp_path)
    assert batch(tmp_path, "spec.toml", "--serial").returncode == 0
    before = hashes(tmp_path / "out")
    write_spec(tmp_path, seed=6, noise="photons = true")
    done = batch(tmp_path, "spec.toml", "--serial")
    assert done.returncode == 2
    assert "changed: seed from 5 to 6, noise from False to True" in done.stderr
    write_spec(tmp_path, args=ARGS + " -lambda 1.1")
    for words in (["--serial"], ["--dry-run"]):
        done = batch(tmp_path, "spec.toml", *words)
        assert done.returncode == 2
        assert "the experiment, or the contents of a file" in done.stderr
    assert hashes(tmp_path / "out") == before

    write_spec(tmp_path)
    fcntl = pytest.importorskip("fcntl")
    with open(tmp_path / "out" / "batch.json", "rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        done = batch(tmp_path, "spec.toml", "--serial")
        assert done.returncode == 2
        assert "another nbhybrid batch is at work" in done.stderr
    assert batch(tmp_path, "spec.toml", "--serial").returncode == 0

    state = json.loads((tmp_path / "out" / "batch.json").read_text())
    (tmp_path / "out" / "batch.json").write_text(json.dumps(state | {"nbhybrid_version": "0.0.1"}))
    done = batch(tmp_path, "spec.toml", "--serial")
    assert done.returncode == 2
    assert "begun by nbhybrid 0.0.1" in done.stderr


def test_progress_is_told(tmp_path):
    told = []
    spec = Spec.from_toml(spec_text(output="images_per_file = 4"), tmp_path)
    run_batch(spec, workers=0, progress=lambda *numbers: told.append(numbers))
    assert told == [(0, 11, 0), (4, 11, 0), (8, 11, 0), (11, 11, 0)]
    told.clear()
    result = run_batch(spec, workers=0, progress=lambda *numbers: told.append(numbers))
    assert told == [(11, 11, 0)]
    assert result.rendered == 0


def test_files_that_are_not_here_are_missed(tmp_path, monkeypatch):
    """As where a worker of another machine has a folder of its own under this name."""
    from nbhybrid.batch import run

    monkeypatch.setattr(run, "work", lambda task, watch: None)
    spec = Spec.from_toml(spec_text(output="images_per_file = 4"), tmp_path)
    with pytest.raises(nb.OutputFileError, match=r"image 0 and perhaps others .* all workers must see this folder"):
        run_batch(spec, workers=0)


def test_words_of_the_spec_that_began_a_series_are_kept(tmp_path):
    """What does not change the series may be said otherwise later, and the files do not tell."""
    spec = Spec.from_toml(spec_text(), tmp_path)
    run_batch(spec, workers=0)
    found = hashes(tmp_path / "out")
    (tmp_path / "out" / "images" / "image_000003.json").unlink()
    again = Spec.from_toml("# A remark.\n" + spec_text(), tmp_path)
    assert run_batch(again, workers=0).rendered == 1
    assert hashes(tmp_path / "out") == found
