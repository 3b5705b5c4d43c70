"""MATLAB's functions in Python: containers, numeric classes, releases, errors."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from fractions import Fraction

import array_api_strict
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer_conformance.reference.matlab import (
    ArgumentError,
    DLArray,
    DLNetwork,
    adamupdate,
    rmspropupdate,
)
from optimizer_conformance.reference.numbers import FLOAT64
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS

RANDOM = np.random.Generator(np.random.Philox(20200101))


def normal(*shape, dtype=np.float64):
    return RANDOM.normal(size=shape).astype(dtype)


def table(*values, names=None):
    rows = names or [("conv", "Weights"), ("conv", "Bias"), ("fc", "Weights")][: len(values)]
    frame = pd.DataFrame(rows, columns=["Layer", "Parameter"])
    column = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        column[index] = value
    return frame.assign(Value=column)


def leaves(container):
    """The plain arrays of a container, in order."""
    if isinstance(container, DLArray):
        return [container.data]
    if isinstance(container, list):
        return [leaf for item in container for leaf in leaves(item)]
    if isinstance(container, dict):
        return [leaf for item in container.values() for leaf in leaves(item)]
    if isinstance(container, pd.DataFrame):
        return leaves(list(container["Value"]))
    if hasattr(container, "Learnables"):
        return leaves(container.Learnables)
    return [container]


def same(found, wanted):
    """The same bits, type and shape."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.dtype == wanted.dtype
    assert found.shape == wanted.shape
    assert found.tobytes() == wanted.tobytes()


class TestDocumentedExamples:
    def test_rmspropupdate_keeps_the_size_and_class_of_the_parameters(self):
        params = RANDOM.random((3, 3, 4))
        new, average = rmspropupdate(params, np.ones((3, 3, 4)), [], 0.05, 0.95)
        assert new.shape == average.shape == (3, 3, 4)
        assert new.dtype == average.dtype == np.float64
        same(average, np.full((3, 3, 4), 1 - 0.95))
        assert (new < params).all()

    def test_adamupdate_moves_each_parameter_by_the_learning_rate_at_first(self):
        params = RANDOM.random((3, 3, 4))
        new, first, second = adamupdate(params, np.ones((3, 3, 4)), [], [], 1, 0.05, 0.75, 0.95)
        same(first, np.full((3, 3, 4), 0.25))
        same(second, np.full((3, 3, 4), 1 - 0.95))
        # 0.05 / (1 + 1e-8), up to the roundings of 0.05 / 0.05 / (1 + 1e-8) and of a subtraction
        np.testing.assert_array_max_ulp(new, params - 0.05 / (1 + 1e-8), maxulp=8)

    def test_the_previous_default_decay_needs_two_more_arguments(self):
        params, grad = normal(5), normal(5)
        before = rmspropupdate(params, grad, None, release="R2019b")
        after = rmspropupdate(params, grad, None, 0.001, 0.999, release="R2020a")
        for old, new in zip(before, after, strict=True):
            same(old, new)
        assert (before[0] != rmspropupdate(params, grad, None, release="R2020a")[0]).any()


def decimals_of(defaults):
    """Defaults as the doubles that a caller passes."""
    return {name: str(Fraction(float(value))) for name, value in defaults.items()}


class TestAgainstTheReference:
    def test_rmspropupdate_is_the_documented_variant_bit_by_bit(self):
        variant = VARIANTS["matlab-rmspropupdate-r2020a"]
        params, grads = normal(7), [normal(7) for _ in range(20)]
        wanted = trajectory(variant.rule, decimals_of(variant.defaults), params, grads, num=FLOAT64)
        average = None
        for grad, (parameter, state) in zip(grads, wanted, strict=True):
            params, average = rmspropupdate(params, grad, average)
            same(params, parameter)
            same(average, state["second_moment"])

    @pytest.mark.parametrize("reading", ["outside", "hat"])
    def test_adamupdate_follows_the_reading_that_is_asked_for(self, reading):
        variant = VARIANTS["matlab-adamupdate" + ("-hat" if reading == "hat" else "")]
        params, grads = normal(7), [1e-7 * normal(7) for _ in range(20)]
        wanted = trajectory(variant.rule, decimals_of(variant.defaults), params, grads, num=FLOAT64)
        first = second = None
        for count, (grad, (parameter, state)) in enumerate(
            zip(grads, wanted, strict=True), start=1
        ):
            params, first, second = adamupdate(
                params, grad, first, second, count, epsilon_reading=reading
            )
            # The language forms 1 - beta^t in double; the reference rounds it once.
            np.testing.assert_array_max_ulp(params, parameter, maxulp=64)
            same(first, state["first_moment"])
            same(second, state["second_moment"])

    def test_the_two_readings_differ_where_epsilon_can_be_seen(self):
        call = normal(4), 1e-8 * normal(4), None, None, 1
        outside, *_ = adamupdate(*call, epsilon_reading="outside")
        hat, *_ = adamupdate(*call, epsilon_reading="hat")
        assert (outside != hat).all()

    def test_a_million_iterations_cost_no_more_than_one(self):
        new, *_ = adamupdate(normal(2), normal(2), normal(2), np.abs(normal(2)), 10**6)
        assert np.isfinite(new).all()


FLOATS = st.sampled_from([np.float32, np.float64])


@st.composite
def containers(draw):
    """Parameters and gradients in the same nested container."""

    def leaf():
        shape = draw(st.lists(st.integers(0, 3), max_size=3))
        arrays = [normal(*shape, dtype=draw(FLOATS)) for _ in range(2)]
        if draw(st.booleans()):
            arrays = [DLArray(array, draw(st.just("SSCB"))) for array in arrays]
        return arrays

    def grow(depth):
        form = draw(st.sampled_from(["leaf", "cell", "structure", "table"] if depth else ["leaf"]))
        if form == "leaf":
            return leaf()
        if form == "table":
            pairs = [leaf() for _ in range(draw(st.integers(0, 3)))]
            return [table(*side) for side in (zip(*pairs, strict=True) if pairs else ((), ()))]
        pairs = [grow(depth - 1) for _ in range(draw(st.integers(1, 3)))]
        sides = [list(side) for side in zip(*pairs, strict=True)]
        if form == "structure":
            sides = [dict(zip("WbUg", side, strict=False)) for side in sides]
        return sides

    return grow(3)


def shaped_like(found, wanted):
    """The same nested container, with arrays of the same shape inside."""
    assert type(found) is type(wanted)
    if isinstance(wanted, DLArray):
        assert found.dims == wanted.dims
    elif isinstance(wanted, list):
        for ours, theirs in zip(found, wanted, strict=True):
            shaped_like(ours, theirs)
    elif isinstance(wanted, dict):
        assert list(found) == list(wanted)
        shaped_like(list(found.values()), list(wanted.values()))
    elif isinstance(wanted, pd.DataFrame):
        assert found.drop(columns="Value").equals(wanted.drop(columns="Value"))
        shaped_like(list(found["Value"]), list(wanted["Value"]))
    else:
        assert found.shape == wanted.shape


class TestContainers:
    @given(containers())
    def test_a_container_is_updated_array_by_array_and_keeps_its_form(self, pair):
        params, grad = pair
        new, first, second = adamupdate(params, grad, None, None, 1)
        new, first, second = adamupdate(new, grad, first, second, 2)
        for container in (new, first, second):
            shaped_like(container, params)
        for index, (parameter, gradient) in enumerate(
            zip(leaves(params), leaves(grad), strict=True)
        ):
            alone = adamupdate(parameter, gradient, None, None, 1)
            alone = adamupdate(alone[0], gradient, alone[1], alone[2], 2)
            for container, wanted in zip((new, first, second), alone, strict=True):
                same(leaves(container)[index], wanted)

    @given(containers())
    def test_nothing_that_was_given_is_changed(self, pair):
        average = rmspropupdate(*pair, None)[1]
        given = [*pair, average]
        kept = copy.deepcopy(given)
        rmspropupdate(*given)
        for container, before in zip(given, kept, strict=True):
            shaped_like(container, before)
            for found, wanted in zip(leaves(container), leaves(before), strict=True):
                same(found, wanted)

    def test_scalars_are_arrays_of_one_element(self):
        new, average = rmspropupdate(1.0, 2.0, None)
        assert new.shape == average.shape == ()
        assert average == (1 - 0.9) * 4

    def test_an_omitted_average_is_an_average_of_zeros(self):
        params, grad = [normal(3), {"b": normal(2)}], [normal(3), {"b": normal(2)}]
        zeros = [np.zeros(3), {"b": np.zeros(2)}]
        for empty in (None, [], np.zeros(0), np.zeros((0, 0))):
            for found, wanted in zip(
                rmspropupdate(params, grad, empty), rmspropupdate(params, grad, zeros), strict=True
            ):
                for ours, theirs in zip(leaves(found), leaves(wanted), strict=True):
                    same(ours, theirs)

    def test_a_table_keeps_variables_that_the_update_does_not_need(self):
        params = table(normal(2), normal(3)).assign(Note=["x", "y"])
        grad = table(normal(2), normal(3)).assign(Note=["x", "y"])
        new, _ = rmspropupdate(params, grad, None)
        assert list(new.columns) == ["Layer", "Parameter", "Value", "Note"]
        assert list(new["Note"]) == ["x", "y"]


class TestNetworks:
    def values(self):
        return DLArray(normal(2, 2)), DLArray(normal(2)), DLArray(normal(3))

    def test_the_learning_rate_is_multiplied_by_each_parameters_factor(self):
        learnables, grad = table(*self.values()), table(*self.values())
        net = DLNetwork(learnables, {("conv", "Bias"): 2.0, ("fc", "Weights"): 0.0})
        new, average = rmspropupdate(net, grad, None, 0.01)
        assert isinstance(new, DLNetwork)
        assert isinstance(average, pd.DataFrame)
        before, after, slopes = leaves(net), leaves(new), leaves(grad)
        same(after[0], rmspropupdate(before[0], slopes[0], None, 0.01)[0])
        same(after[1], rmspropupdate(before[1], slopes[1], None, 0.02)[0])
        same(after[2], before[2])
        assert new.learn_rate_factors == net.learn_rate_factors
        assert net.Learnables is learnables

    def test_whatever_has_a_table_of_learnables_is_a_network(self):
        @dataclass
        class Net:
            Learnables: pd.DataFrame
            name: str = "mine"

        net, grad = Net(table(*self.values())), table(*self.values())
        new, first, second = adamupdate(net, grad, None, None, 1)
        new, *_ = adamupdate(new, grad, first, second, 2)
        assert isinstance(new, Net)
        assert new.name == "mine"
        assert new.Learnables is not net.Learnables

    def test_a_negative_factor_is_refused(self):
        net = DLNetwork(table(normal(2)), {("conv", "Weights"): -1.0})
        with pytest.raises(ArgumentError, match=r"net\.learn_rate_factors\('conv', 'Weights'\)"):
            rmspropupdate(net, table(normal(2)), None)

    def test_gradients_of_a_network_are_a_table(self):
        with pytest.raises(ArgumentError, match=r"grad: must be a table like net\.Learnables"):
            rmspropupdate(DLNetwork(table(normal(2))), [normal(2)], None)

    def test_learnables_are_a_table(self):
        with pytest.raises(ArgumentError, match=r"net\.Learnables: must be a table"):
            rmspropupdate(DLNetwork([normal(2)]), table(normal(2)), None)


A, S = np.ones(3), np.ones(3, np.float32)
MISMATCHES = {
    "cells": ([A, A], [A], "grad: must have 2 cells like params"),
    "fields": ({"W": A}, {"V": A}, "grad: must have the fields of params"),
    "order of fields": ({"W": A, "b": A}, {"b": A, "W": A}, "grad: must have the fields of params"),
    "kind": ([A], {"W": A}, "grad: must be a cell array like params, and is a structure"),
    "kind inside": ([{"W": A}], [{"W": [A]}], r"grad\{1\}\.W: must be a numeric array"),
    "dlarray": (DLArray(A), A, "grad: must be a dlarray like params"),
    "no dlarray": (A, DLArray(A), "grad: must be a numeric array like params"),
    "labels": (DLArray(A, "SC"), DLArray(A, "CS"), "grad: must have the dimension labels of"),
    "variables": (
        table(A),
        table(A)[["Parameter", "Layer", "Value"]],
        "grad: must have the variables of params",
    ),
    "rows": (table(A, A), table(A), "grad: must have 2 rows like params"),
    "layers": (
        table(A),
        table(A, names=[("fc", "Weights")]),
        r"grad\.Layer\(1\): must be 'conv'",
    ),
    "order of rows": (
        table(A, A),
        table(A, A).iloc[::-1],
        r"grad\.Parameter\(1\): must be 'Weights'",
    ),
    "no such variable": (
        table(A).rename(columns={"Value": "Values"}),
        table(A),
        "params: must have the variable Value",
    ),
    "size": ([A, np.ones((2, 3))], [A, np.ones((3, 2))], r"grad\{2\}: must have the size of"),
    "no gradient": (A, None, r"grad: must be .* and is \[\]"),
    "tuple": ((A,), (A,), "params: must be .* and is a Python tuple"),
    "integers": ([A, np.arange(3)], [A, A], r"params\{2\}: must have data type double or single"),
    "integer gradient": (A, np.arange(3), "grad: must have data type double or single"),
    "logical": (A > 0, A, "params: must have data type double or single, and has bool"),
    "half": (A.astype(np.float16), A, "params: must have data type double or single"),
    "integer": (1, 1.0, "params: must be .* and is a Python int"),
    "nested integers": ({"W": {"b": [A, A > 0]}}, {"W": {"b": [A, A]}}, r"params\.W\.b\{2\}"),
}


class TestMismatches:
    @pytest.mark.parametrize("name", MISMATCHES)
    def test_the_gradients_must_match_exactly(self, name):
        params, grad, message = MISMATCHES[name]
        with pytest.raises(ArgumentError, match=message):
            rmspropupdate(params, grad, None)
        with pytest.raises(ArgumentError, match="adamupdate: Invalid argument " + message):
            adamupdate(params, grad, None, None, 1)

    @pytest.mark.parametrize("name", ["cells", "fields", "kind", "dlarray", "rows", "size"])
    def test_the_averages_must_match_exactly(self, name):
        params, other, message = MISMATCHES[name]
        with pytest.raises(ArgumentError, match=message.replace("grad", "averageSqGrad", 1)):
            rmspropupdate(params, params, other)
        with pytest.raises(ArgumentError, match=message.replace("grad", "averageGrad", 1)):
            adamupdate(params, params, other, None, 1)

    def test_only_a_whole_average_may_be_empty(self):
        with pytest.raises(ArgumentError, match=r"averageSqGrad\{1\}: must be .* and is \[\]"):
            rmspropupdate([A, A], [A, A], [None, A])

    def test_the_error_is_both_of_pythons_and_carries_the_names(self):
        with pytest.raises(ValueError, match="grad") as caught:
            rmspropupdate([A], [A, A], None)
        assert isinstance(caught.value, TypeError)
        assert caught.value.argument == "grad"
        assert caught.value.function == "rmspropupdate"

    @pytest.mark.parametrize(
        ("dims", "message"),
        [("XY", "labels other than"), ("S", "too few"), ("CC", "labels C twice")],
    )
    def test_labels_of_a_dlarray_are_checked(self, dims, message):
        with pytest.raises(ArgumentError, match=message):
            DLArray(np.ones((2, 2)), dims)


POSITIVE = [0, -1.0, float("nan"), float("inf"), None, "0.1", True, 1j, np.ones(2)]
DECAY = [*POSITIVE, 1, 1.5]


class TestScalars:
    @pytest.mark.parametrize("bad", POSITIVE, ids=repr)
    def test_learning_rate_and_epsilon_are_positive_scalars(self, bad):
        with pytest.raises(ArgumentError, match="learnRate: must be a positive scalar"):
            rmspropupdate(A, A, None, bad)
        with pytest.raises(ArgumentError, match="epsilon: must be a positive scalar"):
            rmspropupdate(A, A, None, 0.1, 0.9, bad)
        with pytest.raises(ArgumentError, match="learnRate: must be a positive scalar"):
            adamupdate(A, A, None, None, 1, bad)
        with pytest.raises(ArgumentError, match="epsilon: must be a positive scalar"):
            adamupdate(A, A, None, None, 1, 0.1, 0.9, 0.9, bad)

    @pytest.mark.parametrize("bad", DECAY, ids=repr)
    def test_decay_factors_lie_between_0_and_1(self, bad):
        with pytest.raises(ArgumentError, match="sqGradDecay: must be a positive scalar between"):
            rmspropupdate(A, A, None, 0.1, bad)
        with pytest.raises(ArgumentError, match=" gradDecay: must be a positive scalar between"):
            adamupdate(A, A, None, None, 1, 0.1, bad)
        with pytest.raises(ArgumentError, match="sqGradDecay: must be a positive scalar between"):
            adamupdate(A, A, None, None, 1, 0.1, 0.9, bad)

    @pytest.mark.parametrize("bad", [0, -1, 1.5, None, True, "1", float("nan"), np.ones(2)])
    def test_the_iteration_is_a_positive_integer(self, bad):
        with pytest.raises(ArgumentError, match="iteration: must be a positive integer"):
            adamupdate(A, A, None, None, bad)

    @pytest.mark.parametrize("good", [3, 3.0, np.int32(3), np.float32(3), np.array([[3.0]])])
    def test_a_double_is_an_integer_when_its_value_is(self, good):
        same(adamupdate(A, A, A, A, good)[0], adamupdate(A, A, A, A, 3)[0])

    @pytest.mark.parametrize("argument", ["squares", "mixed", "epsilon_reading"])
    def test_an_unknown_reading_is_refused(self, argument):
        with pytest.raises(ArgumentError, match=argument):
            adamupdate(A, A, None, None, 1, **{argument: "other"})


class TestNumericClasses:
    @pytest.mark.parametrize("index", range(4))
    def test_one_single_among_doubles_makes_the_parameters_single(self, index):
        call = [A, A, A, A]
        call[index] = S
        new, first, second = adamupdate(*call, 2)
        assert new.dtype == np.float32
        assert first.dtype == (np.float32 if index in (1, 2) else np.float64)
        assert second.dtype == (np.float32 if index in (1, 3) else np.float64)

    def test_the_first_average_has_the_class_of_the_parameters(self):
        assert rmspropupdate(S, A, None)[1].dtype == np.float32
        assert rmspropupdate(A, S, None)[1].dtype == np.float32
        assert rmspropupdate(A, A, None)[1].dtype == np.float64

    def test_doubles_are_rounded_to_single_before_they_meet_one(self):
        double, single = np.array([1 + 2.0**-30]), np.array([2.0**-20], np.float32)
        _, average = rmspropupdate(double, double, single, 0.001, 0.5)
        same(average, np.float32(0.5) * single + np.float32(0.5 * double * double))

    def test_single_beside_double_can_be_refused(self):
        assert rmspropupdate(S, S, None, mixed="refused")[0].dtype == np.float32
        with pytest.raises(ArgumentError, match="grad: must have data type single like params"):
            rmspropupdate(S, A, None, mixed="refused")

    def test_a_double_learning_rate_leaves_singles_single(self):
        new, average = rmspropupdate(S, S, None, np.float64(0.1), 0.9, 1e-300)
        assert new.dtype == average.dtype == np.float32

    def test_overflow_and_zero_by_zero_are_silent(self):
        huge, zero = np.array([1e200, 0.0]), np.zeros(2)
        new, average = rmspropupdate(zero, huge, None)
        assert average[0] == np.inf
        assert (new == 0).all()
        new, _ = rmspropupdate(zero.astype("f4"), zero.astype("f4"), None, 0.1, 0.9, 1e-60)
        assert np.isnan(new).all()  # epsilon underflows in single


class TestComplexValues:
    def test_complex_values_are_refused_before_r2024a(self):
        for release in ("R2019b", "R2020a", "R2023b"):
            for index, name in enumerate(["params", "grad", "averageSqGrad"]):
                call = [A, A, A]
                call[index] = A.astype(complex)
                with pytest.raises(ArgumentError, match=f"{name}: must not be complex-valued"):
                    rmspropupdate(*call, release=release)
            with pytest.raises(ArgumentError, match="averageGrad: must not be complex-valued"):
                adamupdate(A, A, A * 1j, A, 2, release=release)

    def test_squares_are_taken_element_by_element_unless_the_modulus_is_asked_for(self):
        grad = np.array([3 + 4j, 1 - 1j])
        _, average = rmspropupdate(A[:2], grad, None, 0.1, 0.5)
        same(average, 0.5 * grad * grad)
        _, average = rmspropupdate(A[:2], grad, None, 0.1, 0.5, squares="|g|^2")
        same(average, np.array([12.5, 1.0]))

    def test_complex_gradients_make_parameters_complex_and_keep_single(self):
        new, _ = rmspropupdate(S, np.array([1 + 1j, 2, 3j], np.complex64), None)
        assert new.dtype == np.complex64
        new, _ = rmspropupdate(S, np.array([1 + 1j, 2, 3j]), None)
        assert new.dtype == np.complex64

    def test_two_steps_with_complex_state_follow_the_formula(self):
        grads = [np.array([1 + 2j, -0.5j]), np.array([0.25 - 1j, 2 + 0.5j])]
        params, average = np.array([0.5 + 0j, 1j]), None
        wanted, v = params, np.zeros(2)
        for grad in grads:
            params, average = rmspropupdate(params, grad, average, 0.1, 0.5, 1e-3)
            v = 0.5 * v + 0.5 * grad**2
            wanted = wanted - 0.1 * grad / (np.sqrt(v) + 1e-3)
        for part in (np.real, np.imag):
            np.testing.assert_array_max_ulp(part(params), part(wanted), maxulp=64)

    def test_the_root_of_a_negative_average_is_complex(self):
        new, average = rmspropupdate(A, np.zeros(3), -4 * A)
        assert average.dtype == np.float64
        assert new.dtype == np.float64  # 0 / 2i has no imaginary part
        new, _ = rmspropupdate(A, A, -4 * A)
        assert new.dtype == np.complex128

    def test_imaginary_parts_that_vanish_are_dropped(self):
        grad = np.array([1j, 2j])
        _, average = rmspropupdate(A[:2], grad, None, 0.1, 0.5)
        same(average, np.array([-0.5, -2.0]))


class TestReleases:
    @pytest.mark.parametrize("release", ["R2019a", "R2018b", "2024a", "R2024c", "", None])
    def test_what_is_no_release_of_the_function_is_refused(self, release):
        with pytest.raises(ArgumentError, match="release"):
            rmspropupdate(A, A, None, release=release)

    @pytest.mark.parametrize(
        ("release", "decay"), [("R2019b", 0.999), ("R2020a", 0.9), ("R2021b", 0.9), ("R2024a", 0.9)]
    )
    def test_the_default_decay_changed_in_r2020a(self, release, decay):
        same(rmspropupdate(A, A, None, release=release)[1], np.full(3, 1 - decay))

    def test_adamupdate_has_the_same_defaults_in_every_release(self):
        for found, wanted in zip(
            adamupdate(A, A, None, None, 1, release="R2019b"),
            adamupdate(A, A, None, None, 1, 0.001, 0.9, 0.999, 1e-8),
            strict=True,
        ):
            same(found, wanted)


class TestDevices:
    """A device of array-api-strict that is not the host stands for a GPU."""

    DEVICE = array_api_strict.Device("device1")

    @pytest.mark.parametrize("index", range(4))
    def test_one_array_on_a_device_takes_the_update_there(self, index):
        call = [normal(3), normal(3), normal(3), np.abs(normal(3))]
        wanted = adamupdate(*call, 2)
        call[index] = array_api_strict.asarray(call[index], device=self.DEVICE)
        for found, host in zip(adamupdate(*call, 2), wanted, strict=True):
            assert found.device == self.DEVICE
            back = array_api_strict.asarray(found, device=array_api_strict.Device("CPU_DEVICE"))
            same(np.asarray(back), host)

    def test_other_arrays_of_a_container_stay_where_they_are(self):
        there = array_api_strict.asarray(A, device=self.DEVICE)
        new, _ = rmspropupdate([there, DLArray(A)], [A, DLArray(A)], None)
        assert new[0].device == self.DEVICE
        assert isinstance(new[1].data, np.ndarray)

    def test_arrays_of_two_libraries_on_the_host_are_refused(self):
        with pytest.raises(ArgumentError, match="grad: must be an array of the library of params"):
            rmspropupdate(A, array_api_strict.asarray(A), None)

    def test_any_library_that_follows_the_array_api_will_do(self):
        strict = array_api_strict.asarray
        grad = np.array([1 + 1j, 2, 3j])
        for found, wanted in zip(
            rmspropupdate(strict(A), strict(grad), None), rmspropupdate(A, grad, None), strict=True
        ):
            same(np.asarray(found), wanted)


def test_the_state_after_a_call_continues_the_reference():
    """Averages may come from elsewhere: here from the reference's own trajectory."""
    variant = VARIANTS["matlab-rmspropupdate-r2020a"]
    params, grad, average = normal(4), normal(4), np.abs(normal(4))
    ((parameter, _),) = trajectory(
        variant.rule,
        decimals_of(variant.defaults),
        params,
        [grad],
        num=FLOAT64,
        state={"second_moment": average},
        taken=3,
    )
    same(rmspropupdate(params, grad, average)[0], parameter)
