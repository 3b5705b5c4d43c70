"""A device's primitives, and its page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer_conformance.questions.devices import budgets, primitives
from optimizer_conformance.questions.devices.budgets import Measured, measure
from optimizer_conformance.questions.devices.page import page
from optimizer_conformance.reports import model

TOP = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def numpy_primitives():
    return list(measure("numpy", "cpu", Path(sys.executable), every=999_983))


def one(found, primitive, dtype="float32"):
    return next(item for item in found if (item.primitive, item.dtype) == (primitive, dtype))


def test_the_hosts_roots_and_divisions_are_correctly_rounded(numpy_primitives):
    for name in ("root", "reciprocal", "quotient"):
        item = one(numpy_primitives, name)
        assert 0.4 < item.ulp <= 0.5
        assert item.within
        assert item.flushes == ("kept" if any(item.subnormal.values()) else "–")
    assert one(numpy_primitives, "root", "float16").values == 30720


def test_a_result_beyond_its_budget_is_told():
    row = {"framework": "torch", "version": "2", "device": "cuda:0", "way": "compiled",
           "primitive": "quotient", "dtype": "float32"}  # fmt: skip
    assert Measured(**row, roundings=2.47).within
    assert not Measured(**row, roundings=3.1).within
    assert Measured(**{**row, "primitive": "power"}, roundings=15.0).within
    assert not Measured(**{**row, "primitive": "power"}, roundings=17.0).within


def test_errors_and_lost_numbers_are_found_by_the_measurement():
    """A host whose root is a unit off, whose subnormal results are zero, and whose 1 is lost."""
    import numpy as np

    on = primitives.Numpy("cpu")
    right = np.array([1.0, 4.0, 2.0**-130, 3.0])
    operands = (np.array([1.0, 16.0, 2.0**-100, 9.0], np.float32),)
    found = np.array([0.0, np.nextafter(np.float32(4), np.float32(5)), 0.0, 3.0], np.float32)
    worst = primitives.Worst()
    worst.take(on, primitives.ULP, operands, found, right)
    assert worst.error == 1.0
    assert worst.operands == (16.0,)
    assert worst.flushed == {"operands": 0, "results": 1, "normal": 1}
    assert worst.count == 2


def test_a_line_that_is_no_measurement_is_refused():
    with pytest.raises(budgets.RunError, match="no measurement"):
        budgets.read('{"framework": 1}')
    with pytest.raises(budgets.RunError, match="no measurement"):
        budgets.read("nonsense")


def test_the_page_of_a_device_has_all_parts(numpy_primitives, tmp_path):
    from optimizer_conformance.cases.plan import Selection
    from optimizer_conformance.runs.run import conduct
    from optimizer_conformance.workers.process import command_for

    selection = Selection(adapters=("numpy",), dtypes=("float32",), modes=("origin",))
    conduct(selection, tmp_path / "run", commands={"numpy": command_for("numpy")})
    run = model.load(tmp_path / "run")
    text = page([run], numpy_primitives, [run])
    for heading in ("## What ran", "## Primitives", "## The same cases on the host"):
        assert heading in text
    assert "No result is further off than its budget." in text
    assert "numpy:d2l" in text


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_the_device_script_is_one_that_bash_reads():
    done = subprocess.run(["bash", "-n", str(TOP / "ci" / "device.sh")], check=False)
    assert done.returncode == 0


def test_what_was_measured_of_a_device_can_be_read_again(numpy_primitives):
    lines = [json.dumps(budgets.content(item)) for item in numpy_primitives]
    assert [budgets.read(line) for line in lines] == numpy_primitives
