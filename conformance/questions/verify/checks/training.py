"""Checks of MATLAB's training example: ``digits`` and ``digits-network``."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from optimizer_conformance.questions.verify.context import Context, Missing
from optimizer_conformance.questions.verify.registry import Decision, check, decided
from optimizer_conformance.reference import digits

EPOCHS = 3  # of the example's 20: enough to see that it learns


class Digits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A network trained with ``function`` learns (or does not), on scikit-learn's digits."""

    function: Literal["rmspropupdate", "adamupdate"]
    learns: bool = True


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The example's network for images of ``size`` has so many learnables and numbers in them."""

    size: int
    learnables: int
    parameters: int


@check("digits", Digits)
def trains(parameters: Digits, context: Context) -> Decision:
    """It learns when it answers better than any answer that does not look at the image."""
    try:
        data = digits.load()
    except digits.DataError as error:
        raise Missing("scikit-learn", str(error)) from None
    context.say(f"{parameters.function}: training on {data.source}")
    found = digits.trained_accuracy(parameters.function, data, epochs=EPOCHS)
    blind = float(np.bincount(data.test_digits).max() / len(data.test_digits))
    return decided(
        (found > blind) is parameters.learns,
        f"accuracy {found:.4f} after {EPOCHS} epochs, {blind:.4f} for the best constant answer",
        evidence=f"optimizer_conformance.reference.matlab.{parameters.function} on {data.source}",
        script="conformance reproduce --digits",
        version="optimizer_conformance.reference.matlab",
    )


@check("digits-network", Network)
def fits(parameters: Network, context: Context) -> Decision:
    """Build it and run one image through it."""
    net = digits.network(parameters.size, seed=0)
    arrays = digits.arrays(net)
    image = np.zeros((1, parameters.size, parameters.size, 1), np.float32)
    found, _ = digits.probabilities(arrays, image, image[0])
    seen = (len(arrays), sum(array.size for array in arrays))
    return decided(
        seen == (parameters.learnables, parameters.parameters),
        f"{seen[0]} learnables with {seen[1]} numbers, {found.shape[1]} probabilities",
        seen={"learnables": seen[0], "numbers": seen[1], "probabilities": found.shape[1]},
        evidence="optimizer_conformance.reference.digits.network",
        version="reference",
    )
