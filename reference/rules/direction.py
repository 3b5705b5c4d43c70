"""Where to go: the gradient, or an average of gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optimizer_conformance.reference.numbers.system import FAST, SCHEDULED, STEADY
from optimizer_conformance.reference.rules.factors import Choice, Standing
from optimizer_conformance.reference.rules.mixture import Differences, FastAndSlow
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

    takes: ClassVar[tuple[str, ...]] = ("beta1", "momentum_decay")
    corrected: ClassVar[bool] = True
    # mu_(t+1), 1 - mu_t, and what both are divided by.
    schedule: ClassVar[tuple[str, ...]] = SCHEDULED

    def coefficients(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(("beta1", "one_minus_beta1", *self.schedule)))

    def state(self) -> dict[str, Kept]:
        return {"first_moment": Kept("m")}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        average = walk.average("first_moment", "beta1", walk.gradient)
        following, left, correction, correction_next = (
            getattr(hyper, name) for name in self.schedule
        )
        ahead = num.quotient((following, average), (correction_next,))
        now = num.quotient((left, walk.gradient), (correction,))
        walk.numerators = (num.sum(ahead, now),)


@dataclass(frozen=True)
class AheadByItself(Ahead):
    """NAdam with a schedule that nobody sets: psi is 1, as in Keras.

    m' = beta_1 m + (1 - beta_1) g
    """

    takes = ("beta1",)
    schedule = FAST

    def needs(self) -> tuple[str, ...]:
        return ("correction2",)

    def refuses(self, other: Stage) -> bool:
        """It is sought beside plain averages of squares alone."""
        extras = {"centered": False, "largest": "none", "start": "0", "nesterov": False}
        return any(getattr(other, name, plain) != plain for name, plain in extras.items())


@dataclass(frozen=True)
class AheadSteadily(AheadByItself):
    """NAdam without a schedule: mu is beta_1, as in Optax.

    m' = beta_1 m + (1 - beta_1) g

    Source: T. Dozat, "Incorporating Nesterov Momentum into Adam", algorithm 8 with constant mu.
    """

    schedule = STEADY


# What makes a direction of more gradients than the last.
GATHERING = (Average, Apart, Ahead, AheadByItself, AheadSteadily, FastAndSlow, Differences)

FIRST_MOMENT = Standing(
    "first_moment",
    "gradients",
    {
        False: "not averaged",
        True: "averaged",
        "apart": "averaged, by another weight than in the average that is kept",
        "ahead": "averaged and looked ahead by a schedule of momentum",
        "ahead by itself": "averaged and looked ahead by a schedule that nobody sets, 0.96^t",
        "ahead steadily": "averaged and looked ahead without a schedule",
        "fast and slow": "averaged twice, fast and slowly",
        "differences": "averaged, and so are their differences",
    },
    plural=True,
    stages={
        False: ("direction", Gradient()),
        True: ("direction", Average()),
        "apart": ("direction", Apart()),
        "ahead": ("direction", Ahead()),
        "ahead by itself": ("direction", AheadByItself()),
        "ahead steadily": ("direction", AheadSteadily()),
        "fast and slow": ("direction", FastAndSlow()),
        "differences": ("direction", Differences()),
    },
)
DIFFERENCES = Choice(
    "differences",
    "differences of gradients",
    {"none": "absent", "kept": "count by beta_3", "lost": "count by 1 - beta_3"},
    plural=True,
    verbs=("kept", "lost"),
    slot="direction",
    field="share",
    absent="none",
)
FACTORS = (FIRST_MOMENT, DIFFERENCES)
