"""Calls of MATLAB's functions in Python, by Hypothesis: thousands of forms, containers and values.

``python tests/matlab_calls.py [--examples 5000]`` prints how many were answered and refused; each
answer equals an evaluation of its own that is written here, each refusal is one line that names the
argument.  tests/test_matlab.py does a few.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer_conformance.reference.matlab import (
    ArgumentError,
    DLArray,
    DLNetwork,
    adamupdate,
    rmspropupdate,
)

FUNCTIONS = {"rmspropupdate": rmspropupdate, "adamupdate": adamupdate}
ARRAYS = {
    "rmspropupdate": ("params", "grad", "averageSqGrad"),
    "adamupdate": ("params", "grad", "averageGrad", "averageSqGrad"),
}
OPTIONS = {
    "rmspropupdate": {"learnRate": 0.001, "sqGradDecay": 0.9, "epsilon": 1e-8},
    "adamupdate": {"learnRate": 0.001, "gradDecay": 0.9, "sqGradDecay": 0.999, "epsilon": 1e-8},
}
KEYWORDS = {
    "release": ("R2024a", "R2019b", "R2020a", "R2023b", "R2025a"),
    "squares": ("g^2", "|g|^2"),
    "mixed": ("single", "refused"),
    "scalars_": ("double", "language"),
}
CLASSES = ("f8", "f4", "c16", "c8")


class Strange:
    """Nothing that a function could know."""


CYCLE: list = []
CYCLE.append(CYCLE)
# What is no array, container or scalar of either function.
JUNK = (
    None, True, 1, 10**400, "", "text", b"x", (), (1.0,), set(), object(), Strange(), float,
       np.arange(3), np.array([True]), np.array(["a"]), np.array([None]), np.float16(1), pd.NA,
    np.ma.array([1.0, 2.0], mask=[0, 1]), np.rec.array([1.0]), pd.Series([1.0]),
    np.array([1.0], "longdouble"), CYCLE, np.datetime64("2020-01-01"), range(3),
)  # fmt: skip
SCALARS = (
    0.0, -1.0, 1.0, 1.5, math.nan, math.inf, -math.inf, 1j, 10**400, None, True, "0.1", "", [0.1],
    (0.1,), {}, np.ones(2), np.array([[0.5]]), np.zeros(0), np.float32(0.5), np.float64(0.25),
    np.array(0.5), np.ma.masked, Strange(), DLArray(np.array(0.5)), 5e-324, 1e300, np.int8(1),
)  # fmt: skip


# Values and containers ------------------------------------------------------------------------


def numbers():
    special = st.sampled_from(
        [0.0, -0.0, 1e-30, 1e30, 1e200, 5e-324, math.inf, -math.inf, math.nan]
    )
    return st.one_of(st.floats(-4, 4), special)


@st.composite
def an_array(draw, shape, classes):
    kind = np.dtype(draw(st.sampled_from(classes)))
    size = math.prod(shape)
    with np.errstate(all="ignore"):
        parts = [
            np.array(draw(st.lists(numbers(), min_size=size, max_size=size)), "f8").reshape(shape)
            for _ in range(2 if kind.kind == "c" else 1)
        ]
        found = parts[0] if kind.kind == "f" else parts[0] + 1j * parts[1]
        return found.astype(kind)


@st.composite
def forms(draw, depth=3):
    """The form of a container: what every argument of a call shares."""
    kind = draw(
        st.sampled_from(["array", "array", "cell", "structure", "table"][: 2 + 3 * (depth > 0)])
    )
    if kind == "array":
        shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
        return ("array", shape, draw(st.sampled_from(["bare", "", "SSCB"])))
    parts = [draw(forms(depth - 1)) for _ in range(draw(st.integers(1, 3)))]
    if kind == "table":
        parts = [draw(forms(0)) for _ in parts]
    return (kind, parts)


@st.composite
def filled(draw, form, classes):
    """A container of that form."""
    if form[0] == "array":
        array = draw(an_array(form[1], classes))
        return array if form[2] == "bare" else DLArray(array, form[2])
    values = [draw(filled(part, classes)) for part in form[1]]
    if form[0] == "cell":
        return values
    if form[0] == "structure":
        return dict(zip("WbU", values, strict=False))
    return table(values)


def table(values):
    column = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        column[index] = value
    names = [("conv", "Weights"), ("conv", "Bias"), ("fc", "Weights")][: len(values)]
    frame = pd.DataFrame(names, columns=["Layer", "Parameter"])
    return frame.assign(Value=column)


def leaves(value):
    if isinstance(value, DLNetwork):
        return leaves(value.Learnables)
    if isinstance(value, DLArray):
        return [value.data]
    if isinstance(value, pd.DataFrame):
        return leaves(list(value["Value"]))
    if isinstance(value, dict):
        return leaves(list(value.values()))
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [np.asarray(value)]


def spoilt(draw, value):
    """A container with something in it that belongs nowhere, or of another form."""
    for kind, spoil in ((list, spoilt_cells), (dict, spoilt_fields), (pd.DataFrame, spoilt_table)):
        if isinstance(value, kind) and draw(st.booleans()):
            return spoil(draw, value)
    return draw(st.sampled_from(JUNK))


def spoilt_cells(draw, value):
    index = draw(st.integers(0, len(value) - 1))
    how = draw(st.sampled_from(["deeper", "deeper", "longer", "shorter"]))
    if how == "deeper":
        return [*value[:index], spoilt(draw, value[index]), *value[index + 1 :]]
    return [*value, value[0]] if how == "longer" else value[1:]


def spoilt_fields(draw, value):
    name = draw(st.sampled_from(list(value)))
    how = draw(st.sampled_from(["deeper", "deeper", "renamed", "reversed"]))
    if how == "deeper":
        return {**value, name: spoilt(draw, value[name])}
    if how == "renamed":
        return {("x" + key if key == name else key): part for key, part in value.items()}
    return dict(reversed(value.items()))


def spoilt_table(draw, value):
    how = draw(st.sampled_from(["Layer", "Parameter", "Value", "drop", "twice", "rows", "order"]))
    if how in value.columns:
        column = np.empty(len(value), dtype=object)
        for index in range(len(value)):
            column[index] = draw(st.sampled_from(JUNK))
        return value.assign(**{how: column})
    return {
        "drop": lambda: value.drop(columns=draw(st.sampled_from(list(value)))),
        "twice": lambda: pd.concat([value, value[["Value"]]], axis=1),
        "rows": lambda: value.iloc[1:],
        "order": lambda: value.iloc[::-1],
    }[how]()


# The evaluation of its own ----------------------------------------------------------------------


def single(x):
    return np.asarray(x).dtype.itemsize // (2 if np.iscomplexobj(x) else 1) == 4


def real_again(x):
    return x.real if np.iscomplexobj(x) and not (x.imag != 0).any() else x


def both(x, y, operation):
    """MATLAB's rule: single beside double is single."""
    x, y = np.asarray(x), np.asarray(y)
    if single(x) or single(y):
        x, y = (v.astype("c8" if np.iscomplexobj(v) else "f4") for v in (x, y))
    return real_again(np.asarray(operation(x, y)))


def plus(x, y):
    return both(x, y, np.add)


def times(x, y):
    return both(x, y, np.multiply)


def over(x, y):
    return both(x, y, np.divide)


def root(x):
    if not np.iscomplexobj(x) and (x < 0).any():
        x = x.astype("c8" if single(x) else "c16")
    return real_again(np.sqrt(x))


def square(x, how):
    if how == "|g|^2" and np.iscomplexobj(x):
        return plus(times(x.real, x.real), times(x.imag, x.imag))
    return times(x, x)


def one_array(function, arrays, options, rate, count, keywords):
    """The page's formulas, operation by operation; scalars are arrays without dimensions."""
    p, g, *averages = arrays
    decay, epsilon = options["sqGradDecay"], options["epsilon"]
    zero = np.zeros(p.shape, "f4" if single(p) else "f8")
    averages = [zero if average is None else average for average in averages]
    one = np.float64(1.0)
    v = plus(
        times(decay, averages[-1]),
        times(both(one, decay, np.subtract), square(g, keywords["squares"])),
    )
    if function == "rmspropupdate":
        change = over(times(rate, g), plus(root(v), epsilon))
        return [both(p, change, np.subtract), v]
    first = options["gradDecay"]
    m = plus(times(first, averages[0]), times(both(one, first, np.subtract), g))
    c1, c2 = (both(one, both(b, np.float64(count), np.power), np.subtract) for b in (first, decay))
    if keywords.get("epsilon_reading", "outside") == "outside":
        below = plus(root(over(v, c2)), epsilon)
        change = over(over(times(rate, m), c1), below)
    else:
        change = over(over(times(times(rate, m), np.sqrt(c2)), c1), plus(root(v), epsilon))
    return [both(p, change, np.subtract), m, v]


def scalar(value, keywords):
    """An option as the call counts it."""
    found = np.asarray(value).reshape(())
    return (
        np.float32(found)
        if keywords["scalars_"] == "language" and found.dtype == "f4"
        else np.float64(found)
    )


def expected(call):
    """Each array of each result, in order; whatever cannot be evaluated raises."""
    function, containers, count, given, keywords = call
    defaults = dict(OPTIONS[function])
    if function == "rmspropupdate" and keywords["release"] == "R2019b":
        defaults["sqGradDecay"] = 0.999
    options = {name: scalar(given.get(name, value), keywords) for name, value in defaults.items()}
    columns = [None if place > 1 and empty(c) else leaves(c) for place, c in enumerate(containers)]
    factors = [1.0] * len(columns[0])
    if isinstance(containers[0], DLNetwork):
        net = containers[0]
        rows = zip(net.Learnables["Layer"], net.Learnables["Parameter"], strict=True)
        # An array of one element is a scalar here, as everywhere in MATLAB.
        given = [net.learn_rate_factors.get(row, 1.0) for row in rows]
        factors = [value.item() if isinstance(value, np.ndarray) else value for value in given]
    results = []
    with np.errstate(all="ignore"):
        for index, factor in enumerate(factors):
            arrays = [None if column is None else column[index] for column in columns]
            rate = both(options["learnRate"], np.float64(factor), np.multiply)
            results.append(one_array(function, arrays, options, rate, count, keywords))
    return [array for result in zip(*results, strict=True) for array in result]


def empty(value):
    if isinstance(value, DLArray):
        value = value.data
    return (
        value is None
        or (isinstance(value, list) and not value)
        or (isinstance(value, np.ndarray) and value.size == 0)
    )


# Calls --------------------------------------------------------------------------------------------


@st.composite
def calls(draw):
    """A call, and whether something in it is wrong on purpose."""
    function = draw(st.sampled_from(sorted(FUNCTIONS)))
    keywords = {
        name: draw(st.sampled_from(values[:1] * 3 + values)) for name, values in KEYWORDS.items()
    }
    if function == "adamupdate":
        keywords["epsilon_reading"] = draw(st.sampled_from(["outside", "hat"]))
    newest = keywords["release"] in ("R2024a", "R2025a")
    classes = CLASSES if newest else CLASSES[:2]
    if keywords["mixed"] == "refused":
        classes = classes[::2] if draw(st.booleans()) else classes[1::2]
    form = draw(forms())
    containers = [draw(filled(form, classes)) for _ in ARRAYS[function]]
    for place in range(2, len(containers)):
        if draw(st.booleans()):
            containers[place] = None
    if not newest and containers[-1] is not None:
        containers[-1] = nonnegative(containers[-1])
    if form[0] == "table" and draw(st.booleans()):
        rows = list(zip(containers[0]["Layer"], containers[0]["Parameter"], strict=True))
        factors = draw(st.dictionaries(st.sampled_from(rows), st.sampled_from([0.0, 0.5, 2.0, 10])))
        containers[0] = DLNetwork(containers[0], factors)
    names = list(OPTIONS[function])
    given = {}
    for name in names[: draw(st.integers(0, len(names)))]:
        value = draw(st.floats(1e-6, 0.999))
        given[name] = draw(st.sampled_from([float, np.float32, np.float64, np.array]))(value)
    count = draw(st.integers(1, 50))
    call, wrong = [function, containers, count, given, keywords], draw(st.booleans())
    if wrong:
        spoil(draw, call)
    return tuple(call), wrong


def nonnegative(value):
    """A container with the moduli: what an average of squares is before R2024a."""
    if isinstance(value, DLArray):
        return DLArray(abs(value.data), value.dims)
    if isinstance(value, pd.DataFrame):
        return table([nonnegative(part) for part in value["Value"]])
    if isinstance(value, dict):
        return {name: nonnegative(part) for name, part in value.items()}
    return [nonnegative(part) for part in value] if isinstance(value, list) else abs(value)


def spoil(draw, call):
    """Put one thing into a call that is not as it was."""
    function, containers, _, given, keywords = call
    what = draw(st.sampled_from(["container", "container", "scalar", "count", "keyword", "factor"]))
    if what == "container":
        place = draw(st.integers(0, len(containers) - 1))
        containers[place] = spoilt(draw, containers[place])
    elif what == "scalar":
        names = list(OPTIONS[function])
        name = draw(st.sampled_from(names))
        for before in names[: names.index(name)]:
            given.setdefault(before, OPTIONS[function][before])
        given[name] = draw(st.sampled_from(SCALARS))
    elif what == "count":
        call[2] = draw(st.sampled_from([*SCALARS, 2.0, np.int64(3)]))
    elif what == "keyword":
        name = draw(st.sampled_from(sorted(keywords)))
        keywords[name] = draw(st.sampled_from([*JUNK, *SCALARS, "R2018b", "R2024A"]))
    else:
        learnables = table([np.ones(2), np.ones(3)])
        junk = draw(st.sampled_from([*SCALARS, 1e308, 1e-308]))
        factors = draw(
            st.sampled_from([None, [], "x", {("conv", "Bais"): 2.0}, {("conv", "Bias"): junk}])
        )
        containers[0] = DLNetwork(learnables, factors)
        containers[1:] = [learnables] + [None] * (len(containers) - 2)


def carried_out(call):
    function, containers, count, given, keywords = call
    counted = [count] if function == "adamupdate" else []
    return FUNCTIONS[function](*containers, *counted, *given.values(), **keywords)


def outcome(call, wrong):
    """``answered`` or ``refused``; raises AssertionError for anything else."""
    try:
        results = carried_out(call)
    except ArgumentError as error:
        text = str(error)
        assert "\n" not in text
        assert len(text) < 400, text
        assert text.startswith(f"{call[0]}: Invalid argument "), text
        assert wrong, f"a call that is right was refused: {text}"
        return "refused"
    wanted = expected(call)
    found = [leaf for result in results for leaf in leaves(result)]
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours.dtype == theirs.dtype, (ours, theirs)
        assert ours.shape == theirs.shape
        np.testing.assert_array_equal(ours, theirs)
    return "answered"


def campaign(examples):
    """How many calls of how many were answered and refused."""
    counts = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(calls())
    def run(example):
        counts[outcome(*example)] += 1

    run()
    return counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=5000)
    found = campaign(parser.parse_args().examples)
    counts = f"{found['answered']} answered as evaluated, {found['refused']} refused"
    print(f"{sum(found.values())} calls: {counts}")
