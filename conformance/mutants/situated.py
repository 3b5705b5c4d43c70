"""An optimizer that is right but for one situation: AdamW, as a function and as a PyTorch class.

Each fault says in which situation of :mod:`cases.situations` it shows, when it does, and what is
done wrongly then.  The file stands by itself, so that a worker of any environment can load it as
somebody's optimizer: NumPy alone, and PyTorch where it is asked for.
"""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass
class Remembered:
    """What is kept of one parameter."""

    m: Array
    v: Array
    step: int = 0
    rate: float = 0.0
    before: Any = None  # the last gradient, or what was not zero in it
    extra: Any = None


@dataclass
class Moment:
    """One step of one parameter, as it is about to be taken.

    step     the first is 1
    w, g     parameter and gradient
    memory   of the steps before
    numbers  the hyperparameters
    """

    step: int
    w: Array
    g: Array
    memory: Remembered
    numbers: dict[str, float]

    @property
    def index(self) -> Array:
        """The flat index of each element."""
        return np.arange(self.w.size).reshape(self.w.shape)


Where = Callable[[Moment], Any]


@dataclass(frozen=True)
class Situated:
    """A fault: ``where`` it shows, and what is done instead.

    ways  which of ``WAYS`` can be seen there; empty: the fault is ``own``, a way of its own
    on    kinds of targets that have it
    """

    name: str
    situation: str
    where: Where = lambda now: True
    ways: tuple[str, ...] = ("rate", "stays", "decay", "forgets")
    own: Callable[[Moment], Moment] | None = None
    after: Callable[[Moment, Array], Array] | None = None
    on: tuple[str, ...] = ("function", "torch")
    option: str = ""


def plain(now: Moment) -> tuple[Array, Array, Array]:
    """AdamW as its page has it: parameter, and both moments."""
    n, of = now.numbers, now.w.dtype.type
    m = of(n["b1"]) * now.memory.m + of(1 - n["b1"]) * now.g
    v = of(n["b2"]) * now.memory.v + of(1 - n["b2"]) * now.g * now.g
    first = m / of(1 - n["b1"] ** now.step)
    second = v / of(1 - n["b2"] ** now.step)
    w = now.w * of(1 - n["lr"] * n["wd"])
    return (w - of(n["lr"]) * first / (np.sqrt(second) + of(n["eps"]))).astype(now.w.dtype), m, v


def with_numbers(now: Moment, **numbers: float) -> Moment:
    """The same with other hyperparameters."""
    return replace(now, numbers=now.numbers | numbers)


WAYS: dict[str, Callable[[Moment], tuple[Array, Array, Array]]] = {
    "rate": lambda now: plain(with_numbers(now, lr=1.02 * now.numbers["lr"])),
    "stays": lambda now: (now.w, *plain(now)[1:]),
    "decay": lambda now: plain(with_numbers(now, b2=0.97 * now.numbers["b2"])),
    "forgets": lambda now: plain(
        replace(now, memory=Remembered(0 * now.memory.m, 0 * now.memory.v, now.memory.step))
    ),
}


def step_at(now: Moment, count: float) -> Moment:
    """The same with another count of steps."""
    return replace(now, step=count)  # type: ignore[arg-type]  # a wrapped one may be anything


def rounded(values: Array, bits: int) -> Array:
    """Values with so many bits of mantissa."""
    part, power = np.frexp(values)
    found: Array = np.ldexp(np.round(part * 2**bits) / 2**bits, power).astype(values.dtype)
    return found


def eight_bits(values: Array) -> Array:
    """Values on a grid of 255 steps between their largest and its negative."""
    top = np.abs(values).max(initial=0.0)
    return values if top == 0 else (np.round(values / top * 127) / 127 * top).astype(values.dtype)


def stored(change: Callable[[Array], Array]) -> Callable[[Moment], Moment]:
    """State that is kept in another format."""

    def own(now: Moment) -> Moment:
        memory = replace(now.memory, m=change(now.memory.m), v=change(now.memory.v))
        return replace(now, memory=memory)

    return own


def numbers(**changes: Callable[[Moment], float]) -> Callable[[Moment], Moment]:
    """Hyperparameters that are changed on the way in."""
    return lambda now: with_numbers(now, **{name: make(now) for name, make in changes.items()})


def gradient(change: Callable[[Moment], Array]) -> Callable[[Moment], Moment]:
    """A gradient that is changed on the way in."""
    return lambda now: replace(now, g=change(now).astype(now.g.dtype))


def fortran(array: Array) -> bool:
    """Whether the first axis runs fastest, and not the last as well."""
    return array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous


def strided(array: Array) -> bool:
    """Whether the elements stand in neither order without gaps."""
    return array.size > 1 and not array.flags.c_contiguous and not array.flags.f_contiguous


def rose(now: Moment) -> bool:
    """Whether the rate is higher than a step ago."""
    return now.memory.rate != 0 and now.numbers["lr"] > now.memory.rate


def idle(now: Moment) -> Any:
    """The rows of a matrix whose gradient is zero, where those of others are not."""
    if now.g.ndim != 2 or not now.g.any():
        return False
    return ~now.g.any(axis=1, keepdims=True)


def cancelling(now: Moment) -> Any:
    """A matrix whose gradients add up to nothing along either axis."""
    return now.g.ndim == 2 and now.g.any() and not any(now.g.sum(axis).any() for axis in (0, 1))


def some(test: Callable[[Array], Any]) -> Where:
    """Elements whose earlier gradient was so; none before the first."""
    return lambda now: False if now.memory.before is None else test(now.memory.before)


def lazily(now: Moment) -> Moment:
    """The average of gradients is formed a step late, from the gradient's own memory."""
    kept = now.memory.extra
    if kept is None:
        return now
    base, seen = kept
    b1 = now.w.dtype.type(now.numbers["b1"])
    m = b1 * base + now.w.dtype.type(1 - now.numbers["b1"]) * seen
    return replace(now, memory=replace(now.memory, m=m))


# Of this process.
CALLS = {"steps": 0, "sessions": 0}
LONG: tuple[Situated, ...] = (
    *(
        Situated(f"from-step-{n}", "long-run", partial(lambda n, now: now.step >= n, n))
        for n in (5, 11, 51, 130, 257, 501, 1025)
    ),
    Situated(
        "powers-of-two", "long-run", lambda now: now.step >= 8 and not now.step & now.step - 1
    ),
    *(
        Situated(f"every-{n}th", "long-run", partial(lambda n, now: now.step % n == 0, n))
        for n in (8, 10, 100)
    ),
    *(
        Situated(
            f"counter-stops-at-{n}",
            "long-run",
            ways=(),
            own=partial(lambda n, now: step_at(now, min(now.step, n)), n),
        )
        for n in (10, 127, 255, 256, 1000)
    ),
    Situated(
        "counter-is-int8",
        "long-run",
        ways=(),
        own=lambda now: step_at(now, (now.step + 128) % 256 - 128),
    ),
    Situated("counter-is-uint8", "long-run", ways=(), own=lambda now: step_at(now, now.step % 256)),
    Situated("zero-for-long", "starting-late", lambda now: now.step > 600),
    Situated("after-a-zero", "pausing", lambda now: now.step > 8 and some(lambda b: b == 0)(now)),
)
WHEN: tuple[Situated, ...] = (
    *LONG,
    Situated("first-step", "first-steps", lambda now: now.step == 1, ("rate", "stays")),
    Situated(
        "after-non-finite",
        "after-non-finite",
        some(lambda b: np.isfinite(b) & ~np.isfinite(b).all()),
        ("rate", "stays"),
    ),
    Situated("zero-gradient", "zero-gradient", lambda now: ~now.g.any(), ("stays", "forgets")),
)
WHERE: tuple[Situated, ...] = (
    Situated("twelve", "sizes", lambda now: now.w.shape == (12,)),
    Situated("even", "sizes", lambda now: now.w.size > 0 and now.w.size % 2 == 0),
    Situated("forty-eight", "sizes", lambda now: now.w.size == 48),
    Situated("one", "sizes", lambda now: now.w.size == 1),
    Situated("tail-of-eight", "sizes", lambda now: now.index >= now.w.size // 8 * 8),
    Situated(
        "tail-of-sixteen",
        "sizes",
        lambda now: (now.w.size > 16) & (now.index >= now.w.size // 16 * 16),
    ),
    Situated("multiples-of-32", "sizes", lambda now: now.w.size > 0 and now.w.size % 32 == 0),
    *(
        Situated(f"past-{n}", "large-arrays", partial(lambda n, now: now.index >= n, n))
        for n in (1024, 4096, 65536)
    ),
    *(
        Situated(f"rank-{n}", "ranks", partial(lambda n, now: now.w.ndim == n, n))
        for n in (2, 3, 4, 5)
    ),
    Situated("one-by-one", "ranks", lambda now: now.w.shape == (1, 1)),
    Situated("rank-6", "ranks", lambda now: now.w.ndim == 6),
    Situated("column", "ranks", lambda now: now.w.ndim == 2 and now.w.shape[1] == 1),
    Situated("square", "ranks", lambda now: now.w.ndim == 2 and now.w.shape[0] == now.w.shape[1]),
    Situated("zero-d", "zero-d", lambda now: now.w.ndim == 0),
    Situated(
        "empty",
        "empty",
        ways=(),
        after=lambda now, w: np.zeros(1, w.dtype) if not w.size else w,
        on=("function",),
    ),
    Situated("fortran", "memory-order", lambda now: fortran(now.w)),
    Situated(
        "channels-last",
        "memory-order",
        lambda now: now.w.ndim == 4 and not now.w.flags.c_contiguous and not strided_last(now.w),
    ),
    Situated("strided", "strides", lambda now: strided_last(now.w)),
    Situated("gradient-strided", "gradient-memory", lambda now: strided_last(now.g)),
    Situated(
        "gradient-fortran", "gradient-memory", lambda now: fortran(now.g) and not fortran(now.w)
    ),
    Situated(
        "gradient-in-memory-order",
        "gradient-memory",
        ways=(),
        own=gradient(lambda now: now.g.ravel(order="K").reshape(now.g.shape)),
    ),
    Situated("gradient-kept-by-reference", "gradient-reused", ways=(), own=lazily),
    Situated("idle-rows", "idle-rows", idle, ("stays", "decay")),
    Situated("cancelling", "cancelling", cancelling, ("stays",)),
)


def strided_last(array: Array) -> bool:
    """Whether neighbours along the last axis do not touch, nor along another."""
    return (
        array.size > 1
        and min(s for s, n in zip(array.strides, array.shape, strict=True) if n > 1)
        > array.itemsize
    )


LARGE: tuple[Situated, ...] = (
    Situated(
        "whole",
        "whole",
        lambda now: now.w.size > 1 and now.w.any() and bool((now.w == np.round(now.w)).all()),
        ("rate", "stays"),
    ),
    *(
        Situated(f"above-{n:g}", "heavy", partial(lambda n, now: np.abs(now.w) > n, n))
        for n in (100, 1000)
    ),
    Situated("below-1e-30", "faint", lambda now: (now.w != 0) & (np.abs(now.w) < 1e-30)),
    Situated(
        "above-1e30",
        "colossal",
        ways=(),
        after=lambda now, w: np.where(np.abs(now.w) > 1e30, now.w * w.dtype.type(0.99), w),
    ),
    Situated("gradient-above-1e3", "large-gradient", lambda now: np.abs(now.g) > 1e3),
    Situated(
        "clipped-at-1e4",
        "large-gradient",
        ways=(),
        own=gradient(lambda now: np.clip(now.g, -1e4, 1e4)),
    ),
    Situated(
        "gradient-above-1e18",
        "huge-gradient",
        ways=(),
        own=gradient(lambda now: np.where(np.abs(now.g) > 1e18, 0, now.g)),
    ),
    Situated(
        "gradient-subnormal",
        "tiny-gradient",
        lambda now: (now.g != 0) & (np.abs(now.g) < 1e-20),
        ("stays",),
    ),
    Situated(
        "a-hundredfold",
        "spike",
        lambda now: some(lambda b: np.abs(now.g) > 100 * np.abs(b))(now),
    ),
    Situated(
        "all-zero",
        "all-zero",
        ways=(),
        after=lambda now, w: w if now.g.any() else w * w.dtype.type(1.01),
    ),
    Situated(
        "nan-swallowed",
        "non-finite",
        ways=(),
        own=gradient(lambda now: np.nan_to_num(now.g, nan=0.0, posinf=np.inf, neginf=-np.inf)),
    ),
    Situated(
        "infinity-swallowed",
        "non-finite",
        ways=(),
        own=gradient(lambda now: np.where(np.isinf(now.g), 0, now.g)),
    ),
    Situated(
        "skips-non-finite",
        "non-finite",
        ways=(),
        after=lambda now, w: w if np.isfinite(now.g).all() else now.w,
    ),
)


def first_rate(now: Moment) -> float:
    """The rate of the step before, which is the first one where none is taken over."""
    return now.memory.rate or now.numbers["lr"]


HYPER: tuple[Situated, ...] = (
    Situated(
        "rate-zero", "boundaries", ways=(), own=numbers(lr=lambda now: now.numbers["lr"] or 1e-3)
    ),
    Situated("rate-small", "boundaries", lambda now: 0 < now.numbers["lr"] < 1e-5),
    Situated("rate-large", "boundaries", lambda now: now.numbers["lr"] > 2),
    Situated(
        "decay-zero", "boundaries", ways=(), own=numbers(b2=lambda now: now.numbers["b2"] or 0.999)
    ),
    Situated(
        "beta1-zero", "boundaries", ways=(), own=numbers(b1=lambda now: now.numbers["b1"] or 0.9)
    ),
    Situated(
        "epsilon-zero",
        "boundaries",
        ways=(),
        own=numbers(eps=lambda now: now.numbers["eps"] or 1e-7),
    ),
    Situated("epsilon-large", "boundaries", lambda now: now.numbers["eps"] >= 1),
    Situated(
        "epsilon-at-least",
        "boundaries",
        ways=(),
        own=numbers(eps=lambda now: max(now.numbers["eps"], 1e-7)),
    ),
    Situated("first-rate-kept", "changing-rate", ways=(), own=numbers(lr=first_rate)),
    Situated("rising-rate", "changing-rate", rose),
    Situated(
        "never-rises",
        "changing-rate",
        ways=(),
        own=numbers(lr=lambda now: min(now.numbers["lr"], first_rate(now))),
    ),
    Situated(
        "zero-midway",
        "changing-rate",
        ways=(),
        own=numbers(lr=lambda now: now.numbers["lr"] or now.memory.rate),
    ),
    Situated(
        "after-zero-rate",
        "changing-rate",
        lambda now: now.step > 1 and now.memory.rate == 0 and now.numbers["lr"] > 0,
    ),
    Situated("own-defaults", "own-defaults", ways=(), own=lambda now: now, on=("function",)),
    Situated(
        "matrix-with-decay",
        "options",
        lambda now: now.w.ndim == 2 and now.numbers["wd"] > 0,
        option="weight_decay",
    ),
    Situated(
        "late-with-decay",
        "options",
        lambda now: now.step > 60 and now.numbers["wd"] > 0,
        option="weight_decay",
    ),
    Situated(
        "heavy-with-decay",
        "options",
        lambda now: (np.abs(now.w) > 100) & (now.numbers["wd"] > 0),
        option="weight_decay",
    ),
)
# Two situations at once, neither of which shows it by itself.
TOGETHER: tuple[Situated, ...] = (
    Situated("heavy-and-late", "together", lambda now: (np.abs(now.w) > 100) & (now.step > 6)),
    Situated(
        "matrix-at-a-new-rate",
        "together",
        lambda now: now.w.ndim > 1 and now.memory.rate not in (0, now.numbers["lr"]),
    ),
)
FORMATS: tuple[Situated, ...] = (
    Situated("float64", "formats", lambda now: now.w.dtype == np.float64),
    Situated("float16", "formats", lambda now: now.w.dtype == np.float16, ("stays", "forgets")),
    Situated("state-in-bfloat16", "formats", ways=(), own=stored(lambda x: rounded(x, 8))),
    Situated("state-in-eight-bits", "formats", ways=(), own=stored(eight_bits)),
    Situated(
        "large-state-in-eight-bits",
        "formats",
        ways=(),
        own=stored(lambda x: eight_bits(x) if x.size >= 4096 else x),
    ),
    Situated(
        "float64-in-float32",
        "formats",
        ways=(),
        after=lambda now, w: w.astype(np.float32).astype(w.dtype),
    ),
)
AGAIN: tuple[Situated, ...] = (
    Situated("second-session", "twice", lambda now: CALLS["sessions"] > 12),
    Situated(
        "one-call-in-5000",
        "many-calls",
        lambda now: CALLS["steps"] % 5000 == 4999,
        ("stays", "forgets"),
    ),
)
# What a training loop does around a step; done by the class.
LOOP: tuple[Situated, ...] = tuple(
    Situated(name, situation, ways=(), on=("torch",))
    for name, situation in (
        ("shared-count", "many-parameters"),
        ("last-skipped", "many-parameters"),
        ("first-skipped", "many-parameters"),
        ("first-group's-betas", "groups"),
        ("last-group's-epsilon", "groups"),
        ("first-group's-rate", "groups"),
        ("global-count", "no-gradient"),
        ("zeros-for-none", "no-gradient"),
        ("forgets-when-none", "no-gradient"),
        ("next-of-its-shape", "no-gradient"),
        ("joined-with-count", "joined"),
        ("joined-never-moves", "joined"),
        ("count-not-saved", "loaded"),
        ("state-not-saved", "loaded"),
        ("second-moment-lost", "loaded"),
        ("moments-exchanged", "loaded"),
        ("count-one-late", "loaded"),
        ("idle-not-saved", "together-in-a-loop"),
        ("second-group-not-saved", "together-in-a-loop"),
        ("idle-group-counts", "together-in-a-loop"),
    )
)
FAULTS: dict[str, Situated] = {
    item.name: item for item in (*WHEN, *WHERE, *LARGE, *HYPER, *TOGETHER, *FORMATS, *AGAIN, *LOOP)
}


def faulty(fault: Situated, way: str, now: Moment) -> tuple[Array, Array, Array]:
    """One step with a fault, and what it leaves in memory."""
    if fault.own is not None or fault.after is not None:
        w, m, v = plain(fault.own(now) if fault.own else now)
        return (fault.after(now, w) if fault.after else w), m, v
    where = fault.where(now)
    if not np.any(where):
        return plain(now)
    wrong, right = WAYS[way](now), plain(now)
    return tuple(np.where(where, a, b) for a, b in zip(wrong, right, strict=True))  # type: ignore[return-value]  # three


def advance(
    fault: Situated | None,
    way: str,
    w: Array,
    g: Array,
    memory: Remembered,
    numbers: dict[str, float],
    step: int,
) -> Array:
    """Take one step: the new parameter; ``memory`` is brought up to date."""
    now = Moment(step, w, g, memory, numbers)
    kept = g if fault is not None and fault.name == "gradient-kept-by-reference" else None
    base = memory.m
    with np.errstate(all="ignore"):
        if kept is not None:
            now = lazily(now)
            base = now.memory.m
        w, m, v = plain(now) if fault is None or kept is not None else faulty(fault, way, now)
    memory.m, memory.v, memory.step, memory.rate = m, v, step, numbers["lr"]
    memory.extra = (base, kept) if kept is not None else None
    memory.before = g.copy()
    CALLS["steps"] += 1
    return w


def function(name: str = "", way: str = "") -> Callable[..., Any]:
    """The optimizer as a function, right where no fault is named."""
    fault = FAULTS[name] if name else None
    eps_default = 1e-7 if name == "own-defaults" else 1e-8

    def adamw(
        w: Array,
        g: Array,
        state: Any,
        lr: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = eps_default,
        weight_decay: float = 0.0,
    ) -> tuple[Array, Any]:
        if state is None:
            CALLS["sessions"] += 1
            state = Remembered(np.zeros_like(w), np.zeros_like(w))
        numbers = {"lr": lr, "b1": beta1, "b2": beta2, "eps": eps, "wd": weight_decay}
        return advance(fault, way, w, g, state, numbers, state.step + 1), state

    return adamw


def in_a_row(parameters: Any) -> None:
    """Hand the gradients that there are to parameters of one shape, one after another."""
    alike: dict[Any, list[Any]] = defaultdict(list)
    for p in parameters:
        alike[p.shape].append(p)
    for some in alike.values():
        there = [p.grad for p in some if p.grad is not None]
        for p, gradient in zip(some, [*there, *[None] * (len(some) - len(there))], strict=True):
            p.grad = gradient


def torch_adamw(
    params: Any,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    fault: str = "",
    way: str = "",
) -> Any:
    """The same as a class of PyTorch."""
    torch: Any = importlib.import_module("torch")

    class AdamW(torch.optim.Optimizer):  # type: ignore[misc]  # it has no types here
        def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
            super().__init__(params, defaults)
            self.count = 0
            self.kept: dict[Any, dict[str, Any]] = defaultdict(dict)

        @torch.no_grad()  # type: ignore[untyped-decorator]  # the same
        def step(self, closure: Any = None) -> None:
            self.count += 1
            every = [(group, p) for group in self.param_groups for p in group["params"]]
            skipped = {"last-skipped": len(every) - 1, "first-skipped": 0}.get(fault, -1)
            given = [p.grad for _, p in every]
            if fault == "next-of-its-shape":
                in_a_row([p for _, p in every])
            for number, (group, p) in enumerate(every):
                if number == skipped and len(every) > 1:
                    continue
                self.one(group, p)
            for (_, p), gradient in zip(every, given, strict=True):
                p.grad = gradient

        def one(self, group: dict[str, Any], p: Any) -> None:
            state = self.state[p]
            if not state:
                state["step"] = 0
                state["m"], state["v"] = torch.zeros_like(p), torch.zeros_like(p)
                if fault == "joined-with-count" and self.count > 1 and p.grad is not None:
                    state["step"] = self.count - 1
            if p.grad is None:
                if fault == "zeros-for-none":
                    p.grad = torch.zeros_like(p)
                    self.taken(group, p, state)
                    p.grad = None
                elif fault == "forgets-when-none":
                    state["m"].zero_()
                elif fault == "global-count" or (
                    fault == "idle-group-counts" and group is not self.param_groups[0]
                ):
                    state["step"] += 1
                elif fault == "idle-not-saved":
                    state["idle"] = True
                return
            if fault == "joined-never-moves" and group is not self.param_groups[0]:
                return
            self.taken(group, p, state)

        def taken(self, group: dict[str, Any], p: Any, state: dict[str, Any]) -> None:
            first, last = self.param_groups[0], self.param_groups[-1]
            b1, b2 = (first if fault == "first-group's-betas" else group)["betas"]
            numbers = {
                "lr": (first if fault == "first-group's-rate" else group)["lr"],
                "b1": b1,
                "b2": b2,
                "eps": (last if fault == "last-group's-epsilon" else group)["eps"],
                "wd": group["weight_decay"],
            }
            state["step"] += 1
            state.pop("idle", None)
            if fault == "shared-count":
                first["shared"] = first.get("shared", 0) + 1
            step = first["shared"] if fault == "shared-count" else state["step"]
            wide = p.dtype == torch.bfloat16
            w, g, m, v = (x.float() if wide else x for x in (p, p.grad, state["m"], state["v"]))
            memory = Remembered(
                m.numpy(),
                v.numpy(),
                step - 1,
                self.kept[p].get("rate", 0.0),
                self.kept[p].get("before"),
                self.kept[p].get("extra"),
            )
            chosen = FAULTS[fault] if fault and FAULTS[fault] not in LOOP else None
            new = advance(chosen, way, w.numpy(), g.numpy(), memory, numbers, step)
            for name, array in (("m", memory.m), ("v", memory.v)):
                state[name] = torch.from_numpy(np.array(array)).to(p.dtype)
            self.kept[p] = {name: getattr(memory, name) for name in ("rate", "before", "extra")}
            p.copy_(torch.from_numpy(np.array(new)))

        def state_dict(self) -> dict[str, Any]:
            found = super().state_dict()
            others = [n for group in found["param_groups"][1:] for n in group["params"]]
            for number, state in found["state"].items():
                second = fault == "second-group-not-saved" and number in others
                if second or state.get("idle"):
                    state.update(step=0, m=0 * state["m"], v=0 * state["v"])
                if fault == "count-not-saved":
                    state["step"] = 0
                elif fault == "count-one-late":
                    state["step"] -= 1
                elif fault == "second-moment-lost":
                    state["v"] = torch.zeros_like(state["v"])
                elif fault == "moments-exchanged":
                    state["m"], state["v"] = state["v"], state["m"]
            return {**found, "state": {}} if fault == "state-not-saved" else found

    CALLS["sessions"] += 1
    return AdamW(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})
