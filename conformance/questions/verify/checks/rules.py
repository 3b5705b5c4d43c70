"""Checks of update rules on the reference: ``property`` and ``example``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import sympy

from optimizer_conformance.questions.verify.checks.implementations import known_variant
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.registry import Decision, check, decided
from optimizer_conformance.reference import examples
from optimizer_conformance.reference.numbers import FLOAT64
from optimizer_conformance.reference.numbers.symbolic import QUANTITIES, definitions, plain
from optimizer_conformance.reference.rules import State, taken
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS, Variant

Array = np.ndarray[Any, Any]
STEPS = 200  # many times the averaging length of 0.9, so that nothing of the start is left


class Property(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``property`` (one of PROPERTIES) of ``variant`` comes out as ``is``."""

    variant: str
    property: str
    result: bool | str = True

    def __post_init__(self) -> None:
        known_variant(self.variant)
        if self.property not in PROPERTIES:
            raise ValueError(
                f"unknown property {self.property!r}; known are {', '.join(PROPERTIES)}"
            )


class Printed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The example ``example`` (of ``reference.examples``) prints ``prints``."""

    example: str
    prints: str

    def __post_init__(self) -> None:
        if self.example not in examples.EXAMPLES:
            raise ValueError(
                f"unknown example {self.example!r}; known are {', '.join(examples.EXAMPLES)}"
            )


Outcome = tuple[bool | str, str]
PROPERTIES: dict[str, Callable[[Variant], Outcome]] = {}


def named(name: str) -> Callable[[Callable[[Variant], Outcome]], Callable[[Variant], Outcome]]:
    """Register a property: a function of a variant to what it comes out as, and what was seen."""

    def register(function: Callable[[Variant], Outcome]) -> Callable[[Variant], Outcome]:
        PROPERTIES[name] = function
        return function

    return register


@check("property", Property)
def property_(parameters: Property, context: Context) -> Decision:
    """Evaluate the rule in float64."""
    variant = VARIANTS[parameters.variant]
    with np.errstate(all="ignore"):
        result, seen = PROPERTIES[parameters.property](variant)
    return decided(
        result == parameters.result,
        seen,
        seen={"result": result, "words": seen},
        evidence=f"{variant.identifier} on the reference: {parameters.property}",
        version="reference",
    )


@check("example", Printed)
def example(parameters: Printed, context: Context) -> Decision:
    """Run the example, to the printed digit."""
    found = examples.EXAMPLES[parameters.example]()
    return decided(
        found.obtained == parameters.prints,
        f"obtained {found.obtained}",
        seen={"printed": found.obtained},
        evidence=f"optimizer_conformance.reference.examples.{parameters.example}",
        script="conformance reproduce",
        version="reference",
    )


def walked(variant: Variant, gradients: list[Array], **values: str) -> list[tuple[Array, State]]:
    """Parameter (from 0) and state after each step."""
    filled = {one.name: one.usual for one in taken(variant.family, variant.features)}
    decimals = {**filled, **variant.defaults, **values}
    start = np.zeros(np.shape(gradients[0]))
    return list(trajectory(variant.rule, decimals, start, gradients, num=FLOAT64))


def steps(variant: Variant, gradients: list[Array], **values: str) -> Array:
    """How far each step went: steps x elements."""
    points = np.stack([parameter for parameter, _ in walked(variant, gradients, **values)])
    return -np.diff(points, axis=0, prepend=np.zeros((1, *points.shape[1:])))


def substituted(variant: Variant, values: dict[str, Any], *, deep: bool = False) -> Any:
    """The new parameter with symbols (by name) replaced; ``deep`` puts in the averages first."""
    derived = definitions(variant.rule)
    *averages, (_, found) = derived
    if deep:
        for symbol, value in reversed(averages):
            found = found.subs(symbol, value)
    named_symbols = {str(symbol): symbol for symbol in found.free_symbols}
    replaced = [(named_symbols[name], v) for name, v in values.items() if name in named_symbols]
    return found.subs(replaced)


@named("element-wise")
def element_wise(variant: Variant) -> Outcome:
    """No element depends on another, and shape or order of the array do not matter."""
    gradients = np.linspace(-2, 3, 5 * 24).reshape(5, 24)
    together = walked(variant, list(gradients))[-1][0]
    alone = np.concatenate([walked(variant, list(gradients[:, [i]]))[-1][0] for i in range(24)])
    order = np.argsort(np.sin(np.arange(24.0)))
    permuted = walked(variant, list(gradients[:, order]))[-1][0]
    shaped = walked(variant, list(gradients.reshape(5, 2, 3, 4)))[-1][0]
    same = bool(
        (together == alone).all()
        and (together[order] == permuted).all()
        and (together == shaped.ravel()).all()
    )
    return same, f"24 elements alone, together, permuted, reshaped: {'equal' if same else 'differ'}"


@named("zero-gradient-from-zero-state")
def zero_gradient(variant: Variant) -> Outcome:
    """What the first step of a zero gradient gives: ``finite`` or ``nan``; and without epsilon."""
    seen = {
        epsilon: walked(variant, [np.zeros(1)], epsilon=epsilon)[-1][0][0]
        for epsilon in (variant.defaults.get("epsilon", "1e-8"), "0")
    }
    (given, value), (_, without) = seen.items()
    word = "finite" if np.isfinite(value) and not np.isfinite(without) else "nan"
    return word, f"gradient 0, state 0: {value} with epsilon {given}, {without} with epsilon 0"


@named("rate-by-gradient-size")
def rate_by_size(variant: Variant) -> Outcome:
    """Whether step / gradient ``falls`` or ``rises`` as gradients grow."""
    sizes = np.array([1e-2, 1e-1, 1.0, 10.0])
    effective = steps(variant, [sizes] * STEPS)[-1] / sizes
    falls, rises = (np.diff(effective) < 0).all(), (np.diff(effective) > 0).all()
    word = "falls" if falls else "rises" if rises else "neither"
    return word, f"step / gradient for gradients {listed(sizes)}: {listed(effective)}"


@named("normalised")
def normalised(variant: Variant) -> Outcome:
    """Whether the step no longer depends on the gradient's size once the average has settled."""
    g = sympy.Symbol("g", positive=True)
    # What the averages of a constant gradient tend to, and epsilon is negligible.
    settled = {"v'": g**2, "m'": g, QUANTITIES["mean_gradient"] + "'": 0, "w": 0, r"\epsilon": 0}
    change = -sympy.simplify(substituted(variant, settled | {"g": g}))
    free = g not in change.free_symbols
    return free, f"step of a settled average: {plain(change)}"


@named("effective-rate-may-grow")
def rate_may_grow(variant: Variant) -> Outcome:
    """Whether the effective rate grows again once gradients become small."""
    gradients = [np.ones(1)] * 20 + [np.full(1, 1e-2)] * 20
    effective = steps(variant, gradients)[:, 0] / np.array([g[0] for g in gradients])
    seen = (
        f"step / gradient {effective[19]:.4g} after 20 large gradients, {effective[-1]:.4g} later"
    )
    return bool(effective[-1] > effective[19]), seen


@named("same-direction-or-noise")
def direction_or_noise(variant: Variant) -> Outcome:
    """Whether steps of one direction or of changing sign are ``larger-in-one-direction``."""
    same = [np.ones(1)] * STEPS
    noise = [np.full(1, (-1.0) ** t) for t in range(STEPS)]
    one, other = (np.abs(steps(variant, gradients)[-1, 0]) for gradients in (same, noise))
    word = "larger-in-one-direction" if one > other else "not-larger"
    return word, f"late step {one:.4g} with equal gradients, {other:.4g} with alternating ones"


@named("first-step-without-decays")
def first_step(variant: Variant) -> Outcome:
    """Whether the first step is the same for every decay rate: no bias is left (epsilon aside)."""
    g = sympy.Symbol("g", positive=True)
    change = -sympy.simplify(
        substituted(variant, {"v": 0, "m": 0, "w": 0, "t": 1, "g": g, r"\epsilon": 0}, deep=True)
    )
    decays = {str(s) for s in change.free_symbols} & {r"\rho", r"\beta_1", r"\beta_2"}
    return not decays, f"first step, epsilon negligible: {plain(change)}"


@named("correction-fades")
def correction_fades(variant: Variant) -> Outcome:
    """Whether bias correction changes the first steps and, in float64, no late step any more."""
    plain = replace(variant, rule=variant.rule.having(correction="none"))
    # With decays of one half 1 - beta^t is 1 in float64 from the 54th step on.
    long = [np.ones(1)] * 80
    ours, bare = (
        steps(item, long, learning_rate="1", beta1="0.5", decay="0.5") for item in (variant, plain)
    )
    early = bool(ours[0, 0] != bare[0, 0])
    late = bool(ours[-1, 0] == bare[-1, 0])
    seen = f"step 1: {ours[0, 0]:.6g} and {bare[0, 0]:.6g} without; step {len(long)}: "
    return early and late, seen + f"{ours[-1, 0]:.6g} and {bare[-1, 0]:.6g}"


@named("weights-of-the-average")
def weights(variant: Variant) -> Outcome:
    """Where the last 1/(1-decay) squares stand in the average: their share of all weight."""
    decay = float(variant.defaults["decay"])
    length = round(1 / (1 - decay))
    impulse = [np.ones(1)] + [np.zeros(1)] * (10 * length)
    held = np.array([state["second_moment"][0] for _, state in walked(variant, impulse)])
    falling = bool((np.diff(held) < 0).all())
    share = held[:length].sum() / held.sum()
    return falling, f"weights fall geometrically; the last {length} squares hold {share:.3f}"


@named("weight-of-the-last")
def weight_of_last(variant: Variant) -> Outcome:
    """How much of all weight the last 1/(1-decay) squares have."""
    decay = Fraction(variant.defaults["decay"])
    length = round(1 / (1 - decay))
    held = walked(variant, [np.ones(1)] * length)[-1][1]["second_moment"][0]
    return f"{held:.3f}", f"{length} squares of 1 after zeros: the average is {held:.3f}"


@named("fixed-point-of-decay-one")
def decay_one(variant: Variant) -> Outcome:
    """With decay 1 the average never moves: the step is a constant multiple of the gradient."""
    gradients = [np.array([1.0]), np.array([5.0]), np.array([-2.0])]
    moved = [state["second_moment"][0] for _, state in walked(variant, gradients, decay="1")]
    return bool(set(moved) == {moved[0]} == {0.0}), f"average of squares {listed(moved)}"


def listed(values: Any) -> str:
    """Numbers, short."""
    return ", ".join(f"{value:.4g}" for value in values)
