"""Where to go: two averages together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class FastAndSlow(Stage):
    """AdEMAMix: a fast average, bias-corrected, and a share of a slow one, which is not.

    m' = beta_1 m + (1 - beta_1) g

    n' = beta_3 n + (1 - beta_3) g

    Source: M. Pagliardini et al., "The AdEMAMix Optimizer", arXiv:2409.03137, algorithm 1, without
    schedules of alpha and beta_3.
    """

    takes = ("beta1", "beta3", "mixture")

    def coefficients(self) -> tuple[str, ...]:
        averages = ("beta1", "one_minus_beta1", "beta3", "one_minus_beta3")
        return (*averages, "correction1", "mixture")

    def state(self) -> dict[str, Kept]:
        return {"first_moment": Kept("m"), "slow_moment": Kept("n")}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        fast = walk.average("first_moment", "beta1", walk.gradient)
        slow = walk.average("slow_moment", "beta3", walk.gradient)
        fast = num.quotient((fast,), (hyper.correction1,))
        walk.numerators = (num.sum(fast, hyper.mixture * slow),)


@dataclass(frozen=True)
class Differences(Stage):
    """Adan: an average of gradients, and one of how they change.

    m' = beta_1 m + (1 - beta_1) g

    d' = beta_3 d + (1 - beta_3) (g - p), where p is the gradient before: at first that is g itself.
    What is scaled with are squares of g + k (g - p).

    share  k, by which the differences count: ``kept``, beta_3, or ``lost``, 1 - beta_3

    Source: X. Xie et al., "Adan", arXiv:2208.06677, algorithm 1, whose betas are what is lost.
    """

    share: Literal["kept", "lost"] = "kept"
    takes = ("beta1", "beta3")

    def coefficients(self) -> tuple[str, ...]:
        averages = ("beta1", "one_minus_beta1", "beta3", "one_minus_beta3")
        return (*averages, "correction1", "correction3", "begun")

    def state(self) -> dict[str, Kept]:
        return {
            "first_moment": Kept("m"),
            "average_difference": Kept("d"),
            "previous_gradient": Kept("p"),
        }

    def step(self, walk: Walk) -> None:
        num, hyper, gradient = walk.num, walk.hyper, walk.gradient
        change = num.full(gradient, "0")
        if hyper.begun is not None:
            change = gradient - walk.state["previous_gradient"]
        share = hyper.beta3 if self.share == "kept" else hyper.one_minus_beta3
        mean = walk.average("first_moment", "beta1", gradient)
        difference = walk.average("average_difference", "beta3", change)
        walk.keep("previous_gradient", gradient)
        walk.gradient = gradient + share * change
        mean = num.quotient((mean,), (hyper.correction1,))
        walk.numerators = (num.sum(mean, num.quotient((share, difference), (hyper.correction3,))),)
