"""Coefficients are the same for all elements: what hides behind their intervals is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer_conformance.cases.case import draw_cases
from optimizer_conformance.judging.oracle import Oracle, Question, inputs_of
from optimizer_conformance.judging.verdict import Verdict, contradicted, judge
from optimizer_conformance.reference.variants import VARIANTS

ADAM = VARIANTS["torch-adam"]
ORACLE = Oracle()


def adam(case, *, narrow=lambda x: x, off=lambda: 0.0, cast=np.float64):
    """Adam in float64 with 1 - beta^t in float32, off by ``off()`` of its units."""
    inputs = inputs_of(case)
    decimals = {name: float(text) for name, text in case.decimals.items()}
    beta1, beta2 = decimals["beta1"], decimals["decay"]
    drawn = {}

    def correction(beta, count):
        if (beta, count) not in drawn:
            power = np.float32(beta) ** np.float32(count)
            drawn[beta, count] = float(np.float32(1) - np.nextafter(power, np.float32(2 * off())))
        return drawn[beta, count]

    steps, kept = case.steps, {"first_moment": [], "second_moment": [], "parameter": []}
    columns = []
    for parameter in inputs.parameters:
        w = parameter.value.astype(np.float64)
        given = parameter.state if inputs.taken or inputs.resumed else {}
        m, v = (given.get(name, np.zeros_like(w)) for name in list(kept)[:2])
        rows = {name: [] for name in kept}
        for step in range(steps):
            g = parameter.gradients[step]
            m = cast(beta1) * m + (1 - cast(beta1)) * g
            v = narrow(cast(beta2) * v + (1 - cast(beta2)) * g * g)
            count = inputs.taken + step + 1
            root = np.sqrt(v / correction(beta2, count)) + decimals["epsilon"]
            w = w - decimals["learning_rate"] * narrow(m / correction(beta1, count) / root)
            for name, value in zip(kept, (m, v, w), strict=True):
                rows[name].append(np.ravel(value).astype(np.float64))
        columns.append(rows)
    return {
        name: np.stack([np.concatenate([rows[name][s] for rows in columns]) for s in range(steps)])
        for name in kept
    }


def cases():
    modes = ("origin", "injected", "trajectory")
    asked = ("default", 3, "float64", 2)
    found = [draw_cases("adam", (), "float64", mode, *asked) for mode in modes]
    return [case for some in found for case in some]


def single(x):
    """As float32 has it, where that has it at all."""
    with np.errstate(over="ignore", under="ignore"):
        rounded = x.astype(np.float32).astype(np.float64)
    return np.where(np.isfinite(rounded) & (np.abs(rounded) > 1e-30), rounded, x)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.mode)
def test_a_step_in_float32_hides_behind_no_correction_in_float32(case):
    question = Question(ADAM.rule, case.hyperparameters, case)
    with np.errstate(all="ignore"):
        right, wrong = adam(case), adam(case, narrow=single)
    shown = {"parameter": wrong["parameter"]}
    assert judge(ORACLE, question, right).worst < Verdict.deviates
    assert judge(ORACLE, question, shown).worst is Verdict.deviates
    assert contradicted(ORACLE, question, shown).any()


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(cases()), st.randoms(use_true_random=False))
def test_corrections_that_are_a_unit_off_are_no_departure(case, random):
    question = Question(ADAM.rule, case.hyperparameters, case)
    for shown in (["parameter"], ["first_moment", "second_moment", "parameter"]):
        with np.errstate(all="ignore"):
            found = adam(case, off=lambda: random.choice((0, 1)))
        found = {name: found[name] for name in shown}
        judgement = judge(ORACLE, question, found)
        assert judgement.worst < Verdict.deviates
        # What loses digits is told by the whole judgement alone.
        assert judgement.way.written or not contradicted(ORACLE, question, found).any()
