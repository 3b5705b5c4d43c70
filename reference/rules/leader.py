"""How far, where the parameter is made anew: follow the regularised leader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.buffer import Buffer
from optimizer_conformance.reference.rules.decay import Shrunk
from optimizer_conformance.reference.rules.direction import GATHERING
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class Leader(Stage):
    """FTRL-Proximal: the parameter is what would have been best so far, under both penalties.

    v' = v + g^2

    s' = sqrt(v)

    z' = z + g - w (sqrt(v') - s') / eta

    The parameter becomes zero where |z'| is at most lambda_1, and else what z' lacks of it over
    (beta + sqrt(v')) / eta + k lambda_2.

    start    where the sum of squares starts
    penalty  k, how lambda_2 counts: ``twice``, as in a penalty lambda_2 w^2, or ``once``

    Source: H. B. McMahan et al., "Ad Click Prediction: a View from the Trenches", KDD 2013,
    algorithm 1 (``once``).
    """

    start: Literal["0", "0.1"] = "0"
    penalty: Literal["once", "twice"] = "once"
    takes = ("l1", "l2", "steadiness")
    ordered = True
    reciprocal = True

    def refuses(self, other: Stage) -> bool:
        """It makes the whole step of the gradient, so that averages and buffers are not seen."""
        return isinstance(other, (*GATHERING, Buffer))

    def state(self) -> dict[str, Kept]:
        return {"second_moment": Kept("v", self.start, squares=True), "linear": Kept("z")}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        before = walk.state["second_moment"]
        earlier = num.define("root_before", num.root(before))
        spread = walk.keep("second_moment", before + num.square(walk.gradient))
        change = num.quotient((num.root(spread) - earlier, walk.parameter), (hyper.rate,))
        linear = walk.keep("linear", walk.state["linear"] + walk.gradient - change)
        penalty = hyper.l2 + hyper.l2 if self.penalty == "twice" else hyper.l2
        steady = num.quotient((hyper.steadiness + num.root(spread),), (hyper.rate,)) + penalty
        walk.landing = num.quotient((num.clip(linear, hyper.l1) - linear,), (steady,))


@dataclass(frozen=True)
class DualAverages(Stage):
    """Adagrad by dual averaging: the parameter is what the sum of all gradients makes best.

    v' = v + g^2

    z' = z + g

    w' = -eta sign(z') max(0, Abs(z') - lambda_1 t) / (lambda_2 t eta + sqrt(v'))

    start  where the sum of squares starts

    Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and
    Stochastic Optimization", JMLR 12, 2011 (the primal-dual update, with l1).
    """

    start: Literal["0", "0.1"] = "0"
    takes = ("l1", "l2")
    ordered = True

    def coefficients(self) -> tuple[str, ...]:
        return (*self.takes, "count")

    def refuses(self, other: Stage) -> bool:
        """It makes the parameter anew, so that averages, buffers and decays are not seen."""
        return isinstance(other, (*GATHERING, Buffer, Shrunk))

    def state(self) -> dict[str, Kept]:
        return {"second_moment": Kept("v", self.start, squares=True), "linear": Kept("z")}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        square = num.square(walk.gradient)
        spread = walk.keep("second_moment", walk.state["second_moment"] + square)
        linear = walk.keep("linear", walk.state["linear"] + walk.gradient)
        left = num.soft_threshold(linear, hyper.l1 * hyper.count)
        steady = hyper.l2 * hyper.count * hyper.rate + num.root(spread)
        walk.landing = -num.quotient((hyper.rate, left), (steady,))
