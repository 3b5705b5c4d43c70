"""``judge_step``: arrays before and after a step, held against a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optimizer_conformance.judging.oracle import Oracle, Question
from optimizer_conformance.judging.outcome import IS_EXTREME
from optimizer_conformance.judging.verdict import (
    FAILING_KEPT,
    Observed,
    arranged,
    classify,
    sizes,
)
from optimizer_conformance.questions.steps.asking import parts, questions
from optimizer_conformance.questions.steps.diagnosis import StepDiagnosis, diagnosed
from optimizer_conformance.questions.steps.names import GRADIENT, MASTER, PARAMETER
from optimizer_conformance.questions.steps.record import (
    ElementVerdict,
    QuantityVerdict,
    StepVerdict,
)
from optimizer_conformance.questions.steps.request import StepRequest, request
from optimizer_conformance.reference.numbers import Representation
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.reports.verdicts import OF_ELEMENTS, Verdict


def judge_step(
    rule: str | Rule | Variant,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    hyperparameters: Mapping[str, Any] | None = None,
    count: int = 1,
    formats: Mapping[str, str] | None = None,
    device: str = "ieee",
) -> StepVerdict:
    """Is what lies between these arrays one step of a rule, element by element?

    ``rule`` is a documented variant (``conformance list variants``), or a Rule.  ``before`` maps
    quantities to arrays: ``parameter``, ``gradient``, what the rule keeps (``first_moment``,
    ``second_moment``, …; ``exp_avg``, ``m`` and the like are understood), and ``master`` where the
    parameter is a narrow copy of it.  ``after`` has the same after the step; what it leaves out is
    not judged.  Arrays are NumPy's, PyTorch's, JAX's, CuPy's, or have ``__dlpack__`` or
    ``__array__``, all of one shape; bfloat16 may also come as its bits, in ``uint16``.

    ``hyperparameters`` are by canonical names or those of frameworks (``lr``, ``betas``); what is
    left out has the document's default.  ``count`` is the number of this step, the first being 1:
    before it what the rule keeps may be left out.  ``formats`` says of a quantity which format its
    numbers have where the container does not (bfloat16 values in float32), and as ``arithmetic``
    what the step is computed in: without it the widest of all formats.  ``device`` says how roots
    and divisions round there (``cuda``, ``cuda-fast-math``, …).

    Raises StepError for arrays that make no step, HyperparameterError for a value that cannot be
    meant.
    """
    asked = request(rule, before, after, hyperparameters or {}, count, formats or {}, device)
    return verdict(asked)


def verdict(asked: StepRequest) -> StepVerdict:
    """A request judged, and explained where it deviates."""
    found, way = every(asked)
    diagnosis = StepDiagnosis(())
    wrong = {name: item.bad() for name, item in found.items()}
    if any(columns.size for columns in wrong.values()) or promises(asked):
        diagnosis = diagnosed(asked, wrong)
    return StepVerdict(
        rule=asked.variant.identifier,
        count=asked.taken + 1,
        arithmetic=asked.arithmetic,
        hyperparameters=asked.decimals,
        quantities={name: item.verdict(asked) for name, item in found.items()},
        why=(*promises(asked), *diagnosis.why),
        nearest=diagnosis.nearest,
        factors=diagnosis.factors,
        remarks=(*asked.assumed, *diagnosis.remarks),
        representation=str(way) if way.formats() else "",
    )


def promises(asked: StepRequest) -> tuple[str, ...]:
    """What no step may do, whatever its rule, in words."""
    said = [
        f"{name} comes back in {after.format}; {asked.before[name].format} went in"
        for name, after in asked.after.items()
        if name in asked.before and after.format != asked.before[name].format
    ]
    if GRADIENT in asked.after:
        old, new = asked.before[GRADIENT].bits, asked.after[GRADIENT].bits
        if old.dtype == new.dtype and old.tobytes() != new.tobytes():
            said.append("the gradient is changed by the step")
    return tuple(said)


class Settled(Oracle):
    """Hyperparameters are held in one way, and that is known."""

    def __init__(self, way: Representation) -> None:
        super().__init__()
        self.way = way

    def ways(self, question: Question) -> list[Representation]:
        """That one."""
        return [] if self.way is IDEAL else [self.way]


@dataclass(eq=False)
class Gathered:
    """One quantity, as its pieces come in."""

    name: str
    shape: tuple[int, ...]
    decided: bool = False
    codes: Array = field(init=False)
    expected: Array = field(init=False)
    bound: Array = field(init=False)
    score: Array = field(init=False)
    ulp: Array = field(init=False)

    def __post_init__(self) -> None:
        size = int(np.prod(self.shape, dtype=int))
        self.codes = np.zeros(size, np.int8)
        self.expected, self.bound = np.zeros(size), np.zeros(size)
        self.score, self.ulp = np.zeros(size), np.zeros(size)

    def bad(self) -> Array:
        """Flat indices of the elements that deviate."""
        return np.flatnonzero(self.codes == Verdict.deviates)

    def verdict(self, asked: StepRequest) -> QuantityVerdict:
        """What it came to."""
        counts = np.bincount(self.codes, minlength=len(Verdict))
        where = ~IS_EXTREME[self.codes]
        return QuantityVerdict(
            self.name,
            asked.after[self.name].format,
            {str(kind): int(counts[kind]) for kind in OF_ELEMENTS if counts[kind]},
            float(self.score.max(where=where, initial=0.0)),
            float(self.ulp.max(where=where, initial=0.0)),
            tuple(self.element(asked, int(index)) for index in self.bad()[:FAILING_KEPT]),
            self.codes.reshape(self.shape),
            self.expected.reshape(self.shape),
            self.bound.reshape(self.shape),
            self.decided,
        )

    def element(self, asked: StepRequest, index: int) -> ElementVerdict:
        """One element that deviates."""
        one = slice(index, index + 1)
        old = asked.before[self.name].values(one)[0] if self.name in asked.before else np.nan
        return ElementVerdict(
            tuple(int(place) for place in np.unravel_index(index, self.shape)),
            float(old),
            float(asked.after[self.name].values(one)[0]),
            float(self.expected[index]),
            float(self.bound[index]),
            float(self.score[index]),
            float(self.ulp[index]),
        )


def every(asked: StepRequest) -> tuple[dict[str, Gathered], Representation]:
    """Every quantity judged, and the one way in which hyperparameters were held."""
    found, ways = pieces(asked, Oracle())
    if len(ways) > 1:  # one way has to explain all of it: the one that explains most
        best = max(ways, key=lambda way: ways[way])
        found, ways = pieces(asked, Settled(best))
    return found, next(iter(ways), IDEAL)


def pieces(
    asked: StepRequest, oracle: Oracle
) -> tuple[dict[str, Gathered], dict[Representation, int]]:
    """The same piece by piece, with how often each way was needed."""
    shape = asked.before[PARAMETER].shape
    names = [name for name in (*asked.variant.rule.state, MASTER, PARAMETER) if name in asked.after]
    found = {name: Gathered(name, shape) for name in names}
    ways: dict[Representation, int] = {}
    rest = False  # once something deviates it is only decided which other elements do
    for part in parts(asked):
        for item, shown in questions(asked, part):
            if not shown:
                continue
            way = judged(oracle, item, shown, found, part, rest)
            if way is not IDEAL:
                ways[way] = ways.get(way, 0) + 1
        rest = rest or any((item.codes[part] == Verdict.deviates).any() for item in found.values())
        oracle.answers.clear()
        oracle.size = 0
    return found, ways


def judged(
    oracle: Oracle,
    asked: Question,
    shown: dict[str, tuple[str, Array]],
    found: dict[str, Gathered],
    part: slice,
    decide_only: bool,
) -> Representation:
    """Judge a piece, and write down what came of each quantity."""
    observed: Observed = {name: values.reshape(1, -1) for name, (_, values) in shown.items()}
    rows, flat, pick = arranged(asked, observed)
    precision = asked.precisions(rows)
    codes, way = classify(oracle, asked, flat, pick, decide_only, precision)
    table = pick(oracle.table(asked))
    score, ulp = sizes(flat, table, precision)
    for row, name in enumerate(rows):
        place = found[shown[name][0]]
        place.codes[part], place.decided = codes[row], place.decided or decide_only
        place.expected[part], place.bound[part] = table.value[row], table.error[row]
        place.score[part], place.ulp[part] = score[row], ulp[row]
    return way
