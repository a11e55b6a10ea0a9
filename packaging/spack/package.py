"""Spack's recipe (Spack 1.0 or later): copy it to packages/py_nbhybrid/package.py of a repository of your own."""

from spack.package import *
from spack_repo.builtin.build_systems.cuda import CudaPackage
from spack_repo.builtin.build_systems.python import PythonPackage


class PyNbhybrid(PythonPackage, CudaPackage):
    """Bragg diffraction images of small crystals, bit for bit those of nanoBragg.c."""

    pypi = "nbhybrid/nbhybrid-0.2.0.tar.gz"

    license("MIT", checked_by="nbhybrid")

    # No checksum before there is a release: until then `spack dev-build py-nbhybrid@0.2.0` in a checkout.
    version("0.2.0")

    variant("io", default=True, description="Pictures and numpy images")
    variant("hdf5", default=True, description="Series of images in HDF5")
    variant("dask", default=False, description="Series on many machines")

    depends_on("cxx", type="build")
    depends_on("python@3.10:", type=("build", "link", "run"))
    depends_on("py-scikit-build-core@0.11:", type="build")
    depends_on("py-pybind11@2.12:", type="build")
    depends_on("py-setuptools-scm@8:", type="build")
    depends_on("cmake@3.18:", type="build")
    depends_on("ninja", type="build")
    depends_on("py-tqdm@4.60:", type=("build", "run"))
    depends_on("py-tomli@2:", type=("build", "run"), when="^python@:3.10")
    depends_on("cuda@12:", type="build", when="+cuda")
    with when("+io"):
        depends_on("py-numpy@1.23:", type="run")
        depends_on("pil@9:", type="run")
        depends_on("py-matplotlib@3.6:", type="run")
    with when("+hdf5"):
        depends_on("py-numpy@1.23:", type="run")
        depends_on("py-h5py@3.8:", type="run")
    with when("+dask"):
        depends_on("py-numpy@1.23:", type="run")
        depends_on("py-dask@2023.1:", type="run")
        depends_on("py-distributed@2023.1:", type="run")

    conflicts("%gcc@:8", msg="C++17 with std::filesystem")

    def config_settings(self, spec, prefix):
        """Tell CMake whether to compile for GPUs, and for which."""
        settings = {"cmake.define.NBHYBRID_CUDA": "ON" if "+cuda" in spec else "OFF"}
        architectures = spec.variants["cuda_arch"].value if "+cuda" in spec else ("none",)
        if "none" not in architectures:
            settings["cmake.define.CMAKE_CUDA_ARCHITECTURES"] = ";".join(architectures)
        return settings
