"""Complex parameters and gradients: what a square is, what is off by how much, and who is told."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import permutations

import flint
import numpy as np
import pytest

from optimizer_conformance.adapters.kit import to_array, to_tensor
from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.cases.case import COMPLEX_MODES, draw_cases
from optimizer_conformance.cases.inputs import RANGE_REGIMES, expand
from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.judging.execution import Answer, columns
from optimizer_conformance.judging.explain import explain, neighbours
from optimizer_conformance.judging.oracle import Oracle, Question, enclosed, inputs_of
from optimizer_conformance.judging.verdict import Verdict, judge
from optimizer_conformance.reference.numbers import PRECISIONS, BallArithmetic, BoundArithmetic
from optimizer_conformance.reference.numbers.complex_ball import ComplexBallArithmetic
from optimizer_conformance.reference.numbers.complex_bound import ComplexBoundArithmetic, Pair
from optimizer_conformance.reference.numbers.precision import component, from_bits, parts, to_bits
from optimizer_conformance.reference.rules import RMSPROP
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS

SQUARES = ("plain", "modulus", "components")
DTYPES = ("complex64", "complex128")
NARROW = {"complex64": np.float32, "complex128": np.float64}
RULES = {
    "torch-rmsprop-centered-momentum": "rmsprop",
    "optax-rmsprop": "rmsprop",
    "optax-rmsprop-momentum-nesterov": "rmsprop",
    "torch-adam-weight-decay": "adam",
    "matlab-adamupdate-hat": "adam",
    "torch-adamw-weight-decay": "adam",
}


def questions(name, dtype, squares, modes=COMPLEX_MODES):
    """A rule over its complex cases."""
    variant = VARIANTS[name]
    features = tuple(sorted(variant.features))
    return [
        Question(variant.rule, case.hyperparameters, case, squares=squares)
        for mode in modes
        for case in draw_cases(variant.family, features, dtype, mode, "default", 0)
    ]


class Legal:
    """A complex step in NumPy, one rounding an operation, in an order drawn at each operation."""

    def __init__(self, dtype, squares, seed=0):
        self.dtype, self.squares = np.dtype(dtype), squares
        self.real = np.dtype(NARROW[dtype])
        self.random = random.Random(seed)

    def pick(self, *ways):
        return self.random.choice(ways)()

    def scalar(self, value):
        return self.real.type(float(value))

    def times(self, x, y):
        """Four products, or one array operation of NumPy's."""
        return self.pick(
            lambda: x * y,
            lambda: (
                (x.real * y.real - x.imag * y.imag) + 1j * (x.real * y.imag + x.imag * y.real)
            ).astype(self.dtype),
        )

    def square(self, x):
        if self.squares == "plain":
            return self.pick(lambda: self.times(x, x), lambda: np.square(x), lambda: x**2)
        return self.pick(
            lambda: x.real * x.real + x.imag * x.imag,
            lambda: (x.conj() * x).real,
            lambda: np.abs(x) ** 2,
        )

    def average(self, beta, old, new):
        b, c = self.scalar(beta), self.scalar(1 - float(beta))
        return self.pick(lambda: b * old + c * new, lambda: old + c * (new - old))

    def over(self, x, y):
        """Smith's division (NumPy's), by the conjugate, by a reciprocal, or with y made complex."""
        if not np.iscomplexobj(y):
            return self.pick(
                lambda: x / y,
                lambda: x * (self.real.type(1) / y),
                lambda: x / y.astype(self.dtype),
                lambda: self.conjugated(x, y.astype(self.dtype)),
            )
        return self.pick(
            lambda: x / y,
            lambda: self.times(x, self.dtype.type(1) / y),
            lambda: self.conjugated(x, y),
        )

    def conjugated(self, x, y):
        below = y.real * y.real + y.imag * y.imag
        top = self.times(x, y.conj())
        return (top.real / below + 1j * (top.imag / below)).astype(self.dtype)

    def step(self, rule, decimals, count, w, state, g, rate):
        """One step; on purpose not the pipeline's stages."""
        state = dict(state)
        decay, eta = float(decimals["decay"]), self.scalar(rate)
        epsilon = self.scalar(decimals["epsilon"])
        if rule["weight_decay"] == "l2":
            g = g + self.scalar(decimals["weight_decay"]) * w
        top = g
        if rule["first_moment"]:
            beta = float(decimals["beta1"])
            top = state["first_moment"] = self.average(beta, state["first_moment"], g)
        if rule["centered"]:
            state["mean_gradient"] = self.average(decay, state["mean_gradient"], g)
        v = state["second_moment"] = self.average(decay, state["second_moment"], self.square(g))
        if rule["centered"]:
            v = v - self.square(state["mean_gradient"])
        if rule["correction"] == "both":
            first = self.scalar(1 - float(decimals["beta1"]) ** count)
            second = self.scalar(1 - decay**count)
            if rule["epsilon"] == "hat":
                top = top * np.sqrt(second)
            else:
                v = self.over(v, second) if np.iscomplexobj(v) else v / second
            top = self.over(top, first)
        below = np.sqrt(v + epsilon) if rule["epsilon"] == "inside" else np.sqrt(v) + epsilon
        if rule["weight_decay"] == "decoupled":
            w = w * self.scalar(1 - float(rate) * float(decimals["weight_decay"]))
        if rule["momentum"] == "none":
            change = self.pick(
                lambda: self.over(eta * top, below), lambda: eta * self.over(top, below)
            )
            return w - change, state
        scaled = rule["momentum"] == "scaled"
        push = self.over(eta * top if scaled else top, below)
        mu = self.scalar(decimals["momentum"])
        buffer = state["momentum"] = mu * state["momentum"] + push
        change = mu * buffer + push if rule["nesterov"] else buffer
        return w - (change if scaled else eta * change), state

    def observe(self, question):
        """What an implementation in this arithmetic shows of a case."""
        case, inputs = question.case, inputs_of(question.case)
        found = []
        for item in inputs.parameters:
            w = to_bits(item.value, case.dtype)
            state = {name: np.zeros_like(w) for name in question.quantities if name != "parameter"}
            if inputs.taken:
                state = {name: to_bits(item.state[name], case.dtype) for name in state}
            if self.squares == "modulus":
                state["second_moment"] = state["second_moment"].real.copy()
            rows = []
            for index, gradient in enumerate(item.gradients):
                rate = inputs.rates[index] if inputs.rates else case.decimals["learning_rate"]
                taken = inputs.taken + index + 1
                g = to_bits(gradient, case.dtype)
                w, state = self.step(question.rule, case.decimals, taken, w, state, g, rate)
                rows.append({**state, "parameter": w})
            found.append(
                {
                    name: np.stack([parts(row[name].astype(np.complex128)) for row in rows])
                    for name in question.quantities
                }
            )
        return {name: np.concatenate([f[name] for f in found], axis=1) for name in found[0]}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("squares", ["plain", "modulus"])
@pytest.mark.parametrize("name", RULES)
def test_no_legal_order_is_blamed(name, squares, dtype):
    oracle, used = Oracle(), 0.0
    for question in questions(name, dtype, squares):
        for seed in range(3):
            with np.errstate(all="ignore"):
                shown = Legal(dtype, squares, seed).observe(question)
            found = judge(oracle, question, shown)
            assert found.worst is not Verdict.deviates, (question.case.identifier, found.divergence)
            used = max(used, *(item.score for item in found.parameters))
    assert used > 0.4  # a bound twice as large would show here


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", RULES)
def test_each_square_is_told_from_each_other_in_every_mode(name, dtype):
    oracle = Oracle()
    precision = PRECISIONS[component(dtype)]
    for mode in COMPLEX_MODES:
        asked = {squares: questions(name, dtype, squares, (mode,)) for squares in SQUARES}
        for right, wrong in permutations(SQUARES, 2):
            documented, done = asked[right][0], asked[wrong][0]
            rows = len(done.quantities)
            table = oracle.table(done)
            shown = {
                quantity: precision.round(table.value[index::rows])
                for index, quantity in enumerate(done.quantities)
            }
            found = judge(oracle, documented, shown, decide_only=True)
            assert found.worst is Verdict.deviates, (mode, right, wrong)


def conjugated(legal, g):
    return g.conj()


def exchanged(legal, g):
    return (g.imag + 1j * g.real).astype(g.dtype)


def real_alone(legal, g):
    return g.real.astype(g.dtype)


def turned(legal, g):
    return (g * legal.dtype.type(1 + 1e-6j)).astype(g.dtype)


def rounded(legal, g):
    return g.astype(np.complex64).astype(g.dtype) if g.dtype == np.complex128 else half(g)


def half(g):
    return (g.real.astype(np.float16) + 1j * g.imag.astype(np.float16)).astype(g.dtype)


WRONG_GRADIENTS = (conjugated, exchanged, real_alone, turned, rounded)


class Wrong(Legal):
    """The step with a wrong gradient, square, or step."""

    def __init__(self, dtype, squares, change=None, *, square=None, shown=None):
        super().__init__(dtype, squares)
        self.change, self.other, self.shown = change, square, shown

    def step(self, rule, decimals, count, w, state, g, rate):
        g = g if self.change is None else self.change(self, g)
        after, state = super().step(rule, decimals, count, w, state, g, rate)
        return (after if self.shown is None else self.shown(w, after)), state

    def square(self, x):
        return super().square(x) if self.other is None else self.other(x)


MISTAKES = {
    **{f"gradient {change.__name__}": {"change": change} for change in WRONG_GRADIENTS},
    "modulus not squared": {"square": np.abs},
    "only the real part squared": {"square": lambda x: x.real * x.real},
    "the square of the sum of the parts": {"square": lambda x: (x.real + x.imag) ** 2},
    "g^2 with the sign of the imaginary part turned": {"square": lambda x: np.square(x).conj()},
    "g^2 less its cross term": {"square": lambda x: np.square(x.real) - np.square(x.imag)},
    "only the real part stepped": {"shown": lambda w, after: after.real + 1j * w.imag},
    "the parts of the step exchanged": {
        "shown": lambda w, after: w + ((after - w).imag + 1j * (after - w).real)
    },
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("squares", ["plain", "modulus"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_with_complex_numbers_is_told(mistake, squares, dtype):
    oracle = Oracle()
    for name in ("optax-rmsprop", "matlab-adamupdate-hat"):
        verdicts = []
        for question in questions(name, dtype, squares):
            with np.errstate(all="ignore"):
                shown = Wrong(dtype, squares, **MISTAKES[mistake]).observe(question)
            verdicts.append(judge(oracle, question, shown, decide_only=True).worst)
        assert Verdict.deviates in verdicts, name


@pytest.mark.parametrize("squares", SQUARES)
@pytest.mark.parametrize("name", RULES)
def test_balls_enclose_the_centre_of_the_bound(name, squares):
    """complex64's reference, in complex128, is as near to the exact result as its slack says."""
    slack = BoundArithmetic(PRECISIONS["float32"]).slack - 1
    for question in questions(name, "complex64", squares):
        table, exact = Oracle().table(question), enclosed(question)
        known = np.isfinite(exact.radius) & np.isfinite(table.error) & np.isfinite(table.value)
        with np.errstate(invalid="ignore"):
            off = np.abs((table.value - exact.value) - exact.low) + exact.radius
        # Values that float64 itself cannot hold any nearer.
        least = np.spacing(np.abs(exact.value))
        assert (off <= table.error * slack + least)[known].all()


class TestNodes:
    """Single operations, at operands where their errors are largest, against balls."""

    stream = np.random.default_rng(3)

    def operands(self, count=2000):
        size = 10 ** self.stream.uniform(-3, 3, count)
        angle = self.stream.uniform(-np.pi, np.pi, count)
        angle[::3] = self.stream.integers(-2, 3, len(angle[::3])) * np.pi / 4
        return (size * np.exp(1j * angle)).astype(np.complex64)

    def exact(self, operation, *operands):
        boxes = [[flint.acb(complex(z)) for z in row] for row in operands]
        return np.array([complex(operation(*row)) for row in zip(*boxes, strict=True)])

    def assert_inside(self, computed, exact, bound):
        computed = np.asarray(computed).astype(np.complex128)
        for off, error in (
            (np.abs(computed.real - exact.real), bound.real.error),
            (np.abs(computed.imag - exact.imag), bound.imag.error),
        ):
            assert (off <= error * (1 + 1e-6)).all(), np.nanmax(off / error)

    num = ComplexBoundArithmetic(BoundArithmetic(PRECISIONS["float32"]), "plain")

    def test_products(self):
        x, y = self.operands(), self.operands()
        bound = self.num.given(x) * self.num.given(y)
        self.assert_inside(x * y, self.exact(lambda a, b: a * b, x, y), bound)

    def test_roots(self):
        x = self.operands()
        x = x[(x.real > 0) | (np.abs(x.imag) > 1e-3 * np.abs(x.real))]
        self.assert_inside(
            np.sqrt(x), self.exact(lambda a: a.sqrt(), x), self.num.root(self.num.given(x))
        )

    @pytest.mark.parametrize("way", ["Smith", "conjugate", "reciprocal"])
    def test_quotients(self, way):
        x, y = self.operands(), self.operands()
        bound = self.num.quotient((self.num.given(x),), (self.num.given(y),))
        legal = Legal("complex64", "plain")
        computed = {
            "Smith": lambda: x / y,
            "conjugate": lambda: legal.conjugated(x, y),
            "reciprocal": lambda: x * (np.complex64(1) / y),
        }[way]()
        self.assert_inside(computed, self.exact(lambda a, b: a / b, x, y), bound)

    def test_the_sign_of_a_root_beside_the_negative_axis_is_open(self):
        above = self.num.given(np.array([-1 + 1e-9j]))
        near = Pair(above.real, above.imag)
        near.imag.error = np.array([1e-8])
        root = self.num.root(near)
        assert root.imag.error[0] >= 2 * abs(root.imag.value[0]) * (1 - 1e-6)
        quotient = self.num.quotient((above,), (root,))
        assert np.isinf(quotient.real.error).all()

    def test_real_numbers_among_balls_stay_real(self):
        num = ComplexBallArithmetic("modulus")
        (square,) = num.square(num.given(np.array([3 + 4j])))
        assert isinstance(square, flint.arb)
        assert square == 25


class TestCases:
    @pytest.mark.parametrize("dtype", DTYPES)
    def test_only_the_modes_in_which_complex_numbers_are_in_question(self, dtype):
        from optimizer_conformance.cases.case import MODES

        drawn = {mode for mode in MODES if draw_cases("adam", (), dtype, mode, "default", 0)}
        assert drawn == set(COMPLEX_MODES)

    def test_gradients_lie_everywhere_on_the_axes_and_beside_them(self):
        (case, *_) = draw_cases("adam", (), "complex64", "origin", "default", 0)
        wide = expand(case).parameters[0].gradients[0]
        smaller = np.minimum(np.abs(wide.real), np.abs(wide.imag)) / np.abs(wide)
        assert (smaller == 0).any()
        assert ((smaller > 0) & (smaller < 1e-2)).any()
        assert (smaller > 0.3).any()

    def test_the_ends_of_the_range_are_left_to_real_numbers(self):
        for mode in COMPLEX_MODES:
            (case, *_) = draw_cases("rmsprop", (), "complex64", mode, "default", 0)
            assert not {item.name for item in expand(case).parameters} & set(RANGE_REGIMES)

    def test_an_injected_state_is_one_that_every_square_allows(self):
        (case, *_) = draw_cases("rmsprop", ("centered",), "complex64", "injected", "default", 0)
        for item in expand(case).parameters:
            v, m = item.state["second_moment"], item.state["mean_gradient"]
            assert (v.real >= np.abs(m) ** 2).all()
            assert (v.imag >= m.imag**2).all()


def test_complex_tensors_travel_as_their_bits():
    for dtype in DTYPES:
        values = np.array([[1 + 2j, -0.0 + 1j, complex(np.inf, -1e-30)]])
        tensor = to_tensor(to_bits(values, dtype))
        assert tensor.dtype == dtype
        assert len(tensor.data) == values.size * np.dtype(dtype).itemsize
        assert (from_bits(to_array(tensor), dtype) == values.astype(dtype)).all()


def test_a_real_average_among_complex_numbers_has_no_imaginary_part():
    assert columns(to_tensor(np.array([2.0, 3.0], np.float32)), 2).tolist() == [2, 0, 3, 0]


def test_a_complex_answer_to_a_real_question_breaks_the_protocol():
    from optimizer_conformance.judging.execution import ProtocolBreach

    with pytest.raises(ProtocolBreach, match="complex64"):
        columns(to_tensor(np.array([1j], np.complex64)), 1)


def test_the_first_divergence_names_the_part():
    (question, *_) = questions("optax-rmsprop", "complex64", "modulus", ("origin",))
    shown = Legal("complex64", "modulus").observe(question)
    shown["parameter"][0, 9] += 1.0
    found = judge(Oracle(), question, shown)
    assert found.divergence is not None
    assert (found.divergence.quantity, found.divergence.element) == ("parameter.imag", 4)


def test_parts_that_step_alone_are_real_parameters():
    (question, *_) = questions(
        "torch-rmsprop-centered-momentum", "complex64", "components", ("origin",)
    )
    table = Oracle().table(question)
    (item, *_), rows = inputs_of(question.case).parameters, len(question.quantities)
    ((parameter, _),) = trajectory(
        question.rule,
        question.case.decimals,
        BallArithmetic().given(parts(item.value)),
        [BallArithmetic().given(parts(item.gradients[0]))],
        num=BallArithmetic(),
    )
    mine = table.value[rows - 1, : len(parameter)]
    assert all(abs(float(a) - b) <= 1e-15 * abs(b) for a, b in zip(parameter, mine, strict=True))


def test_of_real_numbers_no_square_is_in_question():
    (case, *_) = draw_cases("rmsprop", (), "float32", "origin", "default", 0)
    plain = Question(RMSPROP, case.hyperparameters, case)
    tables = [Oracle().table(replace(plain, squares=squares)) for squares in SQUARES]
    assert all((table.value == tables[0].value).all() for table in tables)
    assert all((table.error == tables[0].error).all() for table in tables)


def test_of_complex_numbers_no_rule_is_sought_that_says_nothing_of_them():
    """Nothing explains noise; on the way there every neighbour of the claim is asked."""
    variant = VARIANTS["keras-rmsprop"]
    question = questions("keras-rmsprop", "complex64", variant.squares, ["trajectory"])[0]
    item = Implementation(
        name="own:rmsprop", family="rmsprop", claims=[variant.identifier], features=[[]],
        hyperparameters=list(variant.rule.hyperparameters), dtypes=["complex64"],
        devices=["cpu"], state=[], settable=False, compiled=False, schedules=False,
    )  # fmt: skip
    unit = Unit(item, "cpu", question.case, (variant,))
    shape = (question.case.steps, Oracle().table(question).value.shape[1])
    noise = np.random.default_rng(0).standard_normal(shape)
    asked = [(unit, Answer({"parameter": noise}))]
    assert {True, False} == {rule.ordered for rule in neighbours(variant.rule) if rule.real}
    assert explain(Oracle(), variant, asked, []).rule is None
