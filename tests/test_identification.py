"""``identify``: what a black box computes, told from its steps alone."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from optimizer_conformance.mutants.styles import PLAIN, Style
from optimizer_conformance.questions.identify import (
    Identification,
    Unidentifiable,
    documents,
    identify,
)
from optimizer_conformance.questions.identify.ambiguity import same
from optimizer_conformance.questions.identify.constants import shortest
from optimizer_conformance.questions.identify.experiment import experiments
from optimizer_conformance.questions.identify.holding import held
from optimizer_conformance.questions.identify.hypotheses import Family
from optimizer_conformance.questions.identify.prediction import predictions
from optimizer_conformance.questions.identify.queries import Queries
from optimizer_conformance.questions.identify.search import Search
from optimizer_conformance.questions.identify.storage import Storage, system
from optimizer_conformance.questions.identify.survey import grade
from optimizer_conformance.questions.identify.synthetic import drawn, synthetic
from optimizer_conformance.reference.numbers import Representation
from optimizer_conformance.reference.rules import (
    ADAM,
    NOVOGRAD,
    RMSPROP,
    RPROP,
    SGD,
    SIGNSGD,
    SIGNUM,
    Rule,
)
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.workers.subject import subject

USUAL = ("learning_rate", "decay", "epsilon")
CASES = {
    ("torch:RMSprop", ()): {"epsilon": "outside", "centered": "false", "bias_correction": "none"},
    ("torch:RMSprop", ("centered", "momentum")): {"momentum": "unscaled", "centered": "true"},
    ("torch:Adam", ("amsgrad",)): {"amsgrad": "raw", "first_moment": "true"},
    ("torch:AdamW", ("weight_decay",)): {"weight_decay": "decoupled", "bias_correction": "both"},
    ("torch:SGD", ()): {"scale": "none", "epsilon": "none"},
}


def asked(rule: Rule, *names: str, style: Style = PLAIN) -> Identification:
    """A synthetic optimizer, identified."""
    one = synthetic(rule, style, 7, names)
    return identify(one, features=one.implementation.features[0])


@pytest.mark.adapter("torch")
def test_an_implementation_is_told_from_a_few_steps() -> None:
    for (name, features), expected in CASES.items():
        with subject(name) as one:
            found = identify(one, features=features)
        assert found.verdict == "identified", (name, found.why)
        assert {key: found.factor(key) for key in expected} == expected
        assert found.steps < 1_200  # 1,100 of them in the experiment that holds it in the end
        assert found.score <= 1
        assert found.formula[-1].startswith("w' = ")
        assert list(found.to_frame().columns)[:2] == ["value", "separation"]


@pytest.mark.adapter("mindspore")
def test_elements_that_follow_another_rule_by_their_place_are_told_apart() -> None:
    """Blocks of eight have epsilon outside the root, what is left of 188 elements inside."""
    with subject("mindspore:ops.ApplyRMSProp") as one:
        found = identify(one)
    assert found.verdict == "by place"
    assert [rule["epsilon"] for rule in found.rules] == ["outside", "inside"]
    assert "4 of 188 (184, 185, 186, 187)" in found.why


def test_rules_drawn_at_random_are_told() -> None:
    """Some of those that ``conformance identify --synthetic`` draws; docs/identify.md has more."""
    for one in drawn(2, seed=3):
        found = identify(
            one, features=one.implementation.features[0], seed=one.seed, thorough=False
        )
        assert grade(found, [one.rule]) == "right", (one.rule, one.style.name, found.why)


@pytest.mark.parametrize("epsilon", ["inside", "outside", "none"])
@pytest.mark.parametrize("decay", ["none", "l2"])
def test_an_epsilon_beside_a_norm_is_told(epsilon: str, decay: str) -> None:
    """The large gradients of an array drown it, and so does a decay that joins the gradient."""
    rule = NOVOGRAD.having(epsilon=epsilon, weight_decay=decay)
    one = synthetic(rule, PLAIN, 7, (*USUAL, *(["weight_decay"] if decay == "l2" else [])))
    found = identify(one, features=one.implementation.features[0], thorough=False)
    assert found.rules == (rule,), found.ambiguous


@pytest.mark.parametrize("rule", [SIGNSGD, RPROP, RPROP.having(weight_decay="decoupled")])
def test_a_limit_that_no_number_can_tell_is_proved_to_change_nothing(rule: Rule) -> None:
    """A limit changes no sign."""
    limited = rule.having(clip=True)
    one = synthetic(limited, PLAIN, 7, (*USUAL, *limited.hyperparameters))
    found = identify(one, features=one.implementation.features[0], thorough=False)
    assert found.verdict == "identified"
    assert same(found.rules[0], one.rule)
    assert any("equal by SymPy" in note for note in found.notes)


@pytest.mark.parametrize(
    "rule", [SGD, SIGNUM, RPROP.having(weight_decay="l2"), SIGNSGD.having(weight_decay="l2"), ADAM]
)
def test_a_limit_that_shows_is_not_the_same(rule: Rule) -> None:
    assert not same(rule, rule.having(clip=True))


def test_rules_that_begin_otherwise_are_not_the_same() -> None:
    """Only the first step is another, also where something else begins at the first step."""
    zero = {"initial_second_moment": "0"}
    for rule in (NOVOGRAD, NOVOGRAD.having(lookahead=True), NOVOGRAD.having(ema="after")):
        assert not same(rule, rule.having(**zero))
    adan = VARIANTS["optax-adan"].rule  # whose first difference is a sum of zeros
    assert not same(adan, adan.having(differences="lost"))


def test_every_factor_names_the_nearest_rule_that_was_contradicted() -> None:
    found = asked(RMSPROP.having(epsilon="inside"), *USUAL)
    told = {row.name: row for row in found.factors}
    assert told["epsilon"].value == "inside"
    assert told["epsilon"].separation > 1e3
    assert told["epsilon"].rival in ("outside", "none")
    assert told["initial_second_moment"].rival == "1"
    assert np.isnan(told["momentum"].separation)  # no other value is possible without a coefficient


def test_two_forms_that_only_a_schedule_separates_are_ambiguous_without_one() -> None:
    one = synthetic(RMSPROP.having(momentum="scaled"), PLAIN, 1, (*USUAL, "momentum"))
    assert identify(one, features=("momentum",)).factor("momentum") == "scaled"
    item = msgspec.structs.replace(one.implementation, schedules=False)
    found = identify(replace(one, implementation=item), features=("momentum",))
    assert found.verdict == "ambiguous"
    (unclear,) = found.ambiguous
    assert (unclear.factor, set(unclear.values)) == ("momentum", {"scaled", "unscaled"})
    assert "takes no schedule" in unclear.reason


def test_coefficients_formed_in_float32_are_noticed() -> None:
    formed = Style(name="formed", held=Representation("", "", "float32", "float32"))
    assert "coefficients as written" in asked(RMSPROP, *USUAL).factor("float32")
    assert "1 - decay in float32" in asked(RMSPROP, *USUAL, style=formed).factor("float32")


def test_a_wider_state_is_noticed() -> None:
    for state, expected in (("float32", "all in float32"), ("", "state in bfloat16")):
        style = Style(name="mixed", intermediate="float32", state=state)
        one = synthetic(RMSPROP, style, 1, USUAL)
        found = held(Queries(one, (), 100), RMSPROP, "bfloat16", frozenset(USUAL), {}, 0, {})
        assert expected in str(found)


def test_rules_with_more_constants_than_were_found_are_asked_with_the_usual_ones() -> None:
    """What no rule gives is held against documented rules that may have a decay."""
    one = synthetic(SGD, PLAIN, 1, ("learning_rate",))
    search = Search(Queries(one, (), 100), "float32", {}, 0)
    search.usual = {"epsilon": "1e-5"}  # what fitted the rule that came nearest
    assert search.complete == {"decay": "0.9", "epsilon": "1e-5"}


def test_a_step_that_is_not_deterministic_is_refused() -> None:
    one = synthetic(RMSPROP, PLAIN, 1, USUAL)
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


OUTSIDE = ("clipped_by_norm",)
TARGETS = Path(__file__).parent / "targets" / "outside.py"


def told(name: str, *, thorough: bool = False) -> Identification:
    """An optimizer of ``targets/outside.py``, identified in its plain form."""
    with subject(f"{TARGETS}:{name}") as one:
        return identify(one, thorough=thorough)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("adagrad", "v' = v + g^2"),
        ("sgd_with_momentum", "w' = w - lr*g"),  # asked in its plain form, without momentum
        ("lion", "w' = w - lr*sign(beta_1*m + g*(1 - beta_1))"),
    ],
)
def test_rules_without_an_average_of_squares_are_told_from_steps(name: str, line: str) -> None:
    found = told(name)
    assert found.verdict == "identified"
    assert line in found.formula


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("adadelta", "the rule of keras-adadelta"),
        ("adabelief", "the rule of pytorch-optimizer-adabelief"),
        ("adamax", "the rule of optax-adamax"),
        ("yogi", "optax-yogi, but second moment starts at 0"),
    ],
)
def test_rules_beside_adam_are_told_from_steps(name: str, words: str) -> None:
    found = told(name)
    assert found.verdict == "identified"
    assert words in found.why


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_is_no_rule_of_the_family_is_called_outside_it(name: str) -> None:
    found = told(name)
    assert found.verdict == "outside the family"
    assert not found.rules
    assert not found.formula
    assert found.first_divergence is not None
    assert found.first_divergence.score > 1
    assert "none of" in found.why


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clipped_by_value", "gradients are clipped to the range from -1 to 1"),
        ("correction_one_step_late", "rules gives what was seen"),
    ],
)
def test_one_fault_that_explains_everything_is_named_or_said_not_to_be(
    name: str, words: str
) -> None:
    found = told(name)
    assert found.verdict == "outside the family"
    assert words in found.why


def test_constants_that_are_built_in_are_estimated() -> None:
    found = told("adam_with_everything_built_in")
    assert found.verdict == "identified"
    assert (found.factor("epsilon"), found.factor("bias_correction")) == ("outside", "both")
    constants = {"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-08"}
    assert {name: found.factor(f"built-in {name}") for name in constants} == constants


def test_gradients_that_are_treated_in_a_way_of_their_own_are_noticed() -> None:
    zeros = told("skips_zeros", thorough=True)
    assert zeros.factor("epsilon") == "outside"
    assert zeros.factor("zero_gradient") == "parameter and state kept"
    steps = told("ignores_steps_with_nan", thorough=True)
    assert steps.factor("zero_gradient") == "as any other"
    assert steps.factor("non_finite") == "the whole step is left out"


def test_what_no_parameter_shows_is_said_and_the_claimed_document_comes_first():
    kept = VARIANTS["keras-sgd-before-ema"].rule
    claims = ["keras-sgd", "keras-sgd-before"]
    names, departure = documents.nearest(kept, ("ema",), claims)
    assert (names[0], departure) == ("keras-sgd-ema", "")
    (said,) = documents.unseen(names)
    assert "begins with the first new one or begins with the first of all" in said
    assert documents.unseen(["torch-adam", "optax-adam"]) == ()
