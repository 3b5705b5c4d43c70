"""Each verdict, from an observation that was made to deserve it."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from evaluations import Arithmetic, case_of, observe, regime
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer_conformance.cases.case import MODES
from optimizer_conformance.cases.inputs import expand
from optimizer_conformance.judging.oracle import Oracle, Question
from optimizer_conformance.judging.verdict import Verdict, judge
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.rules import ADAM, RMSPROP

INSIDE, OUTSIDE = RMSPROP.having(epsilon="inside"), RMSPROP
AGREES = {"exact", "rounding", "representation", "range", "ill_posed"}


def question(case, rule):
    return Question(rule, case.hyperparameters, case)


def judged(case, rule, observed):
    return judge(Oracle(), question(case, rule), observed)


def of(judgement, name):
    """The verdict on one parameter."""
    return next(item for item in judgement.parameters if item.name == name)


class TestExact:
    def test_the_exact_result_rounded_once(self):
        case = case_of(mode="restored", steps=3)
        asked = question(case, OUTSIDE)
        table = Oracle().table(asked)
        shape = (case.steps, len(asked.quantities), -1)
        values = PRECISIONS["float32"].round(table.value).reshape(shape)
        observed = {name: values[:, i] for i, name in enumerate(asked.quantities)}
        assert of(judged(case, OUTSIDE, observed), "wide").verdict is Verdict.exact

    def test_the_neighbour_of_the_exact_result_is_only_rounding(self):
        case = case_of()
        asked = question(case, OUTSIDE)
        values = PRECISIONS["float32"].round(Oracle().table(asked).value)
        beside = np.nextafter(values.astype(np.float32), np.float32(np.inf)).astype(float)
        observed = {"parameter": np.where(np.isfinite(values), beside, values)[-1:]}
        found = of(judged(case, OUTSIDE, observed), "wide")
        assert found.verdict is Verdict.rounding
        assert 0 < found.score <= 1
        assert found.ulp <= 2


class TestRounding:
    @pytest.mark.parametrize("mode", ["injected", "origin", "trajectory", "rate-change"])
    @pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
    @settings(max_examples=6, deadline=None)
    @given(
        seed=st.integers(0, 2**32 - 1),
        rule=st.sampled_from(
            [
                INSIDE,
                OUTSIDE,
                RMSPROP.having(initial_second_moment="1"),
                ADAM,
                RMSPROP.having(centered=True),
            ]
        ),
    )
    def test_a_correct_implementation_never_deviates(self, mode, dtype, seed, rule):
        case = case_of(
            "adam" if rule["first_moment"] else "rmsprop",
            dtype=dtype,
            mode=mode,
            steps=4 if mode in ("trajectory", "rate-change") else 1,
            seed=seed,
            epsilon="0.01" if dtype == "float16" else "1e-8",
        )
        seen = observe(case, rule, Arithmetic(dtype, random.Random(seed)))
        judgement = judged(case, rule, seen)
        assert judgement.worst is not Verdict.deviates, judgement.divergence
        assert judgement.divergence is None

    def test_ordinary_gradients_come_to_rounding_with_a_score_of_at_most_one(self):
        case = case_of(mode="restored", steps=6)
        found = of(judged(case, INSIDE, observe(case, INSIDE, Arithmetic("float32"))), "wide")
        assert found.verdict is Verdict.rounding
        assert found.score <= 1
        assert sum(found.counts) == 6 * case.size * 2  # steps x elements x quantities

    def test_flushing_subnormals_to_zero_is_explained(self):
        case = case_of(mode="restored", steps=3)
        seen = observe(case, INSIDE, Arithmetic("float32", flush=True))
        assert judged(case, INSIDE, seen).worst is Verdict.range


class TestRepresentation:
    def test_one_minus_beta_formed_in_float32(self):
        """At 0.999 that is off by 216 units in the last place: not rounding, and not wrong."""
        case = case_of(mode="restored", steps=4, decay="0.999")
        seen = observe(case, INSIDE, Arithmetic("float32", moments=True))
        judgement = judged(case, INSIDE, seen)
        found = of(judgement, "wide")
        assert found.verdict is Verdict.representation
        assert found.score <= 1 < found.written
        assert judgement.representation == "decay and 1-decay formed in float32"

    def test_bias_correction_formed_in_float32(self):
        case = case_of("adam", mode="restored", steps=3, decay="0.999")
        seen = observe(case, ADAM, Arithmetic("float32", correction=True))
        judgement = judged(case, ADAM, seen)
        assert of(judgement, "wide").verdict is Verdict.representation
        assert "bias correction formed in float32" in judgement.representation

    def test_held_as_written_needs_no_representation(self):
        case = case_of(mode="restored", steps=4, decay="0.999")
        judgement = judged(case, INSIDE, observe(case, INSIDE, Arithmetic("float32")))
        assert of(judgement, "wide").verdict in (Verdict.exact, Verdict.rounding)
        assert judgement.representation == ""


class TestRange:
    def test_squares_that_overflow(self):
        case = case_of(mode="restored", steps=2)
        judgement = judged(case, INSIDE, observe(case, INSIDE, Arithmetic("float32")))
        assert of(judgement, "huge").verdict is Verdict.range

    def test_squares_that_underflow(self):
        case = case_of(mode="restored", steps=2, epsilon="1e-20")
        judgement = judged(case, INSIDE, observe(case, INSIDE, Arithmetic("float32")))
        assert of(judgement, "tiny").verdict is Verdict.range

    def test_underflow_that_is_flushed(self):
        case = case_of(mode="restored", steps=2)
        flushed = observe(case, INSIDE, Arithmetic("float32", flush=True))
        assert of(judged(case, INSIDE, flushed), "tiny").verdict is Verdict.range

    def test_infinite_and_nan_gradients(self):
        case = case_of(mode="restored", steps=2)
        judgement = judged(case, INSIDE, observe(case, INSIDE, Arithmetic("float32")))
        assert of(judgement, "non-finite").verdict is not Verdict.deviates

    def test_an_infinity_out_of_nowhere_is_not_range(self):
        case = case_of()
        seen = observe(case, INSIDE, Arithmetic("float32"))
        seen["parameter"][0, regime(case, "wide")] = np.inf
        assert of(judged(case, INSIDE, seen), "wide").verdict is Verdict.deviates

    def test_a_nan_out_of_nowhere_is_not_range(self):
        case = case_of()
        seen = observe(case, INSIDE, Arithmetic("float32"))
        seen["parameter"][0, regime(case, "wide")] = np.nan
        found = of(judged(case, INSIDE, seen), "wide")
        assert found.verdict is Verdict.deviates
        assert math.isinf(found.score)


class TestCentralised:
    """A mean carries what is not finite to its whole row, and to no other."""

    rule = ADAM.having(centralize=True)
    case = case_of("adam", ("centralize",), mode="injected", seed=5)

    def answer(self):
        question = Question(self.rule, self.case.hyperparameters, self.case)
        return question, observe(self.case, self.rule, Arithmetic("float32"))

    def beside(self):
        """A finite gradient in a row that has another."""
        start = regime(self.case, "non-finite").start
        (item,) = [p for p in expand(self.case).parameters if p.name == "non-finite"]
        strange = ~np.isfinite(item.gradients[0].reshape(len(item.value), -1))
        row = int(np.argmax(strange.any(axis=1) & ~strange.all(axis=1)))
        return start + row * strange.shape[1] + int(np.argmin(strange[row]))

    def test_nan_is_the_answer_there(self):
        question, shown = self.answer()
        assert np.isnan(shown["parameter"][0, self.beside()])
        found = judge(Oracle(), question, shown)
        (item,) = [part for part in found.parameters if part.name == "non-finite"]
        assert item.verdict is not Verdict.deviates
        assert item.counts[Verdict.ill_posed] == 0

    def test_a_number_there_is_no_answer(self):
        question, shown = self.answer()
        shown["parameter"][0, self.beside()] = 0.5
        assert judge(Oracle(), question, shown).worst is Verdict.deviates


class TestIllPosed:
    def test_the_centred_form_without_variance(self):
        """The variance of one gradient over and over goes to zero; epsilon does not rescue it."""
        centred = RMSPROP.having(centered=True, epsilon="none")
        case = case_of(features=("centered",), mode="restored", steps=200, size=4, decay="0.5")
        judgement = judged(case, centred, observe(case, centred, Arithmetic("float32")))
        assert of(judgement, "constant").verdict is Verdict.ill_posed

    def test_nan_is_accepted_there_because_the_root_may_be_of_a_negative_number(self):
        centred = RMSPROP.having(centered=True, epsilon="none")
        case = case_of(features=("centered",), mode="restored", steps=200, size=4, decay="0.5")
        seen = observe(case, centred, Arithmetic("float32"))
        seen["parameter"][-1, regime(case, "constant")] = np.nan
        assert of(judged(case, centred, seen), "constant").verdict is Verdict.ill_posed

    def test_but_not_in_the_moments_which_are_well_posed(self):
        centred = RMSPROP.having(centered=True, epsilon="none")
        case = case_of(features=("centered",), mode="restored", steps=200, size=4, decay="0.5")
        seen = observe(case, centred, Arithmetic("float32"))
        seen["second_moment"][-1, regime(case, "constant")] *= 1.01
        assert of(judged(case, centred, seen), "constant").verdict is Verdict.deviates


class TestDeviates:
    def test_names_the_step_the_quantity_and_the_element(self):
        case = case_of(mode="restored", steps=5)
        seen = observe(case, INSIDE, Arithmetic("float32"))
        column = regime(case, "spike").start + 7
        seen["parameter"][2, column] *= 1.001
        found = judged(case, INSIDE, seen).divergence
        assert (found.step, found.quantity, found.parameter, found.element) == (
            3,
            "parameter",
            "spike",
            7,
        )
        assert found.observed == seen["parameter"][2, column]
        assert found.score > 1
        assert found.ulp > 1

    def test_the_state_is_named_before_the_parameter_that_follows_from_it(self):
        case = case_of(mode="restored", steps=3)
        found = judged(
            case, INSIDE, observe(case, INSIDE, Arithmetic("float32"), decay="0.8")
        ).divergence
        assert (found.step, found.quantity) == (1, "second_moment")

    def test_the_earliest_step_comes_first_whatever_its_score(self):
        case = case_of(mode="restored", steps=4)
        seen = observe(case, INSIDE, Arithmetic("float32"))
        wide = regime(case, "wide")
        seen["parameter"][1, wide.start + 2] += 0.01
        seen["parameter"][3, wide.start + 3] += 1000.0
        found = judged(case, INSIDE, seen).divergence
        assert (found.step, found.element) == (2, 2)

    def test_other_parameters_are_not_blamed(self):
        case = case_of(mode="restored", steps=3)
        seen = observe(case, INSIDE, Arithmetic("float32"))
        seen["parameter"][1, regime(case, "sparse").start] += 1.0
        judgement = judged(case, INSIDE, seen)
        bad = [item.name for item in judgement.parameters if item.verdict is Verdict.deviates]
        assert bad == ["sparse"]

    def test_parameters_alone_can_be_judged(self):
        case = case_of(mode="restored", steps=3)
        right = observe(case, INSIDE, Arithmetic("float32"), parameters_only=True)
        wrong = observe(case, INSIDE, Arithmetic("float32"), parameters_only=True, decay="0.8")
        assert judged(case, INSIDE, right).worst is not Verdict.deviates
        assert judged(case, INSIDE, wrong).worst is Verdict.deviates


MUTANTS = {
    "epsilon outside the root": (INSIDE, OUTSIDE, {}),
    "epsilon inside the root": (OUTSIDE, INSIDE, {}),
    "no epsilon": (INSIDE, RMSPROP.having(epsilon="none"), {}),
    "decay off by 1e-4": (INSIDE, INSIDE, {"decay": "0.9001"}),
    "learning rate off by 1e-6": (INSIDE, INSIDE, {"learning_rate": "0.01000001"}),
    "epsilon ten times larger": (OUTSIDE, OUTSIDE, {"epsilon": "1e-7"}),
    "second moment starts at 1": (
        INSIDE,
        RMSPROP.having(epsilon="inside", initial_second_moment="1"),
        {},
    ),
    "sign turned": (INSIDE, RMSPROP.having(epsilon="inside", maximize=True), {}),
    "not centred": (RMSPROP.having(centered=True), OUTSIDE, {}),
    "no bias correction": (ADAM, RMSPROP.having(first_moment=True), {}),
    "only the first moment corrected": (
        ADAM,
        RMSPROP.having(first_moment=True, correction="first"),
        {},
    ),
    "epsilon hat": (ADAM, ADAM.having(epsilon="hat"), {}),
    "beta1 off by 1e-4": (ADAM, ADAM, {"beta1": "0.9001"}),
    "maximum after the correction": (
        ADAM.having(amsgrad="raw"),
        ADAM.having(amsgrad="corrected"),
        {},
    ),
    "decay decoupled": (
        RMSPROP.having(weight_decay="l2"),
        RMSPROP.having(weight_decay="decoupled"),
        {},
    ),
    "decay not scaled": (
        RMSPROP.having(weight_decay="decoupled"),
        RMSPROP.having(weight_decay="decoupled-unscaled"),
        {},
    ),
    "nesterov left out": (
        RMSPROP.having(momentum="scaled", nesterov=True),
        RMSPROP.having(momentum="scaled"),
        {},
    ),
}


@pytest.mark.parametrize(("documented", "mutant", "changed"), MUTANTS.values(), ids=MUTANTS)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_mutant_is_caught(documented, mutant, changed, seed):
    values = {"epsilon": "1e-8"}
    if documented["momentum"] != "none":
        values["momentum"] = "0.9"
    if documented["weight_decay"] != "none":
        values["weight_decay"] = "0.01"
    family = documented.family
    features = tuple(name for name in ("momentum", "weight_decay") if name in values)
    case = case_of(family, features, mode="restored", steps=4, seed=seed, **values)
    arithmetic = Arithmetic("float32", random.Random(seed))
    seen = observe(case, mutant, arithmetic, parameters_only=True, **changed)
    assert judged(case, documented, seen).worst is Verdict.deviates
    original = observe(case, documented, arithmetic, parameters_only=True)
    assert judged(case, documented, original).worst is not Verdict.deviates


def test_a_misplaced_epsilon_shows_near_epsilon_and_hides_elsewhere():
    case = case_of(mode="origin", epsilon="1e-10")
    judgement = judged(case, INSIDE, observe(case, OUTSIDE, Arithmetic("float32")))
    assert of(judgement, "near-epsilon").verdict is Verdict.deviates
    assert of(judgement, "near-epsilon").divergence.quantity == "parameter"


@pytest.mark.parametrize("nesterov", [False, True])
def test_the_momentum_forms_part_when_the_rate_changes(nesterov):
    scaled, unscaled = (
        RMSPROP.having(epsilon="inside", momentum=form, nesterov=nesterov)
        for form in ("scaled", "unscaled")
    )

    def verdict_in(mode):
        case = case_of(features=("momentum",), mode=mode, steps=4, momentum="0.9")
        seen = observe(case, unscaled, Arithmetic("float32"), parameters_only=True)
        return of(judged(case, scaled, seen), "wide")

    assert verdict_in("trajectory").verdict is not Verdict.deviates
    changed = verdict_in("rate-change")
    assert changed.verdict is Verdict.deviates
    assert changed.divergence.step == 3  # the rate drops after the second step


def test_a_decision_alone_agrees_with_the_full_judgement():
    for mode in ("origin", "trajectory"):
        case = case_of(mode=mode, steps=3 if mode == "trajectory" else 1, decay="0.999")
        for rule in (INSIDE, OUTSIDE):
            for arithmetic in (Arithmetic("float32"), Arithmetic("float32", moments=True)):
                seen = observe(case, rule, arithmetic)
                asked = question(case, INSIDE)
                full = judge(Oracle(), asked, seen).worst is Verdict.deviates
                quick = judge(Oracle(), asked, seen, decide_only=True).worst is Verdict.deviates
                assert full == quick


def test_the_order_in_which_an_oracle_is_asked_does_not_matter():
    case, oracle = case_of(mode="restored", steps=3), Oracle()
    seen = observe(case, OUTSIDE, Arithmetic("float32"))
    first = judge(oracle, question(case, OUTSIDE), seen)
    judge(oracle, question(case, INSIDE), seen)
    again = judge(oracle, question(case, OUTSIDE), seen)
    assert [item.counts for item in first.parameters] == [item.counts for item in again.parameters]


def test_float64_carried_out_in_float32_deviates_from_float64_alone():
    case = case_of(dtype="float64", mode="origin")
    seen = observe(case, INSIDE, Arithmetic("float32"))
    assert of(judged(case, INSIDE, seen), "wide").verdict is Verdict.deviates
    narrow = Question(INSIDE, case.hyperparameters, case, working="float32")
    assert of(judge(Oracle(), narrow, seen), "wide").verdict is not Verdict.deviates


def test_every_mode_says_what_it_shows():
    assert all(text for text in MODES.values())
    assert len({item.name for item in expand(case_of()).parameters}) >= 6
