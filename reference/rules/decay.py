"""Weight decay: what pulls the parameter towards zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.buffer import Buffer
from optimizer_conformance.reference.rules.direction import Gradient
from optimizer_conformance.reference.rules.factors import Standing
from optimizer_conformance.reference.rules.gathered import SquaredNorm
from optimizer_conformance.reference.rules.gradient import Ascending, Clipped, Unscaled
from optimizer_conformance.reference.rules.stage import Stage, Walk

# Where a gradient is divided by one number a tensor.
BESIDE = (Unscaled, Ascending, Clipped, Gradient, SquaredNorm, Buffer)


@dataclass(frozen=True)
class Added(Stage):
    """L2: the gradient of a penalty joins that of the loss.

    g' = g + lambda w
    """

    takes = ("weight_decay",)

    def step(self, walk: Walk) -> None:
        pull = walk.hyper.weight_decay * walk.parameter
        walk.gradient = walk.num.define("gradient", walk.gradient + pull)


@dataclass(frozen=True)
class Lasso(Stage):
    """L1: the gradient of a penalty on the parameter's size joins that of the loss.

    g' = g + lambda_1 sign(w)

    Source: R. Tibshirani, "Regression Shrinkage and Selection via the Lasso", J. R. Stat. Soc. B
    58, 1996 (the penalty).
    """

    takes = ("lasso",)
    ordered = True

    def step(self, walk: Walk) -> None:
        pull = walk.hyper.lasso * walk.num.sign(walk.parameter)
        walk.gradient = walk.num.define("gradient", walk.gradient + pull)


@dataclass(frozen=True)
class Shrunk(Stage):
    """Decoupled: the parameter itself shrinks, w (1 - c), before the step is taken from it.

    by  ``rate``: c = lr lambda; ``nothing``: c = lambda; ``corrected rate``:
        c = lr lambda sqrt(1 - beta_2^t) / (1 - beta_1^t), the rate with both bias corrections

    Source: I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", arXiv:1711.05101.
    """

    by: Literal["rate", "nothing", "corrected rate"] = "rate"
    takes = ("weight_decay",)

    def needs(self) -> tuple[str, ...]:
        return ("correction1", "correction2") if self.by == "corrected rate" else ()

    def step(self, walk: Walk) -> None:
        walk.parameter = walk.num.shrink(walk.parameter, self.share(walk))

    def share(self, walk: Walk) -> object:
        """c, what is lost of each unit."""
        hyper, num = walk.hyper, walk.num
        if self.by == "nothing":
            return hyper.weight_decay
        if self.by == "rate":
            return hyper.rate * hyper.weight_decay
        scaled = (hyper.rate, hyper.weight_decay, num.root(hyper.correction2))
        return num.quotient(scaled, (hyper.correction1,))


@dataclass(frozen=True)
class Joined(Stage):
    """NovoGrad's: the pull towards zero joins a gradient that a tensor's norm has divided.

    d' = g / (sqrt(v') + eps) + lambda w

    Without a buffer that gathers d', the parameter shrinks by learning rate × decay.

    Source: B. Ginsburg et al., arXiv:1905.11286, algorithm 1.
    """

    takes = ("weight_decay",)

    def refuses(self, other: Stage) -> bool:
        """Elsewhere it is one of the others: of SGD a gradient's, of Adam the parameter's own."""
        return not isinstance(other, (Joined, *BESIDE))

    def step(self, walk: Walk) -> None:
        pull = walk.hyper.weight_decay * walk.parameter
        update = walk.num.define("update", walk.num.sum(walk.closed(), pull))
        walk.numerators, walk.denominators = (update,), ()


WEIGHT_DECAY = Standing(
    "weight_decay",
    "weight decay",
    {
        "none": "absent",
        "l2": "added to the gradient",
        "decoupled": "shrinks the parameter by learning rate × decay",
        "decoupled-unscaled": "shrinks the parameter by decay alone",
        "decoupled-corrected": "shrinks the parameter by corrected learning rate × decay",
        "joined": "added to the divided gradient",
    },
    verbs=("decoupled", "decoupled-unscaled", "decoupled-corrected"),
    option=True,
    stages={
        "none": None,
        "l2": ("added", Added()),
        "decoupled": ("shrunk", Shrunk("rate")),
        "decoupled-unscaled": ("shrunk", Shrunk("nothing")),
        "decoupled-corrected": ("shrunk", Shrunk("corrected rate")),
        "joined": ("joined", Joined()),
    },
)
LASSO = Standing(
    "lasso",
    "an L1 penalty",
    {"none": "absent", "sign": "added to the gradient, penalty × the parameter's sign"},
    option=True,
    stages={"none": None, "sign": ("lasso", Lasso())},
)
FACTORS = (WEIGHT_DECAY, LASSO)
