"""The table of situations, what meets them in which cases, and faults that one alone shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optimizer_conformance import audit
from optimizer_conformance.adapters.protocol import LOOP, Failure, Implementation
from optimizer_conformance.cases.case import draw_cases
from optimizer_conformance.cases.inputs import expand
from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.cases.situations import KINDS, MANY, NAMED, NEEDS, SITUATED, SITUATIONS
from optimizer_conformance.judging.group import said_no
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.mutants.situated import FAULTS, function
from optimizer_conformance.questions.audit.preparation import AuditError, with_features
from optimizer_conformance.questions.power import situated
from optimizer_conformance.workers.process import Refused

PAGE = Path(__file__).parent.parent / "docs" / "situations.md"
ORACLE = Oracle()
RMSPROP = Implementation(
    name="fake:RMSprop", family="rmsprop", claims=[], features=[[]], hyperparameters=[],
    dtypes=["float32"], devices=["cpu"], state=[], settable=False,
)  # fmt: skip


def cases(mode, features=("weight_decay",), dtype="float32"):
    return draw_cases("adam", features, dtype, mode, "audit", 0)


class TestTable:
    def test_every_row_is_of_a_kind_and_says_what_it_needs(self):
        for item in SITUATIONS:
            assert item.kind in KINDS
            assert set(item.needs) <= set(NEEDS)
        assert set(LOOP) <= set(NEEDS)

    @pytest.mark.parametrize("item", [i for i in SITUATIONS if i.mode in SITUATED], ids=str)
    def test_each_is_met_by_a_parameter_of_its_cases(self, item):
        parts = [part.name for case in cases(item.mode)[:1] for part in expand(case).parameters]
        assert any(item.meets(item.mode, part) for part in parts)

    def test_the_page_has_every_row(self):
        text = PAGE.read_text(encoding="utf-8")
        for item in SITUATIONS:
            row = f"| `{item.name}` | {item.kind} | {item.words} | {shown(item.mode)} |"
            assert row in text, row

    def test_every_row_of_a_case_has_a_fault_that_only_it_shows(self):
        standing = {fault.situation for fault in FAULTS.values()}
        habits = {item.name for item in SITUATIONS if item.needs and not item.mode}
        assert {
            item.name for item in SITUATIONS
        } == standing | habits  # these: tests/test_habits.py
        assert all(fault.situation in NAMED for fault in FAULTS.values())


def shown(mode):
    return f"`{mode}`" if mode else "–"


class TestRefusals:
    @pytest.mark.parametrize(
        ("mode", "exception", "kind"),
        [
            ("boundaries", "ValueError", "unsupported"),
            ("boundaries", "NotImplementedError", "unsupported"),
            ("boundaries", "KeyError", "error"),
            ("magnitudes", "ValueError", "error"),
        ],
    )
    def test_only_the_end_of_a_range_may_be_refused_and_only_in_words(self, mode, exception, kind):
        error = Refused(Failure(kind="error", exception=exception, message="no"))
        unit = Unit(RMSPROP, "cpu", cases(mode)[0], ())
        assert said_no(unit, error).kind == kind


class TestCases:
    def test_each_boundary_has_a_case(self):
        ends = {pair for case in cases("boundaries") for pair in case.hyperparameters}
        assert {("learning_rate", "0"), ("decay", "0"), ("epsilon", "0"), ("beta1", "0")} <= ends
        assert ("weight_decay", "0") in ends

    def test_what_is_no_number_is_there_whatever_the_seed(self):
        for seed in range(5):
            (case,) = draw_cases("adam", (), "float32", "magnitudes", "audit", seed)
            found = {part.name: part for part in expand(case).parameters}["non-finite"]
            first = found.gradients[0]
            assert np.isnan(first).any()
            assert np.isposinf(first).any()
            assert np.isneginf(first).any()
            assert np.isfinite(first).any()

    def test_counters_of_eight_bits_and_of_bfloat16_overflow(self):
        long, short = cases("steps")
        assert long.steps == short.steps == MANY > 2**10
        assert float(short.decimals["decay"]) < float(long.decimals["decay"])


@pytest.mark.parametrize(
    ("fault", "way"),
    [
        ("counter-stops-at-256", ""),
        ("powers-of-two", "rate"),
        ("past-65536", "decay"),
        ("fortran", "rate"),
        ("gradient-in-memory-order", ""),
        ("gradient-kept-by-reference", ""),
        ("idle-rows", "stays"),
        ("cancelling", "stays"),
        ("above-100", "rate"),
        ("nan-swallowed", ""),
        ("rate-zero", ""),
        ("never-rises", ""),
        ("matrix-with-decay", "stays"),
        ("empty", ""),
        ("heavy-and-late", "stays"),
        ("matrix-at-a-new-rate", "stays"),
    ],
)
def test_a_fault_that_one_situation_shows_is_told_by_its_row(fault, way):
    item = FAULTS[fault]
    with situated.prepared("function", fault, way, item.option) as found:
        told, _ = situated.asked(found, item, ORACLE)
    assert told in (NAMED[item.situation].mode or told, item.situation)
    assert told


def test_the_right_one_is_blamed_nowhere_and_the_answer_says_what_was_tried():
    found = audit(function(), "torch-adamw")
    assert found.conforms, found.summary()
    assert [line.features for line in found.options] == ["weight_decay"]
    assert found.attempts.steps == MANY
    assert found.attempts.elements == 65_539
    assert {"long-run", "memory-order", "loaded", "options"} <= set(found.attempts.situations)
    assert "caller of a function" in found.attempts.missing["joined"]
    assert set(found.to_dict()["attempts"]) >= {"situations", "not_tried", "formats", "options"}


def test_an_option_that_is_wrong_in_a_matrix_is_told_though_the_plain_rule_was_asked():
    found = audit(function("matrix-with-decay", "stays"), "torch-adamw")
    assert not found.conforms
    assert any(line.startswith("with weight_decay: does not follow") for line in found.why)


def decaying(w, g, state, lr=0.001, weight_decay=0.01):
    return w - lr * (g + weight_decay * w), state


def test_an_option_that_is_on_by_default_is_judged_and_said():
    found = audit(decaying, "torch-sgd")
    assert not found.conforms
    assert any("weight decay defaults to 0.01" in text for text in found.why)
    assert any("weight_decay is on by default" in text for text in found.remarks)


def test_a_feature_beside_a_document_is_asked_of_the_document():
    assert with_features("torch-adam", ("amsgrad",)) == "torch-adam-amsgrad"
    assert with_features("torch-adam-amsgrad", ("amsgrad",)) == "torch-adam-amsgrad"
    with pytest.raises(AuditError, match="has no form with centered"):
        with_features("torch-adam", ("centered",))


def growing(w, g, state, lr=0.001, weight_decay=0.0, maximize=False, sink=None):
    """Right with each option; with both the sign is turned after the decay has joined."""
    g = g + weight_decay * w
    return w - lr * (-g if maximize else g), state


def test_options_that_are_right_by_themselves_are_asked_together():
    found = audit(growing, "torch-sgd")
    verdicts = {line.features: line.verdict for line in found.options}
    assert verdicts.pop("maximize+weight_decay") == "deviates"
    assert "deviates" not in verdicts.values()
    assert {"maximize", "weight_decay"} <= set(verdicts)
    assert "with maximize+weight_decay: does not follow" in found.why[0]
    assert "left as they are: sink=None" in found.remarks


def vectors_left(w, g, state, lr=0.001, weight_decay=0.01):
    return w - lr * (g + (weight_decay * w if np.ndim(w) > 1 else 0.0)), state


def test_a_default_option_that_is_wrong_is_no_other_default():
    found = audit(vectors_left, "torch-sgd-weight-decay")
    assert "that is so only in parameters of fewer than two dimensions" in "; ".join(found.why)
    assert "defaults" not in found.relation
