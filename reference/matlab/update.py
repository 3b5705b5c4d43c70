"""``rmspropupdate`` and ``adamupdate`` of MATLAB's Deep Learning Toolbox.

Written from the two pages alone, for those who have no MATLAB.  What the pages leave open is a
keyword; its default is the reading that :mod:`reference.variants.matlab` lists first.  The
arithmetic is :meth:`reference.rules.Rule.step` on arrays under MATLAB's rules
(:mod:`reference.numbers.array`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, ParamSpec, TypeVar

import numpy as np

from optimizer_conformance.reference.matlab import arrays, scalars
from optimizer_conformance.reference.matlab.containers import Argument, is_empty, walk
from optimizer_conformance.reference.matlab.errors import ArgumentError
from optimizer_conformance.reference.matlab.objects import DLArray
from optimizer_conformance.reference.matlab.release import (
    COMPLEX_VALUES,
    DECAY_OF_0_9,
    release_named,
)
from optimizer_conformance.reference.numbers.array import Arrays, Squares, Value
from optimizer_conformance.reference.numbers.hyper import Hyper
from optimizer_conformance.reference.variants import matlab as documented
from optimizer_conformance.reference.variants.record import Variant

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Mixed = Literal["single", "refused"]
EpsilonReading = Literal["outside", "hat"]
Classes = Literal["double", "language"]


class Omitted(Enum):
    """An argument that was not given; ``None`` is MATLAB's ``[]``, which no scalar may be."""

    OMITTED = "omitted"


OMITTED = Omitted.OMITTED
Scalar = float | Omitted


@dataclass(frozen=True)
class UpdateCall:
    """All that one call fixes for every array that it updates.

    ``averages``: the state's part that each average argument holds, in the order of arguments.
    """

    variant: Variant
    averages: tuple[str, ...]
    values: dict[str, float]
    count: int
    number_system: Arrays
    complex_values: bool
    mixed: Mixed
    formed: dict[float, Hyper] = field(default_factory=dict)

    def __call__(
        self,
        parameter: Argument,
        gradient: Argument,
        averages: Sequence[Argument],
        factor: float,
    ) -> tuple[Any, ...]:
        """One array's step: the new parameter and the new averages, of the parameter's kind."""
        there = [parameter, gradient, *(average for average in averages if not average.omitted)]
        plain = [arrays.numeric(argument, complex_values=self.complex_values) for argument in there]
        arrays.same_sizes(there, plain)
        if not (self.complex_values or averages[-1].omitted):
            arrays.refuse_negative(averages[-1], plain[-1])
        arrays.same_labels(there)
        if self.mixed == "refused":
            arrays.same_classes(there, plain)
        values = map(Value, arrays.together(there, plain))
        old, slope = next(values), next(values)
        rule, num = self.variant.rule, self.number_system
        given = {
            name: next(values)
            for name, average in zip(self.averages, averages, strict=True)
            if not average.omitted
        }
        before = {**rule.initial_state(old, num=num), **given}
        coefficients = self.coefficients(factor, parameter)
        with np.errstate(all="ignore"):  # MATLAB is silent about overflow and 0/0
            new, state = rule.step(coefficients, before, old, slope, num=num)
        results = [new, *(state[name] for name in self.averages)]
        return tuple(dressed(result.array, parameter.value) for result in results)

    def coefficients(self, factor: float, parameter: Argument) -> Hyper:
        """The numbers of one array's step; ``factor`` multiplies the learning rate."""
        if factor in self.formed:
            return self.formed[factor]
        values, num = self.values, self.number_system
        rate = num.times(values["learning_rate"], factor)
        if not math.isfinite(rate):
            raise ArgumentError(
                parameter.name,
                f"has a learning rate of {rate}: learnRate times the factor {factor}",
            )
        found = Hyper(num, {**values, "learning_rate": rate}, self.count)
        return self.formed.setdefault(factor, found)


def dressed(array: Any, like: Any) -> Any:
    """The array as what its parameter was: labelled, or bare."""
    return DLArray(array, like.dims) if isinstance(like, DLArray) else array


def named(function: Callable[P, R]) -> Callable[P, R]:
    """Errors say which function was called."""

    @functools.wraps(function)
    def call(*positional: P.args, **keywords: P.kwargs) -> R:
        try:
            return function(*positional, **keywords)
        except ArgumentError as error:
            error.function = function.__name__
            raise

    return call


def updated(
    rule: UpdateCall, parameters: Any, gradient: Any, averages: Sequence[tuple[str, Any]]
) -> tuple[Any, ...]:
    """Walk the containers."""
    name = "net" if hasattr(parameters, "Learnables") else "params"
    others = [Argument(argument, value, is_empty(value)) for argument, value in averages]
    return walk(rule, Argument(name, parameters), [Argument("grad", gradient), *others])


def checked(argument: str, value: T, known: tuple[T, ...]) -> T:
    """``value``, one of ``known``."""
    if not isinstance(value, str) or value not in known:
        raise ArgumentError(
            argument,
            f"must be one of {', '.join(map(repr, known))}, and is {scalars.described(value)}",
        )
    return value


def chosen(
    variant: Variant, given: dict[str, tuple[str, Scalar]], classes: Classes
) -> dict[str, float]:
    """Hyperparameters by canonical name: what was given, or the variant's default.

    ``given`` maps a canonical name to the document's name and the value.
    """
    found = {}
    for canonical, (name, value) in given.items():
        check = scalars.decay_factor if "Decay" in name else scalars.positive
        default = value is OMITTED
        number = float(variant.defaults[canonical]) if default else check(name, value)
        found[canonical] = number if classes == "language" else float(number)
    return found


@named
def rmspropupdate(
    params: Any,
    grad: Any,
    average_sq_grad: Any,
    learn_rate: Scalar = OMITTED,
    sq_grad_decay: Scalar = OMITTED,
    epsilon: Scalar = OMITTED,
    /,
    *,
    release: str = "R2024a",
    squares: Squares = "g^2",
    mixed: Mixed = "single",
    scalars_: Classes = "double",
) -> tuple[Any, Any]:
    """``[params, averageSqGrad] = rmspropupdate(params, grad, averageSqGrad, …)``.

    ``params``           a dlnetwork, dlarray, numeric array, cell array, structure or table; what
                         stands for each is listed in :mod:`reference.matlab.containers`
    ``grad``             of exactly the same form
    ``average_sq_grad``  of the same form, or ``None`` (``[]``) for the first call
    ``learn_rate``       positive scalar, 0.001; a network's factors multiply it
    ``sq_grad_decay``    positive scalar between 0 and 1; 0.9, before R2020a 0.999
    ``epsilon``          positive scalar, 1e-8; outside the root

    ``release``  whose behaviour: the default decay, and complex values, refused before R2024a
    ``squares``  of complex gradients: ``"g^2"`` element by element, as the page says (so that the
                 average is complex, which the page allows), or ``"|g|^2"``
    ``mixed``    single beside double: computed in ``"single"``, as the language does, or
                 ``"refused"``, the strict reading of "exactly the same data type"
    ``scalars_`` scalar arguments count as ``"double"`` whatever their type, or have the class that
                 the ``"language"`` gives them: a single one makes double arrays single

    Nothing that was given is changed.  Where one array is on a GPU, its step runs there.
    Source: MATLAB rmspropupdate, Syntax, Input Arguments, Version History.  Raises ArgumentError.
    """
    since = release_named(release)
    variant = documented.RMSPROP_R2020A if since >= DECAY_OF_0_9 else documented.RMSPROP_R2019B
    rule = UpdateCall(
        variant=variant,
        averages=("second_moment",),
        values=chosen(
            variant,
            {
                "learning_rate": ("learnRate", learn_rate),
                "decay": ("sqGradDecay", sq_grad_decay),
                "epsilon": ("epsilon", epsilon),
            },
            checked("scalars_", scalars_, ("double", "language")),
        ),
        count=1,
        number_system=Arrays(checked("squares", squares, ("g^2", "|g|^2"))),
        complex_values=since >= COMPLEX_VALUES,
        mixed=checked("mixed", mixed, ("single", "refused")),
    )
    new, average = updated(rule, params, grad, [("averageSqGrad", average_sq_grad)])
    return new, average


@named
def adamupdate(
    params: Any,
    grad: Any,
    average_grad: Any,
    average_sq_grad: Any,
    iteration: int,
    learn_rate: Scalar = OMITTED,
    grad_decay: Scalar = OMITTED,
    sq_grad_decay: Scalar = OMITTED,
    epsilon: Scalar = OMITTED,
    /,
    *,
    release: str = "R2024a",
    squares: Squares = "g^2",
    mixed: Mixed = "single",
    scalars_: Classes = "double",
    epsilon_reading: EpsilonReading = "outside",
) -> tuple[Any, Any, Any]:
    """``[params, averageGrad, averageSqGrad] = adamupdate(params, grad, averageGrad, …)``.

    As :func:`rmspropupdate`, and:

    ``average_grad``  of the same form as ``params``, or ``None`` (``[]``) for the first call
    ``iteration``     positive integer, 1 for the first call: the bias correction needs it
    ``grad_decay``    positive scalar between 0 and 1; 0.9
    ``sq_grad_decay`` positive scalar between 0 and 1; 0.999

    ``epsilon_reading``  the page describes the bias correction and does not write it out: epsilon
                         is added to the corrected root (``"outside"``, Algorithm 1 of the paper
                         that the page cites), or to the uncorrected one (``"hat"``, the order that
                         the paper gives at the end of section 2)

    An average given as ``[]`` starts at zero whether or not the other one is.
    Source: MATLAB adamupdate, Syntax, Input Arguments, Version History.  Raises ArgumentError.
    """
    since = release_named(release)
    reading = checked("epsilon_reading", epsilon_reading, ("outside", "hat"))
    variant = documented.ADAM if reading == "outside" else documented.ADAM_HAT
    rule = UpdateCall(
        variant=variant,
        averages=("first_moment", "second_moment"),
        values=chosen(
            variant,
            {
                "learning_rate": ("learnRate", learn_rate),
                "beta1": ("gradDecay", grad_decay),
                "decay": ("sqGradDecay", sq_grad_decay),
                "epsilon": ("epsilon", epsilon),
            },
            checked("scalars_", scalars_, ("double", "language")),
        ),
        count=scalars.positive_integer("iteration", iteration),
        number_system=Arrays(checked("squares", squares, ("g^2", "|g|^2"))),
        complex_values=since >= COMPLEX_VALUES,
        mixed=checked("mixed", mixed, ("single", "refused")),
    )
    averages = [("averageGrad", average_grad), ("averageSqGrad", average_sq_grad)]
    new, first, second = updated(rule, params, grad, averages)
    return new, first, second
