"""What is wrong, said in words: each wrong rule as one sentence that a person understands."""

from __future__ import annotations

import re
from typing import Any

import sympy

from optimizer_conformance.mutants.faults import Entered, Watched, WatchedValue
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.reference.numbers.symbolic import (
    QUANTITIES,
    Symbolic,
    definitions,
    equations,
    printed,
    symbols,
)
from optimizer_conformance.reference.rules import FACTORS, Rule
from optimizer_conformance.reference.variants import Variant

# Words of a factor that stand after their subject without a verb of their own.
VERBS = ("starts", "shrinks")

SAID: dict[str, str] = {
    "learning rate one step late": "each step uses the learning rate of the step before",
    "learning rate one step early": "each step uses the learning rate of the step after",
    "learning rate never changed": "a learning rate that changes later is ignored",
    "learning rate squared": "the learning rate is applied twice (squared)",
    "epsilon's sign": "epsilon is subtracted; the document adds it",
    "epsilon squared": "epsilon is squared before it is added",
    "root of epsilon": "the root of epsilon is added in the place of epsilon",
    "beta1 in place of decay": "the second moment is averaged with beta1; the document says beta2",
    "decay in place of beta1": "the first moment is averaged with beta2; the document says beta1",
    "1 - beta1 in place of 1 - decay": "squared gradients are weighted with 1 - beta1; the "
    "document says 1 - beta2",
    "1 - decay in place of 1 - beta1": "gradients are weighted with 1 - beta2; the document says "
    "1 - beta1",
    "correction1 from decay": "the first moment's bias correction is formed from beta2; the "
    "document says beta1",
    "correction2 from beta1": "the second moment's bias correction is formed from beta1; the "
    "document says beta2",
    "weight decay squared": "weight decay is squared",
    "weight decay's sign": "weight decay has the wrong sign: parameters grow",
    "momentum squared": "momentum is applied twice (squared)",
    "momentum's sign": "momentum has the wrong sign",
    "step applied twice": "every step is taken twice",
    "change of the parameter applied twice": "the parameter is moved by twice its step",
    "first step skipped": "the first step does nothing",
    "parameter moved by the averages of the step before": "the parameter is moved by the averages "
    "as they were before this gradient; the document updates them first",
    "gradient one step late": "each step uses the gradient of the step before",
    "gradients pile up": "gradients pile up: each step uses the sum of all so far",
    "gradient clipped to one": "gradients are clipped to the range from -1 to 1; the document does "
    "not clip",
    "elements with a zero gradient skipped": "elements whose gradient is zero are skipped, their "
    "averages too",
    "parameter kept where the gradient is zero": "elements whose gradient is zero keep their "
    "parameter; the document moves them by what is remembered",
    "elements with a tiny gradient skipped": "elements with a tiny gradient are skipped",
    "weight decay after the step": "weight decay shrinks the parameter after the step; the "
    "document shrinks it before",
    "weight decay also added to the gradient": "weight decay is applied twice: to the parameter "
    "and to the gradient",
    "weight decay added before the loss is unscaled": "weight decay is added while the gradient is "
    "still scaled",
}
CORRECTIONS = {"correction1": "first", "correction2": "second"}
SHIFTED = {
    "of the step before": "counts one step too few (its power is that of the step before)",
    "of the step after": "counts one step too many (its power is that of the step after)",
    "of the first step": "is always that of the first step",
}


def readable(name: str) -> str:
    """A canonical name as prose has it."""
    return name.replace("_", " ")


def choice(observed: Rule, documented: Rule) -> list[str]:
    """One sentence for each choice in which a rule departs from a document."""
    found = []
    for name in observed.differences(documented):
        factor = FACTORS[name]
        done, stated = factor.says[observed[name]], factor.says[documented[name]]
        verb = "" if done.startswith(VERBS) else "are " if factor.subject.endswith("s") else "is "
        found.append(f"{factor.subject} {verb}{done}; the document says {stated}")
    return found


def another(other: Variant, variant: Variant) -> str:
    """That it is another rule, and how that goes."""
    steps = ", ".join(text for text, _ in equations(other.rule))
    return (
        f"it is another rule, that of {other.identifier}: {steps}; {variant.identifier} has "
        + ", ".join(text for text, _ in equations(variant.rule))
    )


def sentence(mutant: Mutant, documented: Rule) -> str:
    """What a wrong rule does, and what the document says instead."""
    if mutant.kind == "choice":
        return "; ".join(choice(mutant.rule, documented))
    if mutant.fault is not None:
        return operation(mutant, documented)
    return SAID.get(mutant.identifier) or patterned(mutant)


def patterned(mutant: Mutant) -> str:
    """The words for wrong rules of which there is one for each quantity or number."""
    text = mutant.identifier
    if found := re.fullmatch(r"(\w+) is (\S+)", text):
        return f"{readable(found[1])} is {found[2]} whatever is asked for"
    if re.fullmatch(r"(\w+) × (.+)", text):
        return f"{readable(text.partition(' ')[0])} is multiplied with {factor(mutant)}"
    if found := re.fullmatch(r"(correction\d) (of the .+)", text):
        return f"the {CORRECTIONS[found[1]]} moment's bias correction {SHIFTED[found[2]]}"
    if found := re.fullmatch(r"(\w+) alone × (.+)", text):
        what = readable(found[1]).replace("one minus ", "1 - ")
        if found[1] in CORRECTIONS:
            what = f"the {CORRECTIONS[found[1]]} moment's bias correction"
        return f"{what} is off by a factor of {found[2].strip('()')}"
    found = re.fullmatch(r"(.+) (stored|held|kept|formed|rounded) (.+)", text)
    return readable(f"{found[1]} is {found[2]} {found[3]}" if found else text)


def factor(mutant: Mutant) -> str:
    """What a hyperparameter is multiplied with."""
    ((_, value),) = mutant.factor
    return f"{float(value):.10g}"


def late(mutant: Mutant) -> bool:
    """Whether one operation takes what was due a step before."""
    return mutant.fault is not None and mutant.fault.effect == "late"


def operation(mutant: Mutant, documented: Rule) -> str:
    """The equations in which a wrong step departs from the right one."""
    right = dict(zip(*numbered(definitions(documented)), strict=True))
    wrong = dict(zip(*numbered(faulty(mutant)), strict=True))
    pairs = [(wrong[key], right.get(key, "")) for key in wrong if wrong[key] != right.get(key)]
    if not pairs:
        return readable(str(mutant.fault))
    if late(mutant):  # as printed, it is the first step, in which nothing comes yet
        return "; ".join(
            f"in {stated}, what is new is that of the step before" for _, stated in pairs
        )
    return "; ".join(
        f"it computes {done}; the document says {stated}" if stated else f"it computes {done}"
        for done, stated in pairs
    )


def numbered(steps: Any) -> tuple[list[str], list[str]]:
    """The symbols that are defined, and each definition as text."""
    return [str(symbol) for symbol, _ in steps], [text for text, _ in printed(steps)]


def faulty(mutant: Mutant) -> list[tuple[sympy.Symbol, Any]]:
    """A wrong step as symbols and what defines them."""
    inner = Symbolic()
    num: Any = Watched(inner, mutant.fault)
    values = {
        name: WatchedValue(num, sympy.Symbol(symbol, real=True))
        for name, symbol in QUANTITIES.items()
    }
    state = {name: values[name] for name in mutant.rule.state}
    coefficients = Entered(num, symbols(mutant.rule))
    mutant.rule.step(coefficients, state, values["parameter"], values["gradient"], num=num)
    return inner.steps
