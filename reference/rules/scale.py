"""How far: what the direction is divided by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optimizer_conformance.reference.rules.averaged import Averaged
from optimizer_conformance.reference.rules.beforehand import Beforehand
from optimizer_conformance.reference.rules.factors import Choice, Standing
from optimizer_conformance.reference.rules.gathered import RowSquares, SquaredNorm
from optimizer_conformance.reference.rules.leader import DualAverages, Leader
from optimizer_conformance.reference.rules.norm import LargestSize
from optimizer_conformance.reference.rules.roots import Epsilon, rooted
from optimizer_conformance.reference.rules.spread import Rectified, SignedSquares, Surprise
from optimizer_conformance.reference.rules.stage import Kept, Stage, Walk
from optimizer_conformance.reference.rules.steps import OwnSteps
from optimizer_conformance.reference.rules.trials import Trials


@dataclass(frozen=True)
class UnitScale(Stage):
    """By nothing: the step is as long as the direction (SGD).

    w' = w - eta g

    Source: H. Robbins, S. Monro, "A Stochastic Approximation Method", 1951.
    """

    def step(self, walk: Walk) -> None:
        pass


@dataclass(frozen=True)
class MeanSquare(Stage):
    """RMSProp and Adam: the root of a moving average of squares.

    v' = rho v + (1 - rho) g^2

    epsilon    ``inside`` the root, ``outside`` it, outside and not bias-corrected (``hat``: the
               order that Kingma and Ba give at the end of section 2), or ``none``
    start      where the average of squares starts
    centered   the squared average gradient is subtracted from it
    corrected  it is divided by 1 - beta_2^t
    largest    the largest average so far stands in its place (AMSGrad), before or after its bias
               correction

    Sources: T. Tieleman, G. Hinton, "Lecture 6.5 - rmsprop", COURSERA 2012; D. Kingma, J. Ba,
    "Adam", arXiv:1412.6980; A. Graves, arXiv:1308.0850, eq. 38-45 (centred); S. Reddi et al.,
    ICLR 2018 (AMSGrad).
    """

    epsilon: Epsilon = "outside"
    start: Literal["0", "1"] = "0"
    centered: bool = False
    corrected: bool = False
    largest: Literal["none", "raw", "corrected"] = "none"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.corrected and (self.epsilon == "hat" or self.largest == "corrected"):
            raise ValueError("only a corrected average has a hat, or a corrected maximum")

    def hyperparameters(self) -> tuple[str, ...]:
        return ("decay",) if self.epsilon == "none" else ("decay", "epsilon")

    def coefficients(self) -> tuple[str, ...]:
        corrected = ("correction2",) if self.corrected else ()
        return ("decay", "one_minus_decay", *corrected, *self.hyperparameters()[1:])

    def state(self) -> dict[str, Kept]:
        found = {"mean_gradient": Kept(r"\bar{g}")} if self.centered else {}
        found["second_moment"] = Kept("v", self.start, squares=True)
        if self.largest != "none":
            found["maximum_second_moment"] = Kept(r"\hat{v}", squares=True)
        return found

    def step(self, walk: Walk) -> None:
        num, correction = walk.num, walk.hyper.correction2 if self.corrected else None
        mean = walk.average("mean_gradient", "decay", walk.gradient) if self.centered else None
        spread = walk.average("second_moment", "decay", num.square(walk.gradient))
        if self.largest == "corrected":
            spread, correction = num.quotient((spread,), (correction,)), None
        if self.largest != "none":
            before = walk.state["maximum_second_moment"]
            spread = walk.keep("maximum_second_moment", num.maximum(before, spread))
        if correction is not None and self.epsilon == "hat":
            walk.numerators += (num.root(correction),)
        elif correction is not None:
            spread = num.quotient((spread,), (correction,))
            mean = None if mean is None else num.quotient((mean,), (correction,))
        if self.centered:
            spread = num.variance(spread, mean)
        walk.denominators += (rooted(walk, spread, self.epsilon),)


@dataclass(frozen=True)
class SumOfSquares(Stage):
    """Adagrad: the root of the sum of all squares.

    v' = v + g^2

    epsilon  ``inside`` the root, ``outside`` it, or ``none``
    start    where the sum starts

    Source: J. Duchi, E. Hazan, Y. Singer, JMLR 12, 2011.
    """

    epsilon: Literal["inside", "outside", "none"] = "outside"
    start: Literal["0", "0.1"] = "0"

    def hyperparameters(self) -> tuple[str, ...]:
        return () if self.epsilon == "none" else ("epsilon",)

    def state(self) -> dict[str, Kept]:
        return {"second_moment": Kept("v", self.start, squares=True)}

    def step(self, walk: Walk) -> None:
        square = walk.num.square(walk.gradient)
        spread = walk.keep("second_moment", walk.state["second_moment"] + square)
        walk.denominators += (rooted(walk, spread, self.epsilon),)


@dataclass(frozen=True)
class OwnSize(Stage):
    """By its own size, element by element: its sign is left (signSGD, Lion).

    Source: J. Bernstein et al., "signSGD", ICML 2018.
    """

    ordered = True

    def refuses(self, other: Stage) -> bool:
        """A sign has no bias that a correction could lift."""
        return bool(getattr(other, "corrected", False))

    def step(self, walk: Walk) -> None:
        walk.numerators, walk.denominators = (walk.num.sign(walk.closed()),), ()


SCALE = Standing(
    "scale",
    "the direction",
    {
        "mean square": "divided by the root of an average of squares",
        "none": "not divided",
        "sum of squares": "divided by the root of a sum of squares",
        "own size": "taken by its sign alone",
        "largest size": "divided by the largest size so far, which fades",
        "signed squares": "divided by the root of an average that squares pull by their own size",
        "surprise": "divided by the root of an average of squares of the gradient less its average",
        "rectified": "divided by the root of an average of squares once that is steady enough",
        "leader": "summed up: the parameter is what would have been best so far",
        "trials": "taken by its sign, as far as trials of each element have shown",
        "own steps": "divided by the root of an average of squares, times that of earlier steps'",
        "beforehand": "divided by the root of an average of earlier squares, and then averaged",
        "averaged": "not divided, by a rate that falls, and the parameter is averaged",
        "squared norm": "divided by the root of an average of the tensor's squared norm",
        "row squares": "divided by the root of a sum of the row's mean squares",
        "dual averages": "summed up, and divided by the root of the sum of its squares",
    },
    stages={
        "mean square": ("scale", MeanSquare()),
        "none": ("scale", UnitScale()),
        "sum of squares": ("scale", SumOfSquares()),
        "own size": ("scale", OwnSize()),
        "largest size": ("scale", LargestSize()),
        "signed squares": ("scale", SignedSquares()),
        "surprise": ("scale", Surprise()),
        "rectified": ("scale", Rectified()),
        "leader": ("scale", Leader()),
        "trials": ("scale", Trials()),
        "own steps": ("scale", OwnSteps()),
        "beforehand": ("scale", Beforehand()),
        "averaged": ("scale", Averaged()),
        "squared norm": ("scale", SquaredNorm()),
        "row squares": ("scale", RowSquares()),
        "dual averages": ("scale", DualAverages()),
    },
)
INITIAL_SECOND_MOMENT = Choice(
    "initial_second_moment",
    "second moment",
    {
        "0": "starts at 0",
        "1": "starts at 1",
        "0.1": "starts at 0.1",
        "0.000001": "starts at 0.000001, as the first moment does",
        "first": "starts as the first one",
    },
    verbs=("0", "1", "0.1", "0.000001", "first"),
    slot="scale",
    field="start",
    absent="0",
)
CENTERED = Choice(
    "centered",
    "second moment",
    {False: "not centred", True: "centred"},
    option=True,
    slot="scale",
    field="centered",
)
AMSGRAD = Choice(
    "amsgrad",
    "running maximum",
    {
        "none": "absent",
        "raw": "before the bias correction",
        "corrected": "after the bias correction",
    },
    option=True,
    slot="scale",
    field="largest",
    absent="none",
)
EPSILON = Choice(
    "epsilon",
    "epsilon",
    {
        "inside": "inside the root",
        "outside": "outside the root",
        "hat": "outside the root before its bias correction (epsilon hat)",
        "none": "absent",
        "new": "added to the size of the new gradient",
        "kept": "added to what is kept",
        "both": "added to what is kept and outside the root",
    },
    slot="scale",
    field="epsilon",
    absent="none",
    names={"hat": "epsilon hat"},
)
RECTIFICATION = Choice(
    "rectification",
    "rectification",
    {"none": "absent", "5": "from a length of 5 on", "4": "from a length of 4 on"},
    slot="scale",
    field="threshold",
    absent="none",
)
PENALTY = Choice(
    "penalty",
    "the square's penalty",
    {"none": "absent", "once": "counts once", "twice": "counts twice"},
    slot="scale",
    field="penalty",
    absent="none",
)
LIMIT = Choice(
    "limit",
    "limit of what is divided",
    {
        "none": "absent",
        "earlier": "the fourth root of the count of earlier steps",
        "all": "the fourth root of the count of steps",
    },
    slot="scale",
    field="limit",
    absent="none",
)
FACTORS = (SCALE, INITIAL_SECOND_MOMENT, CENTERED, AMSGRAD, EPSILON, RECTIFICATION, PENALTY, LIMIT)
