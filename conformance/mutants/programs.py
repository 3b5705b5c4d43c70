"""Steps whose stages are right and whose course is wrong: order, repetition, inputs, storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer_conformance.mutants.arithmetic import Number
from optimizer_conformance.mutants.rounding import rounder
from optimizer_conformance.reference.numbers import Hyper
from optimizer_conformance.reference.numbers.precision import (
    COMPONENTS,
    PRECISIONS,
    Array,
    component,
)
from optimizer_conformance.reference.rules import Rule, State, Walk

NARROWER = {
    "float16": ("bfloat16",),
    "bfloat16": (),
    "float32": ("bfloat16", "float16"),
    "float64": ("float32", "bfloat16"),
    "complex64": (),
    "complex128": (),
}


Value = Any  # of the course's number system


@dataclass
class Course:
    """What one run of a step's course knows.

    num       the number system
    dtype     the working precision of the implementation under test
    index     steps taken in this case
    before    gradients of earlier steps
    """

    num: Any
    dtype: str
    index: int = 0
    before: list[Value] = field(default_factory=list)

    def apply(self, change: Callable[[Array], Array], x: Value) -> Value:
        """A change of the values alone, which never turns their order."""
        return Number(self.num, np.asarray(change(x.array), dtype=x.array.dtype))

    def values(self, x: Value) -> Array:
        """The values alone."""
        found: Array = x.array
        return found

    def chosen(self, where: Array, old: Value, now: Value) -> Value:
        """The old value where something holds, and the new one elsewhere."""
        return Number(self.num, np.where(where, old.array, now.array))

    def around(self, num: Any) -> Course:
        """The same at the same step, in a number system around this one's."""
        return type(self)(num, self.dtype, self.index)


Step = tuple[Value, State]
Program = Callable[[Course, Rule, Hyper, State, Value, Value], Step]


def plain(course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value) -> Step:
    """The step as it should be."""
    return rule.step(hyper, state, w, g, num=course.num)


def on_gradient(change: Callable[[Course, Number], Number]) -> Program:
    """The right step for a changed gradient."""

    def program(course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value) -> Step:
        changed = change(course, g)
        course.before.append(g)
        return plain(course, rule, hyper, state, w, changed)

    return program


def swallowed(bad: Callable[[Array], Array], instead: float) -> Program:
    """Some gradients replaced by a number."""
    return on_gradient(
        lambda course, g: course.apply(lambda x: np.where(bad(x), x.dtype.type(instead), x), g)
    )


def late(course: Course, g: Value) -> Value:
    """The gradient of the step before; zero at first."""
    return course.before[-1] if course.before else course.num.full(g, "0")


def piled_up(course: Course, g: Value) -> Value:
    """The gradients of all steps added up: nobody set them to zero."""
    for old in course.before:
        g = g + old
    return g


def clipped_to_one(course: Course, g: Value) -> Value:
    """No gradient above one."""
    return course.apply(lambda x: np.clip(x, -1, 1), g)


def to_largest(course: Course, g: Value) -> Value:
    """Infinite gradients as the largest finite number."""
    largest = PRECISIONS[course.dtype].largest
    return course.apply(lambda x: np.clip(x, -largest, largest), g)


def rounded_gradient(dtype: str) -> Program:
    """The gradient in a narrower format."""
    return on_gradient(lambda course, g: course.apply(narrowing(dtype), g))


def narrowing(dtype: str) -> Callable[[Array], Array]:
    """The function that rounds to ``dtype`` and keeps the storage format."""
    single = rounder(dtype)
    return lambda x: single(np.asarray(x, dtype=np.float32)).astype(x.dtype)


def narrow_state(name: str, dtype: str) -> Program:
    """One state tensor (or the parameter) stored in a narrower format."""

    def program(course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value) -> Step:
        w, state = plain(course, rule, hyper, state, w, g)
        if name == "parameter":
            return course.apply(narrowing(dtype), w), state
        return w, {**state, name: course.apply(narrowing(dtype), state[name])}

    return program


def twice(course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value) -> Step:
    """The whole step applied twice."""
    w, state = plain(course, rule, hyper, state, w, g)
    return plain(course, rule, hyper, state, w, g)


def parameter_twice(
    course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value
) -> Step:
    """The change of the parameter applied twice, the state once."""
    after, new = plain(course, rule, hyper, state, w, g)
    return after + (after - w), new


def first_skipped(
    course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value
) -> Step:
    """The first step of a case does nothing."""
    return (w, state) if course.index == 0 else plain(course, rule, hyper, state, w, g)


def old_moments(course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value) -> Step:
    """The parameter moves by the averages as they were before this gradient."""
    _, new = plain(course, rule, hyper, state, w, g)
    frozen = course.around(FrozenAverages(course.num, rule, state))
    after, moved = plain(frozen, rule, hyper, state, w, g)
    gathered = rule.buffer.state() if rule.buffer else ()
    return after, {**new, **{name: moved[name] for name in gathered}}


class FrozenAverages:
    """A number system in which an average stays what it was, and so does what gathers squares."""

    def __init__(self, num: Any, rule: Rule, state: State) -> None:
        self.num = num
        self.kept = {name: state[name] for name, kept in rule.state.items() if kept.squares}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.num, name)

    def define(self, name: str, x: Value) -> Value:
        """The value as it was, or any other that is new."""
        return self.kept[name] if name in self.kept else self.num.define(name, x)

    def average(self, b: Number, c: Number, old: Number, new: Value) -> Value:
        """The old value."""
        return old


def decay_after(course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value) -> Step:
    """Decoupled weight decay of the parameter that the step has already changed."""
    without = rule.having(weight_decay="none")
    after, state = plain(course, without, hyper, state, w, g)
    assert rule.shrunk is not None
    rest = Walk(course.num, hyper, state, after, g)
    rule.shrunk.step(rest)
    return rest.parameter, state


def decay_of_step_too(
    course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value
) -> Step:
    """Weight decay both decoupled and added to the gradient."""
    added = g + hyper.weight_decay * w
    return plain(course, rule, hyper, state, w, added)


def decay_before_unscaling(
    course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value
) -> Step:
    """Weight decay added to the gradient while that is still scaled."""
    without = rule.having(weight_decay="none")
    return plain(course, without, hyper, state, w, g + hyper.weight_decay * w)


def kept_where(bad: Callable[[Array], Array]) -> Program:
    """Elements with certain gradients keep parameter and state."""

    def program(course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value) -> Step:
        after, new = plain(course, rule, hyper, state, w, g)
        skip = bad(course.values(g))
        kept = {name: course.chosen(skip, state[name], value) for name, value in new.items()}
        return course.chosen(skip, w, after), kept

    return program


def parameter_kept_where(bad: Callable[[Array], Array]) -> Program:
    """Elements with certain gradients keep their parameter; the state moves."""

    def program(course: Course, rule: Rule, hyper: Hyper, state: State, w: Value, g: Value) -> Step:
        after, new = plain(course, rule, hyper, state, w, g)
        return course.chosen(bad(course.values(g)), w, after), new

    return program


def turned(g: Array) -> Array:
    """A gradient and its conjugate, whether its parts are one number or two."""
    if np.iscomplexobj(g):
        return np.conj(g)
    return np.where(np.arange(g.size) % 2 == 1, -g, g)


def exchanged(g: Array) -> Array:
    """Real and imaginary part in each other's place."""
    if np.iscomplexobj(g):
        return g.imag + 1j * g.real
    return g.reshape(-1, 2)[:, ::-1].reshape(-1)


def real_alone(g: Array) -> Array:
    """The imaginary part lost."""
    if np.iscomplexobj(g):
        return g.real + 0j
    return np.where(np.arange(g.size) % 2 == 1, 0.0, g)


TURNED: dict[str, Callable[[Array], Array]] = {
    "conjugate of the gradient": turned,
    "parts of the gradient exchanged": exchanged,
    "imaginary part of the gradient lost": real_alone,
}


KEPT_AT_ZERO = parameter_kept_where(lambda g: g == 0)
SKIPPED_AT_ZERO = kept_where(lambda g: g == 0)
LARGEST_FOR_INFINITE = on_gradient(to_largest)


def applied(change: Callable[[Array], Array]) -> Callable[[Course, Value], Value]:
    """A change of the gradient's values."""
    return lambda course, g: course.apply(change, g)


@dataclass(frozen=True)
class WrongCourse:
    """A step of right stages in a wrong course.

    program  that step
    said     what it does as a sentence, where its name is none
    kind     course or storage
    extreme  it shows at an end of the range alone
    """

    program: Program
    said: str = ""
    kind: str = "course"
    extreme: bool = False


EVERYWHERE = {
    "step applied twice": WrongCourse(twice, "every step is taken twice"),
    "change of the parameter applied twice": WrongCourse(
        parameter_twice, "the parameter is moved by twice its step"
    ),
    "first step skipped": WrongCourse(first_skipped, "the first step does nothing"),
    "gradient one step late": WrongCourse(
        on_gradient(late), "each step uses the gradient of the step before"
    ),
    "gradients pile up": WrongCourse(
        on_gradient(piled_up), "gradients pile up: each step uses the sum of all so far"
    ),
    "gradient clipped to one": WrongCourse(
        on_gradient(clipped_to_one),
        "gradients are clipped to the range from -1 to 1; the document does not clip",
    ),
    "infinite gradient as the largest number": WrongCourse(LARGEST_FOR_INFINITE, extreme=True),
    "nan gradient as zero": WrongCourse(swallowed(np.isnan, 0.0), extreme=True),
    "infinite gradient as zero": WrongCourse(swallowed(np.isinf, 0.0), extreme=True),
    "elements with a nan gradient skipped": WrongCourse(kept_where(np.isnan), extreme=True),
    "elements with a zero gradient skipped": WrongCourse(
        SKIPPED_AT_ZERO, "elements whose gradient is zero are skipped, their averages too"
    ),
    "parameter kept where the gradient is zero": WrongCourse(
        KEPT_AT_ZERO,
        "elements whose gradient is zero keep their parameter; the document moves them by what is "
        "remembered",
    ),
}
OLD_MOMENTS = WrongCourse(
    old_moments,
    "the parameter is moved by the averages as they were before this gradient; the document "
    "updates them first",
)
DECAYS = {
    "weight decay after the step": WrongCourse(
        decay_after,
        "weight decay shrinks the parameter after the step; the document shrinks it before",
    ),
    "weight decay also added to the gradient": WrongCourse(
        decay_of_step_too,
        "weight decay is applied twice: to the parameter and to the gradient",
    ),
}
SCALED_DECAY = WrongCourse(
    decay_before_unscaling, "weight decay is added while the gradient is still scaled"
)


def stored(name: str, dtype: str) -> WrongCourse:
    """A quantity in a narrower format."""
    said = f"{name.replace('_', ' ')} is stored in {dtype}"
    return WrongCourse(narrow_state(name, dtype), said, "storage")


def programs(rule: Rule, dtype: str) -> dict[str, WrongCourse]:
    """Every wrong course of a rule."""
    least = np.sqrt(PRECISIONS[component(dtype)].smallest_normal)
    found = {
        **EVERYWHERE,
        "elements with a tiny gradient skipped": WrongCourse(
            kept_where(lambda g: np.abs(g) < least),
            "elements with a tiny gradient are skipped",
            extreme=True,
        ),
    }
    if dtype in COMPONENTS:
        found |= {w: WrongCourse(on_gradient(applied(change))) for w, change in TURNED.items()}
    for narrow in NARROWER[dtype]:
        found[f"gradient rounded to {narrow}"] = WrongCourse(
            rounded_gradient(narrow), f"gradient is rounded to {narrow}", "storage"
        )
        for name in (*rule.state, "parameter"):
            found[f"{name} stored in {narrow}"] = stored(name, narrow)
    # A buffer is no average, and an average of the parameter moves nothing.
    apart = {name for stage in (rule.buffer, rule.averaged) if stage for name in stage.state()}
    if rule.state.keys() - apart:
        found["parameter moved by the averages of the step before"] = OLD_MOMENTS
    if rule.shrunk:
        found |= DECAYS
    if rule.added and rule.unscaled:
        found["weight decay added before the loss is unscaled"] = SCALED_DECAY
    return found
