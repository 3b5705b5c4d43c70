"""``reference.matlab``, tried: every wrong value, class, form and place of each argument.

What is accepted is listed by name; the refused ones say which arguments were blamed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas

from optimizer_conformance.questions.verify.probes.transcription.matlab import (
    AVERAGES,
    CONTAINERS,
    LAYERS,
    OPTIONS,
    VERSION,
    array,
    arrays,
    call,
    iteration,
    option,
    table,
)
from optimizer_conformance.reference.matlab import ArgumentError, DLArray, DLNetwork

__all__ = ["VERSION"]

# Values that are no positive scalar, whatever the option; 1 is left to the claims on decays.
NO_SCALAR: dict[str, Any] = {
    "[]": None,
    "true": True,
    "0": 0,
    "0.0": 0.0,
    "-1": -1.0,
    "nan": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
    "complex": 0.5 + 0.5j,
    "text": "0.1",
    "empty text": "",
    "bytes": b"0.1",
    "list": [0.1, 0.2],
    "array": np.array([0.1, 0.2]),
    "empty array": np.zeros(0),
    "tuple": (0.1,),
    "structure": {"a": 0.1},
    "object": object(),
    "too large": 10**400,
}
DEFAULTS = {
    "rmspropupdate": {"learnRate": 0.001, "sqGradDecay": 0.9, "epsilon": 1e-8},
    "adamupdate": {"learnRate": 0.001, "gradDecay": 0.9, "sqGradDecay": 0.999, "epsilon": 1e-8},
}
NO_DECAY = {"1.5": 1.5, "above 1": 1.0 + 2.0**-52}
NO_INTEGER = {"1.5": 1.5, "0.5": 0.5}


def tried(cases: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Which of these calls are accepted, and which arguments the refused ones blame."""
    accepted, blamed = [], set()
    for name, case in cases.items():
        try:
            case()
        except ArgumentError as error:
            blamed.add(re.split(r"[.{(]", error.argument)[0])
        else:
            accepted.append(name)
    return {"accepted": accepted, "blamed": sorted(blamed), "tried": len(cases)}


def no_scalars(function: str, name: str) -> dict[str, Any]:
    """An optional argument with everything that is no positive scalar (between 0 and 1)."""
    values = NO_SCALAR | (NO_DECAY if "Decay" in name else {})
    return tried({words: partial(option, function, name, value) for words, value in values.items()})


def no_iterations() -> dict[str, Any]:
    """adamupdate's iteration with everything that is no positive integer."""
    values = NO_SCALAR | NO_INTEGER
    return tried({words: partial(iteration, value) for words, value in values.items()})


def inside(value: Any) -> dict[str, Any]:
    """The same part in each kind of container, beside one that is right; nested as well."""
    right = array(0.0)
    return {
        "a cell array": [right, value],
        "a structure": {"W": right, "b": value},
        "a nested cell array": [[right, value]],
        "a nested structure": {"a": {"W": right, "b": value}},
    }


def in_table(value: Any) -> Any:
    """A table of learnables whose second value is this one."""
    frame = table(0.0)
    frame.at[1, "Value"] = value
    return frame


def with_one(function: str, argument: str, params: Any, other: Any, **keywords: Any) -> Any:
    """A call whose arguments are all like ``params`` but one."""
    averages: list[Any] = [params, params][-AVERAGES[function] :]
    given = {"params": params, "grad": params}
    names = ["averageGrad", "averageSqGrad"][-AVERAGES[function] :]
    given |= dict(zip(names, averages, strict=True)) | {argument: other}
    averages = [given[name] for name in names]
    return call(function, given["params"], given["grad"], averages, **keywords)


def other_forms(function: str, argument: str) -> dict[str, Any]:
    """One argument in every form that is not the parameters', at the top and inside."""
    a, b, c = array(0.0), array(0.0, shape=(4,)), array(0.0, shape=(3, 2))
    pairs: dict[str, tuple[Any, Any]] = {
        "a dlarray for a numeric array": (a, DLArray(a)),
        "a numeric array for a dlarray": (DLArray(a), a),
        "a structure for a cell array": ([a], {"W": a}),
        "a cell array for a structure": ({"W": a}, [a]),
        "a cell array for a table": (table(0.0), [a, a, a]),
        "other labels": (DLArray(a, "SC"), DLArray(a, "CB")),
        "no labels": (DLArray(a, "SC"), DLArray(a)),
        "fewer cells": ([a, b], [a]),
        "more cells": ([a], [a, b]),
        "other fields": ({"W": a}, {"V": a}),
        "fields in another order": ({"W": a, "b": a}, {"b": a, "W": a}),
        "a further field": ({"W": a}, {"W": a, "b": a}),
        "another size": (a, c),
        "fewer rows": (table(0.0), table(0.0).iloc[:2]),
        "rows in another order": (table(0.0), table(0.0).iloc[::-1]),
        "another layer": (table(0.0), table(0.0).replace("fc", "gc")),
        "another parameter": (table(0.0), table(0.0).replace("Bias", "Weights")),
        "other variables": (table(0.0), table(0.0).assign(Note="x")),
        "variables in another order": (table(0.0), table(0.0)[["Parameter", "Layer", "Value"]]),
    }
    for name, value in {"size": c, "kind": [a], "dlarray": DLArray(a)}.items():
        pairs |= {f"another {name} inside {k}": (inside(a)[k], v) for k, v in inside(value).items()}
    d = DLArray(a, "SC")
    pairs |= {f"other labels inside {k}": (inside(d)[k], v) for k, v in inside(DLArray(a)).items()}
    for name in ("size", "labels", "kind"):
        right = DLArray(a, "SS")
        wrong = {"size": DLArray(c, "SS"), "labels": DLArray(a, "SC"), "kind": a}[name]
        pairs[f"another {name} inside a table"] = (in_table(right), in_table(wrong))
    pairs["fewer cells inside a structure"] = ({"W": [a, b]}, {"W": [a]})
    pairs["other fields inside a cell array"] = ([{"W": a}], [{"V": a}])
    pairs["a list for a structure inside a cell array"] = ([{"W": a}], [[a]])
    return tried(
        {name: partial(with_one, function, argument, *pair) for name, pair in pairs.items()}
    )


def other_classes(function: str, argument: str) -> dict[str, Any]:
    """One argument with every class but double and single, at the top and inside."""
    wrong = {
        "int32": array(0.0, "int32"),
        "int8": array(0.0).astype(np.int8),
        "logical": array(0.0) > 1,
        "half": array(0.0).astype(np.float16),
        "char": np.full((2, 3), "a"),
    }
    return tried(placed(function, argument, wrong))


def complex_before(function: str, argument: str) -> dict[str, Any]:
    """One argument with a complex array under R2023b, at the top and inside."""
    wrong = {"complex": array(0.0) + 1j, "complex single": array(0.0).astype(np.complex64)}
    return tried(placed(function, argument, wrong, release="R2023b"))


def placed(
    function: str, argument: str, wrong: dict[str, Any], **keywords: Any
) -> dict[str, Callable[[], Any]]:
    """Calls with a wrong array in one argument: bare, as dlarray, in each container."""
    cases, right = {}, array(0.0)
    for name, value in wrong.items():
        pairs = {"bare": (right, value), "dlarray": (DLArray(right), DLArray(value))}
        pairs |= {where: (inside(right)[where], c) for where, c in inside(value).items()}
        pairs["a table"] = (in_table(DLArray(right)), in_table(DLArray(value)))
        for where, pair in pairs.items():
            cases[f"{name}, {where}"] = partial(with_one, function, argument, *pair, **keywords)
    return cases


def no_params(function: str) -> dict[str, Any]:
    """Parameters that are none of the documented containers, at the top and inside."""
    wrong = {"a tuple": (1.0,), "an integer": 1, "text": "W", "nothing": None, "a set": {1.0}}
    cases = {name: partial(call, function, value, array(0.0)) for name, value in wrong.items()}
    for name, value in wrong.items():
        for where, container in inside(value).items():
            cases[f"{name}, {where}"] = partial(call, function, container, container)
    return tried(cases)


def no_names(function: str) -> dict[str, Any]:
    """Layer and Parameter with what is no string scalar."""
    wrong = {"nan": math.nan, "a number": 3, "nothing": None, "an array": np.array(["a", "b"])}
    cases = {}
    for variable in ("Layer", "Parameter"):
        for name, value in wrong.items():
            frame = table(0.0)
            frame[variable] = frame[variable].astype(object)
            frame.at[1, variable] = value
            cases[f"{variable}: {name}"] = partial(call, function, frame, frame)
    return tried(cases)


def varied(container: str, offset: float) -> Any:
    """A container whose elements are all different numbers."""
    values = iter(np.arange(1, 200) / 64 + offset)

    def fill(item: Any) -> Any:
        if isinstance(item, DLArray):
            return DLArray(fill(item.data), item.dims)
        if isinstance(item, DLNetwork):
            return DLNetwork(fill(item.Learnables), item.learn_rate_factors)
        if isinstance(item, pandas.DataFrame):
            column = np.empty(len(item), dtype=object)
            for index, value in enumerate(item["Value"]):
                column[index] = fill(value)
            return item.assign(Value=column, Note=[f"note {index}" for index in range(len(item))])
        if isinstance(item, dict):
            return {name: fill(part) for name, part in item.items()}
        if isinstance(item, list):
            return [fill(part) for part in item]
        return np.array([next(values) for _ in range(item.size)]).reshape(item.shape)

    return fill(CONTAINERS[container](0.0))


def shape_of(item: Any) -> Any:
    """A container with words for its arrays: what has to come back the same."""
    if isinstance(item, DLArray):
        return f"dlarray {item.dims} {item.data.shape}"
    if isinstance(item, DLNetwork):
        return ["dlnetwork", shape_of(item.Learnables), sorted(item.learn_rate_factors.items())]
    if isinstance(item, pandas.DataFrame):
        rest = item.drop(columns="Value")
        values = [shape_of(value) for value in item["Value"]]
        return [list(item.columns), rest.to_numpy().tolist(), values]
    if isinstance(item, dict):
        return [(name, shape_of(part)) for name, part in item.items()]
    if isinstance(item, list):
        return ["cells", *map(shape_of, item)]
    return f"array {item.shape}"


def leaf_by_leaf(function: str, container: str) -> dict[str, Any]:
    """A container of different numbers: is every array updated as it is alone, with its own
    gradient and averages, and does all else come back as it was given?"""
    params = varied(container, 0.0)
    tables = "table" if container == "dlnetwork" else container
    grad, averages = varied(tables, 1.0), [varied(tables, 2.0), varied(tables, 3.0)]
    averages = averages[-AVERAGES[function] :]
    given = [params, grad, *averages]
    before = [[a.copy() for a in arrays(item)] for item in given]
    options = list(OPTIONS[function].values())
    found = call(function, params, grad, averages, options, iteration=3)
    columns = list(zip(*map(arrays, given), strict=True))
    alone = [call(function, p, g, list(rest), options, iteration=3) for p, g, *rest in columns]
    together = list(zip(*map(arrays, found), strict=True))
    wanted = [shape_of(params), *(shape_of(grad) for _ in averages)]
    return {
        "like_alone": all(
            (ours == theirs).all()
            for one, other in zip(together, alone, strict=True)
            for ours, theirs in zip(one, other, strict=True)
        ),
        "form": [shape_of(item) for item in found] == wanted,
        "input_kept": all(
            (a == b).all()
            for item, old in zip(given, before, strict=True)
            for a, b in zip(arrays(item), old, strict=True)
        ),
    }


def element_by_element(function: str) -> dict[str, Any]:
    """Six different elements together, and each of them alone."""
    given = [np.array([value, -value, 2 * value, 0.5, 3.0, 7.0]) for value in (0.25, 1.0, 4.0, 9.0)]
    params, grad, *averages = given[: 2 + AVERAGES[function]]
    averages = [average * average for average in averages]
    together = call(function, params, grad, averages, iteration=2)
    same = True
    for index in range(6):
        one = [array[index : index + 1] for array in (params, grad, *averages)]
        alone = call(function, one[0], one[1], one[2:], iteration=2)
        pairs = zip(together, alone, strict=True)
        same = same and all((ours[index] == theirs[0]).all() for ours, theirs in pairs)
    return {"like_alone": bool(same)}


def factors(function: str, values: list[float], rate: float = 0.05) -> dict[str, Any]:
    """Steps of a network with a factor for each parameter, in units of the step with 1."""
    grad, steps = table(1.0), []
    for given in ([1.0, 1.0, 1.0], values):
        net = DLNetwork(table(0.0), dict(zip(LAYERS, given, strict=True)))
        new, *_ = call(function, net, grad, options=[rate])
        steps.append([float(-a[0, 0]) for a in arrays(new)])
    bare, *_ = call(function, array(0.0), array(1.0), options=[rate])
    return {
        "ratios": [round(b / a, 12) for a, b in zip(*steps, strict=True)],
        "with_one": steps[0] == [float(-bare[0, 0])] * 3,
    }


def counts(function: str, name: str) -> dict[str, Any]:
    """Whether each value of an optional argument gives another step, and which scale it has."""
    names = list(OPTIONS[function])
    before = list(OPTIONS[function].values())[: names.index(name)]
    # Small enough for epsilon to be seen; the second step, so that decays are.
    base = OPTIONS[function][name]
    values = [base, base / 2, base / 4]
    results = []
    for value in values:
        new, averages = array(0.0), None
        for t, gradient in enumerate((3e-8, -1e-8), 1):
            new, *averages = call(
                function, new, array(gradient), averages, [*before, value], iteration=t
            )
        results.append(float(new[0, 0]))
    return {"different_steps": len(set(results))}


def averages_of(function: str, gradient: float) -> dict[str, Any]:
    """The averages after one gradient, from averages of zeros, with decays of a half."""
    halves = [0.001, *[0.5] * AVERAGES[function]]
    _, *averages = call(function, array(0.0), array(gradient), options=halves)
    return {"averages": [float(average[0, 0]) for average in averages]}


def table_of_numeric(function: str) -> dict[str, Any]:
    """A table whose values are numeric arrays in the place of dlarrays."""
    params, grad = (table(value) for value in (0.0, 1.0))
    for frame in (params, grad):
        for row in range(len(frame)):
            frame.at[row, "Value"] = frame.at[row, "Value"].data
    return tried({"numeric values": partial(call, function, params, grad)})


def all_defaults(function: str) -> dict[str, Any]:
    """Two steps of a network without options, and with all defaults given."""
    values = list(DEFAULTS[function].values())
    results = []
    for options in ([], values):
        net, averages = DLNetwork(table(0.0)), None
        for t, gradient in enumerate((1e-7, 3e-8), 1):
            net, *averages = call(function, net, table(gradient), averages, options, iteration=t)
        results.append([a.tolist() for a in arrays(net)])
    return {"same": results[0] == results[1]}


def previous_default_of_network() -> dict[str, Any]:
    """R2019b without options against R2024a with 0.001 and 0.999, for a network."""
    results = []
    for release, options in (("R2019b", None), ("R2024a", [0.001, 0.999])):
        net, averages = DLNetwork(table(0.0)), None
        for gradient in (1.0, -0.3):
            net, *averages = call(
                "rmspropupdate", net, table(gradient), averages, options, release=release
            )
        results.append([a.tolist() for a in arrays(net)])
    return {"same": results[0] == results[1]}


def as_printed(epsilon: float) -> dict[str, Any]:
    """adamupdate's first step of a gradient of 1, with the epsilon that our copy prints."""
    new, *_ = call("adamupdate", array(0.0), array(1.0), options=[0.001, 0.9, 0.999, epsilon])
    return {"step": float(-new[0, 0])}


def trains(function: str) -> dict[str, Any]:
    """A loop of 300 updates of two arrays down a quadratic whose lowest value is zero."""
    params: Any = [array(1.0), array(-2.0, shape=(4,))]
    averages = None
    for count in range(1, 301):
        grad = [2 * value for value in params]
        params, *averages = call(
            function, params, grad, averages, [0.2 / count**0.5], iteration=count
        )
    before = 6.0 + 16.0
    after = sum(float((value * value).sum()) for value in params)
    return {"loss_fell": after < before / 1000}
