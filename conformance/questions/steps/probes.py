"""``probe_inputs``: arrays from which the rules of a family are told apart by one step.

With gradients drawn from N(0, 1) an epsilon of 1e-8 is never seen, nor where it stands.  Here many
states and gradients are drawn over many orders of magnitude; kept are those after whose step any
two rules are furthest apart, in units of what rounding may do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, cycle, islice
from typing import Any

import numpy as np

from optimizer_conformance.cases.given import given
from optimizer_conformance.cases.inputs import Input
from optimizer_conformance.cases.separation import hypotheses
from optimizer_conformance.judging.oracle import arithmetic, run_block
from optimizer_conformance.questions.steps.arrays import StepError
from optimizer_conformance.questions.steps.names import GRADIENT, MASTER, PARAMETER
from optimizer_conformance.questions.steps.request import (
    ARITHMETIC,
    documented,
    known,
    values,
    widest,
)
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import (
    PRECISIONS,
    Array,
    from_bits,
    to_bits,
)
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import Variant

CANDIDATES, POOL = 2048, 509  # drawn, and kept of them; prime, so that they fall on every lane
# The steps that probes are, in turn, and the setting of the table of hyperparameters they have.
TURNS = ((1, ""), (3, ""), (1, "exact"), (2, "usual"), (11, "short"), (1000, "long"))


@dataclass(frozen=True, eq=False)
class Probe:
    """What to give a kernel: copies of ``before``, as step ``count``, with ``hyperparameters``.

    Arrays are NumPy's, in the format of each quantity; bfloat16 numbers come as float32, which
    holds them exactly.  ``formats`` says so to :func:`judge_step`.
    """

    rule: str | Rule | Variant
    before: dict[str, Array]
    count: int
    hyperparameters: dict[str, float]
    formats: dict[str, str] = field(default_factory=dict)

    def copy(self) -> dict[str, Array]:
        """The arrays, to be written over."""
        return {name: values.copy() for name, values in self.before.items()}


def probe_inputs(
    rule: str | Rule | Variant,
    shape: int | tuple[int, ...] = (1009,),
    dtype: str | Mapping[str, str] = "float32",
    n: int = 6,
    *,
    hyperparameters: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Iterator[Probe]:
    """Yield ``n`` steps to take, whose inputs tell the rules of a family apart.

    ``rule`` is what :func:`judge_step` takes.  ``dtype`` is one format, or one for each quantity
    (``{"parameter": "bfloat16", "first_moment": "float32", …}``; ``master`` asks for a master
    parameter).  Steps are first ones and later ones; hyperparameters the document's, and others
    that show more; ``hyperparameters`` are those that do not change.

    Raises StepError for a rule, a format or a shape that there is not.
    """
    fixed = values(hyperparameters or {}, rule)
    variant = documented(rule, fixed)
    kinds = formats_of(variant, dtype)
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return (
        probe(variant, shape, kinds, fixed, turn, np.random.Philox(key=[seed, place]))
        for place, turn in enumerate(islice(cycle(TURNS), n))
    )


def formats_of(variant: Variant, dtype: str | Mapping[str, str]) -> dict[str, str]:
    """Each quantity's format."""
    names = (PARAMETER, GRADIENT, *variant.rule.state)
    if isinstance(dtype, str):
        found = dict.fromkeys(names, dtype)
    else:
        said = {known(name): kind for name, kind in dtype.items() if name != ARITHMETIC}
        usual = widest([kind for kind in said.values() if kind in PRECISIONS] or ["float32"])
        found = {name: said.get(name, usual) for name in (*names, *said)}
    if wrong := [kind for kind in found.values() if kind not in PRECISIONS]:
        raise StepError(f"no format {wrong[0]!r}; known are {', '.join(PRECISIONS)}")
    return found


def probe(
    variant: Variant,
    shape: tuple[int, ...],
    kinds: dict[str, str],
    fixed: dict[str, str],
    turn: tuple[int, str],
    bits: np.random.Philox,
) -> Probe:
    """One of them: the best of many experiments, laid over the whole shape."""
    count, setting = turn
    decimals = {**chosen(variant, setting), **fixed}
    draw = Drawing(variant.rule, kinds, decimals, np.random.Generator(bits), count)
    best = draw.best(rivals(variant), POOL)
    size = int(np.prod(shape, dtype=int))
    place = best[np.arange(size) % len(best)]
    before = {}
    for name, drawn in draw.everything().items():
        kind = kinds[name]
        bits_ = to_bits(drawn[place], kind)
        held = from_bits(bits_, kind).astype("float32") if kind == "bfloat16" else bits_
        before[name] = held.reshape(shape)
    named = {name: kind for name, kind in kinds.items() if kind == "bfloat16"}
    numbers = {name: float(value) for name, value in decimals.items()}
    return Probe(variant, before, count, numbers, named)


def chosen(variant: Variant, setting: str) -> dict[str, str]:
    """Hyperparameters of a setting; the document's where it has none of its own."""
    found = {}
    for name in variant.rule.hyperparameters:
        record = HYPERPARAMETERS[name]
        if not setting:
            found[name] = variant.defaults.get(name, record.usual)
            if record.idle and float(found[name]) == float(record.idle):
                found[name] = record.usual  # a document's 0 tells nothing
        else:
            found[name] = record.round if setting == "exact" else record.at(setting)
        if setting == "exact" and record.idle and found[name] == record.idle:
            found[name] = record.shown[0]
    return found


def rivals(variant: Variant) -> tuple[Rule, ...]:
    """The rules that are to be told apart: this one, those of other documents, and near ones."""
    rules = hypotheses(variant.family, tuple(sorted(variant.features)))
    able = set(variant.rule.hyperparameters)
    found = [r for r in rules if set(r.hyperparameters) <= able and r.state == variant.rule.state]
    return tuple(dict.fromkeys((variant.rule, *found)))


class Drawing:
    """Experiments of one element each: a parameter, a gradient, and what is kept."""

    def __init__(
        self,
        rule: Rule,
        kinds: dict[str, str],
        decimals: dict[str, str],
        random: np.random.Generator,
        count: int,
    ) -> None:
        self.rule, self.kinds, self.decimals = rule, kinds, decimals
        self.random, self.count = random, count
        low, high = np.log(self.reach())
        self.size = np.exp(random.uniform(low, high, CANDIDATES))
        sign = random.choice([-1.0, 1.0], CANDIDATES)
        self.gradient = self.kept(GRADIENT, sign * self.size)
        parameter = random.standard_normal(CANDIDATES) * random.choice([0, 1e-3, 1.0], CANDIDATES)
        self.parameter = self.kept(MASTER if MASTER in kinds else PARAMETER, parameter)
        self.state = {name: self.kept(name, self.before(name)) for name in rule.state}

    def reach(self) -> tuple[float, float]:
        """Sizes of gradients: from below epsilon to far above, where no square leaves the range."""
        squared = [PRECISIONS[self.kinds[name]] for name in self.rule.state]
        squared.append(PRECISIONS[widest(list(self.kinds.values()))])
        sent = PRECISIONS[self.kinds[GRADIENT]]
        rest = 1 - float(self.decimals.get("decay", "0.9"))
        low = 8 * np.sqrt(max(one.smallest_normal for one in squared) / (rest or 1))
        high = min(np.sqrt(min(one.largest for one in squared)) / 30, sent.largest / 30, 1e3)
        epsilon = float(self.decimals.get("epsilon", "1e-8")) or 1e-8
        low = max(low, epsilon / 30, 4 * sent.smallest_normal)
        return low, max(high, 100 * low)

    def kept(self, name: str, drawn: Array) -> Array:
        """Numbers as a quantity's format holds them."""
        kind = self.kinds.get(name, "float64")
        return from_bits(to_bits(drawn, kind), kind)

    def before(self, name: str) -> Array:
        """What steps with gradients of this size may have left; at the first the initial state."""
        tensor = self.rule.state[name]
        if self.count == 1:
            return np.full(CANDIDATES, float(tensor.start))
        if tensor.squares:
            squares: Array = self.size**2 * self.random.uniform(0.3, 1.5, CANDIDATES)
            return squares
        averages: Array = self.size * self.random.uniform(-0.5, 0.5, CANDIDATES)
        return averages

    def everything(self) -> dict[str, Array]:
        """Each quantity before the step."""
        found = {PARAMETER: self.parameter, GRADIENT: self.gradient, **self.state}
        return {**found, MASTER: self.parameter} if MASTER in self.kinds else found

    def best(self, rules: tuple[Rule, ...], count: int) -> Array:
        """The experiments after which rules are furthest apart, every pair of them in turn."""
        working = widest(list(self.kinds.values()))
        ends = [self.ended(rule, working) for rule in rules]
        pairs = list(combinations(ends, 2))
        each = max(1, count * 3 // (4 * max(len(pairs), 1)))
        best: Array = np.zeros(0, int)
        for a, b in pairs:
            with np.errstate(all="ignore"):
                far = np.abs(a.value - b.value) / (a.error + b.error)
            far = np.where(np.isfinite(far), far, 0.0)
            best = np.concatenate([best, np.argpartition(-far, each)[:each]])
        best = np.unique(best)[:count]
        # What tells rules apart tells little of plain rounding: the rest is as it was drawn.
        rest = np.setdiff1d(np.arange(CANDIDATES), best)
        return np.concatenate([best, rest[: count - best.size]])

    def ended(self, rule: Rule, working: str) -> Any:
        """The parameter after the step, on bounds."""
        start = Input("probe", self.parameter, [self.gradient], self.state)
        case = given(rule.family, (), working, self.decimals, start, self.count - 1)
        num = arithmetic(working, "none", IDEAL, rule.corrected, "ieee")
        with np.errstate(all="ignore"):
            _, (parameter, _) = run_block(rule, self.decimals, [start], case.inputs, num)
        return parameter
