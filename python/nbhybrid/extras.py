"""What to install for what is not always needed, said in one place: nbhybrid is on no package index, its requirements are."""

from __future__ import annotations

from nbhybrid._version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# The packages of nbhybrid's extras, as pyproject.toml has them.
EXTRAS = {
    "io": ("numpy", "Pillow", "matplotlib"),
    "cbf": ("fabio",),
    "torch": ("torch",),
    "hdf5": ("numpy", "h5py"),
    "dask": ("numpy", "dask", "distributed"),
}
# What brings the kernels for GPUs.
CUDA_WHEEL = f"the wheel of nbhybrid-cuda {__version__} (packaging/build_wheel.sh --cuda makes it)"


def install(extra: str) -> str:
    """Return the command that installs what an extra of nbhybrid wants, however nbhybrid itself was installed."""
    return command(EXTRAS[extra])


def command(packages: Sequence[str]) -> str:
    """Return the command that installs packages."""
    return f"pip install {' '.join(packages)}"
