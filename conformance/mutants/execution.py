"""One case carried out in a given arithmetic, rightly or not: what an implementation would show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from optimizer_conformance.cases.inputs import Input, Inputs
from optimizer_conformance.judging.oracle import Question, blocks, inputs_of
from optimizer_conformance.judging.verdict import Observed
from optimizer_conformance.mutants.arithmetic import Number, Working
from optimizer_conformance.mutants.coefficients import formed
from optimizer_conformance.mutants.faults import Entered, Watched
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.mutants.programs import Course
from optimizer_conformance.mutants.styles import PLAIN, Style
from optimizer_conformance.reference.numbers.precision import Array, component, parts
from optimizer_conformance.reference.rules import Kept, Rule

Row = dict[str, Array]  # quantity to one value an element


def rewritten(question: Question, style: Style, seed: int = 0) -> Observed:
    """The rule itself, carried out in a legal style."""
    return gathered(question, arithmetic(question, question.case.dtype, style, seed), None)


def arithmetic(question: Question, dtype: str, style: Style, seed: int = 0) -> Working:
    """The arithmetic of a case; a complex number whose parts step alone is two real ones."""
    if question.mixes is None:
        return Working(component(dtype), style, seed)
    return Working(dtype, style, seed, question.mixes)


def mutated(question: Question, mutant: Mutant, dtype: str = "") -> Observed:
    """A wrong rule in the case's dtype, or in ``dtype``; what the documented rule shows of it."""
    style = replace(PLAIN, held=mutant.held)
    if mutant.arithmetic and not dtype:
        style = replace(style, intermediate=mutant.arithmetic)
    wrong = replace(question, rule=mutant.rule, squares=mutant.squares or question.squares)
    num = arithmetic(wrong, dtype or question.case.dtype, style)
    num.rows = wrong.rule.shaped and not question.rule.shaped
    return gathered(wrong, num, mutant, question.quantities)


def gathered(
    question: Question, num: Working, mutant: Mutant | None, shown: tuple[str, ...] = ()
) -> Observed:
    """Each quantity as steps x columns, in float64."""
    inputs, width = inputs_of(question.case), question.case.width
    columns = np.cumsum([0, *(parameter.value.size * width for parameter in inputs.parameters)])
    names = [
        name
        for name in (*question.rule.state, "parameter")
        if name in (shown or question.quantities)
    ]
    found = {name: np.zeros((question.case.steps, int(columns[-1]))) for name in names}
    with np.errstate(all="ignore"):
        for members, decimals, rule in blocks(question, inputs):
            parameters = [inputs.parameters[index] for index in members]
            place = np.concatenate([np.arange(columns[i], columns[i + 1]) for i in members])
            for row, values in enumerate(run(rule, decimals, parameters, inputs, num, mutant)):
                for name in names:
                    # A real average among complex numbers has imaginary parts of zero.
                    flat = np.ravel(values[name])
                    alone = flat.size * width == place.size and width > 1
                    found[name][row, place] = parts(flat.astype(complex)) if alone else flat
    return found


def joined(arrays: list[Array], rule: Rule, num: Any = None) -> Array:
    """Parameters side by side; a mean needs the shape of the only one.

    A rule that ought to take no mean takes it of a vector too, as of a row (``num.rows``).
    """
    if rule.shaped:
        row = arrays[0].ndim == 1 and getattr(num, "rows", False)
        return arrays[0].reshape(1, -1) if row else arrays[0]
    flat = np.concatenate([np.ravel(x) for x in arrays])
    return flat if getattr(num, "complex", True) else parts(flat)


def kept(tensor: Kept, values: Array, num: Any) -> Array:
    """A state tensor as a rule keeps it: averages of |g|^2 are real."""
    real = getattr(num, "squares", "") == "modulus" and tensor.squares
    return np.real(values) if real else values


def run(
    rule: Rule,
    decimals: dict[str, str],
    parameters: list[Input],
    inputs: Inputs,
    num: Working,
    mutant: Mutant | None,
) -> Iterator[Row]:
    """Every step of several parameters side by side."""
    course = Course(num, num.dtype)
    for shown in walk(rule, decimals, parameters, inputs, course, mutant):
        yield {name: widest(item.array) for name, item in shown.items()}


def stored(value: Any) -> Any:
    """What a step leaves in memory is a rounded number, whatever it was made of."""
    return Number(value.num, value.array) if isinstance(value, Number) else value


def widest(array: Any) -> Array:
    """As float64 or complex128."""
    return np.asarray(array, dtype=np.complex128 if np.iscomplexobj(array) else np.float64)


def walk(
    rule: Rule,
    decimals: dict[str, str],
    parameters: list[Input],
    inputs: Inputs,
    course: Course,
    mutant: Mutant | None,
) -> Iterator[dict[str, Any]]:
    """The same in the course's number system, whatever that is."""
    num = course.num
    watched = Watched(num, mutant.fault) if mutant and mutant.fault else None
    used: Any = watched or num
    parameter = used.given(joined([p.value for p in parameters], rule, num))
    state = rule.initial_state(parameter, num=used)
    if inputs.taken or inputs.resumed:
        state = {
            name: used.given(
                kept(tensor, joined([p.state[name] for p in parameters], rule, num), num)
            )
            for name, tensor in rule.state.items()
        }
    forming = mutant.forming if mutant else formed
    values = mutant.decimals(decimals) if mutant else decimals
    rates = mutant.rates(inputs.rates) if mutant else inputs.rates
    for index in range(len(parameters[0].gradients)):
        course.index = index
        gradient = used.given(joined([p.gradients[index] for p in parameters], rule, num))
        coefficients: Any = forming(values, inputs.taken + index + 1, rates, index, num)
        if watched:
            watched.begin()
            coefficients = Entered(watched, coefficients)
            parameter, state = rule.step(coefficients, state, parameter, gradient, num=watched)
        elif mutant:
            parameter, state = mutant.program(
                course, rule, coefficients, state, parameter, gradient
            )
        else:
            parameter, state = rule.step(coefficients, state, parameter, gradient, num=num)
            state = {name: stored(value) for name, value in state.items()}
            parameter = stored(parameter)
        shown = {**state, "parameter": parameter}
        yield {name: item.inner if watched else item for name, item in shown.items()}
