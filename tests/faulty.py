"""Optimizers that are wrong in one respect, made of rules and faults.

``python tests/faulty.py`` audits all of them, ``python tests/faulty.py 3`` every third.

Each is a NumPy function such as somebody would write.  A fault has the words that are true of it;
where none are known here, what is right is to say facts and no cause.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer_conformance.questions.audit.audit import audit


@dataclass
class Step:
    """One step on its way, as a fault finds it: anything in it may be changed."""

    w: Any
    g: Any
    t: int
    hyper: dict[str, float]
    state: dict[str, Any]
    fault: Fault
    first: dict[str, Any] = field(default_factory=dict)

    def number(self, value):
        return self.w.dtype.type(value)

    def average(self, name, beta, new):
        old = self.state.get(name, np.zeros_like(self.w))
        self.state[name] = self.fault.average(self, old, beta, new)
        return self.state[name]

    def correction(self, which, beta):
        return self.fault.correction(self, which, 1 - beta ** self.fault.count(self))


class Fault:
    """Nothing is wrong; a fault overrides one of these.  ``words`` are true of it."""

    words: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def begin(self, s: Step) -> None:
        pass

    def average(self, s, old, beta, new):
        return s.number(beta) * old + s.number(1 - beta) * new

    def correction(self, s, which, value):
        return value

    def count(self, s):
        return s.t

    def rate(self, s):
        return s.hyper["lr"]

    def end(self, s: Step, after: Any) -> Any:
        return after


def rmsprop(s: Step) -> Any:
    h = s.hyper
    v = s.average("v", h["alpha"], s.g * s.g)
    return s.w - s.number(s.fault.rate(s)) * s.g / (np.sqrt(v) + s.number(h["eps"]))


def adam(s: Step) -> Any:
    h = s.hyper
    m, v = s.average("m", h["beta1"], s.g), s.average("v", h["beta2"], s.g * s.g)
    m = m / s.number(s.correction(1, h["beta1"]))
    v = v / s.number(s.correction(2, h["beta2"]))
    return s.w - s.number(s.fault.rate(s)) * m / (np.sqrt(v) + s.number(h["eps"]))


def adam_hat(s: Step) -> Any:
    h = s.hyper
    m, v = s.average("m", h["beta_1"], s.g), s.average("v", h["beta_2"], s.g * s.g)
    rate = s.fault.rate(s) * np.sqrt(s.correction(2, h["beta_2"])) / s.correction(1, h["beta_1"])
    return s.w - s.number(rate) * m / (np.sqrt(v) + s.number(h["epsilon"]))


def adamw(s: Step) -> Any:
    s.w = s.w * s.number(1 - s.fault.rate(s) * s.hyper["weight_decay"])
    return adam(s)


def sgd(s: Step) -> Any:
    b = s.state.get("b")
    b = s.g if b is None else s.number(s.hyper["momentum"]) * b + s.g
    s.state["b"] = b
    return s.w - s.number(s.fault.rate(s)) * b


def adagrad(s: Step) -> Any:
    v = s.state.get("v", np.zeros_like(s.w)) + s.g * s.g
    s.state["v"] = v
    return s.w - s.number(s.fault.rate(s)) * s.g / (np.sqrt(v) + s.number(s.hyper["eps"]))


ADAM = {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
RULES: dict[str, tuple[Callable[[Step], Any], str, dict[str, float]]] = {
    "rmsprop": (rmsprop, "torch-rmsprop", {"lr": 0.01, "alpha": 0.99, "eps": 1e-8}),
    "adam": (adam, "torch-adam", ADAM),
    "adam hat": (
        adam_hat,
        "keras-adam",
        {"lr": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    ),
    "adamw": (adamw, "torch-adamw-weight-decay", ADAM | {"weight_decay": 0.01}),
    "sgd": (sgd, "torch-sgd-momentum", {"lr": 0.001, "momentum": 0.9}),
    "adagrad": (adagrad, "torch-adagrad", {"lr": 0.01, "eps": 1e-10}),
}


def made(rule: str, fault: Fault) -> tuple[Any, str]:
    """The function, and the document that it should follow."""
    step, like, defaults = RULES[rule]

    def update(parameter, gradient, state, hyper):
        t, kept = state or (0, {})
        s = Step(parameter, gradient, t + 1, hyper, dict(kept), fault)
        fault.begin(s)
        with np.errstate(all="ignore"):
            after = fault.end(s, step(s))
        return np.asarray(after, dtype=parameter.dtype), (t + 1, s.state)

    names = ", ".join(f"{name}={value!r}" for name, value in defaults.items())
    given = ", ".join(f"{name}={name}" for name in defaults)
    source = (
        f"def {rule.replace(' ', '_')}(parameter, gradient, state, *, {names}):\n"
        f"    return update(parameter, gradient, state, dict({given}))\n"
    )
    space: dict[str, Any] = {"update": update, "__name__": __name__}
    exec(source, space)  # a signature of its own for each rule
    return space[rule.replace(" ", "_")], like


FAULTS: dict[str, Fault] = {}


def fault(name: str, *words: str, rules: str = "") -> Callable[[type], type]:
    """Enter a fault with the words that are true of it."""

    def enter(kind: type) -> type:
        found = kind()
        found.words = words
        found.rules = tuple(rules.split(", ")) if rules else tuple(RULES)
        FAULTS[name] = found
        return kind

    return enter


AVERAGES = "rmsprop, adam, adam hat, adamw"
COUNTED = "adam, adam hat, adamw"


def scaled(factor: float) -> type:
    class Scaled(Fault):
        def begin(self, s):
            s.g = s.g * s.number(factor)

    return Scaled


for size, said in ((4, "4"), (0.125, "0.125"), (3, "3"), (100, "100")):
    fault(
        f"gradient x {size}",
        f"gradients are multiplied with {said}",
        f"epsilon is multiplied with {1 / size:g}",
        f"learning rate is multiplied with {said}",
    )(scaled(size))
fault("gradient turned", "gradients are multiplied with -1", "ascended", "w' = w + lr")(scaled(-1))


def rated(factor: Callable[[int], float]) -> type:
    class Rated(Fault):
        def rate(self, s):
            return s.hyper["lr"] * factor(s.t)

    return Rated


fault("rate x 3", "learning rate is multiplied with 3", "gradients are multiplied with 3")(
    rated(lambda t: 3)
)
fault("rate falls by time", "step n uses lr / (1 + 0.02 (n - 1))")(
    rated(lambda t: 1 / (1 + 0.02 * (t - 1)))
)
fault("rate falls exponentially", "step n uses lr 0.95^(n - 1)")(rated(lambda t: 0.95 ** (t - 1)))
fault("rate over root", "step n uses lr / sqrt(n)")(rated(lambda t: t**-0.5))
fault("warmed up", "warmed up: step n uses lr n / 7")(rated(lambda t: min(1, t / 7)))


@fault("averages forgotten", "the state starts anew in every step", "averages", rules=AVERAGES)
class Forgotten(Fault):
    def average(self, s, old, beta, new):
        return super().average(s, np.zeros_like(old), beta, new)


@fault("forgotten every third step", "the state starts anew every 3 steps", rules=AVERAGES)
class Sometimes(Fault):
    def begin(self, s):
        if (s.t - 1) % 3 == 0:
            s.state.clear()


@fault("first step whole", "in the first step the averages are the gradient", rules=AVERAGES)
class Whole(Fault):
    def average(self, s, old, beta, new):
        return new if s.t == 1 else super().average(s, old, beta, new)


@fault(
    "unweighted",
    "what is new is added to all averages without a weight",
    "v' = g^2 + rho*v",
    rules=AVERAGES,
)
class Unweighted(Fault):
    def average(self, s, old, beta, new):
        return s.number(beta) * old + new


@fault("weights exchanged", "each other's weights", "v' = v*(1 - rho) + rho*g^2", rules=AVERAGES)
class Turned(Fault):
    def average(self, s, old, beta, new):
        return s.number(1 - beta) * old + s.number(beta) * new


def counted(change: Callable[[int], int]) -> type:
    class Counted(Fault):
        def count(self, s):
            return change(s.t)

    return Counted


fault("count late", "the step count is one too large", rules=COUNTED)(counted(lambda t: t + 1))
fault("count of one", "the step count stays at 1", rules=COUNTED)(counted(lambda t: 1))
fault("count doubled", "the step count is raised twice a step", rules=COUNTED)(
    counted(lambda t: 2 * t)
)
fault("count stops at 10", "the step count stops at 10", rules=COUNTED)(
    counted(lambda t: min(t, 10))
)
fault("count stops at 256", "the step count stops at 25", rules=COUNTED)(
    counted(lambda t: min(t, 256))
)


@fault("corrections multiply", "both bias corrections multiply", rules=COUNTED)
class Multiplies(Fault):
    def correction(self, s, which, value):
        return 1 / value


@fault(
    "no first correction",
    "bias correction is of the second moment only",
    "of the second",
    "correction",
    rules=COUNTED,
)
class Uncorrected(Fault):
    def correction(self, s, which, value):
        return 1.0 if which == 1 else value


@fault("clipped", "clipped to the range from -0.5 to 0.5")
class Clipped(Fault):
    def begin(self, s):
        s.g = np.clip(s.g, -0.5, 0.5).astype(s.g.dtype)


@fault("norm clipped", "clipped to a norm of 2", "depends on the other elements")
class Norm(Fault):
    def begin(self, s):
        norm = np.sqrt(np.sum(s.g.astype(np.float64) ** 2))
        if norm > 2:
            s.g = (s.g * (2 / norm)).astype(s.g.dtype)


@fault("sign", "of gradients only the sign is used", "taken by its sign alone")
class Sign(Fault):
    def begin(self, s):
        s.g = np.sign(s.g)


@fault("nothing", "it moves nothing", "w' = w*(-lr*lambda + 1);")
class Nothing(Fault):
    def end(self, s, after):
        return s.w


@fault("every second step", "every 2th step is left out")
class Second(Fault):
    def begin(self, s):
        s.before = s.w, dict(s.state)

    def end(self, s, after):
        return after


@fault("stops after two", "it moves nothing after step 2")
class Stops(Fault):
    def end(self, s, after):
        return after if s.t <= 2 else s.w


@fault("elements from 16 on")
class Tail(Fault):
    def end(self, s, after):
        found, old = np.array(after).reshape(-1), np.asarray(s.w).reshape(-1)
        found[16:] = old[16:]
        return found.reshape(np.shape(s.w))


@fault("matrices stay")
class Matrices(Fault):
    def end(self, s, after):
        return s.w if np.ndim(s.w) == 2 else after


@fault("rounded to thousandths")
class Thousandths(Fault):
    def end(self, s, after):
        return np.round(after, 3)


@fault("noise of a hash")
class Uneven(Fault):
    def begin(self, s):
        s.g = s.g * s.number(1) + s.number(0.01) * np.sin(s.g * s.number(37))


@fault("second moment in half", "second moment is kept in float16", rules=AVERAGES)
class Half(Fault):
    def average(self, s, old, beta, new):
        found = super().average(s, old, beta, new)
        return found.astype(np.float16).astype(s.w.dtype) if (new >= 0).all() else found


del FAULTS["every second step"]  # its state would go on
PATIENT = ("count stops at 256",)  # what no short trajectory shows
NONE = (
    "no cause is known", "of what was tried it deviates", "nothing that was tried deviates",
    "elements from", "its first step is", "where a first step deviates",
)  # fmt: skip


def grade(words: tuple[str, ...], found: Any) -> str:
    """What an audit's words are worth."""
    if found.conforms:
        return "not caught"
    said = [text for text in found.why if " defaults to " not in text]
    if not said or said[0].startswith(NONE):
        return "unnamed"
    if any(word in said[0] for word in words):
        return "named rightly"
    return "named wrongly"


def everything() -> Iterator[tuple[str, str]]:
    """Every fault with every rule that has room for it."""
    for name, one in FAULTS.items():
        for rule in one.rules:
            yield rule, name


def asked(rule: str, name: str) -> Any:
    """The audit of one."""
    update, like = made(rule, FAULTS[name])
    return audit(update, like)


def main() -> None:
    """A line each, and the table."""
    table: Counter[str] = Counter()
    wanted = [text for text in sys.argv[1:] if not text.isdigit()]
    every = next((int(text) for text in sys.argv[1:] if text.isdigit()), 1)
    for rule, name in list(everything())[::every]:
        if wanted and not any(text in f"{rule}: {name}" for text in wanted):
            continue
        started = time.monotonic()
        found = asked(rule, name)
        told = grade(FAULTS[name].words, found)
        table[told] += 1
        seconds, said = time.monotonic() - started, "; ".join(found.why)[:230]
        print(f"{told:14} {rule}: {name} ({seconds:.1f} s): {said}", flush=True)
    print(dict(table))


if __name__ == "__main__":
    main()
