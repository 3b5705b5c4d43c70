"""The formulas against loops written out by hand, one scalar at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from optimizer_conformance.reference.numbers import FLOAT64
from optimizer_conformance.reference.rules import ADAM, RMSPROP
from optimizer_conformance.reference.trajectory import trajectory

START = [0.7, -1.3, 0.0, 2.5]
STEPS = [
    [0.5, -2.0, 1e-4, 3.0],
    [-0.25, 1.0, 2e-4, -3.0],
    [4.0, 0.125, -1e-4, 0.5],
    [0.01, -0.3, 5e-5, 1.5],
]
RATE, RHO, BETA, EPS, MU, LAMBDA = 0.05, 0.9, 0.8, 1e-3, 0.75, 0.1
DECIMALS = {
    "learning_rate": "0.05",
    "decay": "0.9",
    "beta1": "0.8",
    "epsilon": "1e-3",
    "momentum": "0.75",
    "weight_decay": "0.1",
}


def last(rule, **more):
    steps = [np.array(row) for row in STEPS]
    decimals = {**DECIMALS, **more}
    *_, (parameter, state) = trajectory(rule, decimals, np.array(START), steps, num=FLOAT64)
    return parameter, state


def by_hand(update):
    """Run ``update(w, g, memory, t) -> w`` for each scalar, with a ``memory`` of its own."""
    found = []
    for index, w in enumerate(START):
        memory = {}
        for t, row in enumerate(STEPS, start=1):
            w = update(w, row[index], memory, t)  # noqa: PLW2901 - the recurrence
        found.append((w, memory))
    return np.array([w for w, _ in found]), [memory for _, memory in found]


def assert_same(found, wanted):
    """Equal to a few units in the last place of float64."""
    np.testing.assert_array_max_ulp(np.asarray(found), np.asarray(wanted), maxulp=64)


def move(memory, name, beta, new, start=0.0):
    memory[name] = beta * memory.get(name, start) + (1 - beta) * new
    return memory[name]


def root(epsilon, v):
    return math.sqrt(v + EPS) if epsilon == "inside" else math.sqrt(v) + EPS


@pytest.mark.parametrize("epsilon", ["inside", "outside"])
class TestRmsprop:
    def test_plain(self, epsilon):
        def update(w, g, memory, t):
            return w - RATE * g / root(epsilon, move(memory, "v", RHO, g * g))

        parameter, state = last(RMSPROP.having(epsilon=epsilon))
        wanted, memory = by_hand(update)
        assert_same(parameter, wanted)
        assert_same(state["second_moment"], [m["v"] for m in memory])

    def test_second_moment_that_starts_at_one(self, epsilon):
        def update(w, g, memory, t):
            return w - RATE * g / root(epsilon, move(memory, "v", RHO, g * g, start=1.0))

        parameter, _ = last(RMSPROP.having(epsilon=epsilon, initial_second_moment="1"))
        assert_same(parameter, by_hand(update)[0])

    def test_centred(self, epsilon):
        def update(w, g, memory, t):
            m, v = move(memory, "m", RHO, g), move(memory, "v", RHO, g * g)
            return w - RATE * g / root(epsilon, v - m * m)

        parameter, state = last(RMSPROP.having(epsilon=epsilon, centered=True))
        wanted, memory = by_hand(update)
        assert_same(parameter, wanted)
        assert_same(state["mean_gradient"], [m["m"] for m in memory])

    @pytest.mark.parametrize("nesterov", [False, True])
    def test_momentum_scaled_by_the_learning_rate(self, epsilon, nesterov):
        def update(w, g, memory, t):
            push = RATE * g / root(epsilon, move(memory, "v", RHO, g * g))
            memory["b"] = MU * memory.get("b", 0.0) + push
            return w - (MU * memory["b"] + push if nesterov else memory["b"])

        parameter, state = last(
            RMSPROP.having(epsilon=epsilon, momentum="scaled", nesterov=nesterov)
        )
        wanted, memory = by_hand(update)
        assert_same(parameter, wanted)
        assert_same(state["momentum"], [m["b"] for m in memory])

    @pytest.mark.parametrize("nesterov", [False, True])
    def test_momentum_multiplied_by_the_learning_rate(self, epsilon, nesterov):
        def update(w, g, memory, t):
            push = g / root(epsilon, move(memory, "v", RHO, g * g))
            memory["b"] = MU * memory.get("b", 0.0) + push
            return w - RATE * (MU * memory["b"] + push if nesterov else memory["b"])

        parameter, state = last(
            RMSPROP.having(epsilon=epsilon, momentum="unscaled", nesterov=nesterov)
        )
        wanted, memory = by_hand(update)
        assert_same(parameter, wanted)
        assert_same(state["momentum"], [m["b"] for m in memory])

    def test_bias_correction_of_the_second_moment(self, epsilon):
        def update(w, g, memory, t):
            v = move(memory, "v", RHO, g * g) / (1 - RHO**t)
            return w - RATE * g / root(epsilon, v)

        parameter, _ = last(RMSPROP.having(epsilon=epsilon, correction="second"))
        assert_same(parameter, by_hand(update)[0])


class TestAdam:
    def adam(self, denominator):
        def update(w, g, memory, t):
            m, v = move(memory, "m", BETA, g), move(memory, "v", RHO, g * g)
            return w - RATE * m / (1 - BETA**t) / denominator(v, 1 - RHO**t, memory)

        return by_hand(update)[0]

    def test_epsilon_added_to_the_corrected_root(self):
        parameter, _ = last(ADAM)
        assert_same(parameter, self.adam(lambda v, c, _: math.sqrt(v / c) + EPS))

    def test_epsilon_hat(self):
        """alpha_t = alpha sqrt(1 - beta2^t) / (1 - beta1^t); w -= alpha_t m / (sqrt(v) + eps)."""
        parameter, _ = last(ADAM.having(epsilon="hat"))
        assert_same(parameter, self.adam(lambda v, c, _: (math.sqrt(v) + EPS) / math.sqrt(c)))

    def test_the_two_readings_differ(self):
        outside, _ = last(ADAM)
        hat, _ = last(ADAM.having(epsilon="hat"))
        assert (outside != hat).any()

    def test_amsgrad_before_the_correction(self):
        def denominator(v, c, memory):
            memory["top"] = max(memory.get("top", 0.0), v)
            return math.sqrt(memory["top"] / c) + EPS

        parameter, _ = last(ADAM.having(amsgrad="raw"))
        assert_same(parameter, self.adam(denominator))

    def test_amsgrad_after_the_correction(self):
        def denominator(v, c, memory):
            memory["top"] = max(memory.get("top", 0.0), v / c)
            return math.sqrt(memory["top"]) + EPS

        parameter, _ = last(ADAM.having(amsgrad="corrected"))
        assert_same(parameter, self.adam(denominator))

    def test_no_correction(self):
        def update(w, g, memory, t):
            m, v = move(memory, "m", BETA, g), move(memory, "v", RHO, g * g)
            return w - RATE * m / (math.sqrt(v) + EPS)

        parameter, _ = last(RMSPROP.having(first_moment=True))
        assert_same(parameter, by_hand(update)[0])


class TestGradientAndParameter:
    """What happens before the moments and beside the step."""

    def rmsprop(self, change=lambda w, g: g, shrink=lambda w: w):
        def update(w, g, memory, t):
            g = change(w, g)
            return shrink(w) - RATE * g / (math.sqrt(move(memory, "v", RHO, g * g)) + EPS)

        return by_hand(update)[0]

    def test_l2_decay_is_added_to_the_gradient(self):
        parameter, _ = last(RMSPROP.having(weight_decay="l2"))
        assert_same(parameter, self.rmsprop(lambda w, g: g + LAMBDA * w))

    def test_decoupled_decay_shrinks_by_rate_times_decay(self):
        parameter, _ = last(RMSPROP.having(weight_decay="decoupled"))
        assert_same(parameter, self.rmsprop(shrink=lambda w: w * (1 - RATE * LAMBDA)))

    def test_unscaled_decoupled_decay_shrinks_by_decay(self):
        parameter, _ = last(RMSPROP.having(weight_decay="decoupled-unscaled"))
        assert_same(parameter, self.rmsprop(shrink=lambda w: w * (1 - LAMBDA)))

    def test_maximise_turns_the_gradient_and_not_the_decay(self):
        parameter, _ = last(RMSPROP.having(maximize=True, weight_decay="l2"))
        assert_same(parameter, self.rmsprop(lambda w, g: -g + LAMBDA * w))

    def test_the_loss_is_unscaled_before_decay_is_added(self):
        parameter, _ = last(RMSPROP.having(weight_decay="l2", loss_scale=True), loss_scale="8")
        assert_same(parameter, self.rmsprop(lambda w, g: g / 8 + LAMBDA * w))

    def test_centralising_takes_the_mean_over_all_axes_but_the_first(self):
        w = np.zeros((2, 3, 2))
        g = np.arange(12.0).reshape(2, 3, 2) ** 2
        ((parameter, _),) = trajectory(
            RMSPROP.having(centralize=True), DECIMALS, w, [g], num=FLOAT64
        )
        for row in range(2):
            mean = sum(float(x) for x in g[row].ravel()) / 6
            for place in np.ndindex(3, 2):
                h = g[row][place] - mean
                wanted = -RATE * h / (math.sqrt((1 - RHO) * h * h) + EPS)
                assert_same(parameter[row][place], wanted)


class TestTrajectories:
    def test_rates_replace_the_learning_rate_step_by_step(self):
        rates = ["0.05", "0.05", "0.0125", "0.0125"]
        *_, (parameter, _) = trajectory(
            RMSPROP,
            DECIMALS,
            np.array(START),
            [np.array(row) for row in STEPS],
            num=FLOAT64,
            rates=rates,
        )

        def update(w, g, memory, t):
            v = move(memory, "v", RHO, g * g)
            return w - float(rates[t - 1]) * g / (math.sqrt(v) + EPS)

        assert_same(parameter, by_hand(update)[0])

    def test_a_rate_change_separates_the_two_momentum_forms(self):
        def final(momentum, rates):
            rule = RMSPROP.having(momentum=momentum)
            steps = [np.array(row) for row in STEPS]
            *_, (parameter, _) = trajectory(
                rule, DECIMALS, np.array(START), steps, num=FLOAT64, rates=rates
            )
            return parameter

        constant, changing = ["0.05"] * 4, ["0.05", "0.05", "0.0125", "0.0125"]
        assert_same(final("scaled", constant), final("unscaled", constant))
        assert (np.abs(final("scaled", changing) - final("unscaled", changing)) > 1e-3).all()

    def test_a_state_after_some_steps_continues_as_if_it_had_never_stopped(self):
        rule = ADAM
        steps = [np.array(row) for row in STEPS]
        whole = list(trajectory(rule, DECIMALS, np.array(START), steps, num=FLOAT64))
        parameter, state = whole[1]
        rest = list(
            trajectory(rule, DECIMALS, parameter, steps[2:], num=FLOAT64, state=state, taken=2)
        )
        assert (rest[-1][0] == whole[-1][0]).all()
        assert rest[-1][1].keys() == rule.state.keys()
