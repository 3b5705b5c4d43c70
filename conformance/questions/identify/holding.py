"""How a rule is carried out: the formats of arithmetic, state and coefficients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from optimizer_conformance.judging.oracle import WIDEST
from optimizer_conformance.questions.identify.elimination import Elimination, eliminate
from optimizer_conformance.questions.identify.experiment import (
    Experiment,
    HyperparameterSetting,
    at,
    narrowed,
    posed,
)
from optimizer_conformance.questions.identify.prediction import Prediction, predictions
from optimizer_conformance.questions.identify.queries import Queries
from optimizer_conformance.questions.identify.storage import Storage, finer, system
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import IDEAL, Representation
from optimizer_conformance.reference.numbers.hyper import representations
from optimizer_conformance.reference.rules import Rule

KINDS = {
    "rate": "learning rate",
    "scalars": "epsilon",
    "momentum": "momentum",
    "moments": "1 - decay",
    "correction": "1 - decay^t",
}
FINE = at("fine")
SETTINGS = (
    HyperparameterSetting("coefficients", 3, FINE, origin=True),
    HyperparameterSetting("coefficients", 6, FINE),
)


@dataclass(frozen=True)
class Holding:
    """One way of carrying a rule out."""

    storage: Storage
    way: Representation


@dataclass(frozen=True)
class Held:
    """What was found for one dtype: the finest storage, and every representation that fits."""

    dtype: str
    storage: Storage
    ways: tuple[Representation, ...]

    def __str__(self) -> str:
        return f"{self.storage}: {self.coefficients()}"

    def coefficients(self) -> str:
        """What is known of each kind of coefficient that is not certainly taken as written."""
        if WIDEST in self.ways:
            return "coefficients in a mixture of formats"
        parts = []
        for kind, words in KINDS.items():
            formats = sorted({getattr(way, kind) for way in self.ways})
            if formats != [""]:
                choice = " or ".join(f"in {name}" if name else "as written" for name in formats)
                parts.append(f"{words} {choice}")
        return ", ".join(parts) or "coefficients as written"


def holdings(dtype: str, rule: Rule) -> Iterator[Holding]:
    """Every storage with every representation, the finest storage first.

    A mixture of representations is as uncertain as arithmetic in the coarsest of them, so that it
    tells nothing of the storage in a narrow format.
    """
    corrected = rule.corrected
    mixed = (WIDEST,) if dtype in ("float32", "float64") else ()
    for storage in finer(dtype):
        for way in (IDEAL, *representations(storage.working, corrected=corrected), *mixed):
            if relevant(way, rule):
                yield Holding(storage, way)


def relevant(way: Representation, rule: Rule) -> bool:
    """Whether a representation speaks only of coefficients that the rule has."""
    own = {"correction", *(HYPERPARAMETERS[name].held for name in rule.hyperparameters)}
    return way is WIDEST or all(kind in own for kind in KINDS if getattr(way, kind))


def held(
    queries: Queries,
    rule: Rule,
    dtype: str,
    offered: frozenset[str],
    given: dict[str, str],
    seed: int,
    built_in: Mapping[str, str],
) -> Held | None:
    """How the subject carries the rule out in ``dtype``; None where nothing fits."""

    def predict(
        hypotheses: Sequence[Holding], experiment: Experiment
    ) -> Iterator[Prediction[Holding]]:
        for one in hypotheses:
            num = system(one.storage, dtype, queries.profile, way=one.way)
            (found,) = predictions([rule], experiment, num)
            yield Prediction((one,), found.table)

    candidates = []
    for setting in SETTINGS:
        values = {name: value for name, value in setting.values.items() if name in offered}
        decimals = narrowed(values | given, given, dtype)
        candidates.append(posed(setting, decimals, dtype, seed, built_in=built_in))
    if not queries.affords(candidates[0]):
        return None
    elimination = Elimination(tuple(holdings(dtype, rule)), predict)
    eliminate(elimination, queries, candidates)
    if not elimination.left:
        return None
    finest = elimination.left[0].storage
    ways = tuple(one.way for one in elimination.left if one.storage == finest)
    return Held(dtype, finest, tuple(way for way in ways if way is not WIDEST) or ways)
