"""The documents' example outputs, obtained by the reference and printed as the documents do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from optimizer_conformance.reference import airfoil, digits
from optimizer_conformance.reference.numbers import FLOAT64
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS, Variant

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Example:
    """One example: what the document prints, and what the reference gives in the same format.

    ``needs`` says what it would take to obtain the documented number; ``obtained`` may then hold
    that of a surrogate.  ``printed``: the document prints this number; otherwise it is what its
    words and numbers come to.
    """

    example: str
    documented: str
    obtained: str
    needs: str = ""
    printed: bool = True

    @property
    def matches(self) -> bool:
        """To the printed digit."""
        return self.documented == self.obtained

    @property
    def differs(self) -> bool:
        """It could be obtained here, and is another."""
        return not self.needs and not self.matches


def reproduce() -> list[Example]:
    """Every example whose numbers need no training and no licence."""
    return [run() for run in EXAMPLES.values()]


def trained(*, path: Path | None = None, seed: int = 0) -> Iterator[Example]:
    """MATLAB's training examples with our updates: on the images of ``path``, or on a surrogate.

    Takes minutes.  Raises ``digits.DataError``.
    """
    data = digits.load(path, enlarge=True)
    for example in accuracies():
        function = example.example.partition(":")[0].split()[-1]
        found = digits.trained_accuracy(function, data, seed=seed)
        obtained = f"accuracy {found:.4f} on {data.source}"
        yield replace(example, obtained=obtained)


def losses() -> list[Example]:
    """The book's training losses, which hang on MXNet's random numbers."""
    needs = (
        "MXNet's random numbers of that day (reproduce --book: its place among those of 200 seeds)"
    )
    return [
        Example(f"Dive into Deep Learning {section}: training loss", f"loss: {loss:f}", "", needs)
        for section, loss in (
            ("8.6.2", airfoil.DOCUMENTED["scratch"]),
            ("8.6.3", airfoil.DOCUMENTED["gluon"]),
        )
    ]


def accuracies() -> list[Example]:
    """The documented accuracies, which hang on MATLAB's random numbers and MathWorks' images."""
    needs = "MATLAB's random numbers and MathWorks' images (reproduce --digits trains a surrogate)"
    return [
        Example(f"MATLAB {function}: digits, 20 epochs", f"accuracy {value}", "", needs)
        for function, value in (("rmspropupdate", "0.9926"), ("adamupdate", "0.9908"))
    ]


def last(
    variant: Variant, start: Array, gradients: list[Array], **hyperparameters: str
) -> tuple[Array, Any]:
    """Parameter and state after all steps."""
    decimals = {**variant.defaults, **hyperparameters}
    *_, (parameter, state) = trajectory(variant.rule, decimals, start, gradients, num=FLOAT64)
    return parameter, state


def codecademy() -> Example:
    """Codecademy, RMSprop, section Example."""
    parameter, _ = last(
        VARIANTS["codecademy-rmsprop"],
        np.array([0.2, 0.4, 0.6]),
        [np.array([-0.5, 0.3, 0.24])],
    )
    return Example(
        "Codecademy RMSprop: one step of three parameters",
        "[0.23162277 0.36837724 0.56837725]",
        str(parameter),
    )


def d2l_trajectory() -> Example:
    """Dive into Deep Learning 8.6.1: 20 steps down 0.1 x1^2 + 2 x2^2 from (-5, -2)."""
    variant = VARIANTS["d2l-rmsprop-2d"]
    point, state = np.array([-5.0, -2.0]), None
    for taken in range(20):
        gradient = np.array([0.2, 4.0]) * point
        ((point, state),) = trajectory(
            variant.rule,
            variant.defaults,
            point,
            [gradient],
            num=FLOAT64,
            state=state,
            taken=taken,
        )
    return Example(
        "Dive into Deep Learning 8.6.1: 20 steps in two dimensions",
        "epoch 20, x1 -0.010599, x2 0.000000",
        f"epoch 20, x1 {point[0]:f}, x2 {point[1]:f}",
    )


def matlab_rmsprop() -> Example:
    """MATLAB rmspropupdate, first example: one step of ones(3,3,4) at rate 0.05, decay 0.95.

    The parameters are random there, so what is fixed is the step: 0.05 / (sqrt(0.05) + 1e-8).
    """
    start = np.zeros((3, 3, 4))
    parameter, state = last(
        VARIANTS["matlab-rmspropupdate-r2020a"],
        start,
        [np.ones((3, 3, 4))],
        learning_rate="0.05",
        decay="0.95",
    )
    return Example(
        "MATLAB rmspropupdate: learnRate 0.05, sqGradDecay 0.95, gradient 1",
        f"step {0.05 / (0.05**0.5 + 1e-8):.15f}, averageSqGrad 0.05",
        f"step {-parameter[0, 0, 0]:.15f}, averageSqGrad {state['second_moment'][0, 0, 0]:.2f}",
        printed=False,
    )


def matlab_adam() -> Example:
    """MATLAB adamupdate, first example: rate 0.05, decays 0.75 and 0.95, iteration 1.

    With both moments corrected the first step of a constant gradient of 1 is 0.05 / (1 + 1e-8).
    """
    parameter, state = last(
        VARIANTS["matlab-adamupdate"],
        np.zeros((3, 3, 4)),
        [np.ones((3, 3, 4))],
        learning_rate="0.05",
        beta1="0.75",
        decay="0.95",
    )
    moments = (state["first_moment"][0, 0, 0], state["second_moment"][0, 0, 0])
    return Example(
        "MATLAB adamupdate: learnRate 0.05, gradDecay 0.75, sqGradDecay 0.95, gradient 1",
        f"step {0.05 / (1 + 1e-8):.15f}, averageGrad 0.25, averageSqGrad 0.05",
        f"step {-parameter[0, 0, 0]:.15f}, averageGrad {moments[0]:.2f}, "
        f"averageSqGrad {moments[1]:.2f}",
        printed=False,
    )


# Every example by the name under which a claim refers to it.
EXAMPLES: dict[str, Callable[[], Example]] = {
    "codecademy": codecademy,
    "d2l_trajectory": d2l_trajectory,
    "matlab_rmsprop": matlab_rmsprop,
    "matlab_adam": matlab_adam,
}
