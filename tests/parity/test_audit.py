"""The scaling of the seed case: one pixel from geometry to photons, for every engine on every device."""

import dataclasses
import functools
import json
import warnings

import pytest
import tolerances
from helpers import PROGRAM, run
from nbhybrid import engines
from nbhybrid.parity import audit as audits
from nbhybrid.parity.compare_traces import SCALING_CHAIN

GOLDEN_VALUES = {
    "F_cell": 190.27,
    "I_before_scaling": 943654.80923755,
    "polar": 0.91463969894451,
    "omega_pixel": 4.20412684465831e-07,
    "I_pixel_final": 2.88139542684698e-07,
}


made_once = functools.cache(audits.audit)


@pytest.mark.parametrize(("engine", "device"), audits.WAYS)
class TestScalingTrace:
    @pytest.fixture
    def audit(self, device, engine):
        """Return the audit; skip, and say so, where it cannot be made."""
        why = engines.missing(engine, device)
        if why:
            warnings.warn(f"the scaling of {engine} on {device} is NOT tested: {why}", stacklevel=1)
            pytest.skip(why)
        return made_once(engine, device)

    def test_every_quantity(self, audit):
        pixel = audit.traces.pixels[0]
        assert len(pixel.differences) == 40
        if tolerances.traces_are_exact():
            assert pixel.first_divergent is None, pixel.explanation()

    def test_every_step(self, audit):
        pixel = audit.traces.pixels[0]
        assert pixel.steps_compared == 10
        if tolerances.traces_are_exact():
            assert pixel.first_step is None

    def test_the_image(self, audit):
        assert bool(audit.image_sha256) == (audit.engine == "exact" and audit.device != "emulated")
        if audit.image_sha256 and tolerances.traces_are_exact():
            assert audit.image_sha256 == audits.REFERENCE_SHA256

    @pytest.mark.parametrize("name", GOLDEN_VALUES)
    def test_golden_values(self, name, audit):
        (difference,) = (d for d in audit.traces.pixels[0].differences if d.name == name)
        assert difference.first == (pytest.approx(GOLDEN_VALUES[name], rel=1e-14),)
        assert difference.second == (pytest.approx(GOLDEN_VALUES[name], rel=audits.DEVICE_RTOL[audit.engine]),)

    def test_the_chain_multiplies_up_to_the_pixel(self, audit):
        found = {d.name: d.second[0] for d in audit.traces.pixels[0].differences if d.name in SCALING_CHAIN}
        factors = ("I_before_scaling", "r_e_sqr", "fluence_photons_per_m2", "capture_fraction", "polar", "omega_pixel")
        product = 1 / found["steps"]
        for name in factors:
            product *= found[name]
        assert found["I_pixel_final"] == pytest.approx(product, rel=1e-13)


def test_the_bounds_are_those_of_the_tests():
    assert audits.DEVICE_RTOL == {"exact": tolerances.TRACE_DEVICE, "fast": tolerances.FAST_RELATIVE}


def test_command(tmp_path):
    done = run(["--report", "report"], tmp_path, command=[*PROGRAM, "audit"])
    if tolerances.traces_are_exact():
        assert done.returncode == 0, done.stdout + done.stderr
    assert "engine exact, cpu: " in done.stdout
    report = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert [(a["engine"], a["device"]) for a in report["audits"]] == list(audits.WAYS)
    assert {a["engine"] for a in report["audits"]} == set(engines.ENGINES)
    assert {a["device"] for a in report["audits"]} >= set(engines.DEVICES)
    assert "| I_pixel_final | photons |" in (tmp_path / "report" / "summary.md").read_text()


def test_an_image_of_another_bit_is_not_the_same():
    audit = dataclasses.replace(made_once("exact", "cpu"), image_sha256=audits.REFERENCE_SHA256)
    if tolerances.traces_are_exact():
        assert audit.same
    assert not dataclasses.replace(audit, image_sha256="0" * 64).same
