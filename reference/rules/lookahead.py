"""Where the parameter goes back to, every so many steps."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer_conformance.reference.rules.factors import Standing
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class Lookahead(Stage):
    """Lookahead: every K steps the parameter goes back to a slow one, which has followed it.

    y' = (1 - sigma) y + sigma f'

    f' is where the step has led, and y is at first where the parameter is.  After K steps, 2 K and
    so on the parameter is y' as well; between them y stays and the parameter is f'.

    Source: M. Zhang et al., "Lookahead Optimizer: k steps forward, 1 step back",
    arXiv:1907.08610, algorithm 1.
    """

    takes = ("slow_share", "period")

    def coefficients(self) -> tuple[str, ...]:
        return ("slow_share", "one_minus_slow_share", "synchronized", "begun")

    def state(self) -> dict[str, Kept]:
        return {"slow_parameter": Kept("y")}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        walk.land()
        slow = walk.state["slow_parameter"] if hyper.begun is not None else walk.parameter
        if hyper.synchronized is None:
            walk.keep("slow_parameter", slow)
            return
        fast = num.define("fast", walk.landing)
        moved = num.average(hyper.one_minus_slow_share, hyper.slow_share, slow, fast)
        walk.landing = walk.keep("slow_parameter", moved)


SLOW = Standing(
    "lookahead",
    "the parameter",
    {False: "goes on", True: "goes back to a slow one every so many steps"},
    given=True,
    option=True,
    stages={False: None, True: ("slowed", Lookahead())},
)
FACTORS = (SLOW,)
