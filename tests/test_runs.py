"""Whole runs through real workers: honest, wrong, dying, and lying ones."""

from __future__ import annotations

import json

import pytest
from evaluations import case_of
from fakes import command

from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.expectations import ledger as expectations
from optimizer_conformance.expectations.ledger import ExpectationError
from optimizer_conformance.reports import model
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers import process as driver

EPSILON = "epsilon .*outside the root.* inside the root"
CASE = case_of(mode="trajectory", steps=3)


def selection(**more):
    return Selection(**{"adapters": ("fake",), "profile": "quick", "cases": (CASE,), **more})


def run(behaviour, folder, *more, **selected):
    """One run of a fake: the outcome and the run folder's content."""
    outcome = conduct(
        selection(**selected),
        folder / "run",
        requested=("fake",),
        commands={"fake": command(behaviour, *more)},
        expected=folder / "expectations",
    )
    return outcome, model.load(outcome.folder, incomplete=True)


def claimed(data):
    return data.cells[data.cells.relation == "claimed"]


class TestNumpyInThisInterpreter:
    def test_is_as_expected(self, numpy_run):
        assert numpy_run.exit_code == 0
        assert numpy_run.unexpected == 0
        assert not numpy_run.missing

    def test_leaves_a_complete_folder(self, numpy_run):
        names = {
            path.relative_to(numpy_run.folder).as_posix() for path in numpy_run.folder.rglob("*")
        }
        assert names == {
            "provenance.json",
            "adapters.json",
            "footer.json",
            "events.jsonl",
            "groups.json",
            "cells",
            "cells/numpy.parquet",
            "elements",
            "elements/numpy.parquet",
        }
        footer = json.loads((numpy_run.folder / "footer.json").read_text())
        assert footer["exit_code"] == 0
        provenance = json.loads((numpy_run.folder / "provenance.json").read_text())
        assert {"started", "platform", "python", "seed", "profile", "suite"} <= set(provenance)

    def test_every_claimed_cell_agrees(self, numpy_run):
        cells = claimed(model.load(numpy_run.folder))
        assert len(cells) > 50
        assert not cells.verdict.isin(["deviates", "error", "crash", "timeout"]).any()
        assert set(cells.implementation) == {
            "numpy:codecademy",
            "numpy:d2l.scratch",
            "numpy:d2l.2d",
        }

    def test_every_case_can_be_run_again_from_its_identifier(self, numpy_run):
        from optimizer_conformance.cases.case import parse

        for identifier in model.load(numpy_run.folder).cells["case"].unique():
            assert parse(identifier).identifier == identifier

    def test_the_same_seed_gives_the_same_cells(self, numpy_run, tmp_path):
        import sys

        again = conduct(
            Selection(adapters=("numpy",), profile="quick"),
            tmp_path / "run",
            commands={"numpy": driver.command_for("numpy", sys.executable)},
        )
        first, second = (model.load(o.folder).cells for o in (numpy_run, again))
        assert first.equals(second)

    def test_a_different_rule_elsewhere_is_no_failure(self, numpy_run):
        """Cells against variants that it does not claim may deviate."""
        cells = model.load(numpy_run.folder).cells
        others = cells[cells.relation == "other"]
        assert (others.verdict == "deviates").any()


class TestWrongRules:
    def test_an_honest_fake_agrees(self, tmp_path):
        outcome, data = run("honest", tmp_path)
        assert outcome.exit_code == 0
        assert not claimed(data).empty

    def test_a_misplaced_epsilon_is_named_in_words(self, tmp_path):
        outcome, data = run("outside", tmp_path)
        assert outcome.exit_code == 1
        assert outcome.unexpected > 0
        bad = claimed(data)[claimed(data).verdict == "deviates"]
        assert bad.why.str.fullmatch(EPSILON).all()
        assert "near-epsilon" in set(bad.regime)
        assert (bad.nearest != "").all()
        assert (bad.step >= 1).all()
        assert (bad.divergence_score > 1).all()

    def test_the_rule_that_is_followed_stands_in_the_folder(self, tmp_path):
        outcome, _ = run("outside", tmp_path)
        (unit,) = json.loads((outcome.folder / "groups.json").read_text())["fake"]
        assert unit["rule"]["factors"]["epsilon"] == "outside"
        assert not unit["rule"]["partly"]

    def test_a_rule_that_nothing_explains_says_so(self, tmp_path):
        outcome, data = run("doubled", tmp_path)
        (unit,) = json.loads((outcome.folder / "groups.json").read_text())["fake"]
        assert unit["rule"] is None
        assert outcome.exit_code == 1
        bad = claimed(data)[claimed(data).verdict == "deviates"]
        assert bad.why.str.contains("no documented rule").all()

    def test_a_changed_gradient_deviates_from_every_document(self, tmp_path):
        outcome, data = run("changed_gradient", tmp_path)
        assert outcome.exit_code == 1
        bad = claimed(data)[claimed(data).verdict == "deviates"]
        assert "the step changes its gradient" in set(bad.why)

    def test_a_parameter_in_another_dtype_deviates(self, tmp_path):
        outcome, data = run("wide_dtype", tmp_path)
        assert outcome.exit_code == 1
        assert "the parameter comes back in another dtype" in set(claimed(data).why)

    def test_a_chosen_variant_judges_alone(self, tmp_path):
        _, data = run("honest", tmp_path, variants=("torch-rmsprop",))
        assert set(data.cells.variant) == {"torch-rmsprop"}


class TestDyingWorkers:
    @pytest.fixture
    def remembers(self, tmp_path_factory, monkeypatch):
        """A folder that workers can write to although it is not their scratch folder."""
        folder = str(tmp_path_factory.mktemp("remembers"))
        monkeypatch.setenv("CONFORMANCE_WRITABLE", folder)
        return folder

    def test_a_crash_is_charged_to_one_case_and_the_rest_goes_on(self, tmp_path, remembers):
        more = tuple(case_of(mode="trajectory", steps=3, seed=seed) for seed in (1, 2, 3))
        outcome, data = run("crash_first", tmp_path, remembers, "2", cases=more)
        cells = claimed(data)
        crashed = cells[cells.verdict == "crash"]
        assert list(crashed["case"]) == [more[0].identifier]
        assert "exit status 13" in crashed.why.iloc[0]
        assert set(cells[cells.verdict != "crash"]["case"]) == {c.identifier for c in more[1:]}
        assert outcome.exit_code == 1

    def test_a_case_that_crashed_once_is_tried_again_and_the_folder_says_so(
        self, tmp_path, remembers
    ):
        outcome, data = run("crash_first", tmp_path, remembers, "1")
        assert outcome.exit_code == 0
        assert "crash" not in set(claimed(data).verdict)
        assert data.footer.retried == {"fake": [CASE.identifier]}
        assert "case retried" in (outcome.folder / "events.jsonl").read_text()

    def test_a_worker_that_always_dies_is_given_up(self, tmp_path):
        more = tuple(case_of(mode="trajectory", seed=seed) for seed in range(1, 12))
        outcome, data = run("crash_at_step", tmp_path, cases=more)
        assert outcome.exit_code != 0
        cells = claimed(data)
        assert set(cells.verdict) == {"crash"}
        assert len(cells) < len(more)
        assert data.adapters["fake"].complete is False

    def test_a_worker_that_cannot_start_makes_the_run_incomplete(self, tmp_path):
        outcome, data = run("crash_at_hello", tmp_path)
        assert outcome.exit_code == 3
        assert "libfake.so.1" in outcome.missing["fake"]
        assert "libfake.so.1" in data.adapters["fake"].failure

    def test_another_protocol_makes_the_run_incomplete(self, tmp_path):
        outcome, _ = run("old_protocol", tmp_path)
        assert outcome.exit_code == 3
        assert "protocol 0" in outcome.missing["fake"]

    def test_one_bad_adapter_does_not_spoil_the_others(self, tmp_path):
        outcome = conduct(
            selection(adapters=("bad", "good")),
            tmp_path / "run",
            commands={"bad": command("crash_at_hello"), "good": command("honest")},
        )
        assert set(outcome.missing) == {"bad"}
        cells = model.load(outcome.folder).cells
        assert not claimed(model.load(outcome.folder)).empty
        assert set(cells.adapter) == {"fake"}

    def test_what_is_raised_becomes_an_error_cell(self, tmp_path):
        outcome, data = run("raises", tmp_path)
        assert outcome.exit_code == 1
        assert set(claimed(data).verdict) == {"error"}

    def test_a_declared_gap_is_not_a_failure(self, tmp_path):
        outcome, data = run("refuses", tmp_path)
        assert set(claimed(data).verdict) == {"unsupported"}
        assert outcome.exit_code == 0

    def test_a_required_adapter_without_a_device_makes_the_run_incomplete(self, tmp_path):
        outcome = conduct(
            selection(),
            tmp_path / "run",
            required=("fake",),
            commands={"fake": command("no_device")},
        )
        assert outcome.exit_code == 3
        assert outcome.missing == {"fake": "no accelerator here"}


@pytest.mark.parametrize(
    "behaviour",
    [
        "wrong_shape",
        "missing_parameter",
        "lying_bytes",
        "fewer_steps",
        "missing_gradients",
        "unknown_state",
        "junk",
        "noise",
        "wrong_reply",
    ],
)
def test_a_lying_worker_becomes_an_error_cell(behaviour, tmp_path):
    outcome, data = run(behaviour, tmp_path)
    cells = claimed(data)
    assert set(cells.verdict) == {"error"}
    assert (cells.why != "").all()
    assert outcome.exit_code == 1


class TestFolders:
    def test_a_used_folder_is_refused(self, tmp_path):
        run("honest", tmp_path)
        with pytest.raises(RunError, match="already holds a run; give another --out"):
            run("honest", tmp_path)

    def test_a_folder_that_cannot_be_made_is_refused(self, tmp_path):
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(RunError, match=r"cannot be written .*give another folder with --out"):
            run("honest", tmp_path / "file")


ENTRY = """
[[expectation]]
id = "known"
implementation = "fake:*"
verdict = "deviates"
reason = "adds epsilon outside the root"
link = "https://example.org/1"
reviewed = "2026-11-20"
"""


class TestExpectations:
    @pytest.fixture
    def expect(self, tmp_path):
        """Write the fake's expectations file, where ``run`` looks for it."""
        folder = tmp_path / "expectations"
        folder.mkdir()
        return lambda text: (folder / "fake.toml").write_text(text, encoding="utf-8")

    def test_a_covered_deviation_is_as_expected(self, expect, tmp_path):
        expect(ENTRY + "partly = true\n")
        outcome, data = run("outside", tmp_path)
        assert outcome.exit_code == 0
        bad = claimed(data)[claimed(data).verdict == "deviates"]
        assert set(bad.expectation) == {"known"}
        assert data.provenance.reasons["known"].startswith("adds epsilon outside the root")

    def test_an_entry_whose_cells_all_agree_is_stale(self, expect, tmp_path):
        expect(ENTRY)
        outcome, data = run("honest", tmp_path)
        assert outcome.exit_code == 1
        assert outcome.stale == ["fake: known"]
        assert data.footer.stale == ["fake: known"]

    def test_a_deviation_of_another_size_is_not_covered(self, expect, tmp_path):
        expect(ENTRY + "score = [1.0, 1.5]\n")
        outcome, _ = run("outside", tmp_path)
        assert outcome.exit_code == 1
        assert outcome.unexpected > 0

    def test_another_verdict_is_not_covered(self, expect, tmp_path):
        expect(ENTRY.replace('"deviates"', '"crash"'))
        outcome, _ = run("outside", tmp_path)
        assert outcome.unexpected > 0

    def test_an_entry_for_cells_that_were_not_run_says_nothing(self, expect, tmp_path):
        expect(ENTRY.replace("fake:*", "fake:other"))
        outcome, _ = run("honest", tmp_path)
        assert outcome.exit_code == 0

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("not toml [", "fake.toml: "),
            (ENTRY + ENTRY, "fake.toml: two entries are called known"),
            (ENTRY.replace("deviates", "rounding"), "known expects 'rounding'; known are deviates"),
            (ENTRY + 'colour = "red"\n', "fake.toml: .*colour"),
            (ENTRY.replace('link = "https://example.org/1"', ""), "fake.toml: .*link"),
        ],
    )
    def test_a_bad_file_is_named(self, expect, tmp_path, text, message):
        expect(text)
        with pytest.raises(ExpectationError, match=message):
            run("honest", tmp_path)

    def test_an_adapter_without_a_file_expects_nothing(self, tmp_path):
        assert expectations.load("fake", tmp_path) == []

    def test_the_shipped_files_can_be_read_and_say_why(self):
        for path in expectations.FOLDER.glob("*.toml"):
            for entry in expectations.load(path.stem):
                assert entry.reason.strip()
                assert entry.link.strip()
                assert entry.implementation.startswith(f"{path.stem}:")
