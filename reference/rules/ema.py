"""What is kept of the parameter beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.factors import Standing
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class ParameterAverage(Stage):
    """An exponential average of the parameter, which no step looks at.

    a' = delta a + (1 - delta) w'

    w' is the parameter after the step; the first average is the first w' itself, or a is at first
    the parameter before it.

    Source: B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by
    averaging", SIAM J. Control Optim. 30 (1992), with weights that fall; keras.optimizers, use_ema.
    """

    start: Literal["after", "before"] = "after"

    takes = ("ema_decay",)

    def coefficients(self) -> tuple[str, ...]:
        return ("ema_decay", "one_minus_ema_decay", "begun")

    def state(self) -> dict[str, Kept]:
        return {"average_parameter": Kept("a")}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        new = walk.arrive()
        if hyper.begun is None and self.start == "after":
            walk.keep("average_parameter", new)
            return
        old = walk.state["average_parameter"] if hyper.begun is not None else walk.parameter
        kept, share = hyper.ema_decay, hyper.one_minus_ema_decay
        walk.keep("average_parameter", num.average(kept, share, old, new))


EMA = Standing(
    "ema",
    "an average of the parameter",
    {
        False: "is not kept",
        "after": "begins with the first new one",
        "before": "begins with the first of all",
    },
    given=True,
    option=True,
    stages={
        False: None,
        "after": ("averaged", ParameterAverage()),
        "before": ("averaged", ParameterAverage("before")),
    },
)
FACTORS = (EMA,)
