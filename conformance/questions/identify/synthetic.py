"""Optimizers drawn at random from the pipeline's choices, in a real working precision."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.mutants.arithmetic import Working
from optimizer_conformance.mutants.styles import Style, rewritings
from optimizer_conformance.questions.identify.hypotheses import NEEDED
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS, options
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import FACTORS, FAMILIES, Impossible, Rule, typical
from optimizer_conformance.reference.rules.rule import stages_of, standing
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.workers.subject import Subject, Trial

# Coefficients that a rule does not have are offered too, to every so many: it ignores them.
IGNORED = 4
# Stages that are there wherever their hyperparameter is (a scaled loss, a slow copy) would be in
# every rule.
ALWAYS = {
    name
    for factor in FACTORS.values()
    if factor.given
    for slot in factor.slots
    for kind in standing(slot)
    for stage in stages_of(kind)
    if stage is not None
    for name in stage.hyperparameters()
}
OFFERED = tuple(name for name in HYPERPARAMETERS if name not in ALWAYS)


@dataclass(frozen=True)
class Synthetic(Subject):
    """A subject that is one rule in one style of arithmetic."""

    rule: Rule
    style: Style
    seed: int

    def steps(
        self,
        parameter: Array,
        gradients: Sequence[Array],
        hyperparameters: Mapping[str, float],
        *,
        features: Sequence[str] = (),
        dtype: str = "float32",
        rates: Sequence[float] = (),
        state: Mapping[str, Array] | None = None,
        taken: int = 0,
    ) -> Trial:
        """As of any subject; it shows no state."""
        num: Any = Working(dtype, self.style, self.seed)
        with np.errstate(all="ignore"):
            course = trajectory(
                self.rule,
                {name: repr(value) for name, value in hyperparameters.items()},
                num.given(parameter),
                [num.given(gradient) for gradient in gradients],
                num=num,
                rates=[repr(rate) for rate in rates],
            )
            rows = [np.asarray(x.array, dtype=np.float64).ravel() for x, _ in course]
        return Trial({"parameter": np.stack(rows)})


def called(rule: Rule, features: Sequence[str]) -> str:
    """Its family, or no name where a rule of that family has no such options: it ignores some."""
    try:
        return typical(rule.family, features).family
    except (Impossible, KeyError):
        return "mixture"


def synthetic(rule: Rule, style: Style, seed: int, offered: Sequence[str]) -> Synthetic:
    """A subject that computes ``choices`` and takes the hyperparameters ``offered``."""
    features = [name for name in options() if name in offered]
    item = protocol.Implementation(
        name=f"synthetic:{seed}",
        family=called(rule, features),
        claims=[],
        features=[features],
        hyperparameters=list(offered),
        dtypes=["float32"],
        devices=["cpu"],
        state=[],
        settable=False,
        arithmetic={"cpu": style.profile},
    )
    nobody = cast("Any", None)  # there is no worker: steps are taken here
    return Synthetic(nobody, nobody, item, "cpu", {}, rule, style, seed)


def wandered(draw: random.Random) -> Rule:
    """The plain rule of a family, and of one respect after the other a value that it may have."""
    rule = FAMILIES[draw.choice(list(FAMILIES))]
    factors = [name for name, factor in FACTORS.items() if not factor.given]
    draw.shuffle(factors)
    for name in factors:
        rule = draw.choice([rule, *rule.neighbours(name)])
    return rule


def drawn(count: int, seed: int) -> Iterator[Synthetic]:
    """``count`` different rules; each choice is drawn, and each rule's style.

    There are some 250,000: they are not counted, and whoever asks for more waits.
    """
    draw = random.Random(seed)
    styles = rewritings("float32")
    able = {*NEEDED, *OFFERED}
    found: dict[Rule, None] = {}
    while len(found) < count:
        rule = wandered(draw)
        if able.issuperset(rule.hyperparameters) and rule not in found:
            found[rule] = None
            has = {*NEEDED, *rule.hyperparameters}
            offered = [name for name in OFFERED if name in has or not draw.randrange(IGNORED)]
            yield synthetic(rule, draw.choice(styles), seed + len(found), offered)
