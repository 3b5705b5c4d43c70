"""Rules of stages: slots, factors, neighbours, and the formula that stands above each stage."""

from __future__ import annotations

import inspect
import re

import pytest
import sympy
from sympy.parsing.sympy_parser import (
    implicit_multiplication,
    parse_expr,
    standard_transformations,
)

from optimizer_conformance.judging.rows import rule_of, stored
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers.hyper import FORMS, SCHEDULES
from optimizer_conformance.reference.numbers.symbolic import equations
from optimizer_conformance.reference.numbers.system import OPERATIONS, NumberSystem
from optimizer_conformance.reference.rules import (
    ADAM,
    FACTORS,
    FAMILIES,
    NADAM,
    RMSPROP,
    SGD,
    Impossible,
    Rule,
    possible,
)
from optimizer_conformance.reference.rules.rule import SLOTS, stages_of, standing
from optimizer_conformance.reference.rules.words import difference
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.folder import UnreadableRun
from optimizer_conformance.reports.records import StoredRule

OFFERED = ("learning_rate", "decay", "beta1", "epsilon", "momentum", "weight_decay")
KINDS = list(dict.fromkeys(kind for slot in SLOTS for kind in standing(slot) if kind))


class TestHypotheses:
    def test_without_sums_signs_and_plain_steps_there_are_as_many_as_ever(self):
        of_averages = [rule for rule in possible(OFFERED) if rule["scale"] == "mean square"]
        assert sum(rule["first_moment"] in (False, True) for rule in of_averages) > 18_000
        plain = [r for r in of_averages if r["first_moment"] in (False, True)]
        assert len(plain) == 18_240
        assert len(set(plain)) == len(plain)

    def test_none_takes_what_was_not_offered(self):
        for rule in possible(("learning_rate", "decay", "epsilon")):
            assert set(rule.hyperparameters) <= {"learning_rate", "decay", "epsilon"}


class TestFactors:
    @pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
    def test_a_rule_is_the_one_with_its_factors(self, variant):
        assert Rule.of(variant.rule.factors) == variant.rule

    @pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
    def test_a_run_keeps_a_rule_as_it_is(self, variant):
        assert rule_of(stored(variant.rule, partly=False), variant.features) == variant.rule

    @pytest.mark.parametrize(
        "factors", [{"moment1e400um": "scaled"}, {"epsilon": "x"}, {"momentum": 3}]
    )
    def test_a_run_of_a_rule_that_nobody_knows_is_refused(self, factors):
        with pytest.raises(UnreadableRun, match="a rule that this version does not know"):
            rule_of(StoredRule(factors, partly=False), [])

    def test_neighbours_differ_in_one_factor(self):
        for name in FACTORS:
            for rule in FAMILIES.values():
                for other in rule.neighbours(name):
                    assert [key for key in FACTORS if other[key] != rule[key]] == [name]

    def test_what_does_not_go_together_is_refused(self):
        for factors in ({"epsilon": "hat"}, {"nesterov": True}, {"correction": "both"}):
            with pytest.raises(Impossible):
                RMSPROP.having(**factors)
        with pytest.raises(Impossible):
            SGD.having(epsilon="inside")
        with pytest.raises(ValueError, match="one of"):
            RMSPROP.having(epsilon="above")

    def test_one_hyperparameter_belongs_to_one_stage(self):
        with pytest.raises(Impossible, match="two stages take"):
            Rule(direction=FAMILIES["lion"].direction)  # its average and the squares': both decay

    def test_words_name_both_sides(self):
        assert difference(RMSPROP.having(scale="sum of squares"), RMSPROP) == (
            "the direction divided by the root of a sum of squares, documented divided by the "
            "root of an average of squares"
        )


class TestHyperparameters:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_that_a_stage_takes_is_in_the_table(self, kind):
        for stage in stages_of(kind):
            assert set(stage.hyperparameters()) <= set(HYPERPARAMETERS)
            assert set(stage.coefficients()) <= {*HYPERPARAMETERS, *FORMS}

    def test_a_scheduled_coefficient_is_known_to_change(self):
        assert NADAM.counted
        assert ADAM.counted
        assert not RMSPROP.counted
        assert set(SCHEDULES) <= set(NADAM.coefficients)


def meant(text: str) -> sympy.Expr:
    """A formula as a person writes it, without signs of multiplication."""
    text = text.replace("^", "**").replace("lambda", "lam").replace("'", "_new")
    names = {name: sympy.Symbol(name) for name in re.findall(r"[A-Za-z]\w*", text)}
    functions = {"max": sympy.Max, "min": sympy.Min, "Max": sympy.Max, "Min": sympy.Min}
    functions |= {"sqrt": sympy.sqrt, "Abs": sympy.Abs, "sign": sympy.sign}
    functions |= {"choose": sympy.Function("choose")}
    known = {**names, **{name: f for name, f in functions.items() if f"{name}(" in text}}
    transformations = (*standard_transformations, implicit_multiplication)
    return parse_expr(text, local_dict=known, transformations=transformations)


def written(kind: type) -> list[tuple[str, str]]:
    """The definitions that stand in a class's docstring."""
    lines = (inspect.getdoc(kind) or "").splitlines()
    return [(f[1], f[2]) for line in lines if (f := re.fullmatch(r"(\w'|\w+) = (.*[^.,;:])", line))]


class TestFormulas:
    @pytest.mark.parametrize(
        "kind", [kind for kind in KINDS if written(kind)], ids=lambda kind: kind.__name__
    )
    def test_the_one_above_a_stage_is_the_one_that_is_printed(self, kind):
        having = [
            rule
            for rule in (*FAMILIES.values(), *(variant.rule for variant in VARIANTS.values()))
            if any(type(stage) is kind for stage in rule.stages)
        ]
        assert having
        names = {name for name, _ in written(kind)}
        printed = {
            (name, meant(text.replace("lr", "eta")))
            for rule in having
            for name, text in (line.split(" = ", 1) for line, _ in equations(rule))
            if name in names
        }
        for name, text in written(kind):
            assert any(
                name == found and sympy.simplify(meant(text) - formula) == 0
                for found, formula in printed
            ), (name, text)

    def test_every_stage_that_keeps_something_says_how(self):
        for kind in KINDS:
            if any(stage.state() for stage in stages_of(kind)):
                assert written(kind), kind


def test_number_systems_have_every_operation():
    members = {name for name in vars(NumberSystem) if not name.startswith("_")}
    assert set(OPERATIONS) <= members
