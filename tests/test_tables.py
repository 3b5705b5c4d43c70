"""Support matrix and defaults: what they say is what a run holds."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil

import pytest
from fakes import command
from msgspec import structs
from pandas import DataFrame
from test_runs import selection

from optimizer_conformance.judging.rows import held
from optimizer_conformance.judging.verdict import Judgement
from optimizer_conformance.reference.numbers import Representation
from optimizer_conformance.reference.variants import record
from optimizer_conformance.reports import defaults, facts, model, support
from optimizer_conformance.reports.model import UnreadableRun
from optimizer_conformance.runs.run import conduct

OUTSIDE = re.compile(r"(?:src|href|url)\s*[=(]\s*['\"]?(?:https?:)?//")


@pytest.fixture(scope="module")
def numpy_facts(numpy_run):
    return facts.read(numpy_run.folder)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """The facts of a run of a fake that adds epsilon outside the root and claims otherwise."""
    folder = tmp_path_factory.mktemp("wrong")
    outcome = conduct(
        selection(cases=()),
        folder / "run",
        commands={"fake": command("outside")},
        expected=folder,
    )
    return facts.read(outcome.folder)


def rows(table, title, found):
    (sheet,) = (item for item in table.sheets(found) if item.title == title)
    return {row[0]: dict(zip(sheet.header, row, strict=True)) for row in sheet.rows}


class TestFacts:
    def test_options_dtypes_and_state_are_those_that_the_worker_describes(self, numpy_facts):
        found = {item.name: item for item in numpy_facts.implementations}
        assert {"float32", "float64"} <= set(found["numpy:codecademy"].dtypes)
        assert found["numpy:d2l.2d"].dtypes == ["float64"]
        assert found["numpy:codecademy"].state == ["second_moment"]

    def test_the_rule_is_the_one_that_was_observed_not_the_one_that_is_claimed(
        self, numpy_facts, wrong
    ):
        rule = rows(support, "The rule that is followed", numpy_facts)["numpy:codecademy"]
        assert rule["epsilon"] == "inside the root"
        assert rule["departs from its documentation"] == ""
        (rule,) = rows(support, "The rule that is followed", wrong).values()
        assert rule["epsilon"] == "outside the root"
        assert "documented inside the root" in rule["departs from its documentation"]

    def test_how_one_minus_beta_is_formed_comes_from_the_verdicts(self, numpy_facts):
        way = Representation(rate="float32", scalars="float32", moments="float64")
        cell = {"verdict": "representation", "dtype": "float64", "held": held(Judgement((), way))}
        (item,) = [i for i in numpy_facts.implementations if i.name == "numpy:codecademy"]
        item = structs.replace(item, held=facts.held(DataFrame([cell])))
        found = dict(
            zip(
                support.kinds([item]),
                support.held_row(item, support.kinds([item]))[1:],
                strict=True,
            )
        )
        assert found == {
            "decay and 1-decay": "float64: float64",
            "bias correction": "as written",
            "epsilon and loss scale": "float64: float32",
            "learning rate": "float64: float32",
        }

    def test_a_file_of_facts_says_the_same_as_its_run(self, numpy_facts, tmp_path):
        path = tmp_path / "facts.json"
        path.write_text(facts.as_json(numpy_facts))
        assert facts.read(path) == numpy_facts

    def test_a_run_that_keeps_no_rules_is_refused(self, numpy_run, tmp_path):
        old = tmp_path / "old"
        shutil.copytree(numpy_run.folder, old)
        units = json.loads((old / "groups.json").read_text())
        for unit in units["numpy"]:
            del unit["rule"]
        (old / "groups.json").write_text(json.dumps(units))
        with pytest.raises(UnreadableRun, match="run again"):
            facts.read(old)

    @pytest.mark.parametrize("content", ["{}", "[]", "no JSON", '{"format": 99}'])
    def test_a_file_that_holds_no_facts_is_refused(self, tmp_path, content):
        path = tmp_path / "facts.json"
        path.write_text(content)
        with pytest.raises(UnreadableRun):
            facts.read(path)


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "text"),
        [(1e-08, "1e-8"), (0.001, "0.001"), (0.0, "0"), (1, "1"), (None, "None"), (True, "True")],
    )
    def test_are_written_as_a_person_writes_them(self, value, text):
        assert defaults.number(value) == text


class TestCommand:
    @pytest.mark.parametrize("table", ["support", "defaults"])
    @pytest.mark.parametrize("format_", ["terminal", "markdown", "html", "csv", "json"])
    def test_every_format_names_every_implementation(self, conformance, numpy_run, table, format_):
        done = conformance("tables", table, str(numpy_run.folder), "--format", format_)
        assert done.returncode == 0
        assert "codecademy" in done.stdout or (table, format_) == ("defaults", "csv")
        assert not OUTSIDE.search(done.stdout)

    def test_csv_has_a_column_for_each_name_of_the_header(self, conformance, numpy_run):
        done = conformance("tables", "support", str(numpy_run.folder), "-f", "csv")
        widths = [len(row) for row in csv.reader(io.StringIO(done.stdout))]
        assert len(widths) > 5
        assert min(widths) > 3

    def test_filters(self, conformance, numpy_run):
        done = conformance(
            "tables", "support", str(numpy_run.folder), "-i", "numpy:d2l*", "--dtype", "float32",
            "--json",
        )  # fmt: skip
        names = [item["name"] for item in json.loads(done.stdout)["implementations"]]
        assert names == ["numpy:d2l.scratch"]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--family", "caffe"), "known are"),
            (("--option", "centred"), "did you mean centered"),
            (("--format", "pdf"), "known are "),
            (("-i", "caffe:*"), "no implementation"),
        ],
    )
    def test_what_does_not_exist_is_said_in_one_line(self, conformance, numpy_run, words, message):
        done = conformance("tables", "defaults", str(numpy_run.folder), *words)
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stderr.count("\n") == 1

    def test_a_folder_that_is_no_run_is_said_in_one_line(self, conformance, tmp_path):
        done = conformance("tables", "support", str(tmp_path))
        assert done.returncode == 2
        assert "no run folder" in done.stderr


def test_options_stand_in_one_order_everywhere():
    assert record.FEATURES == model.FEATURES
