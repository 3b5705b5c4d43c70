"""AdamW kernels as people write them, right and wrong, in one format or several, in NumPy alone.

Nothing of the package is used: numbers are rounded here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Arrays = dict[str, Any]


def bfloat16(x):
    """float32 numbers rounded to nearest even in bfloat16, as float32."""
    bits = np.asarray(x, np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> np.uint64(16)) & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32)


def cut(x):
    """The same cut off instead of rounded."""
    return (np.asarray(x, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


ROUND = {
    "float64": np.float64,
    "float32": lambda x: np.asarray(x, np.float32),
    "float16": lambda x: np.asarray(x, np.float16),
    "bfloat16": bfloat16,
}
# Names of formats to those of each quantity and of the arithmetic.
STATES = ("first_moment", "second_moment")
FORMATS = {
    "float32": dict.fromkeys(("parameter", "gradient", *STATES, "arithmetic"), "float32"),
    "float16": dict.fromkeys(("parameter", "gradient", *STATES), "float16")
    | {"arithmetic": "float32"},
    "bfloat16": dict.fromkeys(("parameter", "gradient", *STATES), "bfloat16")
    | {"arithmetic": "float32"},
    "bfloat16 throughout": dict.fromkeys(
        ("parameter", "gradient", *STATES, "arithmetic"), "bfloat16"
    ),
    "mixed": {
        "parameter": "bfloat16",
        "gradient": "float16",
        **dict.fromkeys((*STATES, "arithmetic"), "float32"),
    },
    "master": {
        "parameter": "bfloat16",
        "gradient": "bfloat16",
        **dict.fromkeys(("master", *STATES, "arithmetic"), "float32"),
    },
}


@dataclass
class Kernel:
    """One AdamW step: an order of evaluation, and perhaps something wrong with it.

    wrong   name of what is wrong
    words   what a report has to say of it
    """

    order: str
    formats: str
    wrong: str = ""
    words: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.formats}: {self.wrong or self.order}"

    @np.errstate(all="ignore")
    def __call__(self, before: Arrays, count: int, hyper: dict[str, float]) -> Arrays:
        """The arrays after the step; those before it are left alone."""
        kinds = FORMATS[self.formats]
        work = ROUND["float64" if self.order == "double" else kinds["arithmetic"]]
        given = {name: work(values) for name, values in before.items()}
        found = STEPS.get(self.wrong, adamw)(self, given, count, hyper, work)
        after = {name: ROUND[kinds[name]](values) for name, values in found.items()}
        if "master" in kinds:
            after["parameter"] = ROUND["bfloat16"](found["parameter"])
            after["master"] = ROUND["float32"](found["parameter"])
        return SPOILED.get(self.wrong, lambda before, after: after)(before, after)


def adamw(kernel, before, count, hyper, fl, *, t=None, **wrong):
    """AdamW in the kernel's order; ``fl`` rounds to the arithmetic."""
    h = {name: fl(value) for name, value in hyper.items()}
    t = count if t is None else t
    c1 = fl(1) if wrong.get("first") == "none" else fl(1 - hyper["beta1"] ** t)
    c2 = fl(1) if wrong.get("second") == "none" else fl(1 - hyper["decay"] ** t)
    p = before.get("master", before["parameter"])
    g = -before["gradient"] if wrong.get("ascend") else before["gradient"]
    if wrong.get("l2"):
        g = fl(g + fl(h["weight_decay"] * p))
    m, v = moments(kernel, before, g, hyper, fl, **wrong)
    used = {"first": before["first_moment"]}.get(wrong.get("stale"), m)
    used_v = {"second": before["second_moment"]}.get(wrong.get("stale"), v)
    root = denominator(kernel, used_v, c2, h["epsilon"], fl, wrong.get("epsilon", "outside"))
    p = moved(kernel, p, used, root, c1, h, fl, **wrong)
    return {
        "parameter": p,
        "first_moment": cut(m) if wrong.get("cut") else m,
        "second_moment": v,
    }


def moments(kernel, before, g, hyper, fl, **wrong):
    """Both averages."""
    m, v = before["first_moment"], before["second_moment"]
    first = "decay" if wrong.get("slow") else "beta1"
    second = "beta1" if wrong.get("swapped") else "decay"
    b1, b2 = fl(hyper[first]), fl(hyper[second])
    o1, o2 = fl(1 - hyper[first]), fl(1 - hyper[second])
    if kernel.order == "float":  # 1 - beta formed in the arithmetic
        o1, o2 = fl(fl(1) - b1), fl(fl(1) - b2)
    if kernel.order in ("torch", "double", "lerp"):
        m = fl(m + fl(o1 * fl(g - m)))
    else:
        m = fl(fl(b1 * m) + fl(o1 * g))
    if kernel.order in ("torch", "double"):
        v = fl(fl(b2 * v) + fl(fl(o2 * g) * g))
    elif kernel.order == "lerp":
        v = fl(v + fl(o2 * fl(fl(g * g) - v)))
    else:
        v = fl(fl(b2 * v) + fl(o2 * fl(g * g)))
    return m, v


def moved(kernel, p, m, root, c1, h, fl, **wrong):
    """The parameter after decay and step."""
    lr, wd = h["learning_rate"], h["weight_decay"]
    shrink = fl(fl(1) - (wd if wrong.get("unscaled") else fl(lr * wd)))
    if not wrong.get("l2") and not wrong.get("last") and kernel.order != "apex":
        p = fl(p * shrink)
    if kernel.order in ("torch", "double"):
        p = fl(p - fl(fl(fl(lr / c1) * m) / root))
    elif kernel.order == "apex":
        p = fl(p - fl(lr * fl(fl(fl(m / c1) / root) + fl(wd * p))))
    elif kernel.order == "reciprocal":
        p = fl(p - fl(fl(lr * fl(m / c1)) * fl(fl(1) / root)))
    else:
        p = fl(p - fl(lr * fl(fl(m / c1) / root)))
    return fl(p * shrink) if wrong.get("last") else p


def denominator(kernel, v, c2, eps, fl, place):
    """The root with epsilon where it belongs, or elsewhere."""
    if place == "inside":
        return fl(np.sqrt(fl(fl(v / c2) + eps)))
    if place == "hat":
        return fl(fl(fl(np.sqrt(v)) + eps) / fl(np.sqrt(c2)))
    root = fl(np.sqrt(v) / fl(np.sqrt(c2))) if kernel.order == "torch" else fl(np.sqrt(fl(v / c2)))
    return root if place == "none" else fl(root + eps)


def wrong(**how):
    """A step with something wrong in it."""
    return lambda kernel, before, count, hyper, fl: adamw(kernel, before, count, hyper, fl, **how)


def counting(shift):
    """Bias corrections of another step."""
    return lambda kernel, before, count, hyper, fl: adamw(
        kernel, before, count, hyper, fl, t=count + shift
    )


def scaled(name, factor):
    """A hyperparameter that is another number."""
    return lambda kernel, before, count, hyper, fl: adamw(
        kernel, before, count, {**hyper, name: hyper[name] * factor}, fl
    )


STEPS: dict[str, Callable[..., Arrays]] = {
    "decay added to the gradient": wrong(l2=True),
    "decay after the step": wrong(last=True),
    "decay without the rate": wrong(unscaled=True),
    "corrections one step late": counting(-1),
    "corrections one step early": counting(1),
    "first correction missing": wrong(first="none"),
    "second correction missing": wrong(second="none"),
    "epsilon inside": wrong(epsilon="inside"),
    "epsilon before the correction": wrong(epsilon="hat"),
    "no epsilon": wrong(epsilon="none"),
    "stale first moment used": wrong(stale="first"),
    "stale second moment used": wrong(stale="second"),
    "second beta for the first moment": wrong(slow=True),
    "first beta for the second moment": wrong(swapped=True),
    "decay away from zero": scaled("weight_decay", -1),
    "stored by cutting off": wrong(cut=True),
    "gradient ascended": wrong(ascend=True),
    "rate ten times too small": scaled("learning_rate", 0.1),
}


def unwritten(name):
    """A quantity that is not stored."""
    return lambda before, after: {**after, name: before[name].copy()}


def tail(before, after):
    """What is left of a vector of eight is left alone."""
    count = len(before["parameter"]) % 8
    return {n: np.concatenate([a[:-count], before[n][-count:]]) for n, a in after.items()}


def lane(before, after):
    """One lane of four moves twice as far."""
    after = {name: values.copy() for name, values in after.items()}
    p = after["parameter"]
    p[3::4] += p[3::4] - before["parameter"][3::4]
    return after


def half(before, after):
    """A moment that is said to be float32 goes through float16."""
    kept = after["second_moment"].astype(np.float16)
    return {**after, "second_moment": kept.astype(np.float32)}


SPOILED: dict[str, Callable[[Arrays, Arrays], Arrays]] = {
    "first moment not written": unwritten("first_moment"),
    "second moment not written": unwritten("second_moment"),
    "copy not written": unwritten("parameter"),
    "tail not written": tail,
    "one lane twice": lane,
    "second moment through float16": half,
}
ORDERS = ("plain", "torch", "lerp", "apex", "reciprocal")
RIGHT = [
    *(Kernel(order, formats) for formats in FORMATS for order in ORDERS),
    Kernel("double", "float32"),
    Kernel("double", "mixed"),
    Kernel("float", "float32"),
]
WRONG = [
    Kernel("torch", "float32", "decay added to the gradient", "weight decay is added to the"),
    Kernel("torch", "float32", "decay after the step", "weight decay shrinks the parameter after"),
    Kernel("plain", "bfloat16", "decay without the rate", "weight decay .*× decay"),
    Kernel("plain", "float32", "corrections one step late", "is that of step .*, one too few"),
    Kernel("torch", "mixed", "corrections one step early", "is that of step .*, one too many"),
    Kernel("plain", "float32", "first correction missing", "bias correction is of the second"),
    Kernel("torch", "mixed", "second correction missing", "bias correction is of the first"),
    Kernel("plain", "float32", "epsilon inside", "epsilon is inside the root"),
    Kernel("lerp", "mixed", "epsilon before the correction", "epsilon is"),
    Kernel("plain", "float32", "no epsilon", "epsilon is"),
    Kernel("torch", "float32", "tail not written", "the last . of .* are not written"),
    Kernel("plain", "float32", "one lane twice", "every 4th element from number 3 on"),
    Kernel("plain", "float32", "stale first moment used", "averages|first moment"),
    Kernel("plain", "mixed", "stale second moment used", "second moment|averages"),
    Kernel("torch", "mixed", "first moment not written", "first moment is not written"),
    Kernel("plain", "bfloat16", "second moment not written", "second moment is not written"),
    Kernel("plain", "float32", "second beta for the first moment", "averaged with beta2"),
    Kernel("plain", "float32", "first beta for the second moment", "averaged with beta1"),
    Kernel("plain", "float32", "decay away from zero", "weight decay has the wrong sign"),
    Kernel("torch", "float16", "gradient ascended", "ascend|maximi|sign|climb"),
    Kernel("torch", "float32", "rate ten times too small", "learning rate"),
    Kernel("torch", "master", "copy not written", "parameter is not written"),
    Kernel("torch", "bfloat16", "stored by cutting off", "cut off"),
    Kernel("torch", "float32", "second moment through float16", "second.moment.* float16"),
]


def normal(kernel: Kernel, size: int = 1003) -> Iterator[tuple[Arrays, int, dict[str, float]]]:
    """What kernels are usually tested with: N(0, 1) throughout, and the defaults."""
    random = np.random.default_rng(0)
    hyper = {
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "decay": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.01,
    }
    for count in (1, 2, 3):
        before = {}
        for name, kind in FORMATS[kernel.formats].items():
            if name != "arithmetic":
                before[name] = ROUND[kind](random.standard_normal(size).astype(np.float32))
        if count == 1:
            before |= {name: np.zeros_like(before[name]) for name in STATES}
        before["second_moment"] = np.abs(before["second_moment"])
        if "master" in before:
            before["parameter"] = ROUND["bfloat16"](before["master"])
        yield before, count, hyper
