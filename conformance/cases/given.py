"""Cases whose arrays somebody gave: one step of one parameter, from a state that was there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from optimizer_conformance.cases.case import Case
from optimizer_conformance.cases.inputs import Input, Inputs
from optimizer_conformance.reference.numbers.precision import PRECISIONS, Array

GIVEN = "given"  # the name of the parameter, in the place of a regime's


@dataclass(frozen=True, eq=False)
class GivenCase(Case):
    """Arrays that are not drawn: no identifier spells them out, and no two cases are the same.

    inputs  the arrays, as float64
    stored  quantities that are kept in another format than the arithmetic's (``dtype``), with it
    """

    inputs: Inputs = field(default_factory=lambda: Inputs([]))
    stored: tuple[tuple[str, str], ...] = ()  # type: ignore[misc]  # of a drawn case always empty

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    @cached_property
    def ordinary(self) -> Array:
        """Elements whose numbers are finite, and whose gradient's square is far from the ends."""
        parameter = self.inputs.parameters[0]
        kept = [kind for name, kind in self.stored if name in parameter.state]
        return far_from_ends(parameter, [self.dtype, *kept])


def far_from_ends(parameter: Input, formats: Sequence[str]) -> Array:
    """Elements whose numbers are finite, and the squares of whose gradients all formats hold."""
    least = max(PRECISIONS[name].smallest_normal for name in formats)
    most = min(PRECISIONS[name].largest for name in formats)
    sizes = np.abs(np.stack([np.ravel(gradient) for gradient in parameter.gradients]))
    far = (sizes > 10 * np.sqrt(least)) & (sizes < np.sqrt(most) / 10)
    inside: Array = ((sizes == 0) | far).all(axis=0)
    for values in (parameter.value, *parameter.state.values()):
        inside &= np.isfinite(np.ravel(values))
    return inside


def given(
    family: str,
    features: Sequence[str],
    dtype: str,
    decimals: dict[str, str],
    parameter: Input,
    taken: int,
    stored: Sequence[tuple[str, str]] = (),
) -> GivenCase:
    """The case of one step after ``taken`` others; a state that is given replaces the initial."""
    return GivenCase(
        family,
        tuple(features),
        dtype,
        "injected",
        tuple(sorted(decimals.items())),
        1,
        parameter.value.size,
        0,
        inputs=Inputs([parameter], taken, resumed=bool(parameter.state)),
        stored=tuple(stored),
    )
