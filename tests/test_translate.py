"""``translate``: the hyperparameters that make one implementation do what another does."""

from __future__ import annotations

import json
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from optimizer_conformance.cli.main import app
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.translate import between, report, translate
from optimizer_conformance.questions.translate.code import Unwritable, body, wrapper
from optimizer_conformance.questions.translate.proof import proved, refuted, relation
from optimizer_conformance.questions.translate.settings import OptimizerSetting, setting, words
from optimizer_conformance.questions.translate.table import survey
from optimizer_conformance.questions.translate.transformations import GIVEN, ONE
from optimizer_conformance.questions.translate.trial import drawn
from optimizer_conformance.questions.translate.wrapping import audited
from optimizer_conformance.reference.decimals import HyperparameterError
from optimizer_conformance.reference.numbers import FLOAT64, PRECISIONS, BoundArithmetic
from optimizer_conformance.reference.numbers.system import FORMED_FROM
from optimizer_conformance.reference.rules import RMSPROP, Rule
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.subject import SubjectError, subject

NOTHING: frozenset[str] = frozenset()
DECIMALS = {
    "learning_rate": "0.01",
    "decay": "0.9",
    "epsilon": "0.001",
    "beta1": "0.8",
    "momentum": "0.7",
    "weight_decay": "0.1",
    "loss_scale": "4",
    "clip": "0.5",
    "momentum_decay": "0.1",
    "beta3": "0.95",
    "l1": "0.1",
    "l2": "0.5",
    "lasso": "0.1",
    "steadiness": "1",
    "mixture": "5",
    "interpolation": "0.9",
    "fading": "0.1",
    "power": "0.75",
    "delay": "0",
    "slow_share": "0.5",
    "ema_decay": "0.9",
    "period": "2",
    "growth": "1.2",
    "shrinkage": "0.5",
    "least_step": "0.001",
    "largest_step": "50",
}


def rule(identifier: str) -> Rule:
    return VARIANTS[identifier].rule


def test_the_same_rule_takes_the_same_numbers() -> None:
    found = relation(rule("keras-rmsprop"), rule("optax-rmsprop"), NOTHING)
    assert found is not None
    assert found.expressions == {name: GIVEN[name] for name in found.expressions}
    assert found.schedules
    assert not found.state


def test_epsilon_inside_and_outside_the_root_have_no_common_setting_but_zero() -> None:
    first, second = rule("torch-rmsprop"), rule("optax-rmsprop")
    assert relation(first, second, NOTHING) is None
    assert relation(first, second, frozenset({"epsilon"})) is not None


def test_epsilon_hat_becomes_a_schedule_of_epsilon() -> None:
    found = relation(rule("torch-adam"), rule("keras-adam"), NOTHING)
    assert found is not None
    assert found.changing == ("epsilon",)
    assert str(found.expressions["epsilon"]) == "sqrt(c2)*epsilon"


def test_momentum_buffers_agree_until_the_learning_rate_changes() -> None:
    scaled = RMSPROP.having(epsilon="inside", momentum="scaled")
    unscaled = scaled.having(momentum="unscaled")
    found = relation(scaled, unscaled, NOTHING)
    assert found is not None
    assert not found.schedules
    assert str(found.buffer) == "1/learning_rate"


def test_decay_that_is_not_multiplied_by_the_rate_is_multiplied_beforehand() -> None:
    decoupled = RMSPROP.having(weight_decay="decoupled")
    alone = decoupled.having(weight_decay="decoupled-unscaled")
    there, back = relation(decoupled, alone, NOTHING), relation(alone, decoupled, NOTHING)
    assert there is not None
    assert back is not None
    assert str(there.expressions["weight_decay"]) == "learning_rate*weight_decay"
    assert str(back.expressions["weight_decay"]) == "weight_decay/learning_rate"


def test_rmsprop_is_adam_without_a_first_moment_and_a_scheduled_rate() -> None:
    found = relation(rule("torch-rmsprop"), rule("keras-adam"), NOTHING)
    assert found is not None
    assert found.expressions["beta1"] == 0
    assert found.changing == ("learning_rate",)
    back = relation(rule("keras-adam"), rule("torch-rmsprop"), frozenset({"beta1"}))
    assert back is not None
    assert relation(rule("keras-adam"), rule("torch-rmsprop"), NOTHING) is None


def test_another_start_is_a_state_to_be_set() -> None:
    first, second = rule("timm-rmsproptf"), rule("keras-rmsprop")
    found = relation(first, second, NOTHING)
    assert found is not None
    assert found.state == {"second_moment": "1"}
    assert relation(first, second, NOTHING, state=False) is None


def test_every_rule_is_proved_to_be_itself_and_none_with_another_factor() -> None:
    for same in {variant.rule for variant in VARIANTS.values()}:
        expressions = {name: GIVEN[name] for name in same.hyperparameters}
        assert not refuted(same, same, expressions, ONE, NOTHING), same
        assert proved(same, same, expressions, ONE, NOTHING, changing=True), same
        doubled = {**expressions, "learning_rate": 2 * GIVEN["learning_rate"]}
        assert refuted(same, same, doubled, ONE, NOTHING), same
        assert not proved(same, same, doubled, ONE, NOTHING, changing=False), same


def test_what_is_proved_walks_together_and_what_is_refused_parts() -> None:
    """Independently of the proof: trajectories in float64 with constant numbers."""
    random = np.random.default_rng(3)
    start, gradients = random.standard_normal(50), list(random.standard_normal((6, 50)) * 0.01)
    names = ("torch-rmsprop", "keras-rmsprop", "timm-rmsproptf", "torch-rmsprop-momentum")
    names += ("keras-rmsprop-momentum", "torch-adam", "keras-adam", "torch-adamw-weight-decay")
    together = 0
    for a, b in product(names, names):
        first, second = rule(a), rule(b)
        found = relation(first, second, NOTHING, state=False)
        if found is not None and found.changing:
            continue
        decimals = dict(DECIMALS)
        if found is not None:
            decimals |= {n: str(e) for n, e in found.expressions.items() if e.is_Integer}
        ends = []
        for one, given in ((first, DECIMALS), (second, decimals)):
            *_, (last, _) = trajectory(one, given, start, gradients, num=FLOAT64)
            ends.append(last)
        same = bool(np.allclose(*ends, rtol=1e-9, atol=0))
        assert same == (found is not None), (a, b)
        together += same
    assert together > len(names)  # each is itself, and some are another


@pytest.mark.adapter("torch")
@pytest.mark.adapter("numpy")
def test_an_inside_epsilon_is_refused_with_a_witness_that_both_implementations_show() -> None:
    with subject("torch:RMSprop") as one, subject("numpy:d2l.scratch") as other:
        found = between(one, other, steps=20)
        seen = found.witness
        assert seen is not None
        values = [
            asked.steps(
                np.array([seen.parameter]),
                [np.array([gradient]) for gradient in seen.gradients],
                {name: float(found_) for name, found_ in numbers.items()},
            ).parameter[-1, 0]
            for asked, numbers in ((one, found.given), (other, found.hyperparameters))
        ]
    assert found.outcome == "none"
    assert not found.proved
    assert "epsilon outside the root in the first" in found.reason
    assert values == [seen.first, seen.second]
    assert seen.first != seen.second
    # What stands under the root weighs as its root: the square is nearest.
    assert found.hyperparameters["epsilon"] == "1e-16"
    assert [row.step for row in found.drift] == [1, 2, 5, 10, 20]
    assert found.drift[0].ulp > 1


@pytest.mark.adapter("torch")
def test_the_same_rule_is_proved_by_running_the_second() -> None:
    found = translate("torch:AdamW", "torch:Adam", ["weight_decay=0", "lr=0.003", "beta_2=0.99"])
    assert found.outcome == "same"
    assert found.proved
    assert found.hyperparameters == {
        "beta1": "0.9",
        "decay": "0.99",
        "epsilon": "1e-8",
        "learning_rate": "0.003",
    }
    assert {run.case.split("/")[2] for run in found.runs} == {
        "origin",
        "trajectory",
        "separation",
        "rate-change",
    }
    assert 0 < found.score <= 1
    assert found.varying


@pytest.mark.adapter("torch")
def test_a_form_of_weight_decay_is_refused() -> None:
    found = translate("torch:Adam", "torch:AdamW", ["weight_decay=0.1"], steps=5)
    assert found.outcome == "none"
    assert "weight decay added to the gradient in the first" in found.reason


@pytest.mark.adapter("jax")
@pytest.mark.adapter("torch")
def test_scheduled_rates_carry_a_missing_bias_correction() -> None:
    found = translate(
        "jax:optax.rmsprop", "jax:optax.rmsprop[bias_correction]", ["lr=0.01", "epsilon=0"]
    )
    assert found.outcome == "schedule", found.reason
    assert found.formulas["learning_rate"] == "learning_rate/sqrt(c2)"
    assert len(found.schedules["learning_rate"]) > 1
    assert found.runs


@pytest.mark.parametrize("identifier", sorted(VARIANTS))
def test_the_code_of_every_rule_is_that_rule(identifier) -> None:
    """What is printed for NumPy, against the pipeline on float64 arrays."""
    same = VARIANTS[identifier].rule
    real = set(FORMED_FROM) - {"correction3"}
    if same.shaped or not real.isdisjoint(same.coefficients) or same["scale"] == "trials":
        with pytest.raises(Unwritable):
            body(same)
        return
    given = {name: DECIMALS[name] for name in same.hyperparameters}
    namespace: dict[str, Any] = {}
    exec(compile(wrapper(same, given, "numpy", "a rule"), identifier, "exec"), namespace)
    random = np.random.default_rng(5)
    parameter, state = random.standard_normal(20), None
    start, gradients = parameter, list(random.standard_normal((4, 20)))
    for gradient in gradients:
        parameter, state = namespace["update"](parameter, gradient, state)
    *_, (expected, _) = trajectory(same, given, start, gradients, num=FLOAT64)
    # Two orders of the same operations: how far they may part is what the bound says.
    wide = BoundArithmetic(PRECISIONS["float64"])
    numbers = [wide.given(gradient) for gradient in gradients]
    *_, (bound, _) = trajectory(same, given, wide.given(start), numbers, num=wide)
    assert (np.abs(parameter - expected) <= 2 * bound.error).all()


@pytest.mark.parametrize("adapter", ["torch", "jax", "tensorflow", "numpy"])
def test_the_code_is_run_in_its_framework_and_judged(adapter) -> None:
    if not environments.locate(adapter).complete:
        pytest.skip(f"no environment of {adapter}")
    same = rule("keras-rmsprop-centered-momentum")
    given = {name: DECIMALS[name] for name in same.hyperparameters}
    asked = OptimizerSetting(("centered", "momentum"), given)
    code = wrapper(same, given, adapter, "a rule")
    every = drawn("rmsprop", asked, "float32", schedules=True)
    runs, why = audited(Oracle(), code, adapter, same, asked, every)
    assert not why
    assert {run.case.split("/")[2] for run in runs} >= {"origin", "trajectory", "rate-change"}
    assert {run.verdict for run in runs} <= {"exact", "rounding", "representation"}
    spoilt = code.replace("sqrt(second_moment", "sqrt(2 * second_moment")
    assert spoilt != code
    judged, _ = audited(Oracle(), spoilt, adapter, same, asked, every)
    assert "deviates" in {run.verdict for run in judged}


@pytest.mark.adapter("timm")
@pytest.mark.adapter("jax")
def test_another_implementation_of_the_framework_may_do_what_this_one_cannot() -> None:
    found = translate("timm:RMSpropTF", "jax:optax.rmsprop", steps=3)
    assert found.outcome == "state"
    assert found.state == {"second_moment": "1"}
    assert found.score <= 1
    assert found.alternatives == ("jax:optax.rmsprop[initial_scale=1]",)
    assert "full_like(leaf, 1)" in found.code
    assert found.checked
    assert not found.unchecked


@pytest.mark.adapter("mindspore")
@pytest.mark.adapter("numpy")
def test_an_implementation_that_follows_no_single_rule_is_not_translated() -> None:
    found = translate("mindspore:nn.RMSProp[pynative]", "numpy:d2l.scratch", steps=3)
    assert found.outcome == "none"
    assert "no rule that is the same for all elements" in found.reason
    assert not found.code


@pytest.mark.adapter("torch")
@pytest.mark.adapter("numpy")
def test_all_pairs_make_a_page_with_witnesses() -> None:
    atlas = survey(["numpy", "torch"], progress=lambda text: None)
    page = report.markdown(atlas)
    assert "| **A** | · |" in page
    assert "`epsilon" not in page.split("## Momentum")[0].split("Witnesses")[1]
    plain = [item for item in atlas.attempts if not item.features]
    refused = [item for item in plain if item.outcome == "none"]
    assert refused
    assert all(item.witness or item.remark for item in refused)
    content = json.loads(json.dumps(report.content(atlas)))
    assert {item["implementation"] for item in content["followers"]} >= {
        "numpy:codecademy",
        "torch:Adam",
    }


def test_a_default_that_means_nothing_without_its_option_switches_nothing_on() -> None:
    item = SimpleNamespace(
        name="keras.SGD", family="sgd", features=[[], ["ema"]],
        hyperparameters=["learning_rate", "ema_decay"],
    )  # fmt: skip
    defaults = {"learning_rate": 0.01, "ema_decay": 0.99, "ema": False}
    asked = SimpleNamespace(implementation=item, defaults=defaults)
    assert setting(asked, {}).features == ()
    assert setting(asked, {"ema_decay": "0.9"}).features == ("ema",)


@pytest.mark.adapter("torch")
def test_words_are_canonical_whatever_a_framework_calls_them() -> None:
    assert words(["alpha=0.9", "lr=1e-03"], "rmsprop") == {
        "decay": "0.9",
        "learning_rate": "1e-3",
    }
    assert words(["alpha=0.1"], "adam") == {"learning_rate": "0.1"}
    with subject("torch:RMSprop") as asked:
        assert setting(asked, {"momentum": "0"}).features == ()
        assert setting(asked, {"momentum": "0.5"}).features == ("momentum",)
        with pytest.raises(SubjectError, match="not these options together"):
            setting(asked, {"momentum": "0.5", "weight_decay": "0.1"})
        with pytest.raises(SubjectError, match="takes no beta1"):
            setting(asked, {"beta1": "0.5"})
    for wrong in ("lr", "lr=fast", "speed=1", "centered=2"):
        with pytest.raises((SubjectError, HyperparameterError)):
            words([wrong], "rmsprop")


@pytest.mark.adapter("torch")
def test_the_command_prints_and_exits_by_what_was_found() -> None:
    run = CliRunner()
    pair = ["translate", "--from", "torch:RMSprop", "--to", "torch:RMSprop[foreach]"]
    said = run.invoke(app, [*pair, "momentum=0.9", "--json"])
    assert said.exit_code == 0, said.output
    content = json.loads(said.stdout)
    assert content["outcome"] == "same"
    assert content["score"] <= 1
    shown = run.invoke(app, [*pair[:3], "--to", "torch:Adam", "--steps", "3"])
    assert shown.exit_code == 1
    assert "witness" in shown.output
    assert "drift" in shown.output


def test_the_command_refuses_what_makes_no_sense() -> None:
    from optimizer_conformance.cli.console import UsageError

    run = CliRunner()
    for arguments in (
        ["translate"],
        ["translate", "--from", "torch:RMSprop"],
        ["translate", "--from", "nothing:X", "--to", "torch:RMSprop"],
        ["translate", "--from", "torch:RMSprop", "--to", "torch:RMSprop", "--dtype", "int8"],
        ["translate", "--from", "torch:RMSprop", "--to", "torch:RMSprop", "--steps", "0"],
    ):
        said = run.invoke(app, arguments)
        assert isinstance(said.exception, (UsageError, SubjectError)), arguments
