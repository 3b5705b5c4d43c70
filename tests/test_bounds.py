"""No legal evaluation in a working precision leaves the running bound."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np
import pytest
from evaluations import Arithmetic, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import (
    PRECISIONS,
    BoundArithmetic,
    Effects,
    Representation,
)
from optimizer_conformance.reference.numbers.budget import budget
from optimizer_conformance.reference.numbers.hyper import difference
from optimizer_conformance.reference.rules import ADAM, RMSPROP
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS

RULES = sorted({variant.rule for variant in VARIANTS.values()}, key=repr)
# What divides by the learning rate leaves float16, and ends in differences that are nothing.
STEADY = [rule for rule in RULES if rule.family != "ftrl"]
MORE = [
    RMSPROP.having(epsilon="none"),
    RMSPROP.having(momentum="scaled", nesterov=True),
    RMSPROP.having(momentum="unscaled", nesterov=True),
    ADAM.having(epsilon="outside", amsgrad="corrected"),
    ADAM.having(epsilon="inside"),
    RMSPROP.having(first_moment=True, correction="first", epsilon="outside"),
]
# Where squares, and products with a learning rate, stay normal; log10.  A gradient with its
# difference from the one before is up to three times as large.
ORDINARY = {"float16": (-1.0, 1.9), "bfloat16": (-11.0, 11.0), "float32": (-11.0, 11.0)}
EPSILONS = {"float16": ["0.001", "0.01", "0.1"]}


@st.composite
def hyperparameters(draw, dtype):
    return {
        "learning_rate": draw(st.sampled_from(["0.001", "0.01", "0.3", "1", "0.25"])),
        "decay": draw(st.sampled_from(["0.9", "0.999", "0.5", "0.99", "0.95", "0.75"])),
        "beta1": draw(st.sampled_from(["0.9", "0.5", "0.8", "0.99", "0.75"])),
        "epsilon": draw(st.sampled_from(EPSILONS.get(dtype, ["1e-8", "1e-3", "1e-10", "0.1"]))),
        "momentum": draw(st.sampled_from(["0.9", "0.5", "0.99"])),
        "weight_decay": draw(st.sampled_from(["0.01", "0.1", "0.0005"])),
        "clip": draw(st.sampled_from(["1", "0.3", "100"])),
        "momentum_decay": draw(st.sampled_from(["0.004", "1", "0.3"])),
        "loss_scale": draw(st.sampled_from(["1", "3", "1024"])),
        "l1": draw(st.sampled_from(["0", "0.1"])),
        "l2": draw(st.sampled_from(["0", "0.5"])),
        "lasso": draw(st.sampled_from(["0", "0.1"])),
        "steadiness": draw(st.sampled_from(["1", "0.1"])),
        "beta3": draw(st.sampled_from(["0.9", "0.75", "0.99"])),
        "mixture": draw(st.sampled_from(["5", "0.3"])),
        "interpolation": draw(st.sampled_from(["0.9", "0.75", "0.5"])),
        "fading": draw(st.sampled_from(["0.1", "0.01"])),
        "power": draw(st.sampled_from(["0.75", "1"])),
        "delay": draw(st.sampled_from(["0", "1"])),
        "slow_share": draw(st.sampled_from(["0.5", "0.8"])),
        "ema_decay": draw(st.sampled_from(["0.9", "0.5", "0.99"])),
        "period": draw(st.sampled_from(["1", "2"])),
        "growth": draw(st.sampled_from(["1.2", "2"])),
        "shrinkage": draw(st.sampled_from(["0.5", "0.3"])),
        "least_step": draw(st.sampled_from(["0.000001", "0.01"])),
        "largest_step": draw(st.sampled_from(["50", "0.5"])),
    }


def inputs(dtype, seed, low, high, steps, shape):
    """Parameters and gradients, log-uniform with random signs, as the precision holds them."""
    stream = np.random.default_rng(seed)

    def draw():
        values = 10 ** stream.uniform(low, high, shape) * stream.choice([-1.0, 1.0], shape)
        return PRECISIONS[dtype].round(values)

    values = PRECISIONS[dtype].round(stream.standard_normal(shape))
    return values, [draw() for _ in range(steps)]


def bounds(rule, decimals, w, gradients, num, given_state=None, taken=0):
    """The bound of every quantity at every step."""
    state = None
    if given_state is not None:
        squares = ("second_moment", "maximum_second_moment", "mean_square_update")
        state = {k: num.given(v, nonnegative=k in squares) for k, v in given_state.items()}
    with np.errstate(all="ignore"):
        return [
            {**after, "parameter": parameter}
            for parameter, after in trajectory(
                rule,
                decimals,
                num.given(w),
                [num.given(g) for g in gradients],
                num=num,
                state=state,
                taken=taken,
            )
        ]


def assert_inside(computed, bound, slack):
    """|computed - exact| <= error, for every step, quantity and element."""
    for step, (seen, promised) in enumerate(zip(computed, bound, strict=True)):
        for name, values in seen.items():
            error = np.broadcast_to(np.asarray(promised[name].error) * slack, values.shape)
            distance = np.abs(values - promised[name].value)
            inside = (distance <= error) | np.isinf(error) | np.isnan(error)
            worst = np.unravel_index(np.argmin(inside), inside.shape)
            assert inside.all(), (
                f"step {step + 1}, {name}: {values[worst]!r} is {distance[worst]!r} from "
                f"{promised[name].value[worst]!r}, allowed {error[worst]!r}"
            )


def shape_for(rule):
    return (4, 3, 2) if rule.shaped else (96,)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_order_of_evaluation_leaves_the_bound(dtype, data):
    rule = data.draw(st.sampled_from(RULES + MORE))
    decimals = data.draw(hyperparameters(dtype))
    seed = data.draw(st.integers(0, 2**32 - 1))
    w, gradients = inputs(dtype, seed, *ORDINARY[dtype], 4, shape_for(rule))
    computed = walk(rule, decimals, w, gradients, Arithmetic(dtype, random.Random(seed)))
    num = BoundArithmetic(PRECISIONS[dtype])
    assert_inside(computed, bounds(rule, decimals, w, gradients, num), num.slack)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_order_leaves_the_bound_with_gradual_underflow_in_float16(data):
    rule = data.draw(st.sampled_from(STEADY + MORE))
    decimals = data.draw(hyperparameters("float16"))
    seed = data.draw(st.integers(0, 2**32 - 1))
    w, gradients = inputs("float16", seed, *ORDINARY["float16"], 3, shape_for(rule))
    decimals["loss_scale"] = "1"  # 1024 pushes everything out of the normal range
    precision = PRECISIONS["float16"]
    num = BoundArithmetic(precision, Effects(underflow=precision.smallest_subnormal / 2))
    computed = walk(rule, decimals, w, gradients, Arithmetic("float16", random.Random(seed)))
    assert_inside(computed, bounds(rule, decimals, w, gradients, num), num.slack)


@pytest.mark.parametrize("flush", [False, True])
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_underflow_of_intermediates_is_covered_in_float32(flush, data):
    rule = data.draw(st.sampled_from(RULES))
    decimals = data.draw(hyperparameters("float32"))
    seed = data.draw(st.integers(0, 2**32 - 1))
    w, gradients = inputs("float32", seed, -43.0, -12.0, 3, shape_for(rule))
    precision = PRECISIONS["float32"]
    effects = Effects(
        underflow=precision.smallest_normal if flush else precision.smallest_subnormal / 2,
        flush=flush,
    )
    num = BoundArithmetic(precision, effects)
    arithmetic = Arithmetic("float32", random.Random(seed), flush=flush)
    computed = walk(rule, decimals, w, gradients, arithmetic)
    assert_inside(computed, bounds(rule, decimals, w, gradients, num), num.slack)


@given(st.fractions(), st.fractions(), st.integers(1, 400))
def test_the_difference_of_two_rationals_is_rounded_once(one, other, count):
    one, other = one % 1, other % 1  # as the powers of a decay are
    assert difference(one**count, other**count) == float(one**count - other**count)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_coefficients_formed_in_the_working_precision_have_a_bound_of_their_own(dtype, data):
    rule = data.draw(st.sampled_from([rule for rule in RULES if rule["first_moment"]]))
    decimals = data.draw(hyperparameters(dtype))
    decimals["decay"] = data.draw(st.sampled_from(["0.9", "0.5", "0.95"]))
    decimals["beta1"] = data.draw(st.sampled_from(["0.9", "0.5"]))
    seed = data.draw(st.integers(0, 2**32 - 1))
    w, gradients = inputs(dtype, seed, *ORDINARY[dtype], 5, shape_for(rule))
    num = BoundArithmetic(
        PRECISIONS[dtype], representation=Representation(moments=dtype, correction=dtype)
    )
    arithmetic = Arithmetic(dtype, random.Random(seed), moments=True, correction=True)
    computed = walk(rule, decimals, w, gradients, arithmetic)
    assert_inside(computed, bounds(rule, decimals, w, gradients, num), num.slack)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rule=st.sampled_from(RULES), taken=st.integers(1, 500))
def test_a_step_from_an_injected_state_stays_inside(seed, rule, taken):
    decimals = {
        "learning_rate": "0.01",
        "decay": "0.999",
        "beta1": "0.9",
        "epsilon": "1e-8",
        "momentum": "0.9",
        "weight_decay": "0.01",
        "loss_scale": "4",
        "clip": "0.5",
        "momentum_decay": "0.004",
        "beta3": "0.95",
        "l1": "0.1",
        "l2": "0.5",
        "lasso": "0.1",
        "steadiness": "1",
        "mixture": "5",
        "interpolation": "0.9",
        "fading": "0.1",
        "power": "0.75",
        "delay": "0",
        "slow_share": "0.5",
        "ema_decay": "0.9",
        "period": "2",
        "growth": "1.2",
        "shrinkage": "0.5",
        "least_step": "0.001",
        "largest_step": "50",
    }
    w, gradients = inputs("float32", seed, -6.0, 3.0, 2, shape_for(rule))
    stream = np.random.default_rng(seed + 1)
    mean = gradients[0] * stream.uniform(-0.9, 0.9, w.shape)
    full = {
        "second_moment": mean**2 + gradients[0] ** 2,
        "first_moment": mean,
        "mean_gradient": mean,
        "momentum": stream.standard_normal(w.shape),
        "maximum_second_moment": 2 * gradients[0] ** 2,
        "mean_square_update": stream.uniform(1e-6, 1, w.shape),
        "largest_size": np.abs(gradients[0]),
        "slow_moment": mean,
        "average_difference": -mean,
        "previous_gradient": np.copysign(gradients[0], mean),
        "step_size": stream.uniform(0.001, 1, w.shape),
        "linear": mean,
        "moved_point": stream.standard_normal(w.shape),
        "mean_parameter": mean,
        "slow_parameter": mean,
        "average_parameter": mean,
    }
    present = walk(rule, decimals, w, gradients[:1], Arithmetic("float32"))[0]
    state = {name: PRECISIONS["float32"].round(full[name]) for name in present if name in full}
    num = BoundArithmetic(PRECISIONS["float32"])
    arithmetic = Arithmetic("float32", random.Random(seed))
    computed = walk(rule, decimals, w, gradients, arithmetic, state, taken)
    assert_inside(computed, bounds(rule, decimals, w, gradients, num, state, taken), num.slack)


def test_the_bound_is_not_so_wide_that_it_says_nothing():
    """Among many elements and orders, some use most of what the bound allows."""
    used = 0.0
    for seed in range(20):
        w, gradients = inputs("float32", seed, -3.0, 3.0, 1, (500,))
        decimals = {"learning_rate": "0.01", "decay": "0.9", "epsilon": "1e-8"}
        num = BoundArithmetic(PRECISIONS["float32"])
        rule = RMSPROP.having(epsilon="inside")
        seen = walk(rule, decimals, 0 * w, gradients, Arithmetic("float32", random.Random(seed)))
        (bound,) = bounds(rule, decimals, 0 * w, gradients, num)
        parameter = bound["parameter"]
        used = max(
            used, float(np.max(np.abs(seen[0]["parameter"] - parameter.value) / parameter.error))
        )
    assert 0.4 < used <= 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_bounds_grow_with_the_unit_roundoff(dtype):
    w, gradients = inputs(dtype, 3, -0.5, 1.0, 2, (50,))
    decimals = {"learning_rate": "0.01", "decay": "0.9", "epsilon": "0.01"}
    widths = {
        name: bounds(RMSPROP, decimals, w, gradients, BoundArithmetic(PRECISIONS[name]))[-1]
        for name in (dtype, "float64")
    }
    assert (widths[dtype]["parameter"].error > widths["float64"]["parameter"].error).all()


def test_the_reference_value_is_as_close_to_the_real_number_as_slack_says():
    """Against 60 digits: the float64 value is within (slack - 1) times the float32 bound."""
    from decimal import Decimal, localcontext

    w, gradients = inputs("float32", 11, -4.0, 4.0, 5, (20,))
    decimals = {"learning_rate": "0.01", "decay": "0.99", "epsilon": "1e-8"}
    num = BoundArithmetic(PRECISIONS["float32"])
    found = bounds(RMSPROP, decimals, w, gradients, num)
    with localcontext() as context:
        context.prec = 60
        rho, eta, eps = Decimal("0.99"), Decimal("0.01"), Decimal("1e-8")
        for element in range(w.size):
            x, v = Decimal(float(w[element])), Decimal(0)
            for step, gradient in enumerate(gradients):
                g = Decimal(float(gradient[element]))
                v = rho * v + (1 - rho) * g * g
                x -= eta * g / (v.sqrt() + eps)
                for name, exact in (("second_moment", v), ("parameter", x)):
                    bound = found[step][name]
                    off = abs(Decimal(float(bound.value[element])) - exact)
                    assert off <= Decimal(float(bound.error[element])) * Decimal(num.slack - 1)


class TestNodes:
    """Single operations, where the worst cases can be aimed at."""

    num = BoundArithmetic(PRECISIONS["float32"])

    def near(self, computed, bound):
        return np.abs(computed - bound.value) <= np.asarray(bound.error) * self.num.slack

    @settings(max_examples=60, deadline=None)
    @given(
        seed=st.integers(0, 2**32 - 1),
        c=st.sampled_from(["0.01", "0.1", "0.0005", "0.25", "0.5", "0.4"]),
    )
    def test_shrink_covers_both_ways(self, seed, c):
        stream = np.random.default_rng(seed)
        x = PRECISIONS["float32"].round(stream.standard_normal(200))
        a = Arithmetic("float32")
        from fractions import Fraction

        bound = self.num.shrink(
            self.num.given(x), self.num.coefficient("weight_decay", Fraction(c))
        )
        held = a.held(c)
        assert self.near(a.mul(x, a.sub(1.0, held)), bound).all()
        assert self.near(a.sub(x, a.mul(held, x)), bound).all()
        assert self.near(a.fma(-held, x, x), bound).all()

    def test_shrink_covers_a_decay_near_one(self):
        from fractions import Fraction

        x = PRECISIONS["float32"].round(np.random.default_rng(0).standard_normal(10_000))
        num, a = self.num, Arithmetic("float32")
        bound = num.shrink(num.given(x), num.coefficient("weight_decay", Fraction("0.875")))
        assert self.near(a.sub(x, a.mul(0.875, x)), bound).all()

    @pytest.mark.parametrize("size", [1.0, 1e-3, 1e-6, 30.0])
    def test_a_decay_may_join_the_step_before_both_leave_the_parameter(self, size):
        from fractions import Fraction

        num, a, single = self.num, Arithmetic("float32"), PRECISIONS["float32"]
        stream = np.random.default_rng(0)
        x = single.round(stream.standard_normal(100_000))
        change = single.round(size * stream.standard_normal(100_000))
        for decay in ("0.9375", "0.25"):
            c = num.coefficient("weight_decay", Fraction(decay))
            bound = num.shrink(num.given(x), c) - num.given(change)
            joined = a.add(a.mul(float(decay), x), change)
            assert self.near(a.sub(x, joined), bound).all()

    def test_an_average_covers_interpolation_with_a_large_weight(self):
        from fractions import Fraction

        num, a = self.num, Arithmetic("float32")
        stream = np.random.default_rng(0)
        old, new = (
            PRECISIONS["float32"].round(10 ** stream.uniform(low, low + 1, 10_000))
            for low in (3, -3)
        )
        beta = Fraction("0.1")
        bound = num.average(
            num.coefficient("moment", beta),
            num.complement(beta),
            num.given(old, nonnegative=True),
            num.given(new, nonnegative=True),
        )
        c = a.complement("0.1")
        assert self.near(a.add(old, a.mul(c, a.sub(new, old))), bound).all()

    @settings(max_examples=60, deadline=None)
    @given(seed=st.integers(0, 2**32 - 1))
    def test_a_root_near_zero_needs_no_derivative(self, seed):
        stream = np.random.default_rng(seed)
        x = PRECISIONS["float32"].round(10 ** stream.uniform(-30, 0, 100))
        error = x * 10 ** stream.uniform(-9, 1, 100)
        from optimizer_conformance.reference.numbers import Bound

        bound = self.num.root(Bound(self.num, x, error, nonnegative=True))
        for shift in (-1.0, -0.5, 0.5, 1.0):
            moved = np.maximum(x + shift * error, 0.0)
            assert self.near(Arithmetic("float32").root(moved), bound).all()

    def test_nothing_is_promised_for_the_root_of_what_may_be_negative(self):
        from optimizer_conformance.reference.numbers import Bound

        bound = self.num.root(Bound(self.num, np.array([1e-8, 1.0]), np.array([1e-7, 1e-7])))
        assert np.isinf(bound.error[0])
        assert np.isfinite(bound.error[1])

    def test_a_divisor_that_may_be_zero_promises_nothing(self):
        from optimizer_conformance.reference.numbers import Bound

        one = self.num.given(np.array([1.0]))
        bound = self.num.quotient((one,), (Bound(self.num, np.array([1e-9]), np.array([1e-8])),))
        assert np.isinf(bound.error[0])

    def test_a_rate_of_zero_leaves_no_term_of_a_sum(self):
        """The terms of a sum may be multiplied one by one; zero leaves nothing of any."""
        both = self.num.sum(*(self.num.given(np.array([x])) for x in (3.0, -2.0)))
        bound = self.num.quotient((self.num.given(np.array([0.0])), both), ())
        assert bound.value[0] == 0
        terms, _ = bound.terms
        assert terms[0] == 0

    def test_one_root_of_a_quotient_may_leave_the_range_before_two_do(self):
        flushed = PRECISIONS["float32"].smallest_normal
        early = Effects(underflow=flushed, flush=True, saturate="early")
        num = BoundArithmetic(PRECISIONS["float32"], early)
        small, large = (num.root(num.given(np.array([x]))) for x in (1e-20, 1e23))
        bound = num.quotient((small,), (large,))
        alone = np.sqrt(np.float32(1e-20) / np.float32(1e23))  # a quotient that is subnormal
        assert abs(float(alone) - bound.value[0]) <= bound.error[0]
        assert bound.error[0] > 1e-4 * bound.value[0]

    def test_given_numbers_are_exact(self):
        assert not np.any(self.num.given(np.array([1.0, -3.5, 2.0**-120])).error)

    def test_an_underestimated_format_is_rounded_first(self):
        third = 1 / 3
        (error,) = BoundArithmetic(PRECISIONS["float16"]).given(np.array([third])).error
        assert error >= abs(float(np.float16(third)) - third)


class Adversary(Arithmetic):
    """Every operation is off by the whole unit roundoff, up or down as ``signs`` says.

    One row of signs an operation, one column an element: each element has roundings of its own.
    What every arithmetic does exactly is exact: a sum with zero, a product with a power of two.
    """

    def __init__(self, dtype, elements, order):
        super().__init__(dtype, random.Random(order))
        self.order, self.elements, self.signs = order, elements, []

    def again(self):
        """Start another evaluation in the same order."""
        self.random, self.count = random.Random(self.order), 0
        return self

    def r(self, x):
        if self.count == len(self.signs):
            self.signs.append(np.ones(self.elements))
        sign = self.signs[self.count]
        self.count += 1
        return x * (1 + sign * PRECISIONS[self.dtype].unit_roundoff)

    def r_unless(self, exact, x):
        return np.where(exact, x, self.r(x))

    def mul(self, x, y):
        return self.r_unless(power_of_two(x) | power_of_two(y), np.multiply(x, y))

    def div(self, x, y):
        return self.r_unless(power_of_two(y), np.divide(x, y))

    def add(self, x, y):
        return self.r_unless((np.asarray(x) == 0) | (np.asarray(y) == 0), np.add(x, y))

    def fma(self, x, y, z):
        product = np.multiply(x, y)
        exact = (product == 0) | ((np.asarray(z) == 0) & (power_of_two(x) | power_of_two(y)))
        return self.r_unless(exact, product + z)

    def root(self, x):
        value = np.sqrt(x)
        return self.r_unless(power_of_two(value) & (value * value == x), value)

    def coefficient(self, exact):
        held = exact == Fraction(float(PRECISIONS[self.dtype].round(float(exact))))
        return self.r_unless(held, float(exact))

    def held(self, decimal):
        return self.coefficient(Fraction(decimal))

    def complement(self, decimal):
        return self.coefficient(1 - Fraction(decimal))

    def one_minus_power(self, decimal, count):
        return self.coefficient(1 - Fraction(decimal) ** count)


def power_of_two(x):
    return np.abs(np.frexp(x)[0]) == 0.5


def directed_search(rule, decimals, w, gradients, dtype, order, quantity):
    """The largest distance in units of the bound that changing one rounding after another reaches.

    Returns the score of the start (all roundings upwards) and of the end.
    """
    num = BoundArithmetic(PRECISIONS[dtype])
    promised = bounds(rule, decimals, w, gradients, num)[-1][quantity]
    adversary = Adversary(dtype, w.size, order)
    ordinary = np.isfinite(promised.error) & (promised.error > 0)

    def score():
        with np.errstate(all="ignore"):
            seen = walk(rule, decimals, w, gradients, adversary.again())[-1][quantity]
            return np.where(ordinary, np.abs(seen - promised.value) / promised.error, 0.0)

    best = first = score()
    for _ in range(2):
        for signs in adversary.signs:
            np.negative(signs, out=signs)
            now = score()
            signs[now <= best] *= -1  # keep the change where it is worse
            best = np.maximum(now, best)
    return first.max(), best.max(), num.slack


DIRECTED = [
    (RMSPROP.having(epsilon="inside"), "parameter"),
    (RMSPROP, "second_moment"),
    (RMSPROP.having(centered=True, epsilon="inside", momentum="scaled"), "momentum"),
    (RMSPROP.having(centered=True, epsilon="outside"), "mean_gradient"),
    (RMSPROP.having(momentum="unscaled", weight_decay="l2"), "parameter"),
    (RMSPROP.having(momentum="scaled", nesterov=True, weight_decay="decoupled"), "parameter"),
    (ADAM, "parameter"),
    (ADAM.having(epsilon="hat", amsgrad="raw"), "parameter"),
]


# Decimals without an exact representation, and those that every format holds.
DIRECTED_DECIMALS = {
    "inexact": {
        "learning_rate": "0.01",
        "decay": "0.99",
        "beta1": "0.9",
        "epsilon": "1e-3",
        "momentum": "0.9",
        "weight_decay": "0.1",
        "loss_scale": "1",
        "clip": "0.3",
        "momentum_decay": "0.004",
        "beta3": "0.95",
        "l1": "0.1",
        "l2": "0.5",
        "lasso": "0.1",
        "steadiness": "1",
        "mixture": "5",
        "interpolation": "0.9",
        "fading": "0.1",
        "power": "0.75",
        "delay": "0",
        "slow_share": "0.5",
        "ema_decay": "0.9",
        "period": "2",
        "growth": "1.2",
        "shrinkage": "0.5",
        "least_step": "0.001",
        "largest_step": "50",
    },
    "round": {name: one.round for name, one in HYPERPARAMETERS.items()} | {"loss_scale": "1"},
}


@pytest.mark.parametrize("decimals", DIRECTED_DECIMALS.values(), ids=DIRECTED_DECIMALS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(("rule", "quantity"), DIRECTED, ids=lambda x: str(x)[:20])
def test_a_directed_search_finds_nothing_legal_outside_the_bound(rule, quantity, dtype, decimals):
    # Magnitudes over six orders.
    reached = 0.0
    for order in range(4):
        steps = 3 if order < 3 else 1  # at the first step most is exact
        w, gradients = inputs(dtype, order, -3.0, 3.0, steps, (48,))
        w = w * (0.01 if order % 3 else 0)  # at the origin nothing hides behind the parameter
        first, best, slack = directed_search(rule, decimals, w, gradients, dtype, order, quantity)
        assert best <= slack, f"order {order}: {best} in units of the bound, from {first}"
        reached = max(reached, best)
    assert reached > 0.5  # the search gets near: a bound twice as large would show here


class Approximate(Arithmetic):
    """Roots and reciprocals that are off by as much as a device's budget says, away from zero."""

    def __init__(self, dtype, budget):
        super().__init__(dtype, random.Random(0))
        self.budget = budget

    def off(self, exact, ulp):
        return exact + np.sign(exact) * ulp * PRECISIONS[self.dtype].quantum(exact)

    def root(self, x):
        return self.off(np.sqrt(x), self.budget.root)

    def over(self, x, y):
        return self.mul(x, self.off(1.0 / np.asarray(y), self.budget.reciprocal))


@pytest.mark.parametrize("profile", ["cuda-fast-math", "xla-cuda", "tpu"])
def test_a_device_is_judged_by_its_own_budget(profile):
    decimals = {"learning_rate": "0.01", "decay": "0.9", "epsilon": "1e-8"}
    w, gradients = inputs("float32", 3, -2.0, 2.0, 1, (400,))
    w = np.zeros_like(w)
    rule, precision = RMSPROP.having(epsilon="inside"), PRECISIONS["float32"]
    device = budget(profile, "float32")
    computed = walk(rule, decimals, w, gradients, Approximate("float32", device))
    own = BoundArithmetic(precision, budget=device)
    assert_inside(computed, bounds(rule, decimals, w, gradients, own), own.slack)
    if profile == "tpu":
        plain = BoundArithmetic(precision)
        with pytest.raises(AssertionError, match="allowed"):
            assert_inside(computed, bounds(rule, decimals, w, gradients, plain), plain.slack)


def test_an_unknown_arithmetic_is_named():
    with pytest.raises(ValueError, match="known are ieee, mkl, xla-cpu"):
        budget("abacus", "float32")
