"""The equivalence map: classes follow from what ran, and each witness can be checked by hand."""

from __future__ import annotations

import json
import math
import sys
from itertools import combinations
from xml.etree import ElementTree

import pytest
from fakes import command

from optimizer_conformance.cases.case import parse
from optimizer_conformance.cases.inputs import expand
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.questions.equivalence.classes import mapped
from optimizer_conformance.questions.equivalence.example import example
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import classes, equivalence, model, picture
from optimizer_conformance.reports.model import UnreadableRun
from optimizer_conformance.reports.reasons import Reason
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers.process import command_for


def run(folder, *behaviours):
    """Three snippets that add epsilon inside the root, and a fake that does what it is told."""
    outcome = conduct(
        Selection(adapters=("numpy", "fake"), profile="quick"),
        folder / "run",
        commands={"numpy": command_for("numpy", sys.executable), "fake": command(*behaviours)},
        expected=folder,
    )
    return outcome.folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return run(tmp_path_factory.mktemp("map"), "outside")


@pytest.fixture(scope="module")
def found(folder):
    return mapped(model.load(folder))


@pytest.fixture(scope="module")
def panel(found):
    (panel,) = found.panels
    return panel


def rmsprop(place, decimals, parameter, gradients):
    """Written out once more, without the code under test."""
    rate, decay, epsilon = (float(decimals[n]) for n in ("learning_rate", "decay", "epsilon"))
    average = 0.0
    for gradient in gradients:
        average = decay * average + (1 - decay) * gradient**2
        root = math.sqrt(average + epsilon) if place == "in" else math.sqrt(average) + epsilon
        parameter -= rate * gradient / root
    return parameter


class TestClasses:
    def test_are_those_of_the_rules_that_were_followed(self, panel):
        members = {item.name: {m.name for m in item.members} for item in panel.classes}
        assert members["A"] == {"numpy:codecademy", "numpy:d2l.scratch", "numpy:d2l.2d"}
        assert len(members["B"]) == 1
        assert panel.classes[0].rule == ["epsilon inside the root"]
        assert panel.classes[1].rule == ["epsilon outside the root"]

    def test_name_the_documents_that_state_the_rule(self, panel):
        first, second = panel.classes
        assert "keras-rmsprop" in first.documents
        assert "torch-rmsprop" in second.documents
        assert "torch-rmsprop" not in first.documents

    def test_what_departs_from_its_document_is_no_exception_to_its_class(self, panel):
        assert not any(member.but for item in panel.classes for member in item.members)

    def test_what_no_rule_explains_stands_alone(self, tmp_path):
        (panel,) = mapped(model.load(run(tmp_path, "doubled"))).panels
        last = panel.classes[-1]
        assert last.rule == ["no rule of the family explains it"]
        assert not last.equations
        (witness,) = panel.witnesses
        assert witness.size > 1
        assert witness.example is None

    def test_where_all_follow_one_rule_there_is_one_class_and_no_witness(self, tmp_path):
        (panel,) = mapped(model.load(run(tmp_path, "honest"))).panels
        assert [len(item.members) for item in panel.classes] == [4]
        assert panel.witnesses == []


# Without momentum lr (g + lambda w) and lr lambda w + lr g are one number.
THE_SAME = ("mlx-sgd-weight-decay", "pytorch-optimizer-sgdw-weight-decay")


class TestWitness:
    def test_is_inside_the_bound_of_the_one_rule_and_outside_the_others(self, panel):
        (witness,) = panel.witnesses
        case = parse(witness.case)
        name, _, index = witness.element.rstrip("]").partition("[")
        (parameter,) = (item for item in expand(case).parameters if item.name == name)
        inputs = (
            float(parameter.value.flat[int(index)]),
            [float(row.flat[int(index)]) for row in parameter.gradients[: witness.step]],
        )
        if case.mode == "rate-change":
            assert witness.step <= 2, "the rate is another one after the middle"
        for place, value, bound in zip(("in", "out"), witness.values, witness.bounds, strict=True):
            assert abs(rmsprop(place, case.decimals, *inputs) - value) <= bound
        first, second = witness.values
        assert abs(first - second) > sum(witness.bounds)
        assert witness.size == pytest.approx(abs(first - second) / sum(witness.bounds))
        own = 0 if witness.seen.startswith("numpy") else 1
        assert abs(witness.observed - witness.values[own]) <= witness.bounds[own]
        assert abs(witness.observed - witness.values[1 - own]) > witness.bounds[1 - own]

    def test_has_an_example_that_can_be_computed_by_hand(self, panel):
        (witness,) = panel.witnesses
        shown = witness.example
        for place, value in zip(("in", "out"), shown.values, strict=True):
            again = rmsprop(place, shown.hyperparameters, shown.parameter, shown.gradients)
            assert again == pytest.approx(value, rel=1e-12)
        assert f"{shown.values[0]:.3g}" != f"{shown.values[1]:.3g}"

    def test_any_two_documented_rules_have_such_an_example(self):
        seen = set()
        lacking = []
        for one, other in combinations(VARIANTS.values(), 2):
            pair = (one.family, one.features, frozenset((one.rule, other.rule)))
            if (one.family, one.features) != (other.family, other.features) or pair in seen:
                continue
            seen.add(pair)
            if one.rule != other.rule and not one.rule.shaped:
                features = "+".join(sorted(one.features))
                if not one.rule.differences(other.rule):
                    continue  # what they keep of the parameter differs, and moves nothing
                if {one.rule, other.rule} == {VARIANTS[name].rule for name in THE_SAME}:
                    continue
                if example(one.rule, other.rule, one.family, features) is None:
                    lacking.append((one.identifier, other.identifier))
        assert lacking == []
        assert len(seen) > 100


class TestSeveralRuns:
    def test_a_later_run_replaces_the_answers_of_its_adapters(self, folder, tmp_path):
        outcome = conduct(
            Selection(adapters=("fake",), profile="quick"),
            tmp_path / "again",
            commands={"fake": command("honest")},
            expected=tmp_path,
        )
        (panel,) = mapped(model.load(folder), model.load(outcome.folder)).panels
        assert [len(item.members) for item in panel.classes] == [4]

    def test_one_that_could_not_start_it_does_not(self, folder, tmp_path):
        outcome = conduct(
            Selection(adapters=("fake", "numpy"), profile="quick"),
            tmp_path / "again",
            commands={
                "fake": command("crash_at_hello"),
                "numpy": command_for("numpy", sys.executable),
            },
            expected=tmp_path,
        )
        (panel,) = mapped(model.load(folder), model.load(outcome.folder)).panels
        assert [len(item.members) for item in panel.classes] == [3, 1]


class TestPicture:
    def test_shows_every_class_with_its_members_and_needs_nobody(self, panel):
        text = picture.svg(panel)
        root = ElementTree.fromstring(text)
        words = " ".join(root.itertext())
        for item in panel.classes:
            assert "; ".join(item.rule) in words
        assert "codecademy" in words
        assert "prefers-color-scheme" in text
        assert text.count("http") == text.count('xmlns="http://www.w3.org/2000/svg"')

    def test_says_what_changes_from_a_class_to_the_next(self, panel):
        assert picture.edge(panel, "A", "B") == "epsilon: inside the root → outside the root"
        assert picture.edge(panel, "B", "A") == "epsilon: outside the root → inside the root"


class TestCommand:
    @pytest.mark.parametrize("format_", ["terminal", "markdown", "json", "html", "svg"])
    def test_every_format(self, conformance, folder, format_):
        done = conformance("equivalence", str(folder), "--format", format_)
        assert done.returncode == 0
        assert "outside the root" in done.stdout

    def test_kinds_of_gradients_alone_make_no_reasons_apart(self):
        names, more = ["keras.RMSprop"], ["keras.RMSprop", "keras.Adam"]
        found = {
            Reason("except", "float16", "wide"): names,
            Reason("except", "float16", "tiny"): names,
            Reason("except", "float16", "huge"): more,
            Reason("errors in float64"): names,
        }
        assert list(equivalence.together(found)) == [
            ("except in float16 with wide, tiny gradients", names),
            ("except in float16 with huge gradients", more),
            ("errors in float64", names),
        ]

    def test_a_map_of_format_2_has_its_exceptions_in_fields(self):
        member = {"name": "a", "version": "1", "but": ["x except in float16 with wide gradients"]}
        content = {"format": 2, "panels": [{"classes": [{"members": [member]}, 7]}]}
        found = classes.upgraded(content)["panels"][0]["classes"][0]["members"][0]["but"]
        assert found == [{"words": "x except", "dtype": "float16", "kind": "wide"}]
        assert classes.upgraded(7) == 7

    def test_a_kept_map_says_the_same_as_its_run(self, conformance, folder, found, tmp_path):
        kept = tmp_path / "map.json"
        assert conformance("equivalence", str(folder), "--json", "-o", str(kept)).returncode == 0
        json.loads(kept.read_text())
        assert classes.read(kept) == found

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--options", "centred"), "did you mean centered"),
            (("--options", "centered"), "no implementation with these options"),
            (("--family", "caffe"), "known are"),
            (("--format", "png"), "known are "),
        ],
    )
    def test_what_does_not_exist_is_said_in_one_line(self, conformance, folder, words, message):
        done = conformance("equivalence", str(folder), *words)
        assert done.returncode == 2
        assert message in done.stderr
        assert done.stderr.count("\n") == 1

    @pytest.mark.parametrize("content", ["{}", '{"format":9,"run":"","panels":[]}', "none"])
    def test_a_file_that_holds_no_map_is_refused(self, tmp_path, content):
        (tmp_path / "map.json").write_text(content)
        with pytest.raises(UnreadableRun):
            classes.read(tmp_path / "map.json")

    def test_the_page_has_no_script(self, found):
        assert "<script" not in equivalence.html(found)
