"""Arrays of a case: parameters, gradients a step and injected state, in the case's own dtype.

A regime is a kind of gradients that tells hypotheses apart: an epsilon of 1e-8 cannot be seen with
gradients of size one.  In most modes each regime is one parameter of the optimizer under test, so
one run covers them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer_conformance.cases.case import Case, Written
from optimizer_conformance.cases.separation import hypotheses, most_separating, separations
from optimizer_conformance.cases.situations import SITUATED
from optimizer_conformance.reference.numbers.gathering import every_axis, row_axes, spread
from optimizer_conformance.reference.numbers.precision import (
    COMPONENTS,
    PRECISIONS,
    Array,
    component,
    from_bits,
    to_bits,
)
from optimizer_conformance.reference.rules import extent, typical

REGIMES = {
    "wide": "log-uniform over many orders of magnitude",
    "near-epsilon": "root of the second moment from below epsilon to above its root",
    "constant": "one gradient over and over: the variance goes to zero",
    "alternating": "the sign turns at every step",
    "spike": "small, and once a thousand times as large",
    "sparse": "mostly zero, negative zero included",
    "tiny": "squares that underflow",
    "huge": "squares that overflow",
    "non-finite": "infinities and nan among ordinary numbers",
    "zero": "zero throughout, of either sign",
    "infinite": "one infinity among ordinary numbers",
}
EDGE_REGIMES = ("zero",)  # in the mode ``edges`` alone
# A norm spreads what is not finite over its tensor: with nan in it, infinities show nowhere.
NORM_REGIMES = ("infinite",)
RANGE_REGIMES = ("tiny", "huge", "non-finite", *NORM_REGIMES)
ENDS_OF_RANGE = ("subnormal", "colossal")  # the same of the mode ``magnitudes``
# Where a complex gradient keeps its direction.
STILL = ("near-epsilon", "constant", "alternating")
WANDER = 0.5  # of a gradient near epsilon, from step to step
# Where the ends of the range are tried: over one step, and over several.
RANGE_MODES = ("injected", "restored")
# Over one step overflow and underflow are tried in these alone: bfloat16 ends where float32 does.
RANGE_DTYPES = ("float16", "float32")
# Shapes of the layout mode; the last is filled up to the case's size.
SHAPES: tuple[tuple[int, ...], ...] = (
    (0,),
    (),
    (1,),
    (7,),
    (8,),
    (9,),
    (31,),
    (33,),
    (3, 5),
    (1000,),
)
LAYOUTS = ("layout", "layout-filled", "shapes", "shapes-filled")
# A mean over all axes but the first needs some; the sizes have a tail for every vector.  Over the
# last, where gradients are sparse, some means are exact: of eight, seven of which are zero.
CONVOLUTIONS: tuple[tuple[int, ...], ...] = ((16, 1, 3, 3), (8, 2, 5, 5), (64, 2, 2, 2))
# What keeps one number a row is made for tables.
TABLES: tuple[tuple[int, ...], ...] = ((16, 9), (8, 50), (64, 8))
# A norm looks at all of them, so each is one experiment: few elements, whose sum rounds little, and
# where most gradients are zero (the sixth regime) many.
TENSORS: tuple[tuple[int, ...], ...] = ((4, 2), (3,), (2, 2, 2), (1,), (6,), (40, 8))
STRIDED: tuple[tuple[int, ...], ...] = ((33,), (7, 9))
COPIES = (*LAYOUTS, "relations")  # modes in which experiments repeat
CANDIDATES = 512  # runs of gradients among which the mode ``separation`` chooses
POOL = 251  # distinct experiments in the layout mode; prime, so they fall on every lane
SHIFT = 17  # each parameter starts at another experiment
RATE_CHANGE = 4  # later steps of a rate-change case run at a quarter of the rate


@dataclass
class Input:
    """One parameter of the optimizer under test.

    Arrays are float64 or complex128 values that the dtype represents exactly; ``gradients`` has one
    a step, ``state`` one a name.  ``experiment`` maps elements to experiments where these repeat;
    ``sign`` is -1 where value and gradients are the experiment's negated.  ``memory`` is how each
    gradient lies there; in the steps ``absent`` there is none; it ``joins`` after so many steps.
    """

    name: str
    value: Array
    gradients: list[Array]
    state: dict[str, Array] = field(default_factory=dict)
    layout: str = "contiguous"
    group: int = 0
    experiment: Array | None = None
    sign: int = 1
    memory: str = "contiguous"
    absent: frozenset[int] = frozenset()
    joins: int = 0


@dataclass
class Inputs:
    """A case expanded: its parameters, the rate of each step, and the groups' hyperparameters.

    ``resumed``: the state is the parameters' own even before the first step; ``reloads``: the steps
    after which it is saved and loaded.
    """

    parameters: list[Input]
    taken: int = 0
    rates: list[str] = field(default_factory=list)
    groups: list[dict[str, str]] = field(default_factory=list)
    resumed: bool = False
    reloads: tuple[int, ...] = ()


class Expander:
    """Draws the arrays of one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.precision = PRECISIONS[component(case.dtype)]
        self.complex = case.dtype in COMPONENTS
        self.random = np.random.Generator(np.random.Philox(key=case.seed))
        self.over = extent(case.family, case.features)
        self.epsilon = float(case.decimals.get("epsilon", "1e-8"))
        # Gradients arrive multiplied by the loss scale.
        self.loss_scale = float(case.decimals.get("loss_scale", "1"))

    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the regimes, in turn: a vector, or what a rule looks at at once."""
        if self.over == "parameter":
            return ((self.case.size,),)
        kept = typical(self.case.family, self.case.features).state.values()
        tables = any(tensor.shape == "row" for tensor in kept)
        return TENSORS if self.over == "tensor" else TABLES if tables else CONVOLUTIONS

    def exactly(self, values: Array) -> Array:
        """Rounded to the dtype, as float64 or complex128."""
        return from_bits(to_bits(values, self.case.dtype), self.case.dtype)

    def log_uniform(self, low: float, high: float, shape: tuple[int, ...]) -> Array:
        """Magnitudes between ``low`` and ``high`` with random signs."""
        magnitude = np.exp(self.random.uniform(np.log(low), np.log(high), shape))
        signed: Array = magnitude * self.random.choice([-1.0, 1.0], shape)
        return signed

    def scale(self) -> tuple[float, float]:
        """Gradients whose weighted squares stay in the normal range."""
        low, high = (0.3, 60.0) if self.case.dtype == "float16" else (1e-5, 1e3)
        return self.loss_scale * low, self.loss_scale * high

    def near_epsilon(self) -> tuple[float, float]:
        """Gradients whose roots of moments surround epsilon and its root, and do not underflow."""
        kept = float(self.case.decimals.get("decay", "0.9"))
        floor = 8 * np.sqrt(self.precision.smallest_normal / ((1 - kept) or 1))
        # Beyond this squares overflow, whatever epsilon is, and however far the gradient wanders.
        most = np.sqrt(self.precision.largest) / (1 + WANDER)
        low = min(max(self.epsilon / 30, floor), most / 30)
        high = min(max(30 * np.sqrt(self.epsilon), 30 * low), most)
        return self.loss_scale * low, self.loss_scale * high

    def gradients(self, regime: str, shape: tuple[int, ...], steps: int) -> list[Array]:
        """One array a step, drawn in the given regime."""
        low, high = self.near_epsilon() if regime == "near-epsilon" else self.scale()
        rows = [self.log_uniform(low, high, shape) for _ in range(steps)]
        turn = self.phases(shape, steps, still=regime in STILL) if self.complex else None
        if regime in ("constant", "near-epsilon"):
            # A scale of its own for each element; within it the gradient stays or wanders little.
            wander = 0.0 if regime == "constant" else WANDER
            rows = [rows[0] * (1 + wander * self.random.uniform(-1, 1, shape)) for _ in rows]
        elif regime == "alternating":
            rows = [np.abs(row) * (-1) ** index for index, row in enumerate(rows)]
        elif regime == "spike":
            rows = [row * (1e-3 if index != steps // 2 else 1) for index, row in enumerate(rows)]
            if self.case.dtype == "float16":
                rows = [np.where(np.abs(row) < 0.05, 0.05, row) for row in rows]
        elif regime == "sparse":
            zero = [self.random.choice([0.0, -0.0, 1.0], shape, p=[0.5, 0.2, 0.3]) for _ in rows]
            rows = [np.where(z == 0, z, row) for z, row in zip(zero, rows, strict=True)]
        elif regime == "zero":
            rows = [0.0 * row for row in rows]
        elif regime == "tiny":
            root = np.sqrt(self.precision.smallest_normal)
            rows = [self.log_uniform(root * 1e-4, root * 10, shape) for _ in rows]
        elif regime == "huge":
            root = np.sqrt(self.precision.largest)
            rows = [self.log_uniform(root * 0.1, root * 100, shape) for _ in rows]
        elif regime == "non-finite":
            special = [np.inf, -np.inf, np.nan]
            chance = self.random.uniform(0, 1, shape)
            # A mean spreads what is not finite over its row, a norm over its tensor: one element
            # tells most there.
            share = 0.5 if self.over == "parameter" else 0.1
            rows[0] = np.where(chance < share, self.random.choice(special, shape), rows[0])
            if self.over == "tensor":
                rows[0].flat[0] = np.nan
        elif regime == "infinite":
            rows[0].flat[0] = np.inf
        if turn is not None:
            rows = [row * phase for row, phase in zip(rows, turn, strict=True)]
        return [self.exactly(row) for row in rows]

    def phases(self, shape: tuple[int, ...], steps: int, *, still: bool) -> list[Array]:
        """Numbers on the unit circle: anywhere, on the axes, and beside them by 10^-6 … 10^-1.

        g^2, |g|^2 and the parts' own squares are one thing on the real axis and differ by more and
        more towards the imaginary one; a part that is small beside the other has an epsilon of its
        own to meet.  ``still``: an element keeps its phase.
        """
        quarter = self.random.integers(0, 4, shape)
        kind = self.random.choice(3, shape, p=[0.6, 0.2, 0.2])
        found = []
        for _ in range(1 if still else steps):
            tilt = np.where(kind == 1, 0.0, 10 ** self.random.uniform(-6, -1, shape))
            angle = np.where(kind == 0, self.random.uniform(-np.pi, np.pi, shape), tilt)
            axis = np.array([1, 1j, -1, -1j])[quarter]
            found.append(np.where(kind == 0, 1, axis) * (np.cos(angle) + 1j * np.sin(angle)))
        return found * steps if still else found

    def values(self, shape: tuple[int, ...]) -> Array:
        """Parameters: zero at the origin, otherwise around one, and every third zero.

        In the narrow formats a step is lost in the last place of a parameter near one.  What is
        drawn to zero after a step is every sixth time as small as that takes away, or twice that.
        """
        drawn = self.random.standard_normal(shape)
        if self.complex:
            drawn = drawn + 1j * self.random.standard_normal(shape)
        values = self.exactly(drawn)
        if "proximal" in self.case.features:
            rate, l1 = (float(self.case.decimals[name]) for name in ("learning_rate", "l1"))
            near = 2 * rate * l1 * self.random.uniform(-1, 1, shape)
            values.flat[1::6] = self.exactly(near).flat[1::6]
        values.flat[:: 1 if self.case.mode == "origin" else 3] = 0.0
        return values

    @np.errstate(over="ignore", under="ignore")
    def state(self, gradient: Array) -> dict[str, Array]:
        """A state such as earlier steps with gradients of this size would have left.

        Of complex second moments each part is positive, and the real one alone is an average of
        |g|^2: a state that every square of a complex number allows.
        """
        size = np.where(np.isfinite(gradient) & (gradient != 0), np.abs(gradient), 1.0)
        found = self.averages(size)
        if self.complex:
            imaginary = self.averages(size)
            for name in ("second_moment", "maximum_second_moment"):
                found[name] = found[name] + imaginary[name]
            found = {name: values + 1j * imaginary[name] for name, values in found.items()}
        found |= self.shared(found)
        return {name: self.exactly(values) for name, values in found.items()}

    def shared(self, found: dict[str, Array]) -> dict[str, Array]:
        """What a rule keeps of a row or a tensor, one number in the place of each element."""
        if self.over == "parameter":
            return {}
        axes = {"row": row_axes, "tensor": every_axis}
        kept = typical(self.case.family, self.case.features).state.items()
        return {
            name: spread(np.max(values, axis=axes[tensor.shape](values), keepdims=True), values)
            for name, tensor in kept
            for values in (found[name],)
            if tensor.shape in axes
        }

    def averages(self, size: Array) -> dict[str, Array]:
        """Real averages of gradients of this size."""
        mean = size * self.random.uniform(-0.9, 0.9, size.shape)
        # Above mean^2 by a fair share, so that the centred form is well-posed here.
        second = mean**2 + size**2 * self.random.uniform(0.1, 1.0, size.shape)
        rate = float(self.case.decimals.get("learning_rate", "0.01"))
        steps = np.multiply(rate, self.random.standard_normal(size.shape))
        state: dict[str, Array] = {
            "second_moment": second,
            "first_moment": mean,
            "mean_gradient": mean,
            "momentum": steps,
            "moved_point": steps,
            "slow_parameter": steps,
            "average_parameter": steps,
            "mean_parameter": mean,
            "mean_square_update": steps**2,
            "largest_size": size,
            "slow_moment": mean,
            "linear": mean,
            "average_difference": -mean,
            "previous_gradient": np.copysign(size, mean),
            "step_size": self.sizes(np.abs(steps), rate),
            "maximum_second_moment": second * self.random.uniform(1.0, 1.5, size.shape),
        }
        # No finite gradients leave an infinite state in a first step: the largest has to do.
        largest = self.precision.largest
        return {name: np.clip(values, -largest, largest) for name, values in state.items()}

    def sizes(self, steps: Array, rate: float) -> Array:
        """Rprop's steps: most as long as the rate, some so near to a limit that they meet it.

        The largest may grow beyond what is allowed, the smallest shrink below it.
        """
        least, most = (
            float(self.case.decimals.get(name, "1")) for name in ("least_step", "largest_step")
        )
        large = np.where(steps > 1.2 * rate, 0.9 * most, steps)
        return np.where(steps < 0.1 * rate, 1.1 * least, large)

    def parameter(self, name: str, regime: str, shape: tuple[int, ...], group: int = 0) -> Input:
        """A parameter whose gradients are of one regime."""
        gradients = self.gradients(regime, shape, self.case.steps)
        return Input(name, self.values(shape), gradients, self.state(gradients[0]), group=group)


def expand(case: Case) -> Inputs:  # noqa: PLR0911 - one a kind of mode
    """The arrays of a case; the same case always gives the same bits."""
    if isinstance(case, Written):
        return written(case)
    draw = Expander(case)
    if case.mode in SITUATED:
        from optimizer_conformance.cases import placing  # noqa: PLC0415 - it draws as is done here

        return placing.placed(draw)
    if case.mode in LAYOUTS:
        return Inputs(layout(draw))
    if case.mode == "separation":
        return Inputs([separating(draw)])
    if case.mode == "relations":
        return Inputs(relations(draw))
    if case.mode == "names":
        names = ("dense.weight", "norm.beta", "norm.gamma", "dense.bias")
        return Inputs([draw.parameter(name, "wide", (case.size,)) for name in names])
    shapes = draw.shapes()
    inputs = Inputs(
        [
            draw.parameter(name, name, shapes[index % len(shapes)])
            for index, name in enumerate(regimes(case))
        ]
    )
    if case.mode == "injected":
        inputs.taken = 3 + case.seed % 20
    if case.mode == "rate-change":
        rate = case.decimals["learning_rate"]
        later = repr(float(rate) / RATE_CHANGE)
        # Midway, or at once where no later step looks at it: else nobody sees which came first.
        before = 1 if typical(case.family, case.features).rate_once else (case.steps + 1) // 2
        inputs.rates = [rate] * before + [later] * (case.steps - before)
    if case.mode == "groups":
        inputs.groups = [{}, group_overrides(case)]
        for index, parameter in enumerate(inputs.parameters):
            parameter.group = index % 2
    return inputs


def written(case: Written) -> Inputs:
    """The arrays of a case that are written out."""
    state = {name: np.array(values) for name, values in case.state}
    gradients = [np.array(row) for row in case.gradients]
    names = [case.name, *(f"{case.name}.{copy}" for copy in range(1, case.copies))]
    parameters = [
        Input(name, np.array(case.value), gradients, state, case.layout) for name in names
    ]
    return Inputs(parameters, case.taken, list(case.rates))


def regimes(case: Case) -> list[str]:
    """The regimes of a case: the ends of the range stand in two modes, the others in all."""
    left_out: set[str] = set()
    if case.mode not in RANGE_MODES or case.dtype in COMPONENTS:
        left_out.update(RANGE_REGIMES)
    elif case.mode == "injected" and case.dtype not in RANGE_DTYPES:
        left_out.update(("tiny", "huge"))
    if case.mode != "edges":
        left_out.update(EDGE_REGIMES)
    if extent(case.family, case.features) != "tensor":
        left_out.update(NORM_REGIMES)
    return [name for name in REGIMES if name not in left_out]


def group_overrides(case: Case) -> dict[str, str]:
    """The second group: a third of the rate, and its own weight decay where there is one."""
    changed = {"learning_rate": repr(float(case.decimals["learning_rate"]) / 3)}
    if "weight_decay" in case.features:
        changed["weight_decay"] = "0.25"
    return changed


def separating(draw: Expander) -> Input:
    """Of many short runs of gradients, those that separate the rules in question most.

    Half of the parameters start at zero, where nothing hides behind their size, half where weight
    decay shows.
    """
    case = draw.case
    low = min(draw.near_epsilon()[0], draw.scale()[0])
    high = max(draw.near_epsilon()[1], draw.scale()[1])
    size = np.exp(np.linspace(np.log(low), np.log(high), CANDIDATES))
    # Steady, wandering, alternating, and pausing at even or at odd steps (a first gradient of zero
    # keeps a corrected variance out of the worst of its cancellation).
    pattern = draw.random.integers(0, 5, CANDIDATES)
    start = draw.log_uniform(1e-3, 10, (CANDIDATES,)) * draw.random.integers(0, 2, CANDIDATES)
    value = draw.exactly(start)
    gradients = []
    for step in range(case.steps):
        wander = np.exp(draw.random.uniform(-2, 2, CANDIDATES))
        even = float(step % 2 == 0)
        turn = (1.0, wander, wander * (-1) ** step, wander * even, wander * (1 - even))
        shape = np.broadcast_arrays(*turn)
        gradients.append(draw.exactly(size * np.choose(pattern, shape)))
    known = set(case.decimals)
    apart = separations(
        tuple(
            rule
            for rule in hypotheses(case.family, case.features)
            if known.issuperset(rule.hyperparameters)
        ),
        case.decimals,
        # Bounds of float64 take a wider carrier; what separates is the same in units of float32's.
        "float32" if case.dtype == "float64" else case.dtype,
        value,
        gradients,
    )
    # Where there is one rule alone, every candidate is as good as any other.
    best = most_separating(apart, case.size) if apart else np.arange(case.size)
    return Input("separating", value[best], [row[best] for row in gradients])


def relations(draw: Expander) -> list[Input]:
    """One pool of experiments as it is, negated, permuted, and split over two parameters."""
    pool = draw.parameter("pool", "wide", (draw.case.size,))
    everything = np.arange(draw.case.size)
    half = draw.case.size // 2
    return [
        Input(
            name,
            sign * pool.value[which],
            [sign * row[which] for row in pool.gradients],
            experiment=which,
            sign=sign,
        )
        for name, which, sign in (
            ("pool", everything, 1),
            ("negated", everything, -1),
            ("permuted", draw.random.permutation(everything), 1),
            ("split-a", everything[:half], 1),
            ("split-b", everything[half:], 1),
        )
    ]


def layout(draw: Expander) -> list[Input]:
    """A pool of experiments laid over many shapes: every element knows which experiment it is."""
    pool = draw.parameter("pool", "wide", (POOL,))
    found = []
    shapes = [(shape, "contiguous") for shape in (*SHAPES, (draw.case.size,))]
    shapes += [(shape, "strided") for shape in STRIDED]
    for index, (shape, memory) in enumerate(shapes):
        if draw.case.mode == "layout-filled" and shape in ((), (0,)):
            continue
        count = int(np.prod(shape, dtype=int))
        which: Array = ((np.arange(count) + SHIFT * index) % POOL).reshape(shape)
        name = "scalar" if shape == () else "x".join(map(str, shape))
        take: Any = lambda values, which=which: values[which]  # noqa: E731 - three uses below
        found.append(
            Input(
                f"{memory}-{name}",
                take(pool.value),
                [take(row) for row in pool.gradients],
                {key: take(values) for key, values in pool.state.items()},
                layout=memory,
                experiment=which,
            )
        )
    return found
