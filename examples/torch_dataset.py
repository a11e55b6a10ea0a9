"""Images for training, simulated when they are asked for: a torch dataset, with and without worker processes.

    python examples/torch_dataset.py [--output FOLDER]

Orientations come in as tensors; images are rendered into the memory of tensors. With --output all images are written to
FOLDER/stills.pt. Without torch the script says so and exits with 1.
"""

import argparse
import pathlib
import sys

import nbhybrid as nb

try:
    import torch
except ImportError:
    sys.exit("torch_dataset.py: torch is not installed: pip install torch")
from torch.utils.data import DataLoader, Dataset

STILLS, BATCH = 12, 4


class Stills(Dataset):
    """Stills of a crystal in given orientations.

    Parameters
    ----------
    experiment : nbhybrid.Experiment
    rotations : torch.Tensor of float64, (n, 3, 3)
    """

    def __init__(self, experiment, rotations):
        self.rotations = rotations
        self.crystal = experiment.crystal
        self.simulator = nb.Simulator(experiment, threads=1)  # it goes to the workers by fork or by pickle

    def __len__(self):
        return len(self.rotations)

    def __getitem__(self, index):
        """Return an image and its orientation."""
        image = torch.empty(self.simulator.experiment.shape)
        self.simulator.update(crystal=self.crystal.replace(rotation=self.rotations[index]))
        self.simulator.run(image)  # into the tensor's own memory
        return image, self.rotations[index]


def random_rotations(count, generator):
    """Return rotation matrices, (count, 3, 3), none more likely than another."""
    turns, upper = torch.linalg.qr(torch.randn(count, 3, 3, dtype=torch.float64, generator=generator))
    turns = turns * torch.diagonal(upper, dim1=1, dim2=2).sign()[:, None, :]
    return turns * torch.linalg.det(turns).sign()[:, None, None]


def main():
    """Load all images with 0 and with 2 workers, and compare them with those of one call."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, metavar="FOLDER")
    output = parser.parse_args().output

    experiment = nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=5, shape="gauss"),
        structure_factors=100.0,
        beam=nb.Beam(wavelength_angstrom=1.0, fluence=1e28),
        detector=nb.Detector.mosflm(pixels=(128, 128), pixel_size_mm=0.2, distance_mm=100),
        sampling=nb.Sampling(oversample=3),
        semantics="corrected",
    )
    dataset = Stills(experiment, random_rotations(STILLS, torch.Generator().manual_seed(3)))

    at_once = nb.simulate_batch(experiment, dataset.rotations)  # tensors in, a tensor out
    assert isinstance(at_once, torch.Tensor)
    for workers in (0, 2):
        loaded = []
        for images, _ in DataLoader(dataset, batch_size=BATCH, num_workers=workers):
            brightness = images.mean(dim=(1, 2))  # here a network would be trained
            print(f"{workers} workers, batch {len(loaded)}: {tuple(images.shape)}, photons a pixel {brightness.mean():.4f}")
            loaded.append(images)
        same = torch.equal(torch.cat(loaded), at_once)
        print(f"{workers} workers: {'identical bits' if same else 'OTHER BITS'}")
        assert same

    if output:
        output.mkdir(parents=True, exist_ok=True)
        torch.save({"images": at_once, "rotations": dataset.rotations}, output / "stills.pt")
        print(f"written: {output / 'stills.pt'}")


if __name__ == "__main__":
    main()
