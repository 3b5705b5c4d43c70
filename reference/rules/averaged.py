"""How far, by a rate that falls, with a mean of the parameter beside it."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer_conformance.reference.rules.decay import Shrunk
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class Averaged(Stage):
    """ASGD: the parameter shrinks and steps by a rate that falls, and is averaged.

    w' = w (1 - lambda_0 eta theta_t) - eta theta_t g

    With theta_t = 1 / (1 + lambda_0 eta (t - 1))^kappa.  The mean moves by mu_t (w' - a) where mu_t
    is 1 / (t - 1 - tau), and follows the parameter where that is not below 1.

    Sources: B. Polyak, A. Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM
    J. Control Optim. 30(4), 1992; L. Bottou, "Stochastic Gradient Descent" (sgd 2), whose rate
    it is.
    """

    takes = ("fading", "power", "delay")

    def coefficients(self) -> tuple[str, ...]:
        return ("fading", "fallen_share", "share_of_mean", "one_minus_share_of_mean")

    def refuses(self, other: Stage) -> bool:
        """It makes the whole step, so that others' averages and decays would not be seen."""
        return isinstance(other, Shrunk) or (bool(other.state()) and other != self)

    def state(self) -> dict[str, Kept]:
        return {"mean_parameter": Kept("a")}

    def step(self, walk: Walk) -> None:
        num, hyper, before = walk.num, walk.hyper, walk.state["mean_parameter"]
        rate = hyper.rate * hyper.fallen_share
        walk.landing = num.shrink(walk.parameter, hyper.fading * rate) - rate * walk.gradient
        share = hyper.share_of_mean
        if share is None:
            walk.keep("mean_parameter", walk.landing)
        else:
            rest = hyper.one_minus_share_of_mean
            walk.keep("mean_parameter", num.average(rest, share, before, walk.landing))
