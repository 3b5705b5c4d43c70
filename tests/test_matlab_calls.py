"""MATLAB's functions in Python: what is refused in one line, scalars' classes, and random calls."""

from __future__ import annotations

import re

import matlab_calls
import numpy as np
import pandas as pd
import pytest

from optimizer_conformance.reference.matlab import (
    ArgumentError,
    DLArray,
    DLNetwork,
    adamupdate,
    rmspropupdate,
)

A = np.ones(3)


def table(*values, names=(("conv", "Weights"), ("conv", "Bias"))):
    column = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        column[index] = value
    frame = pd.DataFrame(list(names)[: len(values)], columns=["Layer", "Parameter"])
    return frame.assign(Value=column)


class ReadOnly:
    """Like a network, and cannot be updated."""

    @property
    def Learnables(self):  # noqa: N802 - MATLAB's name
        return table(A)


def nested(depth):
    """Cell arrays in cell arrays."""
    found = A
    for _ in range(depth):
        found = [found]
    return found


def cyclic(kind):
    """A container that holds itself."""
    found = kind()
    if kind is list:
        found.append(found)
    else:
        found["a"] = found
    return found


def of_network(factors, rate=0.001):
    return DLNetwork(table(A), factors), table(A), None, rate


# Arguments, and what the one line says.
REFUSED = {
    "masked": ((np.ma.array(A, mask=[1, 0, 0]), A, None), "params: must be a plain array"),
    "of another kind": ((A.view(np.recarray), A, None), "params: must be a plain array"),
    "a misspelt factor": (of_network({("conv", "Wieghts"): 0.0}), "names ('conv', 'Wieghts')"),
    "no factors": (of_network(None), "net.learn_rate_factors: must map"),
    "a list of factors": (of_network([1.0]), "net.learn_rate_factors: must map"),
    "an infinite rate": (of_network({("conv", "Weights"): 1e308}, 1e300), "a learning rate of inf"),
    "no dimensions": ((np.array(1.0), np.ones((1, 1)), None), "(no dimensions), and has 1-by-1"),
    "a layer without a name": (
        (table(A, names=[(np.nan, "W")]), table(A, names=[(np.nan, "W")]), None),
        "params.Layer(1): must be a string scalar, and is nan",
    ),
    "a missing layer": ((table(A, names=[(pd.NA, "W")]), table(A), None), "params.Layer(1)"),
    "an array for a layer": ((table(A, names=[(A, "W")]), table(A), None), "params.Layer(1)"),
    "a variable twice": (
        (pd.concat([table(A), table(A)], axis=1), table(A), None),
        "params: must have the variable Layer once",
    ),
    "read-only": ((ReadOnly(), table(A), None), "net: must have Learnables that can be set"),
    "too deep": ((nested(2000), nested(2000), None), "params: is nested more than 64 deep"),
    "a cell of itself": ((cyclic(list), cyclic(list), None), "or holds itself"),
    "a field of itself": ((cyclic(dict), cyclic(dict), None), "or holds itself"),
    "too large": ((A, A, None, 10**400), "learnRate: must be a positive scalar, and no double"),
    "two rates": ((A, A, None, np.ones(2)), "learnRate: must be a positive scalar, and is a nd"),
    "a masked rate": ((A, A, None, np.ma.masked), "learnRate: must be a positive scalar"),
}


class TestRefusals:
    @pytest.mark.parametrize("name", REFUSED)
    def test_is_one_line_that_names_the_argument(self, name):
        arguments, words = REFUSED[name]
        with pytest.raises(ArgumentError, match=re.escape(words)) as caught:
            rmspropupdate(*arguments)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("name", ["squares", "mixed", "scalars_", "release"])
    @pytest.mark.parametrize("value", [A, None, 1, "other", np.ma.array([1.0, 2.0])], ids=repr)
    def test_a_keyword_takes_its_words_alone(self, name, value):
        with pytest.raises(ArgumentError, match=f"Invalid argument {name}: must be") as caught:
            rmspropupdate(A, A, None, **{name: value})
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("labels", [None, 3, b"S", ["S"]])
    def test_labels_are_text(self, labels):
        with pytest.raises(ArgumentError, match="dims: must be labels such as 'SSCB'"):
            DLArray(A, labels)

    def test_a_negative_average_is_refused_before_complex_values_were_allowed(self):
        with pytest.raises(ArgumentError, match="averageSqGrad: must not be negative before"):
            rmspropupdate(A, A, -A, release="R2023b")
        assert rmspropupdate(A, A, -A)[0].dtype == np.complex128


class TestAcceptance:
    def test_doubles_of_the_other_byte_order_are_doubles(self):
        new, average = rmspropupdate(A.astype(">f8"), A.astype(">f8"), None)
        assert new.dtype == average.dtype == np.float64
        assert (new == rmspropupdate(A, A, None)[0]).all()

    def test_an_empty_dlarray_stands_for_no_average(self):
        empty = rmspropupdate(DLArray(A), DLArray(A), DLArray(np.zeros(0)))
        none = rmspropupdate(DLArray(A), DLArray(A), None)
        assert (empty[0].data == none[0].data).all()

    def test_64_containers_in_containers_are_no_matter(self):
        new, _ = rmspropupdate(nested(64), nested(64), None)
        for _ in range(64):
            (new,) = new
        assert (new == rmspropupdate(A, A, None)[0]).all()


class TestClassesOfScalars:
    """Octave: a single scalar times a double array is single."""

    @pytest.mark.parametrize(
        ("place", "singles"), [(0, "p"), (1, "pm"), (2, "pv"), (3, "p"), (None, "")]
    )
    def test_a_single_scalar_makes_single_what_it_enters(self, place, singles):
        options = [0.1, 0.9, 0.999, 1e-8]
        if place is not None:
            options[place] = np.float32(options[place])
        found = dict(
            zip("pmv", adamupdate(A, A, A, A, 2, *options, scalars_="language"), strict=True)
        )
        assert "".join(n for n, array in found.items() if array.dtype == np.float32) == singles
        doubles = adamupdate(A, A, A, A, 2, *options)
        assert {array.dtype.name for array in doubles} == {"float64"}

    def test_the_complement_of_a_single_decay_is_formed_in_single(self):
        decay, g = np.float32(0.9), np.array([1e-3])
        _, average = rmspropupdate(g, g, None, 0.1, decay, scalars_="language")
        # The square of a double is a double; it is rounded when it meets the single.
        wanted = (np.float32(1) - decay) * np.float32(g * g)
        assert average.tobytes() == wanted.tobytes()


def test_random_calls_are_answered_as_evaluated_or_refused():
    counts = matlab_calls.campaign(40)
    assert counts["answered"] > 10
    assert counts["refused"] > 3


@pytest.mark.long
def test_thousands_of_random_calls(capsys):
    counts = matlab_calls.campaign(20_000)
    with capsys.disabled():
        print(f"\nreference.matlab: {dict(counts)}, no traceback, no other difference")
