"""Which point a step moves, and where the parameter then stands."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer_conformance.reference.rules.decay import Shrunk
from optimizer_conformance.reference.rules.factors import Standing
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class Interpolated(Stage):
    """Schedule-free: steps move a point beside the parameter, which stands between it and its mean.

    x' = (1 - 1 / t) (w - (1 - gamma) z) / gamma + z' / t

    z' is z less the step, w' = gamma x' + (1 - gamma) z', and z is at first where w is.  The mean x
    is what evaluations are made at; it is computed of w and z, and need not be kept.

    Source: A. Defazio et al., "The Road Less Scheduled", arXiv:2405.15682, eq. 3 to 5, with steps
    that weigh the same.
    """

    takes = ("interpolation",)

    def coefficients(self) -> tuple[str, ...]:
        shares = ("share_of_step", "one_minus_share_of_step")
        return ("interpolation", "one_minus_interpolation", *shares, "begun")

    def refuses(self, other: Stage) -> bool:
        """It is sought without what shrinks the parameter, which here is none of its steps."""
        return isinstance(other, Shrunk)

    def state(self) -> dict[str, Kept]:
        return {"moved_point": Kept("z")}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        if walk.change is None:
            walk.change = walk.closed(hyper.rate)
        kept, rest = hyper.interpolation, hyper.one_minus_interpolation
        if hyper.begun is None:
            moved = mean = walk.keep("moved_point", walk.parameter - walk.change)
        else:
            before = walk.state["moved_point"]
            moved = walk.keep("moved_point", before - walk.change)
            mean = num.quotient((walk.parameter - rest * before,), (kept,))
            mean = num.average(hyper.one_minus_share_of_step, hyper.share_of_step, mean, moved)
        walk.landing = num.average(kept, rest, num.define("mean", mean), moved)


ITERATES = Standing(
    "schedule_free",
    "the parameter",
    {
        False: "moved by each step",
        True: "kept between the point that steps move and the mean of that point",
    },
    given=True,
    option=True,
    stages={False: None, True: ("iterates", Interpolated())},
)
FACTORS = (ITERATES,)
