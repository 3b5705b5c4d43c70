"""Wrong rules on running bounds, and on plain float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from optimizer_conformance.mutants.programs import Course
from optimizer_conformance.reference.numbers import Bound
from optimizer_conformance.reference.numbers.float64 import Float64
from optimizer_conformance.reference.numbers.precision import Array


class BoundCourse(Course):
    """A course on bounds."""

    def apply(self, change: Callable[[Array], Array], x: Bound) -> Bound:
        """The ends of an interval go where they go: no change here turns the order."""
        value = np.asarray(change(np.asarray(x.value)))
        ends = [np.asarray(change(np.asarray(x.value + sign * x.error))) for sign in (1, -1)]
        error = np.maximum(*(np.abs(end - value) for end in ends))
        return Bound(self.num, value, np.where(np.isnan(error), 0.0, error), x.nonnegative)

    def values(self, x: Bound) -> Array:
        """Gradients are exact, and of nothing else the values are asked for."""
        return np.asarray(x.value)

    def chosen(self, where: Array, old: Bound, now: Bound) -> Bound:
        """Element by element."""
        return Bound(
            self.num,
            np.where(where, old.value, now.value),
            np.where(where, old.error, now.error),
            old.nonnegative and now.nonnegative,
        )


class Plainly(Float64):
    """float64 with what a course asks of its number system besides."""

    def given(self, values: Array, **_: Any) -> Array:
        """Numbers as they are."""
        return np.asarray(values, dtype=np.float64)


class PlainCourse(Course):
    """A course on float64 arrays: where a number is sought that makes a wrong rule fit."""

    def apply(self, change: Callable[[Array], Array], x: Array) -> Array:
        """The values."""
        return np.asarray(change(np.asarray(x)))

    def values(self, x: Array) -> Array:
        """The values."""
        return np.asarray(x)

    def chosen(self, where: Array, old: Array, now: Array) -> Array:
        """Element by element."""
        return np.where(where, old, now)
