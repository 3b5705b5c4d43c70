"""Balls enclose the exact result, and certify the float64 reference and its bound."""

from __future__ import annotations

import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from evaluations import Arithmetic, case_of, observe, regime, walk
from hypothesis import given, settings
from hypothesis import strategies as st
from test_bounds import MORE, ORDINARY, RULES, STEADY, bounds, hyperparameters, inputs, shape_for

from optimizer_conformance.judging.conditioning import conditioning
from optimizer_conformance.judging.oracle import Oracle, Question
from optimizer_conformance.judging.verdict import Verdict, judge
from optimizer_conformance.reference.numbers import PRECISIONS, BallArithmetic, BoundArithmetic
from optimizer_conformance.reference.numbers.ball import enclosure, working_bits
from optimizer_conformance.reference.rules import RMSPROP
from optimizer_conformance.reference.trajectory import trajectory

ORDINARY = {**ORDINARY, "float64": (-60.0, 60.0)}
MPF = np.frompyfunc(mpmath.mpf, 1, 1)
SQRT = np.frompyfunc(mpmath.sqrt, 1, 1)


class Exactly(Arithmetic):
    """Nothing is rounded: mpmath with 1,000 bits, the orders as random as ever."""

    def r(self, x):
        return x

    def over(self, x, y):
        return x / (mpmath.mpf(1) * y)

    def root(self, x):
        return SQRT(x) if isinstance(x, np.ndarray) else mpmath.sqrt(x)

    def held(self, decimal):
        return self.rational(Fraction(decimal))

    def complement(self, decimal):
        return self.rational(1 - Fraction(decimal))

    def one_minus_power(self, decimal, count):
        return self.rational(1 - Fraction(decimal) ** count)

    def real(self, value):
        return value

    def rational(self, value):
        return mpmath.mpf(value.numerator) / mpmath.mpf(value.denominator)


def enclosed(rule, decimals, w, gradients, bits=160):
    """The enclosure of every quantity at every step."""
    num = BallArithmetic()
    with working_bits(bits):
        return [
            {name: enclosure(value) for name, value in {**state, "parameter": after}.items()}
            for after, state in trajectory(
                rule,
                decimals,
                num.given(w),
                [num.given(gradient) for gradient in gradients],
                num=num,
            )
        ]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_enclosure_holds_what_a_thousand_bits_give(data):
    rule = data.draw(st.sampled_from(STEADY + MORE))
    decimals = data.draw(hyperparameters("float32"))
    seed = data.draw(st.integers(0, 2**32 - 1))
    shape = (4, 3, 2) if rule.shaped else (6,)
    w, gradients = inputs("float64", seed, -11, 11, 3, shape)
    with mpmath.workprec(1000):
        exact = walk(
            rule,
            decimals,
            MPF(w),
            [MPF(g) for g in gradients],
            Exactly("float64", random.Random(seed)),
        )
        for step, balls in zip(
            exact, enclosed(rule, decimals, w, gradients, bits=640), strict=True
        ):
            for name, values in step.items():
                ball = balls[name]
                for place in np.ndindex(values.shape):
                    far = abs(values[place] - mpmath.mpf(ball.value[place]) - ball.low[place])
                    assert far <= mpmath.mpf(ball.radius[place]) + mpmath.mpf(2) ** -900
                    assert ball.radius[place] <= abs(ball.value[place]) * 2.0**-80 + 1e-300


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_reference_is_as_near_to_the_exact_result_as_its_slack_says(dtype, data):
    rule = data.draw(st.sampled_from(RULES + MORE))
    decimals = data.draw(hyperparameters(dtype))
    seed = data.draw(st.integers(0, 2**32 - 1))
    w, gradients = inputs(dtype, seed, *ORDINARY[dtype], 4, shape_for(rule))
    num = BoundArithmetic(PRECISIONS[dtype])
    promised = bounds(rule, decimals, w, gradients, num)
    for step, balls in zip(promised, enclosed(rule, decimals, w, gradients), strict=True):
        for name, bound in step.items():
            ball = balls[name]
            far = np.abs((bound.value - ball.value) - ball.low)
            room = np.broadcast_to(bound.error * (num.slack - 1), far.shape)
            assert ((far <= room + ball.radius) | ~np.isfinite(room)).all(), name


RULE = RMSPROP.having(epsilon="inside")


def judged(case, seen, rule=RULE):
    return judge(Oracle(), Question(rule, case.hyperparameters, case), seen)


@pytest.mark.parametrize(
    ("scale", "accepted"), [(0.6, {Verdict.exact, Verdict.rounding}), (1.5, {Verdict.deviates})]
)
def test_float64_is_judged_to_the_bound_itself_and_not_to_twice_it(scale, accepted):
    # Dyadic hyperparameters: no way of holding them differs from another.
    case = case_of(dtype="float64", decay="0.5", learning_rate="0.25", epsilon="0.125")
    question = Question(RULE, case.hyperparameters, case)
    table = Oracle().table(question)
    away = table.value + np.sign(table.value) * scale * table.error
    # Far enough that half an ulp, which float64 must round away, does not decide.
    wide = table.error > 3 * np.spacing(np.abs(table.value))
    assert wide.any()
    seen = np.where(wide, away, table.value)
    observed = dict(zip(question.quantities, seen[:, None, :], strict=True))
    assert judged(case, observed).worst in accepted


def test_a_correctly_rounded_float64_result_is_called_exact():
    case = case_of(dtype="float64", steps=1)
    question = Question(RULE, case.hyperparameters, case)
    value = Oracle().table(question).value
    observed = dict(zip(question.quantities, value[:, None, :], strict=True))
    counts = np.sum([item.counts for item in judged(case, observed).parameters], axis=0)
    assert counts[Verdict.exact] == value.size


@pytest.mark.parametrize("mode", ["restored"])
def test_squares_beyond_float64_are_judged(mode):
    case = case_of(dtype="float64", mode=mode, steps=4)
    seen = observe(case, RULE, Arithmetic("float64", random.Random(3)))
    found = {item.name: item.verdict for item in judged(case, seen).parameters}
    assert found["huge"] is not Verdict.deviates
    columns = regime(case, "huge")
    wrong = {name: values.copy() for name, values in seen.items()}
    wrong["parameter"][:, columns] *= 1 + 1e-9
    found = {item.name: item.verdict for item in judged(case, wrong).parameters}
    assert found["huge"] is Verdict.deviates


CENTERED = RMSPROP.having(centered=True, correction="second", epsilon="inside")


def test_an_ill_posed_result_carries_its_condition_number_and_is_confirmed():
    case = case_of(features=("centered",), mode="origin", steps=1)
    seen = observe(case, CENTERED, Arithmetic("float32", random.Random(1)))
    ill = [
        item for item in judged(case, seen, CENTERED).parameters if item.counts[Verdict.ill_posed]
    ]
    assert ill  # at the first step the corrected variance is zero
    assert all(item.condition > 1e5 and item.unconfirmed == 0 for item in ill)


def test_an_infinite_bound_that_no_condition_number_accounts_for_is_noticed():
    case = case_of(mode="origin", steps=1)
    oracle, question = Oracle(), Question(RULE, case.hyperparameters, case)
    table = oracle.table(question)
    table.error[-1, 3] = np.inf  # a defect of the bound
    found = conditioning(oracle, question)
    assert not found.confirmed[3]
    assert found.number[3] < 10
