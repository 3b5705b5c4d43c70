"""How far, decided before gradients are averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class Beforehand(Stage):
    """ADOPT: a gradient is divided by the root of the squares before it, and then averaged.

    d' = min(c_t, max(-c_t, g / max(eps, sqrt(v))))

    m' = beta_1 m + (1 - beta_1) d'

    v' = beta_2 v + (1 - beta_2) g^2

    The first step moves nothing: its squares are where the average of squares starts.

    limit  c_t, the fourth root of how many steps there were before (``earlier``), of that and this
           one (``all``), or no limit (``none``)

    Source: S. Taniguchi et al., "ADOPT: Modified Adam Can Converge with Any beta_2 with the
    Optimal Rate", arXiv:2411.02853, algorithm 2, whose first step is the second one here.
    """

    limit: Literal["earlier", "all", "none"] = "earlier"
    takes = ("beta1", "decay", "epsilon")
    ordered = True

    def coefficients(self) -> tuple[str, ...]:
        averages = ("beta1", "one_minus_beta1", "decay", "one_minus_decay")
        limit = () if self.limit == "none" else (f"limit_of_{self.limit}",)
        return (*averages, "epsilon", "begun", *limit)

    def state(self) -> dict[str, Kept]:
        return {"first_moment": Kept("m"), "second_moment": Kept("v", squares=True)}

    def step(self, walk: Walk) -> None:
        num, hyper, square = walk.num, walk.hyper, walk.num.square(walk.gradient)
        if hyper.begun is None:
            walk.keep("first_moment", walk.state["first_moment"])
            walk.keep("second_moment", square)
            walk.landing = walk.parameter
            return
        size = num.maximum(num.root(walk.state["second_moment"]), hyper.epsilon)
        update = num.quotient((walk.gradient,), (size,))
        if self.limit != "none":
            update = num.clip(update, getattr(hyper, f"limit_of_{self.limit}"))
        update = num.define("update", update)
        walk.numerators = (walk.average("first_moment", "beta1", update),)
        walk.average("second_moment", "decay", square)
