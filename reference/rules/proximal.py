"""What the parameter is drawn to after a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.averaged import Averaged
from optimizer_conformance.reference.rules.beforehand import Beforehand
from optimizer_conformance.reference.rules.decay import Added, Shrunk
from optimizer_conformance.reference.rules.direction import Gradient
from optimizer_conformance.reference.rules.ema import ParameterAverage
from optimizer_conformance.reference.rules.factors import Standing
from optimizer_conformance.reference.rules.gradient import Ascending, Centralized, Clipped, Unscaled
from optimizer_conformance.reference.rules.lookahead import Lookahead
from optimizer_conformance.reference.rules.scale import SumOfSquares
from optimizer_conformance.reference.rules.stage import Stage, Walk

# What leaves the rate of each element as Adagrad's root has made it.
BESIDE_OWN_RATE = (
    *(Unscaled, Centralized, Ascending, Clipped, Added),
    *(Gradient, SumOfSquares, Shrunk, Lookahead, ParameterAverage),
)


@dataclass(frozen=True)
class Proximal(Stage):
    """Forward-backward splitting: a step, and then what the penalties alone make best of it.

    w' = sign(q') max(0, Abs(q') - lambda_1 eta) / (1 + lambda_2 eta)

    q' is where the step has led.

    by  ``rate``: both penalties count with the learning rate, as above; ``own rate``: with what
        Adagrad has made of it for each element, eta / sqrt(v'), as in the step itself

    Sources: J. Duchi, Y. Singer, "Efficient Online and Batch Learning Using Forward Backward
    Splitting", JMLR 10, 2009 (``rate``); J. Duchi, E. Hazan, Y. Singer, JMLR 12, 2011
    (``own rate``).
    """

    by: Literal["rate", "own rate"] = "rate"
    takes = ("l1", "l2")
    ordered = True

    def refuses(self, other: Stage) -> bool:
        """It would not be seen after stages that make the whole step."""
        if isinstance(other, Averaged | Beforehand):
            return True
        return self.by == "own rate" and not isinstance(other, (*BESIDE_OWN_RATE, Proximal))

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        if self.by == "rate":
            threshold, share = hyper.rate * hyper.l1, hyper.rate * hyper.l2
        else:
            threshold, share = (
                num.quotient((hyper.rate, strength), walk.denominators)
                for strength in (hyper.l1, hyper.l2)
            )
        walk.land()
        forward = num.define("forward", walk.landing)
        left = num.soft_threshold(forward, threshold)
        walk.landing = num.quotient((left,), (num.full(walk.parameter, "1") + share,))


PROXIMAL = Standing(
    "proximal",
    "the parameter after a step",
    {
        "none": "left where it is",
        "rate": "drawn to zero by learning rate × l1 and l2",
        "own rate": "drawn to zero by the rate of each element × l1 and l2",
    },
    option=True,
    stages={
        "none": None,
        "rate": ("proximal", Proximal("rate")),
        "own rate": ("proximal", Proximal("own rate")),
    },
)
FACTORS = (PROXIMAL,)
