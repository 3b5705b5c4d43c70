"""The momentum buffer: steps that go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.factors import Choice, Standing
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class Buffer(Stage):
    """Steps are gathered, and the parameter loses what is gathered; positive values lower it.

    b' = mu b + g

    holds     steps (above: plain gradients) that are ``scaled`` by the learning rate already, or
              ``unscaled`` ones, which are multiplied by the current rate as they leave
    nesterov  the buffer is looked through once more before it is applied: mu b' + g

    Sources: B. Polyak, USSR Comput. Math. Math. Phys. 4(5), 1964; I. Sutskever et al., ICML 2013.
    """

    holds: Literal["scaled", "unscaled"] = "scaled"
    nesterov: bool = False
    takes = ("momentum",)

    def state(self) -> dict[str, Kept]:
        return {"momentum": Kept("b")}

    def step(self, walk: Walk) -> None:
        hyper, scaled = walk.hyper, self.holds == "scaled"
        push = walk.closed(hyper.rate) if scaled else walk.closed()
        buffer = walk.keep("momentum", hyper.momentum * walk.state["momentum"] + push)
        change = walk.num.sum(hyper.momentum * buffer, push) if self.nesterov else buffer
        walk.change = change if scaled else hyper.rate * change


MOMENTUM = Standing(
    "momentum",
    "learning rate",
    {
        "none": "without a momentum buffer",
        "scaled": "inside the momentum buffer",
        "unscaled": "applied to the momentum buffer",
    },
    option=True,
    stages={
        "none": None,
        "scaled": ("buffer", Buffer("scaled")),
        "unscaled": ("buffer", Buffer("unscaled")),
    },
)
NESTEROV = Choice(
    "nesterov",
    "momentum",
    {False: "not Nesterov's", True: "Nesterov's"},
    option=True,
    slot="buffer",
    field="nesterov",
)
FACTORS = (MOMENTUM, NESTEROV)
