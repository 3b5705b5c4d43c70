"""Damaged expectations, claims and run files are refused in one clear line; nothing hangs.

The ordinary suite takes a sample; `nox -s faults` takes thousands.
"""

from __future__ import annotations

import sys
from datetime import date

import fuzzing
import pytest

from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.expectations import ledger as expectations
from optimizer_conformance.expectations.check import review
from optimizer_conformance.expectations.ledger import ExpectationError
from optimizer_conformance.expectations.update import cut
from optimizer_conformance.questions.verify import document
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers.process import command_for

FEW, MANY = 60, pytest.param(2000, marks=pytest.mark.faults)
FEW_RUNS, MANY_RUNS = 12, pytest.param(1200, marks=pytest.mark.faults)


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    """A run of some 200 cells: what is damaged in it is shown in every way within a moment."""
    folder = tmp_path_factory.mktemp("small") / "run"
    few = Selection(("numpy",), ("numpy:d2l*",), dtypes=("float64",), profile="quick")
    conduct(few, folder, commands={"numpy": command_for("numpy", sys.executable)})
    return folder


def say(count, what, refused):
    """The figures that `nox -s faults` prints."""
    print(f"{count:,} damaged {what}: {refused:,} refused in one line, no traceback, no hang")


@pytest.mark.parametrize("count", [FEW, MANY])
def test_expectations_files(count, tmp_path):
    texts = [path.read_text() for path in sorted(expectations.FOLDER.glob("*.toml"))]
    path = tmp_path / "torch.toml"
    refused = 0
    for _, chance in fuzzing.seeds(count):
        content = fuzzing.damaged_toml(chance.choice(texts), chance)
        path.write_bytes(content)
        with fuzzing.no_hang():
            try:
                expectations.decode(content, path.name)
                cut(content.decode(), path.name)
            except ExpectationError as error:
                refused += 1
                fuzzing.one_line(str(error))
            for problem in review(path, date(2026, 11, 20)):
                fuzzing.one_line(problem.message)
        assert path.read_bytes() == content
    say(count, "expectations files", refused)
    assert refused > count / 4


@pytest.mark.parametrize("count", [FEW, MANY])
def test_claims_files(count, tmp_path):
    texts = [path.read_text() for path in sorted(document.FOLDER.glob("*.toml"))]
    path = tmp_path / "claims.toml"
    refused = 0
    for _, chance in fuzzing.seeds(count):
        path.write_bytes(fuzzing.damaged_toml(chance.choice(texts), chance))
        with fuzzing.no_hang():
            try:
                document.load("claims", tmp_path)
            except document.ClaimFileError as error:
                refused += 1
                fuzzing.one_line(str(error))
    say(count, "claims files", refused)
    assert refused > count / 4


@pytest.mark.parametrize("count", [FEW_RUNS, MANY_RUNS])
def test_run_folders(count, conformance, small_run, tmp_path):
    refused = 0
    for number, chance in fuzzing.seeds(count):
        folder = fuzzing.damaged_run(tmp_path / str(number) / "run", small_run, chance)
        before = fuzzing.below(folder)
        with fuzzing.no_hang():
            kind = fuzzing.FORMATS[number % len(fuzzing.FORMATS)]
            refused += bool(fuzzing.report_of(conformance, folder, kind))
            for words in (
                ("diff", str(small_run), str(folder), "--json"),
                ("expectations", "update", str(folder), "--json"),
            ):
                assert conformance(*words).returncode in (0, 1, 2)
        assert fuzzing.below(folder) == before
    say(count, "run folders", refused)
    assert refused
