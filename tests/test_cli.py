"""The command line as a user meets it: exit codes, one clear line for every error, valid JSON."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer_conformance.adapters.protocol import PROTOCOL, Description, Implementation
from optimizer_conformance.cli import commands, doctoring

RUN = ("run", "--adapter", "numpy", "--profile", "quick")
NUMBERS = ("decay=0.9", "epsilon=1e-8", "learning_rate=0.01")
CASE = "rmsprop/float32/origin/decay=0.9,epsilon=1e-8,learning_rate=0.01/1x16/1f"


def as_process(*words):
    """Run the command as a user does, every warning an error."""
    script = "from optimizer_conformance.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        check=False,
    )


def assert_one_line(done, code, *words):
    """One clear line on standard error, and nothing that only a programmer can read."""
    assert done.returncode == code, done.stderr + done.stdout
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    said = [line for line in lines if line.startswith(("error:", "incomplete:"))]
    assert len(said) == 1, done.stderr
    for word in words:
        assert word in said[0]
    assert "Traceback" not in done.stderr + done.stdout
    assert 'File "' not in done.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "--adapter", "torhc"], ["unknown adapter 'torhc'", "did you mean torch"]),
        (["run", "--variant", "keras-rmspop"], ["'keras-rmspop'", "did you mean keras-rmsprop"]),
        (["run", "--dtype", "float31"], ["no dtype fits 'float31'", "did you mean float32"]),
        (["audit", "nothing.py:X"], ["nothing.py:X: nothing.py does not exist"]),
        (["run", "--dtype", "zzz"], ["no dtype fits 'zzz'", "known are bfloat16, complex128"]),
        (["run", "--mode", "trajectroy"], ["'trajectroy'", "did you mean trajectory"]),
        (["run", "--profile", "qiuck"], ["unknown profile 'qiuck'", "did you mean quick?"]),
        (["run", "--case", "nonsense"], ["'nonsense' is no case", "copy one from a report"]),
        (
            ["run", "--case", "rmsprop/float31/origin/-/1x64/1f"],
            ["unknown dtype 'float31'", "did you mean float32"],
        ),
        (["run", "--require", "jaxx"], ["unknown adapter 'jaxx'", "did you mean jax?"]),
        (["run", "--shard", "5/4"], ["'5/4' is no shard", "such as 1/4"]),
        (["run", "--jobs", "-1"], ["--jobs -1 is no number of workers"]),
        (["run", "--memory", "0"], ["--memory 0 is no amount of memory"]),
        (["run", "--place", "torch=GPU:1"], ["give --ray ADDRESS as well"]),
        (["run", "--ray", "x", "--place", "torch"], ["'torch' is no place", "torch=GPU:1"]),
        (["run", "--resume", "nowhere", "--seed", "1"], ["--seed cannot stand beside --resume"]),
        (["list", "wings"], ["'wings' is none of variants, adapters, implementations"]),
        (["report", "nowhere"], ["nowhere is no run folder", "`conformance run` makes one"]),
        (["report", "nowhere", "--format", "pdf"], ["unknown format 'pdf'", "junit, markdown"]),
        (["doctor", "numppy"], ["unknown adapter 'numppy'", "did you mean numpy or cupy?"]),
        (["env", "create", "numppy"], ["unknown adapter 'numppy'", "did you mean numpy or cupy?"]),
        (["env", "remove"], ["name the adapters, or give --outdated"]),
    ],
    ids=lambda value: " ".join(value) if value and value[0] in ("run", "list") else None,
)
def test_a_mistake_is_a_usage_error_with_a_suggestion(conformance, cache, words, expected):
    assert_one_line(conformance(*words), 2, *expected)
    assert not list(cache.parent.glob("cwd/runs/*"))


def test_an_unknown_option_is_a_usage_error(conformance, cache):
    done = conformance("run", "--adaptor", "numpy")
    assert done.returncode == 2
    assert "--adapter" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_an_environment_a_run_is_incomplete_and_says_what_makes_one(conformance, cache):
    done = conformance(*RUN)
    assert_one_line(done, 3, "numpy: no environment yet", "`conformance env create numpy`")


def test_a_run_as_expected(conformance, ready, tmp_path):
    done = conformance(*RUN, "--out", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    assert "As expected" in done.stdout
    assert "numpy:codecademy" in done.stdout
    assert (tmp_path / "run" / "footer.json").is_file()


def test_a_run_as_json_is_nothing_but_json(conformance, ready, tmp_path):
    done = conformance(*RUN, "--json", "--out", str(tmp_path / "run"))
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout, parse_constant=pytest.fail)
    assert content["exit_code"] == 0
    assert content["missing"] == {}
    names = {row["implementation"] for row in content["implementations"]}
    assert "numpy:codecademy" in names


def test_a_case_can_be_run_again_alone(conformance, ready, tmp_path):
    done = conformance(
        "run", "-a", "numpy", "-i", "numpy:codecademy", "--case", CASE, "--json", "-o",
        str(tmp_path / "run"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert {row["implementation"] for row in content["compared"]} == {"numpy:codecademy"}


@pytest.mark.parametrize(
    "words",
    [
        ["identify", "numpy:codecadmy"],
        ["translate", "--from", "numpy:codecadmy", "--to", "numpy:codecademy"],
        ["certify", "numpy:codecadmy", "--against", "codecademy-rmsprop"],
        ["sweep", "numpy:codecadmy"],
        ["repro", "numpy:codecadmy", CASE],
    ],
    ids=lambda words: words[0],
)
def test_every_question_offers_the_nearest_implementation(conformance, ready, words):
    done = conformance(*words)
    assert_one_line(done, 2, "numpy has no 'numpy:codecadmy'; did you mean numpy:codecademy")


@pytest.mark.parametrize(
    "words",
    [
        ["certify", "numpy:codecademy", *NUMBERS, "--against", "codecadmy-rmsprop"],
        ["sweep", "numpy:codecademy", *NUMBERS, "--against", "codecadmy-rmsprop"],
        ["repro", "numpy:codecademy", CASE, "--variant", "codecadmy-rmsprop"],
        ["audit", "mine.py:X", "--like", "codecadmy-rmsprop"],
    ],
    ids=lambda words: words[0],
)
def test_every_question_offers_the_nearest_variant(conformance, ready, words):
    done = conformance(*words)
    assert_one_line(done, 2, "no variant 'codecadmy-rmsprop'", "did you mean codecademy-rmsprop")


def test_filters_that_leave_nothing_are_a_usage_error(conformance, ready, tmp_path):
    done = conformance(*RUN, "-i", "numpy:nothing", "--out", str(tmp_path / "run"))
    assert_one_line(done, 2, "nothing was selected", "no implementation fits 'numpy:nothing'")


def test_a_typo_in_an_implementation_is_told(conformance, ready, tmp_path):
    done = conformance(*RUN, "-i", "numpy:codecadmy", "--out", str(tmp_path / "run"))
    assert_one_line(done, 2, "did you mean numpy:codecademy")


def test_a_used_run_folder_is_refused(conformance, ready, tmp_path):
    words = (*RUN, "-i", "numpy:d2l.2d", "--out", str(tmp_path / "run"))
    assert conformance(*words).returncode == 0
    done = conformance(*words)
    assert_one_line(done, 3, "already holds a run", "give another --out")


def test_a_run_folder_that_cannot_be_written_is_refused(conformance, ready, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = conformance(*RUN, "--out", str(tmp_path / "file" / "run"))
    assert_one_line(done, 3, "cannot be written", "another folder with --out")


def test_a_worker_that_cannot_start_is_incomplete(conformance, ready, tmp_path):
    ready.python.write_text('#!/bin/sh\necho "libmissing.so: not found" >&2\nexit 7\n')
    done = conformance(*RUN, "--out", str(tmp_path / "run"))
    assert_one_line(done, 3, "exit status 7", "libmissing.so")


class TestReport:
    @pytest.fixture
    def folder(self, numpy_run, tmp_path):
        return shutil.copytree(numpy_run.folder, tmp_path / "copy")

    @pytest.mark.parametrize("kind", ["terminal", "markdown", "html", "csv", "json", "junit"])
    def test_every_format(self, conformance, folder, kind):
        done = conformance("report", str(folder), "--format", kind)
        assert done.returncode == 0, done.stderr
        assert "codecademy" in done.stdout

    def test_json(self, conformance, folder):
        content = json.loads(conformance("report", str(folder), "--json").stdout)
        assert set(content) == {
            "format", "provenance", "footer", "findings", "implementations", "compared", "tried",
        }  # fmt: skip

    def test_a_file(self, conformance, folder, tmp_path):
        target = tmp_path / "report.html"
        done = conformance("report", str(folder), "-f", "html", "-o", str(target))
        assert done.returncode == 0
        assert target.read_text(encoding="utf-8").startswith("<!doctype html>")

    def test_a_file_that_cannot_be_written(self, conformance, folder):
        done = conformance("report", str(folder), "-f", "html", "-o", "/nowhere/report.html")
        assert_one_line(done, 3, "/nowhere/report.html cannot be written")

    def test_an_incomplete_run_is_refused_unless_it_is_asked_for(self, conformance, folder):
        (folder / "footer.json").unlink()
        done = conformance("report", str(folder))
        assert_one_line(done, 2, "is incomplete", "--incomplete")
        asked = conformance("report", str(folder), "--incomplete")
        assert asked.returncode == 0
        assert "The run is incomplete" in asked.stdout

    @pytest.mark.parametrize("name", ["provenance.json", "footer.json", "adapters.json"])
    @pytest.mark.parametrize("content", ["", "{", '{"format": 1'])
    def test_damaged_json(self, conformance, folder, name, content):
        (folder / name).write_text(content)
        done = conformance("report", str(folder))
        assert_one_line(done, 2, folder.name)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("provenance.json", "[1, 2]"),
            ("provenance.json", "null"),
            ("footer.json", "[1, 2]"),
            ("adapters.json", "[1, 2]"),
            ("adapters.json", "null"),
        ],
    )
    def test_json_that_is_no_object(self, conformance, folder, name, content):
        (folder / name).write_text(content)
        done = conformance("report", str(folder))
        assert_one_line(done, 2, folder.name)

    @pytest.mark.parametrize("content", [b"", b"PAR1 but not really"])
    def test_damaged_cells(self, conformance, folder, content):
        (folder / "cells" / "numpy.parquet").write_bytes(content)
        done = conformance("report", str(folder))
        assert_one_line(done, 2, "cannot be read")

    def test_a_folder_of_a_later_version(self, conformance, folder):
        about = json.loads((folder / "provenance.json").read_text())
        (folder / "provenance.json").write_text(json.dumps(about | {"format": 99}))
        done = conformance("report", str(folder))
        assert_one_line(done, 2, "has format 99", "update optimizer-conformance")


class TestTheLastRun:
    def test_a_report_shows_it_when_none_is_named(
        self, conformance, numpy_run, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        done = conformance("report")
        assert_one_line(done, 2, "runs/ holds no run", "`conformance run`")
        shutil.copytree(numpy_run.folder, tmp_path / "runs" / "one")
        done = conformance("report")
        assert done.returncode == 0, done.stderr
        assert "numpy:codecademy" in done.stdout

    def test_what_a_terminal_shows_goes_into_a_file(self, conformance, numpy_run, tmp_path):
        target = tmp_path / "report.txt"
        done = conformance("report", str(numpy_run.folder), "-o", str(target))
        assert done.returncode == 0, done.stderr
        assert "numpy:codecademy" in target.read_text(encoding="utf-8")


class TestListing:
    @pytest.mark.parametrize("what", ["variants", "adapters"])
    def test_a_pattern_that_fits_nothing_is_a_usage_error(self, conformance, cache, what):
        assert_one_line(conformance("list", what, "torhc", "--json"), 2, f"no {what} fit 'torhc'")

    def test_without_a_terminal_each_thing_is_a_line_of_fields(self, conformance):
        done = conformance("list", "variants", "keras-rms*")
        first, *rest = done.stdout.splitlines()
        assert first.startswith("variant\tfamily")
        assert {line.count("\t") for line in rest} == {4}

    def test_variants_as_json(self, conformance):
        rows = json.loads(conformance("list", "variants", "--json").stdout)
        assert {"variant", "source"} <= set(rows[0])
        assert "equations" not in rows[0]
        assert "codecademy-rmsprop" in {row["variant"] for row in rows}

    def test_formulas(self, conformance):
        done = conformance("list", "variants", "matlab*", "--formula")
        assert done.returncode == 0
        assert "v' = " in done.stdout
        rows = json.loads(conformance("list", "variants", "d2l*", "--formula", "--json").stdout)
        assert all(row["equations"] for row in rows)

    def test_adapters(self, conformance, cache):
        rows = json.loads(conformance("list", "adapters", "--json").stdout)
        assert {row["environment"] for row in rows} == {"missing"}

    def test_doctor_without_environments(self, conformance, cache):
        done = conformance("doctor", "numpy", "--json")
        assert done.returncode == 3
        (row,) = json.loads(done.stdout)["adapters"]
        assert not row["runs"]
        assert "conformance env create numpy" in row["note"]

    def test_doctor_says_which_implementations_run_nowhere_and_why(self):
        def item(name, devices, gaps):
            return Implementation(name, "adam", [], [[]], [], [], devices, [], gaps=gaps)

        items = [item("x:A", ["cpu"], {}), item("x:A[c]", [], {"device": "no compiler"})]
        found = Description("x", PROTOCOL, {}, {"cpu": "host"}, items)
        assert doctoring.note(found) == "not A[c]: no compiler"

    def test_doctor_with_one(self, conformance, ready):
        done = conformance("doctor", "numpy", "--json")
        assert done.returncode == 0, done.stderr
        (row,) = json.loads(done.stdout)["adapters"]
        assert row["runs"]
        assert row["implementations"] == 3

    def test_environments(self, conformance, ready):
        (row,) = json.loads(conformance("env", "list", "--json").stdout)
        assert row["adapter"] == "numpy"
        assert row["current"] is True

    def test_an_environment_can_be_removed(self, conformance, ready):
        assert conformance("env", "remove", "numpy", "--yes").returncode == 0
        assert not ready.folder.exists()


class TestReproduce:
    def test_every_example_matches(self, conformance):
        done = conformance("reproduce")
        assert done.returncode == 0
        assert "differs" not in done.stdout

    def test_as_json(self, conformance):
        rows = json.loads(conformance("reproduce", "--json").stdout)
        assert all(row["matches"] or row["needs"] for row in rows)
        assert {"example", "documented", "printed", "obtained", "needs", "matches"} == set(rows[0])


def test_the_version_is_told(conformance):
    done = conformance("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("optimizer-conformance ")


def test_help_has_the_commands_by_what_people_want(conformance):
    done = conformance("--help")
    places = [done.stdout.index(title) for title in commands.GROUPS]
    assert places == sorted(places)


def test_help_names_the_exit_codes(conformance):
    done = conformance("--help")
    assert done.returncode == 0
    assert "0 as expected" in done.stdout
    assert "3 run incomplete" in done.stdout


class TestAsAProcess:
    """A few of the above through a process of their own, where warnings are errors."""

    def test_a_mistake(self, cache):
        assert_one_line(as_process("run", "--adapter", "torhc"), 2, "did you mean torch")

    def test_a_missing_environment(self, cache):
        assert_one_line(as_process(*RUN), 3, "numpy: no environment yet")

    def test_a_run_and_its_report(self, ready, tmp_path):
        folder = str(tmp_path / "run")
        done = as_process(*RUN, "--json", "--out", folder)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["exit_code"] == 0
        shown = as_process("report", folder)
        assert shown.returncode == 0, shown.stderr
        assert "numpy:codecademy" in shown.stdout

    def test_a_damaged_folder(self, cache, tmp_path):
        (tmp_path / "provenance.json").write_text("{")
        assert_one_line(as_process("report", str(tmp_path)), 2, "is damaged")

    def test_reproduce(self):
        done = as_process("reproduce", "--json")
        assert done.returncode == 0, done.stderr
        assert all(row["matches"] or row["needs"] for row in json.loads(done.stdout))

    def test_the_console_script_stands_beside_the_interpreter(self):
        script = Path(sys.executable).with_name("conformance")
        if not script.exists():
            pytest.skip("the package is not installed with its scripts")
        done = subprocess.run([script, "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert "Exit codes" in done.stdout
