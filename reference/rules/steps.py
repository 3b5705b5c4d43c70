"""How far, learned from the steps themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.roots import rooted
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class OwnSteps(Stage):
    """Adadelta: by the root of an average of squares, times that of the squares of earlier steps.

    v' = rho v + (1 - rho) g^2

    d' = sqrt(u + eps) g / sqrt(v' + eps)

    u' = rho u + (1 - rho) d'^2

    epsilon  ``inside`` both roots, or ``outside`` them

    Source: M. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", arXiv:1212.5701, algorithm 1.
    """

    epsilon: Literal["inside", "outside"] = "inside"
    takes = ("decay", "epsilon")

    def coefficients(self) -> tuple[str, ...]:
        return ("decay", "one_minus_decay", "epsilon")

    def state(self) -> dict[str, Kept]:
        return {
            "second_moment": Kept("v", squares=True),
            "mean_square_update": Kept("u", squares=True),
        }

    def step(self, walk: Walk) -> None:
        num, steps = walk.num, walk.state["mean_square_update"]
        spread = walk.average("second_moment", "decay", num.square(walk.gradient))
        walk.numerators += (rooted(walk, steps, self.epsilon),)
        walk.denominators += (rooted(walk, spread, self.epsilon),)
        update = num.define("update", walk.closed())
        walk.average("mean_square_update", "decay", num.square(update))
        walk.numerators, walk.denominators = (update,), ()
