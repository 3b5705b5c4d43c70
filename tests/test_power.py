"""The mutation score does not fall, and legal rewritings are not blamed.

``python tests/test_power.py`` writes the score anew, after a change that is meant to raise it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.judging.verdict import Verdict, judge
from optimizer_conformance.mutants.arithmetic import Working
from optimizer_conformance.mutants.equivalence import proof
from optimizer_conformance.mutants.execution import rewritten
from optimizer_conformance.mutants.faults import Watched, WatchedValue, faults
from optimizer_conformance.mutants.mutants import BORROWED, mutants
from optimizer_conformance.mutants.rounding import fused, rounder
from optimizer_conformance.mutants.styles import ANY, PLAIN, generated, rewritings, shared
from optimizer_conformance.questions.power import analysis, measurement, paging, parts, peers, tasks
from optimizer_conformance.questions.power.measurement import (
    BELOW,
    EQUIVALENT,
    KILLED,
    questions,
)
from optimizer_conformance.reference.numbers import FLOAT64, PRECISIONS
from optimizer_conformance.reference.numbers.hyper import hyper
from optimizer_conformance.reference.rules import ADAM, RMSPROP
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS

SCORE = Path(__file__).parent / "data" / "mutation_score.json"
SAMPLE = {
    "matlab-adamupdate": 9,
    "codecademy-rmsprop": 7,
    "torch-rmsprop-centered-momentum": 11,
    "mindspore-rmsprop-ones-loss-scale": 9,
    "keras-adam-weight-decay": 13,
}
UNEXPLAINED = measurement.MutantOutcome(
    "x", "float32", "m", "choice", measurement.OPEN, score=float("inf")
)
DTYPES = ("float32", "float64", "float16", "bfloat16")
# Of each square one rule.
COMPLEX = {
    "torch-rmsprop-centered-momentum": 5,
    "optax-adam": 5,
    "matlab-rmspropupdate-r2020a": 3,
}
MEASURED = [(name, dtype) for name in SAMPLE for dtype in DTYPES]
MEASURED += [(name, dtype) for name in COMPLEX for dtype in ("complex64", "complex128")]
DECIMALS = {"learning_rate": "0.01", "decay": "0.9", "epsilon": "1e-8", "beta1": "0.8"}


def measured(name, dtype):
    """A fixed sample of a rule's mutants, and all its rewritings."""
    every_nth = (COMPLEX if dtype.startswith("complex") else SAMPLE)[name]
    return measurement.measure(VARIANTS[name], dtype, every_nth=every_nth)


@pytest.mark.parametrize(("name", "dtype"), MEASURED)
def test_what_was_told_apart_once_is_told_apart_and_nothing_legal_is_blamed(name, dtype):
    found = measured(name, dtype)
    killed = {outcome.mutant for outcome in found.outcomes if outcome.status == KILLED}
    tried = {outcome.mutant for outcome in found.outcomes}  # more rules, and others are drawn
    before = set(json.loads(SCORE.read_text(encoding="utf-8"))[f"{name} in {dtype}"]) & tried
    assert before - killed == set()
    assert before
    assert [item.alarms for item in found.rewritings if item.alarms] == []
    allowed = {KILLED, EQUIVALENT, BELOW}
    assert [outcome for outcome in found.outcomes if outcome.status not in allowed] == []


@pytest.mark.parametrize(
    "name", ["matlab-adamupdate", "keras-adam-weight-decay", "mindspore-adam-centralize"]
)
def test_a_millionth_of_the_second_correction_is_told_in_float32(name):
    asked = measurement.questions(VARIANTS[name], "float32", "default")
    wrong = [
        mutant
        for mutant in mutants(VARIANTS[name].rule, dict(asked[0].decimals), "float32")
        if mutant.identifier.startswith("correction2 alone") and "1e-6" in mutant.identifier
    ]
    oracle = measurement.Oracle()
    found = [measurement.outcome(oracle, VARIANTS[name], asked, mutant) for mutant in wrong]
    assert [outcome.status for outcome in found] == [KILLED, KILLED]


# Legal ways of writing a rule, with the mode in which each was once said to deviate.
ONCE_BLAMED = {
    "scalars folded in float32": (
        ("optax-rmsprop-corrected-momentum", "float64", "injected", 0),
        "scalars folded in float32, as by capturable optimizers",
    ),
    "scalars in float32 beside a way that loses digits": (
        ("mxnet-nd-adam-weight-decay", "float64", "injected", 0),
        "products; reciprocals; roots of the quotient; 100 % fused",
    ),
    "an average of a new value without bound": (
        ("fastai-rmsprop-weight-decay", "bfloat16", "defaults", 0),
        "averages from the new value",
    ),
    "nothing old over nothing": (
        ("mlx-adamw-weight-decay", "float16", "defaults", 0),
        "products; left to right; roots of the quotient; 0 % fused",
    ),
    "a correction in the format itself": (
        ("paddle-adamw-weight-decay", "bfloat16", "rate-change", 2048),
        "1 - beta^t by a unit off",
    ),
    "two parts without bound": (
        ("optax-rmsprop-outside-unscaled-centered-momentum", "float16", "injected", 2048),
        "old and new taken one by one",
    ),
    "a negative zero under the root": (
        ("optax-rmsprop-corrected-centered", "float16", "rate-change", 2048),
        "any order, subnormals flushed",
    ),
    "a choice of nan that stays, and a larger number": (
        ("torch-rprop", "float32", "injected", 0),
        "number over nan",
    ),
    "a reciprocal rate in float32": (
        ("keras-ftrl", "float64", "injected", 0),
        "scalars folded in float32, as by capturable optimizers",
    ),
    "a part that overflows where the sum does not": (
        ("torch-optimizer-adabelief", "float16", "injected", 0),
        "interpolated from the new; one division; roots apart; 50 % fused",
    ),
    "a rate and a correction that do nearly the same": (
        ("torch-optimizer-adabelief-weight-decay", "float64", "rate-change", 64),
        "coefficients formed in float32",
    ),
}


@pytest.mark.parametrize("once", ONCE_BLAMED.values(), ids=ONCE_BLAMED)
def test_no_legal_way_of_writing_is_blamed_beside_a_way_of_holding(once):
    (name, dtype, mode, size), wanted = once
    variant, seed = VARIANTS[name], bool(size)
    styles = (*enumerate(rewritings(dtype)), *enumerate(shared(dtype, name)))
    index, style = next(found for found in styles if found[1].name == wanted)
    asked = [q for q in questions(variant, dtype, "default", seed) if q.case.mode == mode]
    assert asked
    for question in asked:
        case = replace(question.case, size=size) if size else question.case
        whole = replace(question, case=case)
        found = judge(Oracle(), whole, rewritten(whole, style, index + seed))
        assert found.worst < Verdict.deviates


def test_more_than_a_hundred_rewritings_are_generated_and_rules_share_them():
    for dtype in DTYPES:
        every = {style.name for style in generated(dtype)}
        asked = {style.name for name in VARIANTS for style in shared(dtype, name)}
        assert len(every) > 100
        assert asked == every


def test_a_rule_without_a_mutation_is_not_killed():
    name = "codecademy-rmsprop"
    asked = measurement.questions(VARIANTS[name], "float32", "default")
    mutant = mutants(VARIANTS[name].rule, dict(asked[0].decimals), "float32")[0]
    right = type(mutant)("nothing is wrong", "choice", VARIANTS[name].rule)
    oracle = measurement.Oracle()
    found = measurement.outcome(oracle, VARIANTS[name], asked, right)
    assert found.status == EQUIVALENT


def test_a_fixed_sample_of_rules_has_more_than_three_hundred_mutants():
    every = {**DECIMALS, **BORROWED}
    counts = [len(mutants(VARIANTS[name].rule, every, "float32")) for name in SAMPLE]
    assert sum(counts) > 300


@pytest.mark.parametrize(
    ("dtype", "style"), [("float16", "as printed"), ("float32", "any order, roots of tpu")]
)
def test_a_mean_is_covered_where_its_sum_overflows_and_its_division_is_coarse(dtype, style):
    variant = VARIANTS["mindspore-adam-centralize"]
    asked = [
        question
        for question in measurement.questions(variant, dtype, "default")
        if question.case.mode == "injected"
    ]
    index = [item.name for item in rewritings(dtype)].index(style)
    found = measurement.judged(measurement.Oracle(), variant, asked, index)
    assert found.element_steps > 0
    assert found.alarms == []


class TestArithmetic:
    stream = np.random.default_rng(5)

    def operands(self, dtype, count=400):
        values = 10 ** self.stream.uniform(-2, 2, (3, count))
        values *= self.stream.choice([-1.0, 1.0], values.shape)
        values[2, ::3] = -values[0, ::3] * values[1, ::3]  # cancellation
        return [PRECISIONS[dtype].round(row) for row in values]

    @pytest.mark.parametrize("dtype", DTYPES)
    def test_a_fused_operation_is_rounded_once(self, dtype):
        x, y, z = self.operands(dtype)
        storage = Working(dtype).storage
        found = fused(*(row.astype(storage) for row in (x, y, z)), dtype)
        for a, b, c, seen in zip(x, y, z, found, strict=True):
            exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
            error = abs(Fraction(float(seen)) - exact)
            quantum = Fraction(float(PRECISIONS[dtype].quantum(np.asarray(float(exact)))))
            assert error <= quantum / 2

    @pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
    def test_narrow_formats_round_as_the_reference_does(self, dtype):
        values = self.stream.standard_normal(1000).astype(np.float32)
        assert (rounder(dtype)(values) == PRECISIONS[dtype].round(values)).all()

    def test_float64_as_printed_is_the_reference(self):
        rule = ADAM.having(weight_decay="l2")
        w, *gradients = self.stream.standard_normal((4, 50))
        num, decimals = Working("float64", PLAIN), {**DECIMALS, "weight_decay": "0.01"}
        mine = list(
            trajectory(rule, decimals, num.given(w), [num.given(g) for g in gradients], num=num)
        )
        plain = list(trajectory(rule, decimals, w, gradients, num=FLOAT64))
        for (parameter, _), (expected, _) in zip(mine, plain, strict=True):
            assert (parameter.array == expected).all()

    def test_orders_differ_in_their_bits(self):
        w, g = self.stream.standard_normal((2, 500))
        bits = set()
        for seed in range(5):
            num = Working("float32", ANY, seed)
            ((parameter, _),) = trajectory(RMSPROP, DECIMALS, num.given(w), [num.given(g)], num=num)
            bits.add(parameter.array.tobytes())
        assert len(bits) > 1


class TestFaults:
    def test_every_operation_of_the_step_can_fail(self):
        found = faults(RMSPROP.having(epsilon="inside"), DECIMALS)
        operations = {fault.site.operation for fault in found}
        assert operations >= {"average", "square", "root", "add", "quotient", "subtract", "store"}

    def test_only_the_site_of_the_fault_is_wrong(self):
        fault = next(
            item
            for item in faults(RMSPROP, DECIMALS)
            if (item.site.operation, item.effect) == ("add", "second term dropped")
        )
        num = Watched(FLOAT64, fault)
        one = WatchedValue(num, np.ones(1))
        assert [(one + one).inner[0], (one + one).inner[0]] == [1.0, 2.0]
        num.begin()
        assert (one + one).inner[0] == 1.0


class TestLimits:
    def test_some_case_has_a_limit_above_one(self):
        """Or a gradient that is clipped to one would be told by none."""
        asked = questions(VARIANTS["keras-rmsprop-clip"], "float32", "default")
        assert max(float(item.case.decimals["clip"]) for item in asked) > 1


class TestCoefficients:
    @pytest.mark.parametrize(("name", "has"), [("torch-adamax", False), ("optax-yogi", True)])
    def test_what_a_rule_does_not_weigh_cannot_be_weighed_wrongly(self, name, has):
        variant = VARIANTS[name]
        given = dict(questions(variant, "float32", "quick")[0].decimals)
        found = {m.identifier for m in mutants(variant.rule, given, "float32")}
        assert ("1 - beta1 in place of 1 - decay" in found) is has

    def test_a_count_that_is_one_too_small_rectifies_nothing_at_first(self):
        """Of no square no length is known."""
        given = {"learning_rate": "0.1", "decay": "0.9"}
        assert hyper(given, 0, num=FLOAT64).rectified_beyond_5 is None


class TestEquivalence:
    def test_epsilon_hat_is_no_other_rule_where_the_maximum_is_corrected(self):
        variant = VARIANTS["mindspore-adam-corrected-maximum-amsgrad"]
        decimals = {**DECIMALS}
        same = [
            mutant.identifier
            for mutant in mutants(variant.rule, decimals, "float32")
            if mutant.kind == "choice" and proof(variant.rule, mutant)
        ]
        assert any("hat" in words for words in same)

    def test_beyond_a_limit_an_infinite_gradient_is_any_other(self):
        variant = VARIANTS["keras-rmsprop-clip"]
        given = {**DECIMALS, "clip": "0.5"}
        found = {m.identifier: m for m in mutants(variant.rule, given, "float32")}
        largest = found["infinite gradient as the largest number"]
        assert "no longer looks at g" in proof(variant.rule, largest)
        assert proof(RMSPROP, largest) == ""

    def test_a_rate_that_only_begins_may_change_later(self):
        """Rprop's steps begin at the learning rate and follow their own trials from there."""
        for name, expected in (("torch-rprop-maximize", True), ("torch-adamax", False)):
            variant = VARIANTS[name]
            given = dict(questions(variant, "float32", "quick")[0].decimals)
            found = {m.identifier: m for m in mutants(variant.rule, given, "float32")}
            for words in ("one step late", "never changed"):
                assert bool(proof(variant.rule, found[f"learning rate {words}"])) is expected
            assert proof(variant.rule, found["learning rate one step early"]) == ""

    def test_other_rules_are_not_proved_equal(self):
        rule = RMSPROP.having(epsilon="inside")
        for mutant in mutants(rule, DECIMALS, "float32"):
            if mutant.kind in ("choice", "operation"):
                assert proof(rule, mutant) == "", mutant.identifier


class TestPeers:
    def test_each_names_its_version_and_where_it_is_defined(self):
        for peer in peers.peers():
            assert peer.version
            assert ".py" in peer.source

    def test_the_same_is_close_and_something_else_is_not(self):
        values = np.array([1.0, np.inf, np.nan, 0.0])
        for peer in peers.peers():
            for dtype in DTYPES:
                assert peer.accepts(values, values, dtype)
                assert not peer.accepts(values, values[::-1], dtype)
                assert not peer.accepts(np.array([np.inf]), np.array([1.0]), dtype)


class TestParts:
    task = tasks.Task("codecademy-rmsprop", "bfloat16", "quick", 16, 0)

    def test_what_is_there_is_not_done_again(self, tmp_path, monkeypatch):
        first = parts.Parts(tmp_path).result(self.task)
        monkeypatch.setattr(parts, "perform", lambda task: pytest.fail("measured again"))
        assert parts.Parts(tmp_path).result(self.task) == first
        assert sum(item.element_steps for item in first) > 0

    def test_a_file_that_was_cut_off_is_measured_again(self, tmp_path):
        kept = parts.Parts(tmp_path)
        first = kept.result(self.task)
        place = kept.place(self.task)
        place.write_bytes(place.read_bytes()[:-20])
        assert kept.result(self.task) == first

    def test_mutants_come_back_as_they_were(self, tmp_path):
        task = replace(self.task, size=0)
        found = measurement.Measurement("x", "float32", [UNEXPLAINED], [])
        place = parts.Parts(tmp_path).place(task)
        place.parent.mkdir()
        place.write_bytes(msgspec.msgpack.encode(found))
        assert parts.Parts(tmp_path).result(task) == found


class TestPage:
    def test_only_what_stands_between_the_marks_is_replaced(self, tmp_path):
        page = tmp_path / "page.md"
        page.write_text(f"before\n{paging.BEGIN}\nold\n{paging.END}\nafter\n", encoding="utf-8")
        assert paging.marked(page)
        found = measurement.Measurement("x", "float32", [UNEXPLAINED], [])
        paging.put(page, analysis.Power("default", [found]))
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"before\n{paging.BEGIN}\n1 rules, 1 mutants")
        assert text.endswith(f"{paging.END}\nafter\n")
        assert "old" not in text
        assert paging.marked(page)

    def test_a_page_without_marks_is_none(self, tmp_path):
        page = tmp_path / "page.md"
        assert not paging.marked(page)
        page.write_text("figures", encoding="utf-8")
        assert not paging.marked(page)


class TestCommand:
    def run(self, *arguments):
        from optimizer_conformance.cli.main import app

        return CliRunner().invoke(app, ["power", *arguments])

    def test_help_shows_examples(self):
        assert "conformance power --quick" in self.run("--help").output

    def test_one_rule_in_one_dtype_as_json_and_as_files(self, tmp_path):
        result = self.run(
            *("--variant", "codecademy*", "--dtype", "float32", "--quick", "--jobs", "1"),
            *("--out", str(tmp_path), "--json"),
        )
        assert result.exit_code == 0
        content = json.loads(result.stdout)
        (row,) = content["summary"]
        assert row[KILLED] + row[EQUIVALENT] + row[BELOW] == row["mutants"]
        assert row["false alarms"] == 0
        assert content == json.loads((tmp_path / "power.json").read_text(encoding="utf-8"))
        assert "codecademy-rmsprop" in (tmp_path / "power.md").read_text(encoding="utf-8")

    def test_a_variant_that_does_not_exist_is_a_usage_error(self):
        from optimizer_conformance.cli.console import UsageError

        assert isinstance(self.run("--variant", "codecadamy*").exception, UsageError)


def named(name, dtype, words):
    """What came of one mutant of a rule."""
    variant = VARIANTS[name]
    asked = questions(variant, dtype, "default")
    every = mutants(variant.rule, dict(asked[0].decimals), dtype)
    (mutant,) = [item for item in every if item.identifier == words]
    return measurement.outcome(Oracle(), variant, asked, mutant)


@pytest.mark.parametrize("dtype", DTYPES)
class TestEndsAndBeginnings:
    """What showed in no case once, or in some formats alone."""

    def test_a_rate_that_is_early_shows_where_the_second_is_another(self, dtype):
        assert named("torch-rprop-maximize", dtype, "learning rate one step early").status == KILLED

    def test_the_sign_of_an_infinite_product_is_known(self, dtype):
        assert named("torch-rprop-maximize", dtype, "infinite gradient as zero").status == KILLED

    @pytest.mark.parametrize(
        "words", ["infinite gradient as the largest number", "nan gradient as zero"]
    )
    def test_a_norm_meets_an_infinity_without_nan_beside_it(self, dtype, words):
        assert named("optax-novograd-momentum", dtype, words).status == KILLED


def test_which_infinity_or_nan_an_infinite_gradient_leaves_is_not_judged():
    found = named("keras-ftrl", "float32", "infinite gradient as the largest number")
    assert found.status == BELOW
    assert "in the place of another" in found.reason
    assert named("keras-ftrl", "float32", "infinite gradient as zero").status == KILLED


def test_a_survivor_without_a_reason_fails_the_command():
    found = measurement.Measurement("x", "float32", [UNEXPLAINED], [])
    assert analysis.Power("default", [found]).unexplained == [UNEXPLAINED]


if __name__ == "__main__":
    score = {
        f"{name} in {dtype}": sorted(
            outcome.mutant for outcome in measured(name, dtype).outcomes if outcome.status == KILLED
        )
        for name, dtype in MEASURED
    }
    SCORE.write_text(json.dumps(score, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
