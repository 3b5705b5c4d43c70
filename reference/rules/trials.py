"""How far, by trial: Rprop's step sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.buffer import Buffer
from optimizer_conformance.reference.rules.direction import GATHERING
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class Trials(Stage):
    """Rprop: each element has a step of its own, which grows while its gradient keeps its sign.

    z' = min(b, max(a, z choose(g p, h, 1, k)))

    p' = choose(g p, 0, g, g)

    ``choose`` gives h where the gradient and the one that is remembered (p) have two signs, k where
    they have one, and 1 where one of them is 0; the first z is the learning rate.  The element
    moves by z', against the sign of p': where there were two signs it stays.

    Source: M. Riedmiller, H. Braun, "A direct adaptive method for faster backpropagation learning",
    ICNN 1993; C. Igel, M. Hüsken, "Improving the Rprop Learning Algorithm", 2000 (iRprop-).
    """

    after: Literal["stays"] = "stays"
    takes = ("growth", "shrinkage", "least_step", "largest_step")
    ordered = True
    rate_once = True

    def coefficients(self) -> tuple[str, ...]:
        return (*self.takes, "begun")

    def refuses(self, other: Stage) -> bool:
        """It makes the whole step of the gradient, so that averages and buffers are not seen."""
        return isinstance(other, (*GATHERING, Buffer))

    def state(self) -> dict[str, Kept]:
        return {"step_size": Kept("z"), "previous_gradient": Kept("p")}

    def step(self, walk: Walk) -> None:
        num, hyper, gradient = walk.num, walk.hyper, walk.gradient
        nothing = num.full(gradient, "0")
        one, before = num.full(gradient, "1"), walk.state["step_size"]
        if hyper.begun is None:
            before = one * hyper.rate
        product = gradient * walk.state["previous_gradient"]
        size = before * num.choose(product, hyper.shrinkage, one, hyper.growth)
        size = -num.maximum(-num.maximum(size, hyper.least_step), -hyper.largest_step)
        size = walk.keep("step_size", size)
        gradient = num.choose(product, nothing, gradient, gradient)
        walk.change = size * num.sign(walk.keep("previous_gradient", gradient))
