"""``reference.matlab``: what our transcription of MATLAB's two pages does.

Parameters are small and the same everywhere; ``container`` is one of CONTAINERS.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas

from optimizer_conformance.reference.matlab import DLArray, DLNetwork, adamupdate, rmspropupdate
from optimizer_conformance.reference.matlab.containers import Argument, kind

VERSION = "optimizer_conformance.reference.matlab"
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "rmspropupdate": rmspropupdate,
    "adamupdate": adamupdate,
}
CLASSES = {"double": np.float64, "single": np.float32, "int32": np.int32}
# Optional arguments in their order, with a value that the pages call valid.
OPTIONS = {
    "rmspropupdate": {"learnRate": 0.05, "sqGradDecay": 0.95, "epsilon": 1e-8},
    "adamupdate": {"learnRate": 0.05, "gradDecay": 0.75, "sqGradDecay": 0.95, "epsilon": 1e-8},
}
AVERAGES = {"rmspropupdate": 1, "adamupdate": 2}
LAYERS = [("conv", "Weights"), ("conv", "Bias"), ("fc", "Weights")]


def array(value: float, kind_: str = "double", shape: tuple[int, ...] = (2, 3)) -> Any:
    """A constant array of one numeric class."""
    return np.full(shape, value, CLASSES[kind_])


def table(value: float, kind_: str = "double") -> Any:
    """A table of learnables whose values are dlarrays."""
    return pandas.DataFrame(
        {
            "Layer": [layer for layer, _ in LAYERS],
            "Parameter": [name for _, name in LAYERS],
            "Value": [DLArray(array(value, kind_)) for _ in LAYERS],
        }
    )


CONTAINERS: dict[str, Callable[..., Any]] = {
    "dlarray": lambda value, k="double": DLArray(array(value, k), "SS"),
    "numeric array": array,
    "cell array": lambda value, k="double": [array(value, k), array(value, k, (4,))],
    "structure": lambda value, k="double": {"W": array(value, k), "b": array(value, k, (4,))},
    "table": table,
    "dlnetwork": lambda value, k="double": DLNetwork(table(value, k)),
    "nested": lambda value, k="double": {"a": [array(value, k)], "b": {"c": array(value, k)}},
}


def gradient_of(container: str, value: float, class_: str = "double") -> Any:
    """Gradients for a container: a network's are a table."""
    return CONTAINERS["table" if container == "dlnetwork" else container](value, class_)


def arrays(value: Any) -> list[Any]:
    """The arrays in a container."""
    if isinstance(value, DLArray):
        return [value.data]
    if isinstance(value, DLNetwork):
        return arrays(value.Learnables)
    if isinstance(value, pandas.DataFrame):
        return [item for row in value["Value"] for item in arrays(row)]
    if isinstance(value, dict):
        return [item for part in value.values() for item in arrays(part)]
    if isinstance(value, list):
        return [item for part in value for item in arrays(part)]
    return [value]


def call(
    function: str,
    params: Any,
    grad: Any,
    averages: list[Any] | None = None,
    options: list[float] | None = None,
    *,
    iteration: Any = 1,
    **keywords: Any,
) -> tuple[Any, ...]:
    """One call in MATLAB's order of arguments."""
    given = averages if averages is not None else [None] * AVERAGES[function]
    counted = [iteration] if function == "adamupdate" else []
    found = FUNCTIONS[function](params, grad, *given, *counted, *(options or []), **keywords)
    return tuple(found)


def form(function: str, container: str, class_: str = "double") -> dict[str, Any]:
    """What one update of a container gives back."""
    params = CONTAINERS[container](0.0, class_)
    new, *averages = call(function, params, gradient_of(container, 1.0, class_))
    return {
        "outputs": 1 + len(averages),
        "params": kind(Argument("params", new)),
        "averages": sorted({kind(Argument("average", item)) for item in averages}),
        "class": sorted({str(a.dtype) for item in (new, *averages) for a in arrays(item)}),
        "sizes": [list(a.shape) for a in arrays(new)] == [list(a.shape) for a in arrays(params)],
        "moved": all((a < 0).all() for a in arrays(new)),
        "input_kept": all((a == 0).all() for a in arrays(params)),
    }


def example(function: str) -> dict[str, Any]:
    """The page's first example: 3-by-3-by-4, gradient 1, the options that it names."""
    start = np.zeros((3, 3, 4))
    options = list(OPTIONS[function].values())[:-1]
    new, *averages = call(function, start, np.ones((3, 3, 4)), options=options)
    return {
        "size": list(new.shape),
        "steps": len(set((-new).ravel().tolist())),
        "step": f"{-new[0, 0, 0]:.15f}",
        "averages": [f"{average[0, 0, 0]:.2f}" for average in averages],
    }


def mismatch(function: str, how: str, argument: str = "grad") -> dict[str, Any]:
    """One argument in another form than ``params``: ArgumentError is raised."""
    cases: dict[str, tuple[Any, Any]] = {
        "kind": (CONTAINERS["structure"](0.0), CONTAINERS["cell array"](1.0)),
        "fields": ({"W": array(0.0), "b": array(0.0)}, {"W": array(1.0), "c": array(1.0)}),
        "order": ({"W": array(0.0), "b": array(0.0)}, {"b": array(1.0), "W": array(1.0)}),
        "cells": ([array(0.0), array(0.0)], [array(1.0)]),
        "size": (array(0.0), array(1.0, shape=(3, 3))),
        "variables": (table(0.0), table(1.0)[["Parameter", "Layer", "Value"]]),
        "rows": (table(0.0), table(1.0).iloc[::-1].reset_index(drop=True)),
        "network": (CONTAINERS["dlnetwork"](0.0), CONTAINERS["cell array"](1.0)),
    }
    params, other = cases[how]
    matching = gradient_of("dlnetwork", 1.0) if how == "network" else params
    averages: list[Any] = [None] * AVERAGES[function]
    if argument == "grad":
        call(function, params, other, averages)
    else:
        averages[argument == "averageSqGrad" and function == "adamupdate"] = other
        call(function, params, matching, averages)
    return {"accepted": True}


def missing_variable(function: str, name: str) -> dict[str, Any]:
    """A table without one of its variables."""
    params, grad = table(0.0).drop(columns=name), table(1.0).drop(columns=name)
    call(function, params, grad)
    return {"accepted": True}


def mixed(function: str, mixed: str = "single") -> dict[str, Any]:
    """Single gradients with double parameters."""
    new, *_ = call(function, array(0.0), array(1.0, "single"), mixed=mixed)
    return {"class": str(new.dtype)}


def option(function: str, name: str, value: Any) -> dict[str, Any]:
    """A value for one of the optional arguments."""
    names = list(OPTIONS[function])
    options = [*list(OPTIONS[function].values())[: names.index(name)], value]
    call(function, array(0.0), array(1.0), options=options)
    return {"accepted": True}


def default(function: str, name: str, value: float, release: str = "R2024a") -> dict[str, Any]:
    """Whether leaving an optional argument out is the same as giving ``value``."""
    names = list(OPTIONS[function])
    before = list(OPTIONS[function].values())[: names.index(name)]
    # Two steps with different gradients, small enough for epsilon to be seen.
    results = []
    for options in (before, [*before, value]):
        new, averages = array(0.0), None
        for t, gradient in enumerate((1e-7, 3e-8), 1):
            new, *averages = call(
                function,
                new,
                array(gradient),
                averages,
                options,
                iteration=t,
                release=release,
            )
        results.append(new)
    return {"same": bool((results[0] == results[1]).all())}


def iteration(value: Any) -> dict[str, Any]:
    """A value for adamupdate's iteration."""
    call("adamupdate", array(0.0), array(1.0), iteration=value)
    return {"accepted": True}


def counting(increment: bool) -> dict[str, Any]:
    """Second step of a constant gradient: only with the count going on has it the first's size."""
    options = list(OPTIONS["adamupdate"].values())[:-1]
    one, *averages = call("adamupdate", array(0.0), array(1.0), None, options)
    two, *_ = call(
        "adamupdate", one, array(1.0), averages, options, iteration=2 if increment else 1
    )
    return {"second": f"{(one - two)[0, 0]:.12f}", "first": f"{-one[0, 0]:.12f}"}


def first_call(function: str) -> dict[str, Any]:
    """Averages given as ``[]`` against averages of zeros."""
    empty = call(function, array(0.5), array(0.3))
    zeros = call(function, array(0.5), array(0.3), [array(0.0)] * AVERAGES[function])
    return {"same": all((a == b).all() for a, b in zip(empty, zeros, strict=True))}


def continued(function: str) -> dict[str, Any]:
    """Two calls, the second with the first's averages or with ``[]`` again."""
    new, *averages = call(function, array(0.0), array(1.0))
    on = call(function, new, array(0.1), averages, iteration=2)
    again = call(function, new, array(0.1), iteration=2)
    return {
        "same_as_starting_again": bool((on[0] == again[0]).all()),
        "forms": sum(
            goes_on(function, form, kind) for form in CONTAINERS for kind in ("double", "single")
        ),
    }


def goes_on(function: str, container: str, class_: str) -> bool:
    """A second call with the first's averages moves the parameters on, in their own class."""
    grad = gradient_of(container, 1.0, class_)
    new, *averages = call(function, CONTAINERS[container](0.0, class_), grad)
    on, *kept = call(function, new, grad, averages, iteration=2)
    found = [item for value in (on, *kept) for item in arrays(value)]
    moved = all((a < b).all() for a, b in zip(arrays(on), arrays(new), strict=True))
    return moved and {str(item.dtype) for item in found} == {str(np.dtype(CLASSES[class_]))}


def previous_default() -> dict[str, Any]:
    """R2019b without options against R2024a with the options that the page gives for it."""
    results = []
    for release, options in (("R2019b", None), ("R2024a", [0.001, 0.999])):
        new, averages = array(0.0), None
        for gradient in (1.0, -0.3, 0.02):
            new, *averages = call(
                "rmspropupdate", new, array(gradient), averages, options, release=release
            )
        results.append(new)
    return {"same": bool((results[0] == results[1]).all())}


def complex_values(function: str, argument: str, release: str = "R2024a") -> dict[str, Any]:
    """A complex value in one argument."""
    given = {name: array(0.5) for name in ("params", "grad", "averageGrad", "averageSqGrad")}
    given[argument] = given[argument] * (1 + 1j)
    averages = [given["averageGrad"], given["averageSqGrad"]][-AVERAGES[function] :]
    new, *found = call(function, given["params"], given["grad"], averages, release=release)
    return {
        "params": "complex" if np.iscomplexobj(new) else "real",
        "averages": ["complex" if np.iscomplexobj(item) else "real" for item in found],
    }


def squares(function: str, reading: str = "g^2") -> dict[str, Any]:
    """The average of squares after one complex gradient: is it ``g.^2`` or ``|g|^2``?"""
    average = call(function, array(0.0), array(0.0) + (3 + 4j), squares=reading)[-1][0, 0]
    return {"complex": bool(average.imag != 0), "negative_real_part": bool(average.real < 0)}


def release(function: str, name: str) -> dict[str, Any]:
    """A release of MATLAB by name."""
    call(function, array(0.0), array(1.0), release=name)
    return {"accepted": True}


def factor(function: str, value: float) -> dict[str, Any]:
    """Steps of a network whose first parameter has a learning rate factor, relative to 1."""
    steps = []
    for factors in ({}, {LAYERS[0]: value}):
        network = DLNetwork(table(0.0), factors)
        new, *_ = call(function, network, table(1.0))
        steps.append([float(-a[0, 0]) for a in arrays(new)])
    return {"ratios": [round(b / a, 12) for a, b in zip(*steps, strict=True)]}


def device(function: str, argument: str) -> dict[str, Any]:
    """Where the update runs when one argument lies on another device (of the array API)."""
    import array_api_strict as xp  # noqa: PLC0415 - only this question needs it

    elsewhere = xp.Device("device1")
    given = {name: array(0.5) for name in ("params", "grad", "averageGrad", "averageSqGrad")}
    placed = {
        name: xp.asarray(value, device=elsewhere) if name == argument else xp.asarray(value)
        for name, value in given.items()
    }
    averages = [placed["averageGrad"], placed["averageSqGrad"]][-AVERAGES[function] :]
    found = call(function, placed["params"], placed["grad"], averages)
    return {"device": sorted({str(item.device) for item in found})}
