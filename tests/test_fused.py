"""The compiled loop of a step comes to what the oracle comes to, element by element."""

from itertools import cycle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from optimizer_conformance.cases.case import Written
from optimizer_conformance.judging.fused import FusedStep, evaluator, table, traced
from optimizer_conformance.judging.oracle import WIDEST, Oracle, Question, evaluate
from optimizer_conformance.judging.verdict import arranged, classify
from optimizer_conformance.questions.sweep.ladder import Ladder
from optimizer_conformance.questions.sweep.slices import BITS, bits_of, numbers
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import PRECISIONS, Representation
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.numbers.precision import to_bits
from optimizer_conformance.reference.numbers.traced import UFUNCS, NodeNumber, Traced, Untraceable
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.verdicts import OF_ELEMENTS

SINGLE = Representation(rate="float32", scalars="float32", moments="float32", momentum="float32")
# One rule for each family and set of options that stands in a document, as far as single elements
# are all that it looks at.
TABLES = [
    ("none", IDEAL),
    ("gradual", SINGLE),
    ("difference", IDEAL),
    ("flush", WIDEST),
    ("late", IDEAL),
]
RULES = {
    (variant.family, tuple(sorted(variant.features))): variant
    for variant in VARIANTS.values()
    if not variant.rule.shaped and variant.rule["scale"] != "trials"
}


def decimals(rule):
    return tuple(sorted((name, HYPERPARAMETERS[name].at("table")) for name in rule.hyperparameters))


def start_of(variant, dtype="float32", **fields):
    return FusedStep(variant.rule, dtype, decimals(variant.rule), **fields)


def gradients(dtype="float32", count=997, seed=5):
    """All kinds: bit patterns at random, and numbers in the middle of the range."""
    random = np.random.default_rng(seed)
    kind = BITS[dtype]
    bits = random.integers(0, np.iinfo(kind).max, count, dtype=kind, endpoint=True)
    middle = PRECISIONS[dtype].round(random.standard_normal(count))
    bits[::2] = [bits_of(value, dtype) for value in middle[::2]]
    return numbers(bits, dtype)


def question(start, given):
    size = len(given)
    case = Written(
        "rmsprop", (), start.dtype, "origin", start.decimals, 1, size, 0,
        value=(start.parameter,) * size, gradients=(tuple(map(float, given)),),
    )  # fmt: skip
    return Question(start.rule, start.decimals, case, profile=start.profile)


def interpreted(graph, outputs, given):
    """The graph carried out by NumPy, operation by operation."""
    operations = {name: ufunc for ufunc, name in reversed(UFUNCS.items())} | {"where": np.where}
    found = []
    with np.errstate(all="ignore"):
        for operation, operands in graph.nodes:
            if operation == "input":
                found.append(given.astype(np.float64))
            else:
                values = [found[x] if isinstance(x, NodeNumber) else x for x in operands]
                found.append(operations[operation](*values))
    shape = np.broadcast(np.empty(len(given)))
    return [
        [np.broadcast_to(found[x.place] if isinstance(x, Traced) else x, shape.shape) for x in pair]
        for pair in outputs
    ]


@pytest.mark.parametrize(
    ("variant", "effect", "way"),
    [(one, *two) for one, two in zip(RULES.values(), cycle(TABLES), strict=False)],
    ids=lambda part: getattr(part, "identifier", None),
)
def test_every_rule_is_traced_to_the_same_values_and_no_smaller_bounds(variant, effect, way):
    start, given = start_of(variant), gradients()
    expected = evaluate(question(start, given), effect, way)
    for row, (value, error) in enumerate(interpreted(*traced(start, effect, way), given)):
        assert_array_equal(value, expected.value[row])
        assert (error >= expected.error[row]).all()


@pytest.mark.parametrize("family", ["rmsprop", "nadam"])
def test_the_compiled_loop_comes_to_the_same_bits(family):
    start, given = start_of(RULES[family, ()]), gradients()
    effect = "early" if family == "rmsprop" else "none"
    expected = evaluate(question(start, given), effect, IDEAL)
    value, error = table(start, given, effect=effect)
    assert_array_equal(value, expected.value)
    assert (error >= expected.error).all()
    assert (error == expected.error).mean() > 0.99


def observed(start, given, random):
    """Results of all kinds: wrong by a part of the bound or by many, zero, infinite, nan."""
    value, error = table(start, given)
    with np.errstate(all="ignore"):
        far = np.where(random.random(value.shape) < 0.9, 0.9, 1e4)
        seen = value + error * far * random.uniform(-1, 1, value.shape)
        for share, strange in ((0.02, 0.0), (0.02, np.inf), (0.02, np.nan)):
            seen = np.where(random.random(value.shape) < share, strange, seen)
        return np.stack([PRECISIONS[start.dtype].round(row) for row in seen])


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("torch-rmsprop", "float32"), ("torch-adam", "bfloat16"), ("torch-rmsprop", "float16")],
)
def test_the_ladder_gives_the_verdicts_of_classify(name, dtype):
    start = start_of(VARIANTS[name], dtype)
    given = gradients(dtype)
    seen = observed(start, given, np.random.default_rng(1))
    asked = question(start, given)
    rows = {quantity: seen[row : row + 1] for row, quantity in enumerate(start.quantities)}
    _, flat, pick = arranged(asked, rows)
    codes, way = classify(Oracle(), asked, flat, pick, decide_only=False)
    ladder = Ladder(start, "rmsprop", limit=len(given))
    ladder.way = way
    with np.errstate(invalid="ignore"):
        bits = [to_bits(row.astype(float), dtype).view(BITS[dtype]) for row in (given, *seen)]
    ladder.judge(0, (bits[0],), np.stack(bits[1:]))
    for row, tally in enumerate(ladder.tallies.values()):
        expected = {str(v): int((codes[row] == v).sum()) for v in OF_ELEMENTS}
        assert tally.counts == expected
    assert ladder.unjudged == 0


def test_every_result_is_counted_and_the_first_wrong_one_kept():
    start = start_of(VARIANTS["torch-rmsprop"])
    given = gradients()
    seen = np.full((2, len(given)), 17.0, np.float32).view(np.uint32)
    ladder = Ladder(start, "rmsprop", limit=0)
    ladder.judge(0, (given.view(np.uint32),), seen)
    total = sum(sum(tally.counts.values()) for tally in ladder.tallies.values())
    assert total + ladder.unjudged == seen.size
    assert ladder.tallies["parameter"].counts["deviates"] > len(given) / 2
    assert ladder.tallies["parameter"].deviating >= 0


def test_a_rule_that_looks_at_several_elements_is_refused():
    shaped = next(variant for variant in VARIANTS.values() if variant.rule.shaped)
    with pytest.raises(Untraceable, match="several elements"):
        evaluator(start_of(shaped))


@pytest.mark.parametrize("excused", [True, False])
def test_what_many_elements_excuse_is_no_deviation_of_one(excused):
    """Averages written as b v + (g^2 - b g^2) are nan where g^2 overflows, as in run; 17 is not."""
    start = start_of(VARIANTS["torch-adam"])
    large = np.geomspace(2.0**64, 2.0**70, 500).astype(np.float32)
    ladder = Ladder(start, "adam", limit=0)
    usual = gradients(count=300)
    usual = usual[(abs(usual) > 1e-3) & (abs(usual) < 1e3)]
    ladder.learn((usual,), table(start, usual)[0].astype(np.float32))
    with np.errstate(over="ignore"):
        seen = table(start, large)[0].astype(np.float32)
    seen[1:] = np.nan if excused else 17.0
    ladder.judge(0, (large.view(np.uint32),), seen.view(np.uint32))
    deviating = sum(tally.counts["deviates"] for tally in ladder.tallies.values())
    assert (deviating == 0) == excused
    assert ladder.unjudged
