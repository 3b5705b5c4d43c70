"""Golden vectors, from the questions to the verdicts; GNU Octave answers in MATLAB's place."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from typer.testing import CliRunner

from optimizer_conformance.adapters.golden_file import GoldenFileError, from_hex, read, to_hex
from optimizer_conformance.adapters.octave_process import HOW, PROGRAM, TRANSCRIPTION
from optimizer_conformance.cli.console import UsageError
from optimizer_conformance.cli.main import app
from optimizer_conformance.questions.golden import exchange as golden
from optimizer_conformance.questions.golden.behaviours import BEHAVIOURS, behaviours
from optimizer_conformance.reports import model

QUIET = ("--norc", "--quiet", "--no-history")
needs_octave = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=HOW)


def answer(folder, transcription=TRANSCRIPTION):
    """Run the script as its owner would, with the transcription for the toolbox."""
    subprocess.run(
        [PROGRAM, *QUIET, "--path", str(transcription), "--eval", "golden_vectors"],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=60,
    )
    return folder / "answers.golden"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """A file of answers; do not write to it."""
    folder = tmp_path_factory.mktemp("golden")
    golden.prepare(folder, draws=1)
    return answer(folder)


def edited(path, folder, edit):
    """A copy of a file with lines changed."""
    copy = folder / "edited.golden"
    copy.write_text("\n".join(edit(path.read_text().splitlines())) + "\n")
    return copy


def claimed(outcome):
    cells = model.load(outcome.folder, incomplete=True).cells
    return cells[cells.relation == "claimed"]


@needs_octave
class TestChain:
    def test_recorded_answers_are_judged_like_a_running_implementation(self, answers, tmp_path):
        outcome = golden.judged(answers, tmp_path / "run")
        assert outcome.exit_code == 0
        cells = claimed(outcome)
        assert set(cells.verdict) <= {"exact", "rounding", "representation", "range"}
        assert set(cells.implementation) == {"octave:rmspropupdate", "octave:adamupdate"}
        assert set(cells.dtype) == {"float32", "float64"}
        assert {case.split("/")[2] for case in cells["case"]} == set(golden.MODES)

    def test_the_run_names_the_reading_that_the_recorded_adam_follows(self, answers, tmp_path):
        cells = claimed(golden.judged(answers, tmp_path / "run"))
        adam = cells[cells.implementation == "octave:adamupdate"]
        assert set(adam.variant) == {"matlab-adamupdate"}

    def test_another_formula_deviates(self, tmp_path):
        mutant = tmp_path / "mutant"
        shutil.copytree(TRANSCRIPTION, mutant)
        rule = mutant / "rmspropupdate.m"
        text = rule.read_text()
        assert "(sqrt (v) + epsilon)" in text
        rule.write_text(text.replace("(sqrt (v) + epsilon)", "sqrt (v + epsilon)"))
        golden.prepare(tmp_path / "questions", draws=1)
        outcome = golden.judged(answer(tmp_path / "questions", mutant), tmp_path / "run")
        assert outcome.exit_code == 1
        cells = claimed(outcome)
        wrong = set(cells[cells.verdict == "deviates"].implementation)
        assert wrong == {"octave:rmspropupdate"}

    def test_one_changed_digit_of_an_answer_deviates(self, answers, tmp_path):
        def edit(lines):
            for index, line in enumerate(lines):
                if line.startswith("answer "):
                    digit = "0" if line[9] != "0" else "1"
                    lines[index] = line[:9] + digit + line[10:]
                    return lines
            raise AssertionError("no answer")

        outcome = golden.judged(edited(answers, tmp_path, edit), tmp_path / "run")
        assert outcome.exit_code == 1
        assert (claimed(outcome).verdict == "deviates").sum() >= 1

    def test_answers_to_other_questions_are_no_answers(self, answers, tmp_path):
        def edit(lines):
            place = next(i for i, line in enumerate(lines) if line.startswith("gradient "))
            digit = "0" if lines[place][-1] != "0" else "1"
            lines[place] = lines[place][:-1] + digit
            return lines

        outcome = golden.judged(edited(answers, tmp_path, edit), tmp_path / "run")
        assert outcome.exit_code != 0
        assert (claimed(outcome).verdict == "error").sum() == 1

    def test_an_error_that_was_recorded_is_an_error(self, answers, tmp_path):
        def edit(lines):
            place = next(i for i, line in enumerate(lines) if line.startswith("answer "))
            lines[place] = "failed Undefined function 'rmspropupdate'"
            return lines

        outcome = golden.judged(edited(answers, tmp_path, edit), tmp_path / "run")
        assert outcome.exit_code != 0
        (row,) = claimed(outcome).query("verdict == 'error'").itertuples()
        assert "Undefined function" in str(row)


# What the transcription does not check, and the page refuses.
UNCHECKED = {
    "integer-params",
    "logical-gradient",
    "expansion",
    "decay-0",
    "decay-1",
    "negative-rate",
    "epsilon-0",
    "iteration-0",
    "iteration-fraction",
}


@needs_octave
class TestBehaviours:
    def test_each_answer_is_matched_with_the_readings_of_the_page(self, answers):
        found = {item.question: item for item in behaviours(golden.answered(answers))}
        assert set(found) == set(BEHAVIOURS)
        assert {name for name, item in found.items() if not item.documented} == UNCHECKED
        assert found["complex-gradient"].readings == ("the square of each element",)
        for name in ("single-params", "single-gradient", "single-average"):
            (reading,) = found[name].readings
            assert reading.endswith("computed in single")

    def test_another_answer_is_another_reading(self, answers, tmp_path):
        def edit(lines):
            answers = {
                "complex-gradient": "double 1-by-1 4029000000000000",
                "single-params": "error the data types differ",
                "default-decay": "double 1-by-1 3f50624dd2f1aa00",
            }
            return lines + [f"behaviour {name} {answer}" for name, answer in answers.items()]

        file = golden.answered(edited(answers, tmp_path, edit))
        found = {item.question: item.readings for item in behaviours(file)}
        assert found["complex-gradient"] == ("the square of its modulus",)
        assert found["single-params"][0].endswith("is refused")
        assert found["default-decay"] == ("before R2020a",)

    def test_the_command_exits_1_where_no_reading_fits(self, answers):
        done = CliRunner().invoke(app, ["golden", "behaviour", str(answers), "--json"])
        assert done.exit_code == 1
        rows = {row["question"]: row for row in json.loads(done.output)}
        assert rows["half-empty"]["documented"]
        assert not rows["decay-0"]["documented"]
        done = CliRunner().invoke(app, ["golden", "behaviour", str(answers)])
        assert "none" in done.output


SHORT = ("parameter w 2 1", "value 3f800000")


class TestFile:
    @given(
        arrays.arrays(
            st.sampled_from([np.float32, np.float64]),
            arrays.array_shapes(min_dims=1, max_dims=3, min_side=0),
        )
    )
    def test_bits_survive_as_digits(self, array):
        kind = "single" if array.dtype == np.float32 else "double"
        back = from_hex(to_hex(array), kind)
        assert back.dtype == array.dtype
        assert back.tobytes() == array.tobytes(order="F")

    def test_digits_begin_with_the_most_significant(self):
        assert to_hex(np.array([1.0, -2.0])) == "3ff0000000000000c000000000000000"
        assert to_hex(np.array([1.0], np.float32)) == "3f800000"
        assert to_hex(np.zeros(0)) == "-"

    def test_what_is_asked_can_be_read_again(self, tmp_path):
        count = golden.prepare(tmp_path, draws=2)
        found = read(tmp_path / golden.QUESTIONS)
        assert len(found.cases) == count
        asked = [golden.question(function, case) for function, case in golden.chosen(2, 0)]
        for ours, theirs in zip(asked, found.cases, strict=True):
            assert ours.identifier == theirs.identifier
            assert ours.rates.tobytes() == theirs.rates.tobytes()
            for left, right in zip(ours.parameters, theirs.parameters, strict=True):
                assert left.size == right.size
                for a, b in zip(left.gradients, right.gradients, strict=True):
                    assert a.tobytes() == b.tobytes()

    def test_questions_alone_cannot_be_judged(self, tmp_path):
        golden.prepare(tmp_path, draws=1)
        with pytest.raises(GoldenFileError, match="questions and no answers"):
            golden.judged(tmp_path / golden.QUESTIONS, tmp_path / "run")

    @pytest.mark.parametrize(
        ("lines", "message"),
        [
            (["something else"], "does not begin with 'golden-vectors 1'"),
            (["golden-vectors 1", "case x", "call rmspropupdate half"], "line 3: call: 'half'"),
            (["golden-vectors 1", "case x", "colour red"], "line 3: colour: an unknown keyword"),
            (["golden-vectors 1", "case x", "value 3f800000"], "line 3: value"),
            (["golden-vectors 1", "case x", "rates 3ff"], "line 3: rates"),
            (
                ["golden-vectors 1", "case x", "call adamupdate single", *SHORT],
                "line 5: value: 1 elements for size",
            ),
        ],
    )
    def test_what_is_wrong_with_a_file_is_said_with_its_line(self, tmp_path, lines, message):
        path = tmp_path / "bad.golden"
        path.write_text("\n".join(lines))
        with pytest.raises(GoldenFileError, match=message):
            read(path)


class TestCommand:
    def test_prepare_says_what_to_do_next(self, tmp_path):
        done = CliRunner().invoke(app, ["golden", "prepare", str(tmp_path / "new"), "--draws", "1"])
        assert done.exit_code == 0
        count = len(read(tmp_path / "new" / golden.QUESTIONS).cases)
        assert f"{count} cases" in done.output
        assert count == 2 * len(golden.DTYPES) * len(golden.MODES)  # two functions
        assert "conformance golden judge" in done.output
        assert {path.name for path in (tmp_path / "new").iterdir()} == {
            "golden_vectors.m",
            "questions.txt",
        }

    def test_a_file_that_is_not_there_is_a_usage_error(self, tmp_path):
        done = CliRunner().invoke(app, ["golden", "judge", str(tmp_path / "none.golden")])
        assert isinstance(done.exception, UsageError)
        assert "No such file" in str(done.exception)

    def test_a_file_that_is_none_is_a_usage_error(self, tmp_path):
        (tmp_path / "a.golden").write_bytes(b"\xff\xfe")
        done = CliRunner().invoke(app, ["golden", "judge", str(tmp_path / "a.golden")])
        assert isinstance(done.exception, UsageError)
