"""Inputs are sought that tell rules apart, and what repeats is compared with itself."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from evaluations import Arithmetic, observe

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.kit import to_tensor
from optimizer_conformance.cases.case import draw_cases, parse
from optimizer_conformance.cases.inputs import expand
from optimizer_conformance.cases.separation import hypotheses, separations
from optimizer_conformance.judging.execution import position_dependent
from optimizer_conformance.judging.oracle import Oracle, Question
from optimizer_conformance.judging.verdict import Verdict, judge
from optimizer_conformance.reference.rules import RMSPROP, Rule
from optimizer_conformance.reference.variants import VARIANTS

CONFIGURATIONS = sorted(
    {
        (variant.family, tuple(sorted(variant.features)))
        for variant in VARIANTS.values()
        if not variant.rule.shaped  # elsewhere elements are no experiments of their own
    }
)


def indistinguishable(a: Rule, b: Rule) -> bool:
    """Pairs that no parameter from a fresh state at a constant rate can tell apart."""
    differences = set(a.differences(b))
    same_once_corrected = a["amsgrad"] == b["amsgrad"] == "corrected" and differences == {"epsilon"}
    # A corrected variance is zero at the first step: from there the bound promises nothing.
    ill_posed = any(rule["centered"] and rule["correction"] != "none" for rule in (a, b))
    plain = a["scale"] == b["scale"] == "none" and differences == {"weight_decay"}
    return (
        plain  # w - lr (g + decay w) is w (1 - lr decay) - lr g
        or differences == {"momentum"}  # the two buffers differ by a constant factor
        or (same_once_corrected and {a["epsilon"], b["epsilon"]} == {"hat", "outside"})
        or ill_posed
        or not differences  # what they keep of the parameter differs, and moves nothing
        # Its first steps go by the mean alone, however epsilon stands in what comes after.
        or (a.family == "radam" and differences == {"epsilon"})
    )


@pytest.mark.parametrize(("family", "features"), CONFIGURATIONS, ids=str)
@pytest.mark.parametrize("dtype", ["float32"])
def test_every_two_rules_in_question_are_separated(family, features, dtype):
    case, *_ = draw_cases(family, features, dtype, "separation", "default", 0)
    (parameter,) = expand(case).parameters
    rules = hypotheses(family, features)
    apart = separations(rules, case.decimals, dtype, parameter.value, parameter.gradients)
    for (i, a), (j, b) in combinations(enumerate(rules), 2):
        if not indistinguishable(a, b):
            assert apart[i, j].max() > 1, a.differences(b)


def test_chosen_gradients_separate_in_more_elements_than_wide_ones():
    text = "rmsprop/float32/{}/decay=0.9,epsilon=1e-8,learning_rate=0.01/4x64/7"
    rules = (RMSPROP.having(epsilon="inside"), RMSPROP)

    def share(mode):
        parameter = expand(parse(text.format(mode))).parameters[0]
        start = np.zeros_like(parameter.value)
        decimals = parse(text.format(mode)).decimals
        apart = separations(rules, decimals, "float32", start, parameter.gradients)
        return np.mean(apart[0, 1] > 1000)

    assert share("separation") > 1.5 * share("trajectory")


def test_zero_gradients_without_epsilon_are_no_deviation():
    case = parse("rmsprop/float32/edges/decay=0.1,epsilon=0,learning_rate=1/4x16/7")
    rule = RMSPROP.having(epsilon="outside", weight_decay="l2")
    decimals = (*case.hyperparameters, ("weight_decay", "0"))
    seen = observe(case, rule, Arithmetic("float32"), weight_decay="0")
    found = judge(Oracle(), Question(rule, decimals, case), seen)
    assert found.worst is not Verdict.deviates
    zero = next(item for item in found.parameters if item.name == "zero")
    assert np.isnan(seen["second_moment"]).any()  # 0 times a parameter that 0 / 0 made nan
    assert zero.counts[Verdict.ill_posed] > 0


def test_an_optimizer_that_is_not_odd_is_noticed():
    case = parse("rmsprop/float32/relations/decay=0.9,epsilon=1e-8,learning_rate=0.01/4x16/7")
    inputs = expand(case)
    results = 1.0 + np.arange(inputs.parameters[0].value.size)

    def answers(shift):
        return [
            to_tensor((item.sign * results[item.experiment] + shift).astype(np.float32))
            for item in inputs.parameters
        ]

    def observation(shift):
        return [protocol.Observation(answers(shift), {}, [])]

    assert position_dependent(observation(0.0), inputs) == 0
    assert position_dependent(observation(0.25), inputs) == results.size
