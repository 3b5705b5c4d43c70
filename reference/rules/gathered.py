"""How far, decided for a whole tensor or row at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from optimizer_conformance.reference.rules.direction import GATHERING
from optimizer_conformance.reference.rules.gradient import Centralized
from optimizer_conformance.reference.rules.roots import rooted
from optimizer_conformance.reference.rules.stage import Kept, Shape, Stage, Walk

# Nobody divides averages by a number that elements share; what gathers the quotients, as NovoGrad's
# first moment does, is a momentum buffer.
ELSEWHERE = (Centralized, *GATHERING)


@dataclass(frozen=True)
class SquaredNorm(Stage):
    """NovoGrad: by the root of a moving average of the tensor's squared norm, one number a tensor.

    v' = rho v + (1 - rho) norm(g)^2

    epsilon  ``outside`` the root, ``inside`` it, or ``none``
    start    the average starts as the ``first`` squared norm, or at ``0``

    Source: B. Ginsburg et al., "Stochastic Gradient Methods with Layer-wise Adaptive Moments for
    Training of Deep Networks", arXiv:1905.11286, algorithm 1 (``first``).
    """

    epsilon: Literal["outside", "inside", "none"] = "outside"
    start: Literal["first", "0"] = "first"
    over: ClassVar[Shape] = "tensor"
    summed: ClassVar[bool] = True

    def hyperparameters(self) -> tuple[str, ...]:
        return ("decay",) if self.epsilon == "none" else ("decay", "epsilon")

    def coefficients(self) -> tuple[str, ...]:
        begun = ("begun",) if self.start == "first" else ()
        return ("decay", "one_minus_decay", *begun, *self.hyperparameters()[1:])

    def refuses(self, other: Stage) -> bool:
        """It divides gradients as they are."""
        return isinstance(other, ELSEWHERE)

    def state(self) -> dict[str, Kept]:
        return {"second_moment": Kept("v", shape="tensor", squares=True)}

    def step(self, walk: Walk) -> None:
        square = walk.num.squared_norm(walk.gradient)
        if self.start == "first" and walk.hyper.begun is None:
            spread = walk.keep("second_moment", square)
        else:
            spread = walk.average("second_moment", "decay", square)
        walk.denominators += (rooted(walk, spread, self.epsilon),)


@dataclass(frozen=True)
class RowSquares(Stage):
    """Row-wise Adagrad: by the root of the sum of a row's mean squares, one number a row.

    v' = v + mean(g^2)

    The mean is over all axes but the first; elements of a vector are rows of their own.

    epsilon  ``outside`` the root, ``inside`` it, or ``none``

    Source: D. Mudigere et al., "Software-Hardware Co-design for Fast and Scalable Training of Deep
    Learning Recommendation Models", ISCA 2022, arXiv:2104.05158, section on sparse optimizers.
    """

    epsilon: Literal["outside", "inside", "none"] = "outside"
    over: ClassVar[Shape] = "row"
    summed: ClassVar[bool] = True

    def hyperparameters(self) -> tuple[str, ...]:
        return () if self.epsilon == "none" else ("epsilon",)

    def refuses(self, other: Stage) -> bool:
        """It divides gradients as they are."""
        return isinstance(other, ELSEWHERE)

    def state(self) -> dict[str, Kept]:
        return {"second_moment": Kept("v", shape="row", squares=True)}

    def step(self, walk: Walk) -> None:
        mean = walk.num.mean_square(walk.gradient)
        spread = walk.keep("second_moment", walk.state["second_moment"] + mean)
        walk.denominators += (rooted(walk, spread, self.epsilon),)
