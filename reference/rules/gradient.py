"""What happens to the gradient before anything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from optimizer_conformance.reference.rules.factors import Standing
from optimizer_conformance.reference.rules.stage import Shape, Stage, Walk


@dataclass(frozen=True)
class Unscaled(Stage):
    """The gradient of a scaled loss, scaled back: g / S."""

    takes = ("loss_scale",)

    def coefficients(self) -> tuple[str, ...]:
        return ("inverse_loss_scale",)

    def step(self, walk: Walk) -> None:
        walk.gradient = walk.gradient * walk.hyper.inverse_loss_scale


@dataclass(frozen=True)
class Centralized(Stage):
    """The gradient less its mean over all axes but the first: g - mean(g).

    Source: H. Yong et al., "Gradient Centralization", ECCV 2020.
    """

    over: ClassVar[Shape] = "row"

    def step(self, walk: Walk) -> None:
        walk.gradient = walk.num.centralize(walk.gradient)


@dataclass(frozen=True)
class Ascending(Stage):
    """The parameter climbs: -g."""

    def step(self, walk: Walk) -> None:
        walk.gradient = -walk.gradient


@dataclass(frozen=True)
class Clipped(Stage):
    """No element of the gradient beyond a bound.

    g' = min(c, max(-c, g))
    """

    takes = ("clip",)
    ordered = True

    def step(self, walk: Walk) -> None:
        clipped = walk.num.clip(walk.gradient, walk.hyper.clip)
        walk.gradient = walk.num.define("gradient", clipped)


SCALED = Standing(
    "loss_scale",
    "loss",
    {False: "not scaled", True: "scaled"},
    given=True,
    option=True,
    stages={False: None, True: ("unscaled", Unscaled())},
)
CENTRALIZE = Standing(
    "centralize",
    "gradients",
    {False: "not centralised", True: "centralised"},
    plural=True,
    option=True,
    stages={False: None, True: ("centralized", Centralized())},
)
MAXIMIZE = Standing(
    "maximize",
    "gradient",
    {False: "descended", True: "ascended"},
    option=True,
    stages={False: None, True: ("ascending", Ascending())},
)
CLIP = Standing(
    "clip",
    "gradients",
    {False: "not clipped", True: "clipped element by element"},
    plural=True,
    option=True,
    stages={False: None, True: ("clipped", Clipped())},
)
FACTORS = (SCALED, CENTRALIZE, MAXIMIZE, CLIP)
