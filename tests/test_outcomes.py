"""Where no digit is promised, what legal evaluations can give is still known."""

from __future__ import annotations

import random
from types import SimpleNamespace

import numpy as np
import pytest
from evaluations import Arithmetic, case_of, observe, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer_conformance.cases.inputs import expand
from optimizer_conformance.judging.oracle import Oracle, Question
from optimizer_conformance.judging.outcome import seen, vanished
from optimizer_conformance.judging.verdict import Verdict, judge
from optimizer_conformance.mutants.execution import rewritten
from optimizer_conformance.mutants.styles import LOSING
from optimizer_conformance.reference.numbers import (
    FLOAT64,
    IDEAL,
    PRECISIONS,
    Bound,
    BoundArithmetic,
)
from optimizer_conformance.reference.numbers.hyper import representations
from optimizer_conformance.reference.numbers.reach import ReachArithmetic
from optimizer_conformance.reference.rules import ADAM, RMSPROP, RPROP
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import formats
from optimizer_conformance.reports import outcomes as outcomes_of_cells
from optimizer_conformance.reports.outcomes import Came, OutcomeKind

DECIMALS = (
    *("learning_rate", "decay", "beta1", "epsilon", "momentum", "weight_decay"),
    *("clip", "momentum_decay", "loss_scale"),
)
RULES = sorted(
    {v.rule for v in VARIANTS.values() if {*v.rule.hyperparameters} <= {*DECIMALS}}, key=repr
)
DTYPES = ("float32", "float16", "bfloat16", "float64")
NARROW = DTYPES[:3]  # what the naive evaluations can round to
KINDS = ("zero", "ordinary", "tiny", "subnormal", "huge", "anything")
STILL = [rule for rule in RULES if rule["weight_decay"] == "none" != rule["epsilon"]]
CENTERED = RMSPROP.having(centered=True)


def drawn(stream, kind, dtype, shape):
    """Numbers of one kind, of either sign."""
    precision = PRECISIONS[dtype]
    ends = {
        "ordinary": (1e-3, 10.0),
        "tiny": (precision.smallest_normal, precision.smallest_normal**0.5),
        "subnormal": (precision.smallest_subnormal, precision.smallest_normal),
        "huge": (precision.largest**0.5, precision.largest),
        "anything": (precision.smallest_subnormal, precision.largest),
    }
    if kind == "zero":
        return 0.0 * stream.standard_normal(shape)
    values = np.exp(stream.uniform(*np.log(ends[kind]), shape))
    return precision.round(values * stream.choice([-1.0, 1.0], shape))


@st.composite
def situations(draw, dtypes=DTYPES, rules=RULES, **fixed):
    """A rule, its hyperparameters, a parameter, and gradients of special kinds."""
    rule, dtype = draw(st.sampled_from(rules)), draw(st.sampled_from(dtypes))
    stream = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (3, 2, 2) if rule.shaped else (24,)
    decimals = {
        "learning_rate": draw(st.sampled_from(["0.001", "0.25", "1"])),
        "decay": draw(st.sampled_from(["0.9", "0.999", "0.5"])),
        "beta1": draw(st.sampled_from(["0.9", "0.5"])),
        "epsilon": draw(st.sampled_from(["1e-8", "1e-3", "0"])),
        "momentum": draw(st.sampled_from(["0.9", "0.5"])),
        "weight_decay": draw(st.sampled_from(["0.01", "0"])),
        "clip": "1",
        "momentum_decay": "0.004",
        "loss_scale": draw(st.sampled_from(["1", "1024"])),
        **fixed,
    }
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=3, max_size=3))
    start = drawn(stream, draw(st.sampled_from(("zero", "ordinary", "anything"))), dtype, shape)
    return rule, dtype, decimals, start, [drawn(stream, kind, dtype, shape) for kind in kinds]


def outcomes(rule, dtype, decimals, start, gradients):
    """Everything that each quantity can come to at each step."""
    ways = (IDEAL, *representations(dtype, corrected=rule.corrected))
    num = ReachArithmetic(PRECISIONS[dtype], ways)
    with np.errstate(all="ignore"):
        return [
            {name: number.outcomes for name, number in {**state, "parameter": parameter}.items()}
            for parameter, state in trajectory(
                rule, decimals, num.given(start), [num.given(g) for g in gradients], num=num
            )
        ]


@settings(max_examples=100, deadline=None)
@given(situation=situations(NARROW), seed=st.integers(0, 2**32 - 1), formed=st.booleans())
@pytest.mark.parametrize("flush", [False, True])
def test_no_legal_evaluation_comes_to_anything_else(flush, situation, seed, formed):
    rule, dtype, decimals, start, gradients = situation
    arithmetic = Arithmetic(dtype, random.Random(seed), formed, formed, flush)
    seen = walk(rule, decimals, start, gradients, arithmetic)
    for step, (row, known) in enumerate(zip(seen, outcomes(*situation), strict=True)):
        for name, values in row.items():
            assert known[name].holds(values).all(), (step, name)


@settings(max_examples=60, deadline=None)
@given(
    situation=situations(
        NARROW,
        [RPROP],
        **{"growth": "1.2", "shrinkage": "0.3", "least_step": "0.01", "largest_step": "5"},
    ),
    infinite=st.integers(0, 2),
    seed=st.integers(0, 2**32 - 1),
)
@pytest.mark.parametrize("flush", [False, True])
def test_a_choice_by_a_sign_has_the_outcomes_of_the_signs_that_may_be(
    flush, situation, infinite, seed
):
    rule, dtype, decimals, start, gradients = situation
    gradients[infinite][::3] = np.inf
    arithmetic = Arithmetic(dtype, random.Random(seed), flush=flush)
    seen = walk(rule, decimals, start, gradients, arithmetic)
    for step, (row, known) in enumerate(
        zip(seen, outcomes(rule, dtype, decimals, start, gradients), strict=True)
    ):
        for name, values in row.items():
            assert known[name].holds(values).all(), (step, name)


@settings(max_examples=80, deadline=None)
@given(
    # A number in each of these formats, and a decay that is not 1 in bfloat16: no 0 / 0.
    situation=situations(rules=STILL, epsilon="1e-3", decay="0.9"),
    far=st.sampled_from([-1e4, 1e4, np.inf, -np.inf, np.nan]),
)
def test_a_parameter_whose_gradients_were_all_zero_has_gone_nowhere(situation, far):
    rule, dtype, decimals, start, gradients = situation
    start = np.clip(start, -10, 10)  # beside which 10,000 is no rounding
    gradients = [0.0 * gradient for gradient in gradients]
    for known in outcomes(rule, dtype, decimals, start, gradients):
        values = known["parameter"]
        assert values.holds(start).all()
        assert not values.holds(start + far).any()


@pytest.mark.parametrize("style", LOSING, ids=lambda style: style.name)
def test_what_is_written_so_that_it_loses_digits_is_said_and_not_blamed(style):
    rule = ADAM.having(epsilon="outside")
    case = case_of("adam", mode="trajectory", steps=4, decay="0.999")
    question = Question(rule, case.hyperparameters, case)
    found = judge(Oracle(), question, rewritten(question, style))
    assert found.worst < Verdict.deviates
    told = "written so that it loses digits: "
    assert found.representation.startswith(told) or max(p.score for p in found.parameters) <= 1


def test_a_vector_has_no_other_axes_to_be_centralised_over():
    vector = np.asarray([1.0, 2.0, 4.0])
    assert (FLOAT64.centralize(vector) == vector).all()
    found = BoundArithmetic(PRECISIONS["float32"]).centralize(Bound(None, vector, 0.0))
    assert (found.value == vector).all()


class TestVerdict:
    """The same, judged: one step from 0.5 where the gradient is zero."""

    case = case_of(features=("centered",), mode="edges", size=24)

    def answer(self, dtype, value, **values):
        case = case_of(features=("centered",), dtype=dtype, mode="edges", steps=3, **values)
        question = Question(CENTERED, case.hyperparameters, case)
        shown, start = observe(case, CENTERED, Arithmetic("float32")), 0
        for item in expand(case).parameters:
            stop = start + item.value.size
            if item.name == "zero":
                shown["parameter"][:, start:stop] = item.value if value is None else value
            start = stop
        found = judge(Oracle(), question, {"parameter": shown["parameter"]}).parameters
        return next(item.verdict for item in found if item.name == "zero")

    @pytest.mark.parametrize("wrong", [-1e4, np.inf, -np.inf, np.nan])
    def test_nothing_but_what_can_come_out_is_taken(self, wrong):
        assert self.answer("float32", wrong) is Verdict.deviates
        assert self.answer("float32", None) is not Verdict.deviates

    def test_where_epsilon_is_zero_in_the_format_nan_can_come_out_and_infinity_cannot(self):
        assert self.answer("float16", np.nan) is Verdict.range
        assert self.answer("float16", None) is not Verdict.deviates
        assert self.answer("float16", np.inf) is Verdict.deviates
        assert self.answer("float16", 1.0) is Verdict.deviates


class TestWhatCameOut:
    def judged(self, value):
        case = case_of("adam", dtype="float16", mode="edges", steps=3)
        question = Question(ADAM, case.hyperparameters, case)
        shown = observe(case, ADAM, Arithmetic("float16"))
        start = 0
        for item in expand(case).parameters:
            stop = start + item.value.size
            if item.name == "zero":
                shown["parameter"][:, start:stop] = item.value if value is None else value
            start = stop
        found = judge(Oracle(), question, shown).parameters
        return question, next(item.outcome for item in found if item.name == "zero")

    def test_nan_from_a_zero_gradient_is_said_and_why(self):
        question, found = self.judged(np.nan)
        assert found.words.startswith("nan from finite numbers since step 1 in ")
        assert "epsilon 1e-08 is 0" in map(str, vanished(question))
        assert not self.judged(None)[1].strange

    def test_a_parameter_that_never_moves_is_told(self):
        case = case_of("adam", mode="trajectory", steps=3)
        question = Question(ADAM, case.hyperparameters, case)
        starts = np.concatenate([item.value.ravel() for item in expand(case).parameters])
        shown = {"parameter": np.tile(starts, (3, 1))}
        assert any(
            "never moves" in item.outcome.words
            for item in judge(Oracle(), question, shown).parameters
        )

    def test_a_complex_number_of_which_a_part_is_lost_is_one_element(self):
        lost = np.array([[False, False, False, False], [True, False, True, True]])
        assert (
            str(seen(OutcomeKind.nan, lost, 2))
            == "nan from finite numbers since step 2 in 2 of 2 elements"
        )
        assert (
            str(seen(OutcomeKind.nan, lost, 1))
            == "nan from finite numbers since step 2 in 3 of 4 elements"
        )

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [(-462.48, -160.0, False), (float("nan"), -58.39, False), (1.0, 1.4, True)],
    )
    def test_numbers_without_a_digit_in_common_are_apart(self, one, other, same):
        cells = [SimpleNamespace(kinds="", values=repr(value)) for value in (one, other)]
        assert (outcomes_of_cells.apart(*cells) == "") is same

    def test_an_older_run_says_nothing(self):
        cells = [SimpleNamespace(kinds=field, values="") for field in ("?", "nan=1,2,3")]
        assert outcomes_of_cells.apart(*cells) == ""
        assert outcomes_of_cells.kinds(cells[1].kinds) == {("nan", "1")}

    def test_what_is_compared_is_no_words(self):
        one = SimpleNamespace(kinds="nan=1,2,3; epsilon 1e-08=0", values="")
        other = SimpleNamespace(kinds="nan=1,3,3; epsilon 1e-08=0; finite=2,1,3", values="")
        later = SimpleNamespace(kinds="nan=2,2,3; epsilon 1e-08=0", values="")
        assert outcomes_of_cells.apart(one, other) == ""
        assert outcomes_of_cells.apart(one, later).startswith(
            "nan from finite numbers since step 1 in 2 of 3 elements; epsilon 1e-08 is 0, not nan"
        )

    @pytest.mark.parametrize("kind", OutcomeKind)
    @pytest.mark.parametrize("step", [0, 7])
    def test_the_words_of_format_4_are_read(self, kind, step):
        came = Came(kind, step, 1234, 65536)
        words = f"{came}; epsilon 1e-08 is 0 in float16"
        assert formats.kinds(words) == f"{came.field}; epsilon 1e-08=0"
        assert outcomes_of_cells.read(came.field) == (came,)
