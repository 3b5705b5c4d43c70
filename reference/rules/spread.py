"""How far, by other averages of squares than Adam's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from optimizer_conformance.reference.rules.roots import rooted
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class SignedSquares(Stage):
    """Yogi: squares pull the average towards themselves by their own size.

    v' = v - (1 - beta_2) sign(v - g^2) g^2

    start      where both averages start: Yogi's code has a small number in the first one, too
    corrected  it is divided by 1 - beta_2^t

    Source: M. Zaheer et al., "Adaptive Methods for Nonconvex Optimization", NeurIPS 2018,
    algorithm 2.
    """

    start: Literal["0", "0.000001"] = "0"
    corrected: bool = False
    takes = ("decay", "epsilon")
    ordered = True

    def coefficients(self) -> tuple[str, ...]:
        corrected = ("correction2",) if self.corrected else ()
        return ("one_minus_decay", *corrected, "epsilon")

    def needs(self) -> tuple[str, ...]:
        return () if self.start == "0" else ("one_minus_beta1",)

    def state(self) -> dict[str, Kept]:
        first = {} if self.start == "0" else {"first_moment": Kept("m", self.start)}
        return {**first, "second_moment": Kept("v", self.start, squares=True)}

    def step(self, walk: Walk) -> None:
        num, before = walk.num, walk.state["second_moment"]
        square = num.square(walk.gradient)
        pull = walk.hyper.one_minus_decay * num.sign(before - square) * square
        spread = walk.keep("second_moment", before - pull)
        if self.corrected:
            spread = num.quotient((spread,), (walk.hyper.correction2,))
        walk.denominators += (rooted(walk, spread, "outside"),)


@dataclass(frozen=True)
class Surprise(Stage):
    """AdaBelief: squares of how far the gradient is from its average.

    v' = beta_2 v + (1 - beta_2) (g - m')^2

    epsilon    ``outside`` the root, added to what is kept of the squares (``kept``), or ``both``
    corrected  it is divided by 1 - beta_2^t

    Source: J. Zhuang et al., "AdaBelief Optimizer", arXiv:2010.07468, algorithm 2 (``both``).
    """

    epsilon: Literal["both", "outside", "kept"] = "both"
    corrected: bool = False
    takes = ("decay", "epsilon")

    def coefficients(self) -> tuple[str, ...]:
        corrected = ("correction2",) if self.corrected else ()
        return ("decay", "one_minus_decay", *corrected, "epsilon")

    def needs(self) -> tuple[str, ...]:
        return ("one_minus_beta1",)

    def state(self) -> dict[str, Kept]:
        return {"second_moment": Kept("v", squares=True)}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        square = num.square(walk.gradient - walk.kept["first_moment"])
        before = walk.state["second_moment"]
        spread = num.average(hyper.decay, hyper.one_minus_decay, before, square)
        if self.epsilon != "outside":
            spread = spread + hyper.epsilon
        spread = walk.keep("second_moment", spread)
        if self.corrected:
            spread = num.quotient((spread,), (hyper.correction2,))
        epsilon = "none" if self.epsilon == "kept" else "outside"
        walk.denominators += (rooted(walk, spread, epsilon),)


@dataclass(frozen=True)
class Rectified(Stage):
    """RAdam: Adam's root where enough steps were averaged, and nothing before.

    v' = beta_2 v + (1 - beta_2) g^2

    With rho = 2 / (1 - beta_2) - 1 and rho_t = rho - 2 t beta_2^t / (1 - beta_2^t): as soon as
    rho_t is beyond the threshold the direction is divided by the root and multiplied with r_t,
    the root of (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t).

    epsilon    ``outside`` the corrected root, or outside the one that is not (``hat``)
    threshold  of rho_t: the paper's 4, or 5

    Source: L. Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond",
    arXiv:1908.03265, algorithm 2.
    """

    epsilon: Literal["outside", "hat"] = "outside"
    threshold: Literal["5", "4"] = "5"
    takes = ("decay", "epsilon")
    corrected: ClassVar[bool] = True

    def coefficients(self) -> tuple[str, ...]:
        mark = f"rectified_beyond_{self.threshold}"
        return ("decay", "one_minus_decay", "correction2", mark, "epsilon")

    def state(self) -> dict[str, Kept]:
        return {"second_moment": Kept("v", squares=True)}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        spread = walk.average("second_moment", "decay", num.square(walk.gradient))
        rectified = getattr(hyper, f"rectified_beyond_{self.threshold}")
        if rectified is None:
            return
        walk.numerators += (rectified,)
        if self.epsilon == "hat":
            walk.numerators += (num.root(hyper.correction2),)
        else:
            spread = num.quotient((spread,), (hyper.correction2,))
        walk.denominators += (rooted(walk, spread, "outside"),)
