"""``identify``: what a black box computes, told from its steps alone."""

from __future__ import annotations

import random
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from conformance.identification import Identification, Unidentifiable, identify
from conformance.identification.constants import shortest
from conformance.identification.experiment import experiments
from conformance.identification.holding import held
from conformance.identification.hypotheses import Family
from conformance.identification.prediction import predictions
from conformance.identification.questioning import Interview
from conformance.identification.storage import Storage, system
from conformance.identification.survey import grade
from conformance.identification.synthetic import drawn, synthetic
from conformance.power.styles import PLAIN, Style
from conformance.subject import subject
from reference.numbers import Representation
from reference.pipeline import Choices

USUAL = ("learning_rate", "decay", "epsilon")
CASES = {
    ("torch:RMSprop", ()): {"epsilon": "outside", "centered": "false", "bias_correction": "none"},
    ("torch:RMSprop", ("centered", "momentum")): {"momentum": "unscaled", "centered": "true"},
    ("torch:Adam", ("amsgrad",)): {"amsgrad": "raw", "first_moment": "true"},
    ("torch:AdamW", ("weight_decay",)): {"weight_decay": "decoupled", "bias_correction": "both"},
}


def asked(choices: Choices, *names: str, style: Style = PLAIN) -> Identification:
    """A synthetic optimizer, identified."""
    one = synthetic(choices, style, 7, names)
    return identify(one, features=one.implementation.features[0])


@pytest.mark.adapter("torch")
def test_an_implementation_is_told_from_a_few_steps() -> None:
    for (name, features), expected in CASES.items():
        with subject(name) as one:
            found = identify(one, features=features)
        assert found.verdict == "identified", (name, found.why)
        assert {key: found.factor(key) for key in expected} == expected
        assert found.steps < 50
        assert found.score <= 1
        assert found.formula[-1].startswith("w' = ")
        assert list(found.to_frame().columns)[:2] == ["value", "separation"]


@pytest.mark.adapter("mindspore")
def test_elements_that_follow_another_rule_by_their_place_are_told_apart() -> None:
    """Blocks of eight have epsilon outside the root, what is left of 188 elements inside."""
    with subject("mindspore:ops.ApplyRMSProp") as one:
        found = identify(one)
    assert found.verdict == "by place"
    assert [rule.epsilon for rule in found.rules] == ["outside", "inside"]
    assert "4 of 188 (184, 185, 186, 187)" in found.why


def test_rules_drawn_at_random_are_told() -> None:
    """Some of those that ``conformance identify --synthetic`` draws; docs/identify.md has more."""
    for one in drawn(8, seed=3):
        found = identify(
            one, features=one.implementation.features[0], seed=one.seed, thorough=False
        )
        assert grade(found, [one.choices]) == "right", (one.choices, one.style.name, found.why)


def test_every_factor_names_the_nearest_rule_that_was_contradicted() -> None:
    found = asked(Choices(epsilon="inside"), *USUAL)
    told = {row.name: row for row in found.factors}
    assert told["epsilon"].value == "inside"
    assert told["epsilon"].separation > 1e3
    assert told["epsilon"].rival in ("outside", "none")
    assert told["initial_second_moment"].rival == "1"
    assert np.isnan(told["momentum"].separation)  # no other value is possible without a coefficient


def test_two_forms_that_only_a_schedule_separates_are_ambiguous_without_one() -> None:
    one = synthetic(Choices(momentum="scaled"), PLAIN, 1, (*USUAL, "momentum"))
    assert identify(one, features=("momentum",)).factor("momentum") == "scaled"
    item = msgspec.structs.replace(one.implementation, schedules=False)
    found = identify(replace(one, implementation=item), features=("momentum",))
    assert found.verdict == "ambiguous"
    (unclear,) = found.ambiguous
    assert (unclear.factor, set(unclear.values)) == ("momentum", {"scaled", "unscaled"})
    assert "takes no schedule" in unclear.reason


def test_coefficients_formed_in_float32_are_noticed() -> None:
    formed = Style(name="formed", held=Representation("", "", "float32", "float32"))
    assert "coefficients as written" in asked(Choices(), *USUAL).factor("float32")
    assert "1 - decay in float32" in asked(Choices(), *USUAL, style=formed).factor("float32")


def test_a_wider_state_is_noticed() -> None:
    for state, expected in (("float32", "all in float32"), ("", "state in bfloat16")):
        style = Style(name="mixed", intermediate="float32", state=state)
        one = synthetic(Choices(), style, 1, USUAL)
        found = held(Interview(one, (), 100), Choices(), "bfloat16", frozenset(USUAL), {}, 0, {})
        assert expected in str(found)


def test_a_step_that_is_not_deterministic_is_refused() -> None:
    one = synthetic(Choices(), PLAIN, 1, USUAL)
    honest = one.steps

    def noisy(*arguments, **options):  # type: ignore[no-untyped-def]
        trial = honest(*arguments, **options)
        trial.observed["parameter"] = trial.parameter * (1 + 1e-3 * random.random())
        return trial

    object.__setattr__(one, "steps", noisy)
    with pytest.raises(Unidentifiable, match="other bits the second time"):
        identify(one)


def test_rules_that_share_an_operation_share_its_result() -> None:
    """Memory changes nothing: each rule is predicted alone as it is among the others."""
    rules = Family.offered((*USUAL, "momentum", "weight_decay")).rules[::97]
    num = system(Storage("float32"), "float32", "ieee")
    offered = frozenset((*USUAL, "momentum", "weight_decay"))
    for experiment in list(experiments(offered, {}, "float32", 0, schedules=True))[:3]:
        for group in predictions(rules, experiment, num):
            for rule in group.hypotheses:
                (alone,) = predictions([rule], experiment, num)
                assert np.array_equal(alone.table.value, group.table.value, equal_nan=True)
                assert np.array_equal(alone.table.error, group.table.error, equal_nan=True)


def test_constants_are_read_as_the_shortest_decimals_within_their_error() -> None:
    assert next(shortest("decay", 0.8999999796, 3e-7, 6e-8)) == "0.9"
    assert next(shortest("epsilon", 1.0000001e-8, 2e-7, 6e-8)) == "1e-08"
    assert next(shortest("learning_rate", 0.0031415, 1e-9, 6e-8)) == "0.0031415"


def hidden(parameter, gradient, state):  # type: ignore[no-untyped-def]
    """Adam with everything built in."""
    first, second, count = state or (0 * parameter, 0 * parameter, 0)
    count += 1
    first = (0.9 * first + 0.1 * gradient).astype(parameter.dtype)
    second = (0.999 * second + 0.001 * gradient**2).astype(parameter.dtype)
    root = np.sqrt(second / (1 - 0.999**count)) + 1e-8
    step = 0.001 * (first / (1 - 0.9**count)) / root
    return (parameter - step).astype(parameter.dtype), (first, second, count)


def test_constants_that_are_built_in_are_estimated() -> None:
    with subject(f"{__file__}:hidden") as one:
        found = identify(one, thorough=False)
    assert found.verdict == "identified"
    assert (found.factor("epsilon"), found.factor("bias_correction")) == ("outside", "both")
    constants = {"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-08"}
    assert {name: found.factor(f"built-in {name}") for name in constants} == constants
