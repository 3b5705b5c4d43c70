"""Where to go: the gradient, or an average of gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optimizer_conformance.reference.numbers.system import SCHEDULED
from optimizer_conformance.reference.rules.factors import Standing
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class Gradient(Stage):
    """This step's gradient."""

    def step(self, walk: Walk) -> None:
        walk.numerators = (walk.gradient,)


@dataclass(frozen=True)
class Average(Stage):
    """Adam's first moment; ``corrected``: divided by 1 - beta_1^t.

    m' = beta_1 m + (1 - beta_1) g

    Source: D. Kingma, J. Ba, "Adam", arXiv:1412.6980.
    """

    corrected: bool = False
    takes = ("beta1",)

    def coefficients(self) -> tuple[str, ...]:
        return ("beta1", "one_minus_beta1", *(("correction1",) if self.corrected else ()))

    def state(self) -> dict[str, Kept]:
        return {"first_moment": Kept("m")}

    def step(self, walk: Walk) -> None:
        walk.numerators = (walk.average("first_moment", "beta1", walk.gradient),)
        if self.corrected:
            walk.denominators = (walk.hyper.correction1,)


@dataclass(frozen=True)
class Apart(Stage):
    """Lion: an average goes on, and another is kept of the same gradients.

    m' = beta_2 m + (1 - beta_2) g

    Source: X. Chen et al., "Symbolic Discovery of Optimization Algorithms", arXiv:2302.06675.
    """

    takes = ("beta1", "decay")

    def coefficients(self) -> tuple[str, ...]:
        return ("beta1", "one_minus_beta1", "decay", "one_minus_decay")

    def state(self) -> dict[str, Kept]:
        return {"first_moment": Kept("m")}

    def step(self, walk: Walk) -> None:
        num, hyper, before = walk.num, walk.hyper, walk.state["first_moment"]
        ahead = num.average(hyper.beta1, hyper.one_minus_beta1, before, walk.gradient)
        walk.numerators = (ahead,)
        walk.average("first_moment", "decay", walk.gradient)


@dataclass(frozen=True)
class Ahead(Stage):
    """NAdam: the average as it will be, and this step's gradient, each by a schedule of momentum.

    m' = beta_1 m + (1 - beta_1) g

    The direction is mu_(t+1) m' / (1 - mu_1 ... mu_(t+1)) + (1 - mu_t) g / (1 - mu_1 ... mu_t) with
    mu_t = beta_1 (1 - 0.96^(t psi) / 2), where psi is the schedule's decay.

    Source: T. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR workshop 2016.
    """

    takes = ("beta1", "momentum_decay")
    corrected: ClassVar[bool] = True

    def coefficients(self) -> tuple[str, ...]:
        return ("beta1", "one_minus_beta1", *SCHEDULED)

    def state(self) -> dict[str, Kept]:
        return {"first_moment": Kept("m")}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        average = walk.average("first_moment", "beta1", walk.gradient)
        ahead = num.quotient((hyper.schedule_next, average), (hyper.schedule_correction_next,))
        now = num.quotient((hyper.one_minus_schedule, walk.gradient), (hyper.schedule_correction,))
        walk.numerators = (num.sum(ahead, now),)


FIRST_MOMENT = Standing(
    "first_moment",
    "gradients",
    {
        False: "not averaged",
        True: "averaged",
        "apart": "averaged, by another weight than in the average that is kept",
        "ahead": "averaged and looked ahead by a schedule of momentum",
    },
    stages={
        False: ("direction", Gradient()),
        True: ("direction", Average()),
        "apart": ("direction", Apart()),
        "ahead": ("direction", Ahead()),
    },
)
FACTORS = (FIRST_MOMENT,)
