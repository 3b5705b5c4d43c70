"""The reference's answer to one case: every quantity at every step, with its bound.

Answers depend on the rule and the case, not on the implementation, so they are kept while an
adapter's implementations are judged one after another.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from optimizer_conformance.cases.case import Case, Written
from optimizer_conformance.cases.given import GivenCase, far_from_ends
from optimizer_conformance.cases.inputs import (
    ENDS_OF_RANGE,
    LAYOUTS,
    POOL,
    RANGE_REGIMES,
    Input,
    Inputs,
    expand,
)
from optimizer_conformance.reference.numbers import (
    PRECISIONS,
    BallArithmetic,
    BoundArithmetic,
    Effects,
    Precision,
    Representation,
)
from optimizer_conformance.reference.numbers.ball import (
    BITS,
    CONDITION_BITS,
    MOST_BITS,
    Conditioning,
    Enclosure,
    enclosure,
    working_bits,
)
from optimizer_conformance.reference.numbers.budget import budget
from optimizer_conformance.reference.numbers.complex_ball import (
    ComplexBallArithmetic,
    ComplexConditioning,
)
from optimizer_conformance.reference.numbers.complex_bound import ComplexBoundArithmetic, Squares
from optimizer_conformance.reference.numbers.gathering import every_axis, row_axes, spread
from optimizer_conformance.reference.numbers.hyper import (
    IDEAL,
    LOSSES,
    may_lose,
    representations,
)
from optimizer_conformance.reference.numbers.outcomes import ENDS, PARTS, Outcomes
from optimizer_conformance.reference.numbers.precision import Array, component, parts
from optimizer_conformance.reference.numbers.reach import ReachArithmetic
from optimizer_conformance.reference.numbers.stored import Rows, StoringArithmetic
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.rules.stage import Shape
from optimizer_conformance.reference.trajectory import trajectory

RANGE_EFFECTS = ("gradual", "flush", "late", "early", "difference")
WIDEST = Representation(*("every way",) * 5, ())
LOSING = replace(WIDEST, written=tuple(LOSSES))  # and written in every way that loses digits
EVERY = {WIDEST: (), LOSING: LOSING.written}
# Whose float64 tables have a proved centre.  How hyperparameters are held is sought among dozens of
# ways, by the bound's own centre: it is off by 2^-11 of the bound where the carrier has 64 bits.
PROVED = (IDEAL, WIDEST)
KEPT = 1 << 30  # bytes of tables kept at a time
REMEMBERED = 8192  # judgements kept at a time


ZERO: Array = np.zeros(())
UNKNOWN: Array = np.zeros((), dtype=bool)


@dataclass(frozen=True)
class Question:
    """A rule and a case: what the oracle is asked.

    decimals    the hyperparameters, defaults included
    undecayed   parts of parameter names that weight decay passes over
    working     the precision of the arithmetic, where it is not the case's dtype
    rates       the learning rate of each step, where it is not the case's
    profile     the device's arithmetic, a key of :data:`reference.numbers.budget.PROFILES`
    squares     what the square of a complex gradient is; of a real one there is no question
    """

    rule: Rule
    decimals: tuple[tuple[str, str], ...]
    case: Case
    undecayed: tuple[str, ...] = ()
    working: str = ""
    profile: str = "ieee"
    rates: tuple[str, ...] = ()
    squares: Squares = "plain"

    @property
    def precision(self) -> Precision:
        """The precision that the bound is for; of the parts, where numbers are complex."""
        return PRECISIONS[self.working or component(self.case.dtype)]

    def precisions(self, rows: Sequence[str]) -> Precision | Rows:
        """The precision of each of these quantities, where not all have the arithmetic's."""
        stored = dict(self.case.stored)
        if not stored:
            return self.precision
        kept = (stored.get(name, self.precision.name) for name in rows)
        return Rows(self.precision, tuple(PRECISIONS[name] for name in kept))

    @property
    def mixes(self) -> Squares | None:
        """How the parts of complex numbers meet; None where each number stands by itself."""
        return None if self.case.width == 1 or self.squares == "components" else self.squares

    @property
    def quantities(self) -> tuple[str, ...]:
        """What is compared, in the order in which a step computes it."""
        return (*self.rule.state, "parameter")


@dataclass(frozen=True)
class Table:
    """Values and errors: one row a step and quantity (steps outermost), one column an element.

    A complex element has two columns, its real and its imaginary part.

    value    the reference, as float64
    error    how far a legal result may be from ``value + low``
    low      what is left of the reference beyond ``value``; one zero where float64 tells enough
    certain  whether the exact result certainly rounds to ``value``, where that was proved
    """

    value: Array
    error: Array
    low: Array = field(default_factory=lambda: ZERO)
    certain: Array = field(default_factory=lambda: UNKNOWN)

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.value.nbytes + self.error.nbytes + self.low.nbytes + self.certain.nbytes)

    def rows(self, take: Callable[[Array], Array]) -> Table:
        """The same with ``take`` applied to each array of elements."""
        parts = (self.value, self.error, self.low, self.certain)
        return Table(*(take(part) if part.ndim else part for part in parts))

    def distance(self, observed: Array) -> Array:
        """How far observed values are from the reference: 0 for the same infinity or two nan."""
        with np.errstate(invalid="ignore", over="ignore"):
            far: Array = np.abs(observed - self.value)
            if self.low.ndim:
                far = np.abs((observed - self.value) - self.low)
        strange = np.isnan(far)
        if strange.any():
            same = (observed == self.value) | (np.isnan(observed) & np.isnan(self.value))
            far = np.where(strange & same, 0.0, far)
        return far


expanded = lru_cache(maxsize=256)(expand)


def inputs_of(case: Case) -> Inputs:
    """The arrays of a case."""
    return case.inputs if isinstance(case, GivenCase) else expanded(case)


def ordinary(case: Case) -> Array:
    """The elements (columns) of a case whose gradients stay in the middle of the range."""
    return case.ordinary if isinstance(case, GivenCase) else middle(case)


@lru_cache(maxsize=256)
def middle(case: Case) -> Array:
    """The same of a case whose arrays are drawn, by their regimes, or written out."""
    parameters = inputs_of(case).parameters
    if isinstance(case, Written) and case.width == 1:
        return np.concatenate([far_from_ends(item, [case.dtype]) for item in parameters])
    excluded: tuple[str, ...] = (*RANGE_REGIMES, *ENDS_OF_RANGE)
    if case.dtype == "float16":  # what is sought there overflows as often as not
        excluded = (*excluded, "separating")
    return np.concatenate(
        [np.full(item.value.size * case.width, item.name not in excluded) for item in parameters]
    )


def effects(name: str, dtype: str) -> Effects:
    """What may happen at the ends of the range of ``dtype``."""
    precision = PRECISIONS[dtype]
    # Half of the smallest subnormal; of float64's, where no half exists, all of it.
    gradual = precision.smallest_subnormal / 2 or precision.smallest_subnormal
    flushed = precision.smallest_normal
    return {
        "none": Effects(),
        "gradual": Effects(underflow=gradual),
        "flush": Effects(underflow=flushed, flush=True),
        "late": Effects(underflow=flushed, flush=True, saturate="late"),
        "early": Effects(underflow=flushed, flush=True, saturate="early"),
        "difference": Effects(underflow=flushed, flush=True, saturate="difference"),
        "number": Effects(underflow=flushed, flush=True, saturate="early", number="chosen"),
        "number kept": Effects(underflow=flushed, flush=True, saturate="early", number="kept"),
    }[name]


def range_effects(rule: Rule) -> tuple[str, ...]:
    """What may happen to a rule at the ends of the range, in the order in which it is asked."""
    if not rule.ordered:
        return RANGE_EFFECTS if rule["amsgrad"] == "none" else (*RANGE_EFFECTS, "number")
    return (*RANGE_EFFECTS, "number", "number kept")


T = TypeVar("T")


class Judgements:
    """What was judged lately, with the ways that fitted afterwards; serves several threads."""

    def __init__(self) -> None:
        self.found: OrderedDict[Hashable, tuple[object, list[Representation]]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Hashable) -> tuple[Any, list[Representation]] | None:
        """What is remembered of it."""
        with self.lock:
            found = self.found.get(key)
            if found is not None:
                self.found.move_to_end(key)
            return found

    def put(self, key: Hashable, judgement: object, fitting: list[Representation]) -> None:
        """Remember it, and forget what was asked for least lately."""
        with self.lock:
            self.found[key] = judgement, fitting
            while len(self.found) > REMEMBERED:
                self.found.popitem(last=False)


class Oracle:
    """Answers questions, and remembers the answers; one may serve several threads."""

    def __init__(self) -> None:
        self.answers: OrderedDict[tuple[Question, str, Representation], Table] = OrderedDict()
        self.fitting: list[Representation] = []
        self.judgements = Judgements()
        self.size = 0
        self.lock = threading.Lock()

    def once(self, key: Hashable, judge: Callable[[], T]) -> T:
        """What ``judge`` comes to; of the same bits and after the same ways it is remembered.

        Many implementations of one framework give the same bits: eager, foreach, in a graph.
        """
        key = (key, tuple(self.fitting))
        known = self.judgements.get(key)
        if known is None:
            found = judge()
            self.judgements.put(key, found, self.fitting)
            return found
        with self.lock:
            self.fitting = known[1]
        judgement: T = known[0]
        return judgement

    def ways(self, question: Question) -> list[Representation]:
        """The ways in which hyperparameters may be held, those that lately fitted first."""
        corrected = question.rule.corrected
        known = representations(question.precision.name, corrected=corrected)
        with self.lock:
            lately = [way for way in self.fitting if way in known]
        return [*lately, *(way for way in known if way not in lately)]

    def losses(self, question: Question, way: Representation) -> tuple[str, ...]:
        """What may lose digits in an implementation that holds hyperparameters so."""
        rule = question.rule
        return may_lose(way, corrected=rule.corrected, reciprocal=rule.reciprocal)

    def fits(self, way: Representation) -> None:
        """Remember that ``way`` explained something: the next question is often alike."""
        with self.lock:
            self.fitting = [way, *(other for other in self.fitting if other != way)]

    def outcomes(self, question: Question, *, losing: bool = False) -> Outcomes | None:
        """Everything that legal evaluations can give, rows as in a table.

        ``losing``: those too that are written so that they lose digits.  None for complex numbers
        whose parts meet.
        """
        return None if question.mixes else reachable(question, losing)

    def table(self, question: Question, effect: str = "none", way: Representation = IDEAL) -> Table:
        """The bound in the case's dtype under ``effect``, hyperparameters held in ``way``.

        ``way`` may be WIDEST: the bound then covers every representation at once; LOSING: also
        everything that loses digits.
        """
        key = (question, effect, way)
        with self.lock:
            found = self.answers.get(key)
            if found is not None:
                self.answers.move_to_end(key)
                return found
        table = evaluate(question, effect, way)
        with self.lock:
            if key not in self.answers:
                self.answers[key] = table
                self.size += table.size
            while self.size > KEPT:
                self.size -= self.answers.popitem(last=False)[1].size
        return table


@lru_cache(maxsize=256)
def arithmetic(
    dtype: str,
    effect: str,
    way: Representation,
    corrected: bool,
    profile: str,
    mixes: Squares | None = None,
    stored: tuple[tuple[str, str], ...] = (),
) -> BoundArithmetic | ComplexBoundArithmetic:
    """The number system of bounds; kept, because it remembers its constants."""
    kept = {name: (PRECISIONS[kind], effects(effect, kind)) for name, kind in stored}
    kind = partial(StoringArithmetic, stored=kept) if stored else BoundArithmetic
    written = EVERY.get(way)
    every = () if written is None else representations(dtype, corrected=corrected)
    real = kind(
        PRECISIONS[dtype],
        effects(effect, dtype),
        way if written is None else replace(IDEAL, written=written),
        tuple(replace(one, written=written) for one in every) if written else every,
        budget(profile, dtype),
    )
    return ComplexBoundArithmetic(real, mixes) if mixes else real


def evaluate(question: Question, effect: str, way: Representation) -> Table:
    """Run the rule over the case's inputs, on bounds; in float64 the centre is a ball's."""
    case = question.case
    corrected = question.rule.corrected
    num = arithmetic(
        question.precision.name,
        effect,
        way,
        corrected,
        question.profile,
        question.mixes,
        case.stored,
    )
    with np.errstate(all="ignore"):
        value, wide = (np.zeros(shape_of(question), dtype=num.carrier) for _ in range(2))
        for place, number in walk(question, num):
            value[place], wide[place] = np.ravel(number.value), np.ravel(number.error)
        table = tabled(num, *(part.reshape(-1, part.shape[-1]) for part in (value, wide)))
    if not num.effects.saturate:
        # Made by an infinity or nan in the inputs, it is the answer.  Elsewhere (a divisor that may
        # be zero), and where results saturate, the infinite error says that nothing can be said.
        arrived = reached(evaluated(case), question.rule.over)
        strange = np.repeat(arrived, len(question.quantities), axis=0)
        known = strange & ~np.isfinite(table.value)
        table = replace(table, error=np.where(known, 0.0, table.error))
    if question.precision.name == "float64" and not num.effects.saturate and way in PROVED:
        table = proved(table, enclosed(question))
    return table.rows(lambda part: spread_out(part, case))


@lru_cache(maxsize=16)
def reachable(question: Question, losing: bool) -> Outcomes:
    """Run the rule over the case's inputs, on sets of outcomes."""
    name, corrected = question.precision.name, question.rule.corrected
    ways = (IDEAL, *representations(name, corrected=corrected))
    if losing:
        ways += tuple(replace(way, written=LOSING.written) for way in ways)
    stored = {kept: PRECISIONS[format_] for kept, format_ in question.case.stored}
    num = ReachArithmetic(PRECISIONS[name], ways, budget(question.profile, name), stored)
    shape = shape_of(question)
    found = [np.zeros(shape, num.carrier if name in ENDS else bool) for name in PARTS]
    with np.errstate(all="ignore"):
        for place, number in walk(question, num):
            for part, name in zip(found, PARTS, strict=True):
                part[place] = np.ravel(getattr(number.outcomes, name))
    flat = (spread_out(part.reshape(-1, shape[2]), question.case) for part in found)
    parts: dict[str, Any] = dict(zip(PARTS, flat, strict=True))
    return Outcomes(**parts)


def tabled(num: BoundArithmetic | ComplexBoundArithmetic, value: Array, error: Array) -> Table:
    """Rows in ``num``'s carrier as a table: float64, what that leaves over, and the slack."""
    centre, low = value.astype(np.float64), ZERO
    if num.carrier is not np.float64:
        with np.errstate(invalid="ignore"):  # infinity less itself
            low = np.where(np.isfinite(centre), value - centre, 0.0).astype(np.float64)
        error = error.astype(np.float64)
    return Table(centre, np.where(np.isnan(error), np.inf, error) * num.slack, low)


def reached(parameters: list[Input], over: Shape = "parameter") -> Array:
    """Which elements an infinite or nan gradient has reached by each step: steps x columns.

    ``over``: a mean over a row carries it to everything with that first index, a norm to all.
    """
    axes_of = {"row": row_axes, "tensor": every_axis}.get(over)

    def lost(gradient: Array) -> Array:
        strange = ~np.isfinite(gradient)
        if axes_of:
            strange = spread(strange.any(axis=axes_of(strange), keepdims=True), strange)
        return np.ravel(strange)

    steps = range(len(parameters[0].gradients))
    strange = [np.concatenate([lost(p.gradients[step]) for p in parameters]) for step in steps]
    found: Array = np.logical_or.accumulate(np.stack(strange), axis=0)
    return np.repeat(found, 2, axis=1) if np.iscomplexobj(parameters[0].value) else found


def proved(table: Table, exact: Enclosure) -> Table:
    """The table with a proved centre wherever there is one."""
    known = np.isfinite(exact.radius) & np.isfinite(exact.value)
    return Table(
        np.where(known, exact.value, table.value),
        np.where(known, table.error + exact.radius, table.error),
        np.where(known, exact.low, table.low),
        known & exact.certainly_rounds_to_value(),
    )


@lru_cache(maxsize=256)
def enclosed(question: Question) -> Enclosure:
    """The rule over the case's inputs, on balls precise enough for the case's dtype.

    The precision is raised until what is not known is far below half a unit in the last place.
    """
    bits, precision = BITS, question.precision
    while True:
        with working_bits(bits):
            mixes = question.mixes
            num = ComplexBallArithmetic(mixes) if mixes else BallArithmetic()
            found = enclosure(balls(question, num))
        needed = precision.quantum(np.where(np.isfinite(found.value), found.value, 0.0)) / 4096
        if bits >= MOST_BITS or not (found.radius > needed).any():
            return found
        bits *= 2


@lru_cache(maxsize=64)
def condition(question: Question) -> Array:
    """The condition number of the worst root or divisor that has gone into each result.

    Rows as in a table: by how much relative errors may have grown there.
    """
    mixes, found = question.mixes, np.zeros(shape_of(question))
    num = ComplexConditioning(mixes) if mixes else Conditioning()
    with working_bits(CONDITION_BITS):
        for place, number in walk(question, num):
            worst = np.repeat(num.worst, 2) if mixes and np.ndim(num.worst) else num.worst
            found[place] = np.ravel(np.broadcast_to(worst, np.shape(number)))
    return spread_out(found.reshape(-1, found.shape[-1]), question.case)


def balls(question: Question, num: BallArithmetic) -> Array:
    """The rule over the case's inputs on balls, as rows of a table."""
    found = np.zeros(shape_of(question), dtype=object)
    for place, number in walk(question, num):
        found[place] = np.ravel(number)
    return found.reshape(-1, found.shape[-1])


def spread_out(rows: Array, case: Case) -> Array:
    """From the experiments of a layout to its elements; other cases are what they are."""
    if case.mode not in LAYOUTS:
        return rows
    everything = inputs_of(case).parameters
    first = pooled(everything)
    return rows[:, np.concatenate([laid_out(parameter, first) for parameter in everything])]


def shape_of(question: Question) -> tuple[int, int, int]:
    """Steps, quantities, and columns; each experiment of a layout is one element."""
    elements = sum(parameter.value.size for parameter in evaluated(question.case))
    return question.case.steps, len(question.quantities), elements * question.case.width


def evaluated(case: Case) -> list[Input]:
    """The parameters that the rule is run over: of a layout one that holds every experiment."""
    parameters = inputs_of(case).parameters
    return [pooled(parameters)] if case.mode in LAYOUTS else parameters


def walk(question: Question, num: Any, steps: int | None = None) -> Iterator[tuple[Any, Any]]:
    """Each quantity at each step, or at the first ``steps``: where it stands in an array of
    :func:`shape_of`, and it.
    """
    inputs = replace(inputs_of(question.case), parameters=evaluated(question.case))
    if question.rates:
        inputs.rates = list(question.rates)
    width = question.case.width
    columns = np.cumsum([0, *(parameter.value.size * width for parameter in inputs.parameters)])
    for members, decimals, rule in blocks(question, inputs):
        parameters = [inputs.parameters[index] for index in members]
        place: Any = slice(columns[members[0]], columns[members[-1] + 1])
        if len(members) <= members[-1] - members[0]:  # others stand between them
            place = np.concatenate([np.arange(columns[i], columns[i + 1]) for i in members])
        results = run_block(rule, decimals, parameters, inputs, num, apart=not question.mixes)
        results = paused(results, parameters[0].absent, question.case.steps)
        for row, (parameter, state) in enumerate(islice(results, steps)):
            found = {**state, "parameter": parameter}
            for line, name in enumerate(question.quantities):
                number = found[name]
                yield (row, line, place), num.columns(number) if question.mixes else number


def pooled(parameters: list[Input]) -> Input:
    """The parameter of a layout that is smallest and holds every experiment."""
    return min((p for p in parameters if p.value.size >= POOL), key=lambda p: p.value.size)


def laid_out(parameter: Input, pool: Input) -> Array:
    """Where each element's experiment stands in the parameter that holds them all in order."""
    assert parameter.experiment is not None
    assert pool.experiment is not None
    place: Array = (parameter.experiment.ravel() - pool.experiment.ravel()[0]) % POOL
    return place


def blocks(question: Question, inputs: Inputs) -> list[tuple[list[int], dict[str, str], Rule]]:
    """Parameters that share hyperparameters and rule, and so are evaluated as one array."""
    found: dict[tuple[int, bool, int, frozenset[int]], list[int]] = {}
    for index, parameter in enumerate(inputs.parameters):
        exempt = any(part in parameter.name for part in question.undecayed)
        alone = index if question.rule.shaped else -1  # a mean needs the shape
        key = (parameter.group, exempt, alone, parameter.absent)
        found.setdefault(key, []).append(index)
    result = []
    for (group, exempt, _, _), members in found.items():
        decimals = dict(question.decimals)
        if inputs.groups:
            decimals.update(inputs.groups[group])
        rule = question.rule.having(weight_decay="none") if exempt else question.rule
        result.append((members, decimals, rule))
    return result


def run_block(
    rule: Rule,
    decimals: dict[str, str],
    parameters: list[Input],
    inputs: Inputs,
    num: Any,
    *,
    apart: bool = True,
) -> Iterator[Any]:
    """The trajectory of several parameters side by side, from where it begins.

    ``apart``: each part is a real one.  Steps without a gradient are passed over.
    """

    def joined(arrays: list[Array]) -> Array:
        if rule.shaped:
            return arrays[0]
        flat = np.concatenate([np.ravel(array) for array in arrays])
        return parts(flat) if apart else flat

    state = None
    if inputs.taken or inputs.resumed:
        state = {
            name: num.given(
                joined([parameter.state[name] for parameter in parameters]),
                nonnegative=tensor.squares,
            )
            for name, tensor in rule.state.items()
        }
    absent = parameters[0].absent
    steps = [step for step in range(len(parameters[0].gradients)) if step not in absent]
    value = num.given(joined([parameter.value for parameter in parameters]))
    begun = state if state is not None else rule.initial_state(value, num=num)
    yield value, begun
    yield from trajectory(
        rule,
        decimals,
        value,
        [num.given(joined([p.gradients[index] for p in parameters])) for index in steps],
        num=num,
        state=state,
        taken=inputs.taken,
        rates=[inputs.rates[step] for step in steps] if inputs.rates else [],
    )


def paused(results: Iterator[Any], absent: frozenset[int], steps: int) -> Iterator[Any]:
    """What stands after each step: in one without a gradient, what stood before it."""
    stands = next(results)
    for step in range(steps):
        if step not in absent:
            stands = next(results)
        yield stands
