"""What is installed: one version everywhere, the files a user's tools need, and a command line that starts quickly."""

import ast
import importlib.metadata
import importlib.resources
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import types

import nbhybrid
import pytest
from nbhybrid import _core, devices
from nbhybrid.libm import libm_verdict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
# The version that is being made.
NEXT = re.search(r"^## (?:Unreleased \()?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]


def python(*words, **options):
    """Run this interpreter with these words and return its output."""
    done = subprocess.run([sys.executable, *words], check=False, capture_output=True, text=True, timeout=60, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def imported_by(statement):
    """Return the names of the modules that a fresh interpreter has loaded after a statement."""
    return set(python("-c", f"{statement}\nimport sys\nprint(*sys.modules, sep='\\n')").split())


def test_one_version():
    """The installed package and the compiled core agree, and lie not before the version that is being made."""
    assert nbhybrid.__version__ == importlib.metadata.version("nbhybrid") == _core.__version__
    assert re.match(r"\d+\.\d+\.\d+", nbhybrid.__version__)[0] == NEXT


def test_development_versions_lead_to_the_next():
    """What a build without a tag is called."""
    for path in (ROOT / "pyproject.toml", PACKAGING / "cuda" / "pyproject.toml"):
        assert tomllib.loads(path.read_text())["tool"]["setuptools_scm"]["fallback_version"] == f"{NEXT}.dev0"


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
    """The licence, the credits and the licences of what is compiled in travel with the package."""
    names = {pathlib.PurePath(path).name for path in importlib.metadata.files("nbhybrid")}
    assert {"LICENSE", "NOTICE", "pybind11.txt"} <= names


def test_bill_of_materials():
    """It is of this build, and lists what is compiled in; nothing else is linked but the system's libraries."""
    (path,) = (path for path in importlib.metadata.files("nbhybrid") if path.match("*.dist-info/sboms/nbhybrid.cdx.json"))
    bill = json.loads(path.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    package = bill["metadata"]["component"]
    assert package["version"] == nbhybrid.__version__
    assert package["purl"] == f"pkg:pypi/nbhybrid@{nbhybrid.__version__}"
    assert {each["name"]: each["value"] for each in package["properties"]}["nbhybrid:commit"] == _core.commit
    has_cuda = any(path.name.startswith("_cuda.") and path.suffix == ".so" for path in importlib.metadata.files("nbhybrid"))
    parts = {part["bom-ref"]: part for part in bill["components"]}
    assert set(parts) == ({"pybind11", "cudart"} if has_cuda else {"pybind11"})
    assert all(part["version"] and part["licenses"] for part in parts.values())
    assert bill["dependencies"] == [{"ref": "nbhybrid", "dependsOn": list(parts)}]
    if shutil.which("ldd"):
        linked = subprocess.run(["ldd", _core.__file__], capture_output=True, text=True, check=True).stdout
        names = {re.match(r"\S*?(\w[\w+-]*)\.so", line.split()[0])[1] for line in linked.splitlines() if ".so" in line}
        assert names <= {
            "linux-vdso",
            "linux-gate",
            "libstdc++",
            "libm",
            "libgcc_s",
            "libc",
            "ld-linux-x86-64",
            "ld-linux-aarch64",
            "libpthread",
        }


def test_the_plugin_is_locked():
    """nbhybrid-cuda is what nbhybrid looks for, built as nbhybrid is, and of one version with it."""
    plugin = tomllib.loads((PACKAGING / "cuda" / "pyproject.toml").read_text())
    assert plugin["build-system"] == project()["build-system"]
    released, own = (each["tool"]["cibuildwheel"] for each in (plugin, project()))
    assert {key: released[key] for key in ("build", "manylinux-x86_64-image")} == {
        key: own[key] for key in ("build", "manylinux-x86_64-image")
    }
    assert plugin["project"]["requires-python"] == project()["project"]["requires-python"]
    assert plugin["project"]["entry-points"] == {"nbhybrid.devices": {"cuda": "nbhybrid_cuda._cuda"}}
    assert plugin["tool"]["scikit-build"]["metadata"]["dependencies"]["result"] == ["nbhybrid=={project[version]}"]
    kinds = plugin["tool"]["scikit-build"]["cmake"]["define"]["CMAKE_CUDA_ARCHITECTURES"].split(";")
    assert kinds == ["75-real", "80-real", "86-real", "89-real", "90"]
    for name in ("LICENSE", "NOTICE", "LICENSES"):
        assert (PACKAGING / "cuda" / name).resolve() == ROOT / name


class Plugin(types.ModuleType):
    """What an installed nbhybrid-cuda would give."""

    def __init__(self, interface):
        super().__init__("nbhybrid_cuda._cuda")
        self.__file__ = "/somewhere/nbhybrid_cuda/_cuda.so"
        self.interface = interface


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Return a function that installs a plugin with an interface, in an nbhybrid without CUDA kernels of its own."""
    folder = tmp_path / "nbhybrid_cuda-0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: nbhybrid-cuda\nVersion: 0\n")
    (folder / "entry_points.txt").write_text("[nbhybrid.devices]\ncuda = nbhybrid_cuda._cuda\n")
    monkeypatch.setattr(devices, "_built_in", lambda: None)

    def install(interface):
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setitem(sys.modules, "nbhybrid_cuda", types.ModuleType("nbhybrid_cuda"))
        monkeypatch.setitem(sys.modules, "nbhybrid_cuda._cuda", Plugin(interface))
        return sys.modules["nbhybrid_cuda._cuda"]

    return install


def test_a_plugin_is_found(plugin):
    assert plugin(_core.interface) is devices.cuda_extension()


def test_a_plugin_of_another_build_is_refused(plugin):
    plugin("0123456789abcdef")
    with pytest.raises(nbhybrid.errors.DeviceError, match=r"/somewhere/nbhybrid_cuda/_cuda.so are not those of this nbhybrid"):
        devices.cuda_extension()


def test_without_a_plugin_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(devices, "_built_in", lambda: None)
    monkeypatch.setattr(devices, "_plugin", lambda: None)
    with pytest.raises(nbhybrid.errors.DeviceError, match=re.escape(f"install the wheel of nbhybrid-cuda {nbhybrid.__version__}")):
        devices.cuda_extension()


# Files that say which version they are of, and how they say it.
VERSIONS = {
    "CITATION.cff": r"^version: (\S+)$",
    "packaging/spack/package.py": r'^    version\("([^"]+)"',
    "packaging/conda/recipe.yaml": r'^  version: "([^"]+)"$',
    "packaging/apptainer/nbhybrid.def": r"^    Version (\S+)$",
    f"packaging/modules/nbhybrid/{NEXT}": r"^set version (\S+)$",
}


def project():
    """Return pyproject.toml as plain data."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.mark.parametrize("name", VERSIONS)
def test_recipes_are_of_this_version(name):
    assert re.findall(VERSIONS[name], (ROOT / name).read_text(), re.MULTILINE) == [NEXT]


def yaml_files():
    """Return every file in YAML that others read."""
    return [
        ROOT / "CITATION.cff",
        PACKAGING / "conda" / "recipe.yaml",
        *sorted((ROOT / ".github").glob("*/*.yml")),
    ]


@pytest.mark.parametrize("path", yaml_files(), ids=lambda path: path.name)
def test_yaml_can_be_read(path):
    yaml = pytest.importorskip("yaml", reason="PyYAML is not here: that YAML files can be read is NOT TESTED")
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_workflows_name_what_is_there():
    """Actions are pinned to commits; scripts and make's targets exist."""
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    workflows = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert {path.name for path in workflows} == {"ci.yml", "wheels.yml"}
    for path in workflows:
        text = path.read_text()
        for action in re.findall(r"uses: (.*)", text):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}  # v[\d.]+", action), f"{path.name}: {action}"
        for script in re.findall(r"(?:\.ci|packaging)/[\w.]+", text):
            assert os.access(ROOT / script, os.X_OK), f"{path.name}: {script}"
        assert set(re.findall(r"run: make (\w+)", text)) <= targets


def test_issues_ask_for_what_helps():
    """Both forms ask for the environment and for a trace."""
    forms = [path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml"]
    assert len(forms) == 2
    for path in forms:
        assert "`nbhybrid env`" in path.read_text()
        assert "`nbhybrid trace " in path.read_text()


def test_wheels_of_a_release():
    """Each Python that the package takes has wheels, and the tests named for them are there."""
    settings = project()["tool"]["cibuildwheel"]
    built = [int(minor) for minor in re.findall(r"cp3(\d+)-\*", settings["build"])]
    oldest = int(re.fullmatch(r">=3\.(\d+)", project()["project"]["requires-python"])[1])
    assert built == list(range(oldest, 15))
    assert settings["config-settings"]["cmake.define.NBHYBRID_CUDA"] == "OFF"
    (test,) = re.findall(r"\{project\}/(\S+)", settings["test-command"])
    assert (ROOT / test).is_file()


def named(text):
    """Return the packages, with the least version, that a recipe or a list of requirements names."""
    return set(re.findall(r"([a-z][\w-]*?) ?>=(\d[\d.]*)", text))


def test_recipes_ask_for_what_the_package_asks_for():
    """Build requirements and requirements have the same least versions in pyproject.toml and in both recipes."""
    asked = project()
    wanted = named(" ".join(asked["build-system"]["requires"] + asked["project"]["dependencies"]))
    assert len(wanted) == 5
    assert wanted <= named((PACKAGING / "conda" / "recipe.yaml").read_text())
    spack = (PACKAGING / "spack" / "package.py").read_text()
    assert wanted <= set(re.findall(r'depends_on\("py-([\w-]+)@([\d.]+):"', spack))
    (recipe,) = (node for node in ast.parse(spack).body if isinstance(node, ast.ClassDef))
    assert recipe.name == "PyNbhybrid"


@pytest.mark.parametrize("path", sorted(PACKAGING.glob("**/*.sh")), ids=lambda path: path.name)
def test_scripts_can_be_read_by_the_shell(path):
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", path], check=True)


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ({"isa": "v2", "same": 110, "wrong": [], "refused": []}, 0),
        ({"isa": "v2", "same": 109, "wrong": ["cubic_basic"], "refused": []}, 1),
        ({"isa": "v2", "same": 0, "wrong": [], "refused": ["cubic_basic"]}, 1),
    ],
)
def test_trials_notice_a_wrong_image(report, status, tmp_path):
    if not libm_verdict()["matches"]:
        pytest.skip("the C library's functions are not the reference's: images are NOT judged here")
    (tmp_path / "report.json").write_text(json.dumps(report) + "\n")
    script = f'source "{PACKAGING}/trial.sh"; judge "{tmp_path}/report.json" "{sys.executable}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert ("images DIFFER" in done.stderr) == (status == 1)


@pytest.mark.parametrize(("script", "name", "what"), [("wheel", "no.whl", "wheel"), ("sdist", "no.tar.gz", "source archive")])
def test_what_is_to_be_tried_must_be_there(script, name, what, tmp_path):
    done = subprocess.run([PACKAGING / f"try_{script}.sh", tmp_path / name], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{name}: expected the path of a {what}" in done.stderr


def test_a_task_of_an_array(tmp_path):
    """The Slurm script gives each task a series of its own; begun again, the same."""
    spec = (PACKAGING / "slurm" / "series.toml.in").read_text()
    # There may be no GPU.
    assert spec.count('device = "cuda"') == 1
    (tmp_path / "series.toml.in").write_text(spec.replace('device = "cuda"', 'device = "cpu"'))
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "nbhybrid").write_text(f'#!/bin/sh\nexec {sys.executable} -m nbhybrid "$@"\n')
    (commands / "nbhybrid").chmod(0o755)
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"}
    for task in ("3", "3", "12"):
        done = subprocess.run(
            [PACKAGING / "slurm" / "array.sh", "--dry-run"],
            cwd=tmp_path,
            env={**environment, "SLURM_ARRAY_TASK_ID": task},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert f"series_{task}, hdf5" in done.stdout
    assert {path.name for path in tmp_path.glob("series*")} == {"series.toml.in", "series_0003.toml", "series_0012.toml"}
    assert tomllib.loads((tmp_path / "series_0012.toml").read_text())["series"]["seed"] == 12


def test_module_file_is_read_by_tcl(tmp_path):
    """Loaded where nbhybrid is, it leads there; where it is not, it says so."""
    if not shutil.which("tclsh"):
        pytest.skip("tclsh is not here: that the module file can be read is NOT TESTED")
    module = (PACKAGING / "modules" / "nbhybrid" / NEXT).read_text()
    commands = "".join(
        f"proc {name} {{args}} {{ {body} }}\n"
        for name, body in {"module-whatis": "", "conflict": "", "module-info": "return 1", "prepend-path": "puts $args"}.items()
    )
    found = {}
    for root in (tmp_path, tmp_path / "missing"):
        script = tmp_path / "module.tcl"
        script.write_text(commands + "while 1 {\n" + re.sub(r"(?m)^set root .*$", f"set root {root}", module) + "\nbreak }\n")
        (tmp_path / "bin").mkdir(exist_ok=True)
        done = subprocess.run(["tclsh", script], capture_output=True, text=True, check=True)
        found[root] = done.stdout.strip(), done.stderr.strip()
    assert found[tmp_path] == (f"PATH {tmp_path}/bin", "")
    assert found[tmp_path / "missing"][0] == ""
    assert "set root in this file" in found[tmp_path / "missing"][1]


def test_presets_can_be_read():
    """Each preset to build with is one to configure with, and those not built here say so."""
    presets = json.loads((ROOT / "CMakePresets.json").read_text())
    configured = {preset["name"]: preset for preset in presets["configurePresets"]}
    assert {preset["configurePreset"] for preset in presets["buildPresets"] + presets["testPresets"]} <= set(configured)
    assert all("untested" in configured[name]["displayName"] for name in ("icx", "cray"))


def test_packaging_says_what_is_there():
    """Its page names each of its files, and no others."""
    page = (PACKAGING / "README.md").read_text()
    there = {str(path.relative_to(PACKAGING)) for path in PACKAGING.glob("**/*") if path.is_file() and not path.is_symlink()} - {
        "README.md"
    }
    rows = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    assert {name for name in re.findall(r"`([\w./]+)`", rows) if (PACKAGING / name).is_file()} == there
    assert all((PACKAGING / name).exists() for name in re.findall(r"`([a-z]+/[\w./]+)`", rows) if not name.startswith(".github"))
