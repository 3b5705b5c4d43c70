"""How far, by a size that fades: the largest one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk


@dataclass(frozen=True)
class LargestSize(Stage):
    """Adamax: by the largest size so far, which fades.

    u' = max(beta_2 u, Abs(g))

    epsilon  added to the size of this gradient (``new``), to what is kept of the sizes before
             (``kept``), to the larger of both where it divides (``outside``), or nowhere (``none``)

    Source: D. Kingma, J. Ba, "Adam", arXiv:1412.6980, algorithm 2, which has no epsilon.
    """

    epsilon: Literal["outside", "new", "kept", "none"] = "outside"
    ordered = True

    def hyperparameters(self) -> tuple[str, ...]:
        return ("decay",) if self.epsilon == "none" else ("decay", "epsilon")

    def state(self) -> dict[str, Kept]:
        return {"largest_size": Kept("u")}

    def step(self, walk: Walk) -> None:
        num, hyper = walk.num, walk.hyper
        size = num.maximum(walk.gradient, -walk.gradient)
        before = hyper.decay * walk.state["largest_size"]
        if self.epsilon == "new":
            size = size + hyper.epsilon
        if self.epsilon == "kept":
            before = before + hyper.epsilon
        largest = walk.keep("largest_size", num.maximum(before, size))
        walk.denominators += (largest + hyper.epsilon if self.epsilon == "outside" else largest,)
