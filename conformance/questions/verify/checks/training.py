"""The check of MATLAB's training example: ``digits-network``."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.registry import Decision, check, decided
from optimizer_conformance.reference import digits


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The example's network for images of ``size`` has so many learnables and numbers in them."""

    size: int
    learnables: int
    parameters: int


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
