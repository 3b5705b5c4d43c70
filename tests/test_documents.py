"""What the documents fix: examples, defaults, printed formulas, and the records of all variants."""

from __future__ import annotations

import re

import numpy as np
import pytest
import sympy
from evaluations import Arithmetic, walk

from optimizer_conformance.reference import examples
from optimizer_conformance.reference.numbers import FLOAT64, PRECISIONS, BoundArithmetic, equations
from optimizer_conformance.reference.numbers.symbolic import plain
from optimizer_conformance.reference.rules import FACTORS, FAMILIES, RMSPROP
from optimizer_conformance.reference.rules.words import difference
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reference.variants.record import FEATURES, suffix

FILLED = {
    "learning_rate": "0.01",
    "decay": "0.9",
    "beta1": "0.9",
    "epsilon": "1e-3",
    "momentum": "0.9",
    "weight_decay": "0.01",
    "loss_scale": "4",
    "clip": "0.5",
    "momentum_decay": "0.004",
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
every_variant = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS.keys())


def decimals_for(variant):
    """Documented defaults where they say something, otherwise anything."""
    return {name: variant.defaults.get(name, FILLED[name]) for name in variant.rule.hyperparameters}


class TestExamples:
    @pytest.mark.parametrize("example", examples.reproduce(), ids=lambda item: item.example)
    def test_every_documented_example_is_reproduced_to_the_digit(self, example):
        assert example.obtained == example.documented
        assert example.matches

    def test_codecademy_prints_these_digits(self):
        assert examples.codecademy().obtained == "[0.23162277 0.36837724 0.56837725]"

    def test_the_twenty_steps_of_dive_into_deep_learning_end_here(self):
        assert examples.d2l_trajectory().obtained == "epoch 20, x1 -0.010599, x2 0.000000"

    def test_matlab_first_steps(self):
        # 0.05 / (sqrt(0.05) + 1e-8) and 0.05 / (1 + 1e-8), worked out by hand.
        assert examples.matlab_rmsprop().obtained.startswith("step 0.223606787749979,")
        assert examples.matlab_adam().obtained.startswith("step 0.049999999500000")

    def test_the_docstring_of_keras_rmsprop(self):
        """10 becomes 9.683772 with rate 0.1 and the gradient of x^2 / 2."""
        variant = VARIANTS["keras-rmsprop"]
        ((parameter, _),) = trajectory(
            variant.rule,
            {**variant.defaults, "learning_rate": "0.1"},
            np.array([10.0]),
            [np.array([10.0])],
            num=FLOAT64,
        )
        assert f"{parameter[0]:.6f}" == "9.683772"


class TestDefaults:
    def test_matlab_changed_its_decay_in_r2020a(self):
        before = VARIANTS["matlab-rmspropupdate-r2019b"].defaults
        after = VARIANTS["matlab-rmspropupdate-r2020a"].defaults
        assert before == {"learning_rate": "0.001", "decay": "0.999", "epsilon": "1e-8"}
        assert after == {"learning_rate": "0.001", "decay": "0.9", "epsilon": "1e-8"}

    def test_matlab_adam(self):
        wanted = {"learning_rate": "0.001", "beta1": "0.9", "decay": "0.999", "epsilon": "1e-8"}
        assert VARIANTS["matlab-adamupdate"].defaults == wanted

    def test_mindspore_rmsprop(self):
        wanted = {"learning_rate": "0.1", "decay": "0.9", "epsilon": "1e-10"}
        assert VARIANTS["mindspore-rmsprop"].defaults == wanted
        assert VARIANTS["mindspore-rmsprop-momentum"].defaults == {**wanted, "momentum": "0.0"}

    def test_torch_rmsprop(self):
        wanted = {"learning_rate": "0.01", "decay": "0.99", "epsilon": "1e-8"}
        assert VARIANTS["torch-rmsprop"].defaults == wanted

    def test_epsilon_stands_where_each_document_puts_it(self):
        places = {
            "codecademy-rmsprop": "inside",
            "d2l-rmsprop": "inside",
            "mindspore-rmsprop": "inside",
            "torch-rmsprop": "outside",
            "matlab-adamupdate": "outside",
            "matlab-adamupdate-hat": "hat",
        }
        assert {name: VARIANTS[name].rule["epsilon"] for name in places} == places


class TestRecords:
    @every_variant
    def test_has_a_source_and_a_valid_identifier(self, variant):
        assert variant.source.strip()
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", variant.identifier)
        assert variant.url == "" or variant.url.startswith("https://")
        assert variant.identifier == variant.base + suffix(variant.features)
        assert variant.features <= set(FEATURES)

    @every_variant
    def test_defaults_are_decimals_of_known_hyperparameters(self, variant):
        for name, value in variant.defaults.items():
            assert name in FILLED
            assert re.fullmatch(r"\d+(\.\d+)?(e-?\d+)?", value)

    @every_variant
    def test_readings_name_choices(self, variant):
        assert set(variant.readings) <= {*FACTORS, "squares"}
        assert all(text.strip() for text in variant.readings.values())

    @every_variant
    def test_features_say_what_the_choices_do(self, variant):
        rule = variant.rule
        assert ("momentum" in variant.features) == (rule["momentum"] != "none")
        assert ("amsgrad" in variant.features) == (rule["amsgrad"] != "none")
        assert ("maximize" in variant.features) == rule["maximize"]
        if "nesterov" not in variant.readings:  # a document may leave open what its momentum is
            assert ("nesterov" in variant.features) == rule["nesterov"]
        assert ("centralize" in variant.features) == rule["centralize"]
        assert ("weight_decay" in variant.features) == (rule["weight_decay"] != "none")
        assert rule.kinds == FAMILIES[variant.family].kinds

    def test_an_unknown_option_is_refused(self):
        with pytest.raises(ValueError, match=r"unknown features.*wings.*known are centered"):
            VARIANTS["torch-rmsprop"].with_option("wings")

    def test_options_come_in_one_order(self):
        plain = VARIANTS["mindspore-rmsprop"]
        one = plain.with_option("momentum").with_option("centered")
        other = plain.with_option("centered", "momentum")
        assert one.identifier == other.identifier == "mindspore-rmsprop-centered-momentum"
        assert one.base == plain.identifier


class TestEveryVariantOnEveryNumberSystem:
    @every_variant
    def test_float64_bounds_and_working_precision_agree(self, variant):
        decimals = decimals_for(variant)
        shape = (2, 3, 2)
        stream = np.random.default_rng(5)
        w = PRECISIONS["float32"].round(stream.standard_normal(shape))
        gradients = [PRECISIONS["float32"].round(stream.standard_normal(shape)) for _ in range(3)]
        num = BoundArithmetic(PRECISIONS["float32"])
        given = [num.given(g) for g in gradients]
        with np.errstate(all="ignore"):
            exact = list(trajectory(variant.rule, decimals, w, gradients, num=FLOAT64))
            bounds = list(trajectory(variant.rule, decimals, num.given(w), given, num=num))
        naive = walk(variant.rule, decimals, w, gradients, Arithmetic("float32"))
        for (parameter, state), (bound, bound_state), seen in zip(
            exact, bounds, naive, strict=True
        ):
            assert list(state) == list(bound_state)
            assert set(state) == set(variant.rule.state)
            # The centred form with both averages corrected has no variance in its first step.
            error = np.broadcast_to(bound.error, shape)  # one 0 of a parameter that stays
            posed = np.isfinite(error)
            assert posed.any() or variant.rule["centered"]
            assert np.isfinite(bound.value[posed]).all()
            # The two float64 evaluations differ by less than a float32 evaluation may.
            assert (np.abs(parameter - bound.value) <= error)[posed].all()
            distance = np.abs(seen["parameter"] - bound.value)[posed]
            assert (distance <= error[posed] * num.slack).all()

    @every_variant
    def test_prints_equations(self, variant):
        lines = equations(variant.rule)
        names = [text.partition(" = ")[0] for text, _ in lines]
        assert names.count("w'") == 1
        assert {f"{plain(kept.symbol)}'" for kept in variant.rule.state.values()} <= set(names)
        assert all(text and latex for text, latex in lines)
        last_text = lines[-1][0]
        for symbol in ("\\", "**", "None"):
            assert symbol not in last_text


class TestEquations:
    def test_rmsprop_as_text_and_latex(self):
        lines = dict(equations(VARIANTS["codecademy-rmsprop"].rule))
        (moment, parameter) = lines
        assert moment.startswith("v' = ")
        left, _, right = parameter.partition(" = ")
        assert left == "w'"
        assert "sqrt(v' + eps)" in right or "sqrt(eps + v')" in right
        assert r"\sqrt" in lines[parameter]

    def test_the_moment_equation_is_the_moving_average(self):
        text = equations(VARIANTS["torch-rmsprop"].rule)[0][0]
        rho, v, g = sympy.symbols("rho v g")
        right = text.partition(" = ")[2].replace("^", "**")
        found = sympy.sympify(right, locals={"rho": rho, "v": v, "g": g})
        assert sympy.simplify(found - (rho * v + (1 - rho) * g**2)) == 0

    def test_epsilon_outside_and_inside_print_differently(self):
        inside, outside = (
            equations(RMSPROP.having(epsilon=place))[-1][0] for place in ("inside", "outside")
        )
        assert inside != outside

    def test_adam_names_both_betas_and_the_step(self):
        text = equations(VARIANTS["torch-adam"].rule)[-1][0]
        assert {"beta_1", "beta_2"} <= set(re.findall(r"beta_\d", text))
        assert "^t" in text


class TestWords:
    def test_every_value_of_every_choice_has_words(self):
        for factor in FACTORS.values():
            texts = {factor.words(value) for value in factor.values}
            assert len(texts) == len(factor.values)
            assert all(texts)

    def test_a_difference_names_both_sides(self):
        text = difference(RMSPROP, RMSPROP.having(epsilon="inside"))
        assert re.fullmatch("epsilon .*outside the root.* inside the root", text)

    def test_the_same_rule_has_no_difference(self):
        assert difference(RMSPROP, RMSPROP) == ""
