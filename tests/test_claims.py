"""The verifier: files of claims, their checks, the ledger, and the command."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cli.main import app
from optimizer_conformance.questions.verify import document, ledger, scripts
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.document import Claim
from optimizer_conformance.reports import claims as pages

NAMES = document.names()
EQUATION = {
    "name": "equation",
    "variant": "codecademy-rmsprop",
    "quantity": "second_moment",
    "equation": "r*s + (1 - r)*g**2",
    "symbols": {"r": "decay", "s": "second_moment", "g": "gradient"},
}
MINIMAL = """
title = "T"
system = "s"
source = "x"
sections = 1
[[section]]
heading = "H"
claims = ["a"]
[[claim]]
id = "a"
locator = "H"
kind = "behaviour"
statement = "words"
check = { name = "needs", what = "a licence" }
"""


def claim(check, kind="behaviour", **more):
    return Claim(id="c", locator="here", kind=kind, statement="words", check=check, **more)


@pytest.fixture(scope="module")
def context():
    with Context(pythons={"numpy": sys.executable}) as found:
        yield found


def decide(check, context):
    return ledger.decide(claim(check), context)


class TestFiles:
    @pytest.mark.parametrize("name", NAMES)
    def test_every_shipped_document_can_be_read(self, name):
        found = document.load(name)
        assert found.claims
        assert found.title.strip()

    @pytest.mark.parametrize("name", NAMES)
    def test_every_section_has_claims_or_a_reason(self, name):
        for section in document.load(name).sections:
            assert bool(section.claims) != bool(section.none.strip())

    def test_there_are_as_many_claims_as_the_documents_hold(self):
        claims = [item for name in NAMES for item in document.load(name).claims]
        assert len(claims) >= 160
        assert {item.kind for item in claims} == set(document.KINDS)

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ('kind = "behaviour"', 'kind = "mood"', r"t.toml: .*'mood'.*claim 'a'"),
            ("statement =", "sentence =", r"t.toml: .*sentence.*claim 'a'"),
            ('statement = "words"', 'statement = ""', r"t.toml: claim a: statement is empty"),
            ('name = "needs"', 'name = "oracle"', "claim a: unknown check 'oracle'; known are"),
            ("what =", "that =", "claim a: check needs: .*that"),
            ("sections = 1", "sections = 2", "says 2 sections and lists 1"),
            ('claims = ["a"]', 'none = "nothing"', "claim a: no section names it"),
            ('claims = ["a"]', "", "needs either claims or the reason"),
            ('claims = ["a"]', 'claims = ["b"]', "names a claim 'b' that does not exist"),
            ('title = "T"', "title = ", "t.toml: "),
            ('locator = "H"', 'locator = "H"\nexpected = "contradicted"', "reason and a link"),
        ],
    )
    def test_what_is_wrong_is_named_with_file_and_claim(self, tmp_path, old, new, message):
        (tmp_path / "t.toml").write_text(MINIMAL.replace(old, new, 1))
        with pytest.raises(document.ClaimFileError, match=message):
            document.load("t", tmp_path)

    def test_a_claim_without_fields_is_refused(self, tmp_path):
        (tmp_path / "t.toml").write_text(f"claim = [[]]\n{MINIMAL[: MINIMAL.index('[[claim]]')]}")
        with pytest.raises(document.ClaimFileError, match=r"array.*claim 'without fields'"):
            document.load("t", tmp_path)

    def test_two_claims_of_one_name_are_refused(self, tmp_path):
        (tmp_path / "t.toml").write_text(MINIMAL + MINIMAL[MINIMAL.index("[[claim]]") :])
        with pytest.raises(document.ClaimFileError, match="2 claims are called a"):
            document.load("t", tmp_path)

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"variant": "x-y"}, "unknown variant 'x-y'"),
            ({"equation": "r*s +"}, "is no formula"),
            ({"equation": "r*s + z"}, "uses z without saying"),
            ({"symbols": {"r": "charm"}}, "means 'charm'; known are"),
            ({"quantity": "colour"}, "unknown quantity 'colour'"),
            ({"choices": {"spin": 1}}, "unknown choices spin"),
        ],
    )
    def test_a_formula_is_understood_when_it_is_read(self, changed, message):
        problems = list(document.claim_problems(claim(EQUATION | changed)))
        assert any(message in problem for problem in problems)


class TestScripts:
    """Probe files of our own, in this interpreter."""

    @pytest.fixture
    def probe(self, tmp_path):
        path = tmp_path / "probe.py"
        path.write_text(
            "import os, time\n"
            "VERSIONS = ('numpy',)\n"
            "def add(a, b=1):\n    print('noise')\n    return a + b\n"
            "def refuse():\n    raise FileNotFoundError('no\\nsuch')\n"
            "def die():\n    os._exit(7)\n"
            "def sleep():\n    time.sleep(60)\n"
        )
        return path

    def test_values_exceptions_and_versions_come_back(self, probe):
        found = scripts.carry_out(sys.executable, probe, ["add(2)", "add(2, b=3)", "refuse()"])
        assert found.observed["add(2)"] == {"value": 3}
        assert found.observed["add(2, b=3)"] == {"value": 5}
        assert found.observed["refuse()"]["raised"] == "FileNotFoundError"
        assert "OSError" in found.observed["refuse()"]["bases"]
        assert found.version.startswith("numpy ")

    def test_a_death_costs_one_call(self, probe):
        found = scripts.carry_out(sys.executable, probe, ["add(1)", "die()", "add(2)"])
        assert found.observed == {"add(1)": {"value": 2}, "add(2)": {"value": 3}}
        assert "exit status 7" in found.failed["die()"]

    def test_a_late_answer_costs_one_call(self, probe, monkeypatch):
        monkeypatch.setattr(scripts, "START_LIMIT", 0.5)
        found = scripts.carry_out(sys.executable, probe, ["sleep()", "add(2)"], limit=0.5)
        assert "no answer" in found.failed["sleep()"]
        assert found.observed == {"add(2)": {"value": 3}}

    def test_an_unknown_function_is_no_observation(self, probe):
        found = scripts.carry_out(sys.executable, probe, ["fly()"])
        assert found.failed == {"fly()": "the file has no function 'fly'"}

    def test_a_file_that_cannot_be_imported_fails_every_call(self, tmp_path):
        path = tmp_path / "broken.py"
        path.write_text("import nothing_of_that_name\n")
        found = scripts.carry_out(sys.executable, path, ["a()", "b()"])
        assert set(found.failed) == {"a()", "b()"}
        assert "nothing_of_that_name" in found.failed["a()"]

    def test_a_missing_interpreter_is_an_error(self, probe):
        with pytest.raises(scripts.ScriptError, match="cannot be started"):
            scripts.carry_out("/no/python", probe, ["add(1)"])


class TestDecisions:
    def test_a_missing_environment_is_not_testable_and_says_what_helps(self, monkeypatch, tmp_path):
        monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path))
        check = {
            "name": "probe",
            "implementation": "torch:RMSprop",
            "hyperparameter": "decay",
            "value": 0.99,
        }
        with Context() as context:
            found = decide(check, context)
        assert found.verdict == "not testable"
        assert "conformance env create torch" in found.needs
        assert found.missing == "torch"

    def test_an_implementation_without_a_device_is_not_asked(self):
        from optimizer_conformance.questions.verify.context import missing_device

        found = protocol.Implementation(
            "a:b", "rmsprop", [], [[]], [], [], [], [], gaps={"device": "no licence"}
        )
        assert missing_device(found) == "a:b cannot run here: no licence"

    def test_a_check_that_fails_is_an_error_and_no_verdict(self, context):
        check = {"name": "script", "adapter": "numpy", "file": "none", "call": "f()"}
        found = decide(check | {"expect": {"a": 1}}, context)
        assert found.verdict == "error"
        assert "there is no verify/probes/numpy/none.py" in found.observed

    def test_readings_that_are_one_rule_leave_nothing_open(self, context):
        same = {"one": "codecademy-rmsprop", "other": "d2l-rmsprop"}
        assert decide({"name": "readings", "readings": same}, context).verdict == "contradicted"

    def test_readings_that_differ_are_open_and_say_who_chose(self, context):
        found = decide(
            {
                "name": "readings",
                "readings": {"in": "codecademy-rmsprop", "out": "torch-rmsprop"},
                "implementations": ["numpy:codecademy"],
            },
            context,
        )
        assert found.verdict == "underdetermined"
        inside, outside = found.readings
        assert inside.chosen_by
        assert not outside.chosen_by

    @pytest.mark.parametrize(
        ("expect", "verdict"),
        [
            ({"dtype": "float64"}, "confirmed"),
            ({"dtype": "float32"}, "contradicted"),
            ({"dtype": {"one_of": ["float32", "float64"]}}, "confirmed"),
            ({"printed": {"contains": "0.2316"}}, "confirmed"),
            ({"printed": {"at_least": 1}}, "contradicted"),
            ({"colour": "red"}, "contradicted"),
            ({"raised": "TypeError"}, "contradicted"),
        ],
    )
    def test_what_a_script_returns_is_compared_key_by_key(self, context, expect, verdict):
        check = {"name": "script", "adapter": "numpy", "file": "codecademy", "call": "example()"}
        found = decide(check | {"expect": expect}, context)
        assert found.verdict == verdict
        assert "probes/run.py" in found.script

    def test_true_is_not_one(self, context):
        from optimizer_conformance.questions.verify.checks.probing import fits

        assert fits({"a": 1.0}, "a", 1)
        assert not fits({"a": True}, "a", 1)


# One shipped claim of each kind, and what to change in it so that it becomes false.
FALSE = {
    "formula": ("matlab-adamupdate", "algorithm-second-average", "gradE**2", "gradE**3"),
    "default": ("matlab-rmspropupdate", "learn-rate-default", "0.001", "0.002"),
    "range": ("matlab-adamupdate", "learn-rate-positive", "0)", "0.5)"),
    "type": ("matlab-rmspropupdate", "params-single", "float32", "float64"),
    "error": ("matlab-rmspropupdate", "params-match-order", '"grad"', '"epsilon"'),
    "behaviour": ("d2l-rmsprop", "rates-may-grow", "false", "true"),
    "version": ("matlab-rmspropupdate", "default-decay-before", "R2019b", "R2021a"),
    "equivalence": ("matlab-adamupdate", "average-grad-empty", '"same": true', '"same": false'),
    "example": ("d2l-rmsprop", "trajectory", "-0.010599", "-0.010600"),
    "platform": ("matlab-adamupdate", "gpu-grad", "device1", "device2"),
}


class TestFalsehood:
    def test_every_kind_is_covered(self):
        assert set(FALSE) == set(document.KINDS)

    @pytest.mark.parametrize("kind", FALSE)
    def test_a_claim_that_is_edited_to_be_false_is_contradicted(self, kind, context):
        name, identifier, old, new = FALSE[kind]
        (found,) = (item for item in document.load(name).claims if item.id == identifier)
        assert found.kind == kind
        assert ledger.decide(found, context).verdict in ("confirmed", "not testable")
        text = json.dumps(found.check)
        assert old in text or json.dumps(old)[1:-1] in text
        edited = msgspec.structs.replace(found, check=json.loads(replaced(text, old, new)))
        assert not list(document.claim_problems(edited))
        assert ledger.decide(edited, context).verdict == "contradicted"


def replaced(text, old, new):
    """The JSON text with one thing changed, inside strings or outside of them."""
    quoted, with_ = (json.dumps(word)[1:-1] for word in (old, new))
    return text.replace(old, new) if old in text else text.replace(quoted, with_)


class TestDigits:
    def test_the_gradient_is_the_derivative_of_the_loss(self):
        """The error of central differences goes to zero with their width."""
        from optimizer_conformance.reference import digits

        stream = np.random.Generator(np.random.Philox(3))
        weights = [array.astype(float) for array in digits.arrays(digits.network(8, seed=0))]
        images, labels = stream.uniform(0, 1, (4, 8, 8, 1)), np.array([3, 1, 4, 1])
        mean = np.zeros((8, 8, 1))
        _, gradients = digits.loss_and_gradients(weights, images, labels, mean)
        along = [stream.standard_normal(array.shape) for array in weights]
        exact = sum(float((a * b).sum()) for a, b in zip(along, gradients, strict=True))

        def off(width):
            up, down = (
                digits.loss_and_gradients(
                    [w + sign * width * a for w, a in zip(weights, along, strict=True)],
                    images,
                    labels,
                    mean,
                )[0]
                for sign in (1, -1)
            )
            return abs((up - down) / (2 * width) - exact)

        # Rectifiers that switch make it fall like the width; a wrong gradient would leave it.
        assert off(1e-7) < off(1e-4) / 100

    def test_mathworks_images_are_read_from_a_file(self, tmp_path):
        from optimizer_conformance.reference import digits

        path = tmp_path / "digits.npz"
        images, labels = np.zeros((28, 28, 1, 5)), np.arange(5.0)
        np.savez(path, XTrain=images, TTrain=labels, XTest=images, TTest=labels)
        data = digits.load(path)
        assert data.train.shape == (5, 28, 28, 1)
        assert data.test_digits.tolist() == [0, 1, 2, 3, 4]
        np.savez(path, XTrain=images, TTrain=labels[:2], XTest=images, TTest=labels)
        with pytest.raises(digits.DataError, match="XTrain must be height-by-width-by-1-by-n"):
            digits.load(path)
        np.savez(path, XTrain=images)
        with pytest.raises(digits.DataError, match="has no 'TTrain"):
            digits.load(path)

    @pytest.mark.parametrize("function", ["rmspropupdate", "adamupdate"])
    def test_the_loop_learns_what_can_be_learnt(self, function):
        """Two kinds of images, told apart by where they are bright."""
        from optimizer_conformance.reference import digits

        labels = np.arange(256) % 2
        images = np.zeros((256, 8, 8, 1), np.float32)
        images[labels == 0, :4], images[labels == 1, 4:] = 1, 1
        data = digits.Images(images, labels, images[:16], labels[:16], "two halves")
        assert digits.trained_accuracy(function, data, epochs=4) == 1.0


class TestSections:
    """The texts are not ours to ship: with CONFORMANCE_DOCUMENTS naming a folder of them
    (``<document>.txt``) their headings are compared."""

    @pytest.mark.parametrize("name", NAMES)
    def test_the_headings_stand_in_the_document_in_this_order(self, name):
        folder = os.environ.get("CONFORMANCE_DOCUMENTS")
        path = Path(folder or ".") / f"{name}.txt"
        if not folder or not path.is_file():
            pytest.skip("no text of this document")
        # Hyphens got lost in some copies.
        text = " ".join(path.read_text(encoding="utf-8").split()).replace("-", "")
        at = 0
        for section in document.load(name).sections:
            last = section.heading.rpartition(" > ")[2].partition(" and ")[0]
            found = text.find(last.replace("-", ""), at)
            assert found >= 0, section.heading
            at = found


class TestStatus:
    @pytest.mark.parametrize(
        ("verdict", "expected", "status"),
        [
            ("confirmed", "", "expected"),
            ("underdetermined", "", "expected"),
            ("contradicted", "", "unexpected"),
            ("contradicted", "contradicted", "expected"),
            ("confirmed", "contradicted", "unexpected"),
            ("error", "contradicted", "failed"),
        ],
    )
    def test_only_what_nobody_knew_is_unexpected(self, verdict, expected, status):
        from optimizer_conformance.questions.verify.registry import Decision

        doc = document.load("codecademy-rmsprop")
        item = claim({"name": "needs"}, expected=expected, reason="r", link="l")
        entry = ledger.settle(doc, item, Decision(verdict=verdict, observed="seen"))
        assert entry.status == status
        assert ledger.exit_code([entry]) == {"expected": 0, "unexpected": 1, "failed": 3}[status]


@pytest.fixture(scope="module")
def content(context):
    doc = document.load("codecademy-rmsprop")
    return ledger.content([doc], ledger.verify([doc], context))


class TestPages:
    @pytest.mark.parametrize("format_", pages.FORMATS)
    def test_every_format_shows_every_claim(self, content, format_):
        text = pages.render(content, format_)
        assert all(row.id in text for row in content.claims)

    def test_sarif_has_a_rule_and_a_result_a_claim(self, content):
        log = json.loads(pages.render(content, "sarif"))
        (run,) = log["runs"]
        assert log["version"] == "2.1.0"
        assert len(run["results"]) == len(run["tool"]["driver"]["rules"]) == len(content.claims)
        assert all(r["level"] == "none" for r in run["results"] if r["kind"] != "fail")

    def test_a_contradiction_fails_in_junit_and_sarif_until_it_is_known(self, content):
        first, *rest = content.claims
        decision = replace(first.decision, verdict="contradicted")
        row = replace(first, decision=decision, status="unexpected")
        one = replace(content, claims=[row, *rest])
        suite = ElementTree.fromstring(pages.render(one, "junit")).find("testsuite")
        assert suite.get("failures") == "1"
        assert json.loads(pages.render(one, "sarif"))["runs"][0]["results"][0]["level"] == "error"
        one = replace(one, claims=[replace(row, status="expected", reason="because"), *rest])
        suite = ElementTree.fromstring(pages.render(one, "junit")).find("testsuite")
        assert suite.get("failures") == "0"
        first = json.loads(pages.render(one, "sarif"))["runs"][0]["results"][0]
        assert first["suppressions"][0]["justification"] == "because"

    def test_a_ledger_is_read_back(self, content, tmp_path):
        path = tmp_path / "claims.json"
        path.write_text(pages.render(content, "json"))
        assert pages.load(path) == content
        path.write_text("{}")
        with pytest.raises(pages.UnreadableRun, match="no ledger of claims"):
            pages.load(path)


class TestReportOfARun:
    def test_the_ledger_is_a_section_of_the_page(self, content, numpy_run, tmp_path):
        from optimizer_conformance.reports import html, model

        data = model.load(numpy_run.folder)
        assert "What the documents claim" not in html.render(data)
        data = dataclasses.replace(data, folder=tmp_path)
        (tmp_path / pages.LEDGER).write_text(pages.render(content, "json"))
        page = html.render(data)
        assert "What the documents claim" in page
        assert "example-output" in page


class TestCommand:
    def call(self, *words):
        return CliRunner().invoke(app, ["verify", *words])

    def test_decides_one_claim_and_prints_json(self):
        done = self.call("codecademy-rmsprop", "--claim", "example-output", "--json")
        assert done.exit_code == 0
        (row,) = json.loads(done.stdout)["claims"]
        assert row["decision"]["verdict"] == "confirmed"
        assert row["date"]

    def test_filters_by_kind_and_verdict(self):
        words = ("codecademy-rmsprop", "--kind", "formula", "--claim", "example-average", "--json")
        assert len(json.loads(self.call(*words).stdout)["claims"]) == 1
        words += ("--verdict", "contradicted")
        assert json.loads(self.call(*words).stdout)["claims"] == []

    def test_lists_sections_without_deciding(self):
        done = self.call("codecademy-rmsprop", "--sections", "--json")
        assert {row["section"] for row in json.loads(done.stdout)} >= {"Explanation", "Example"}

    @pytest.mark.parametrize(
        "words",
        [
            ("codecadmy",),
            ("--kind", "mood"),
            ("--verdict", "guilty"),
            ("--claim", "nothing*"),
            ("--format", "pdf"),
            ("--require", "caffe"),
        ],
    )
    def test_what_does_not_exist_is_a_usage_error(self, words):
        from optimizer_conformance.cli.console import UsageError

        assert isinstance(self.call(*words).exception, UsageError)

    def test_a_contradiction_that_nobody_knew_exits_1(self, tmp_path, monkeypatch):
        path = document.FOLDER / "codecademy-rmsprop.toml"
        (tmp_path / path.name).write_text(path.read_text().replace("0.56837725", "0.56837726"))
        monkeypatch.setattr(document.load, "__defaults__", (tmp_path,))
        done = self.call("codecademy-rmsprop", "--claim", "example-output")
        assert done.exit_code == 1

    def test_a_required_adapter_without_environment_exits_3(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path))
        words = ("codecademy-rmsprop", "--claim", "example-numpy")
        assert self.call(*words).exit_code == 0
        assert self.call(*words, "--require", "numpy").exit_code == 3


def test_claims_files_are_plain_toml():
    for name in NAMES:
        raw = tomllib.loads((document.FOLDER / f"{name}.toml").read_text())
        assert msgspec.convert(raw, document.File).title
