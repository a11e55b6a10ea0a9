"""What is installed: one version everywhere, the files a user's tools need, and a command line that starts quickly."""

import importlib.metadata
import importlib.resources
import pathlib
import re
import subprocess
import sys

import nbhybrid
from nbhybrid import _core

ROOT = pathlib.Path(__file__).resolve().parents[2]


def python(*words, **options):
    """Run this interpreter with these words and return its output."""
    done = subprocess.run([sys.executable, *words], check=False, capture_output=True, text=True, timeout=60, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported_by(statement):
    """Return the names of the modules that a fresh interpreter has loaded after a statement."""
    return set(python("-c", f"{statement}\nimport sys\nprint(*sys.modules, sep='\\n')").split())


def test_one_version():
    """The source, the installed package and the compiled core agree: a stale build would not."""
    source = re.search(r'__version__ = "([^"]+)"', (ROOT / "python/nbhybrid/_version.py").read_text()).group(1)
    assert nbhybrid.__version__ == source
    assert importlib.metadata.version("nbhybrid") == source
    assert _core.__version__ == source
    assert source in (ROOT / "CHANGELOG.md").read_text()


def test_commit_is_known_or_said_to_be_unknown():
    """The compiled core names the commit it was built from."""
    assert re.fullmatch(r"unknown|[0-9A-Za-z.-]+", _core.commit)


def test_version_option(tmp_path):
    """Both ways to ask print the same, wherever one stands."""
    expected = f"nbhybrid {nbhybrid.__version__}\n"
    assert python("-m", "nbhybrid", "--version", cwd=tmp_path) == expected
    assert python("-m", "nbhybrid", "-V", cwd=tmp_path) == expected


def test_commands_are_installed():
    """Both commands exist and lead to functions that exist."""
    commands = {
        point.name: point.load
        for point in importlib.metadata.distribution("nbhybrid").entry_points
        if point.group == "console_scripts"
    }
    assert set(commands) == {"nbhybrid", "nanobragg"}
    assert all(callable(load()) for load in commands.values())


def test_only_light_packages_are_needed():
    """The package without extras asks for one small package, and old Pythons for what newer ones have; the rest are extras."""
    required = [line for line in importlib.metadata.requires("nbhybrid") if "extra ==" not in line]
    old = [line for line in required if re.search(r"python_version < .3\.11", line)]
    assert [re.match(r"[\w.-]+", line).group() for line in old] == ["tomli"]
    assert [re.match(r"[\w.-]+", line).group() for line in required if line not in old] == ["tqdm"]
    extras = set(importlib.metadata.metadata("nbhybrid").get_all("Provides-Extra"))
    assert {"io", "hdf5", "dask", "torch", "test", "dev"} <= extras


def test_types_are_shipped():
    """Type checkers find the marker and the types of the compiled core."""
    files = importlib.resources.files("nbhybrid")
    assert files.joinpath("py.typed").is_file()
    assert files.joinpath("_core.pyi").is_file()


def test_stub_names_what_the_core_has():
    """The types of the compiled core list its public names, no more and no fewer."""
    stub = (ROOT / "python/nbhybrid/_core.pyi").read_text()
    named = set(re.findall(r"^(?:class|def) (\w+)|^(\w+):", stub, re.MULTILINE))
    public = {name for name in vars(_core) if not name.startswith("_")} | {"__version__"}
    errors = {name for name in public if isinstance(getattr(_core, name), type) and issubclass(getattr(_core, name), Exception)}
    assert {first or second for first, second in named} - {"__version__"} == public - errors - {"__version__"}


def test_core_stays_light():
    """Neither the package nor the command line imports numpy, torch or the compiled core before it is needed."""
    for statement in ("import nbhybrid", "import nbhybrid.cli", "import nbhybrid.cli.run, nbhybrid.cli.record"):
        loaded = imported_by(statement)
        assert "nbhybrid" in loaded
        assert not {"numpy", "torch", "PIL", "tqdm"} & loaded
    assert "nbhybrid._core" not in imported_by("import nbhybrid.cli")


# What takes milliseconds to import and a simulation does without: most of all a bar that nobody sees, and the record's modules.
HEAVY = {
    *(
        "argparse",
        "ast",
        "asyncio",
        "ctypes",
        "dataclasses",
        "fabio",
        "hashlib",
        "importlib.metadata",
        "inspect",
        "json",
        "logging",
    ),
    *("logging", "matplotlib", "multiprocessing", "numpy", "pathlib", "PIL", "platform", "random", "re", "shutil", "subprocess"),
    *("tempfile", "torch", "tqdm", "typing", "urllib"),
}


def test_a_run_imports_nothing_heavy(tmp_path):
    """A whole simulation, files included, loads none of these; what the interpreter itself has loaded is not counted."""
    words = ["run", "-cell", "70", "80", "90", "-N", "3", "-default_F", "100", "-detpixels", "32", "-seed", "1", "--quiet"]
    run = f"import os; os.chdir({str(tmp_path)!r}); from nbhybrid.cli import main; assert main({words!r}) == 0"
    before, after = (imported_by(statement) for statement in ("pass", run))
    assert (tmp_path / "intimage.img").is_file()
    assert "nbhybrid._core" in after
    assert HEAVY & (after - before) == set()


def test_licences_are_shipped():
    """The licence and the credits travel with the package."""
    names = {pathlib.PurePath(path).name for path in importlib.metadata.files("nbhybrid")}
    assert {"LICENSE", "NOTICE"} <= names
