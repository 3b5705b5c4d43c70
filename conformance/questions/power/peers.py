"""How other test suites would decide, on the same data.

Each compares with a relative and an absolute tolerance around the expected value.  Those constants
are data (``peers.toml``, with the file and version that defines them); none of ours is among them.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from optimizer_conformance.judging.oracle import Oracle, Question, ordinary
from optimizer_conformance.judging.verdict import Observed
from optimizer_conformance.reference.numbers.precision import Array


@dataclass(frozen=True)
class Peer:
    """One suite's rule: tolerances by dtype, and where they are defined."""

    name: str
    version: str
    source: str
    relative: dict[str, float]
    absolute: dict[str, float]

    def accepts(self, observed: Array, expected: Array, dtype: str) -> bool:
        """Whether every element is close enough; nan equals nan, an infinity itself."""
        relative, absolute = (
            by_dtype.get(dtype, by_dtype.get("any", 0.0))
            for by_dtype in (self.relative, self.absolute)
        )
        with np.errstate(all="ignore"):
            near = np.abs(observed - expected) <= absolute + relative * np.abs(expected)
        same = (observed == expected) | (np.isnan(observed) & np.isnan(expected))
        return bool(np.all((near & np.isfinite(expected)) | same))


@lru_cache(maxsize=1)
def peers() -> tuple[Peer, ...]:
    """Every peer, in the order of the data file."""
    text = files(__package__).joinpath("peers.toml").read_text(encoding="utf-8")
    return tuple(Peer(**item) for item in tomllib.loads(text)["peer"])


def expected(oracle: Oracle, question: Question) -> Observed:
    """What a test would compare with: the float64 reference, rounded to the dtype."""
    table = oracle.table(question)
    rounded = question.precision.round(table.value)
    steps = rounded.reshape(question.case.steps, len(question.quantities), -1)
    return {name: steps[:, index] for index, name in enumerate(question.quantities)}


def verdicts(oracle: Oracle, question: Question, observed: Observed) -> dict[str, bool]:
    """Peer to whether it accepts, in the middle of the range and by everything observed there."""
    wanted = expected(oracle, question)
    middle = ordinary(question.case)
    pairs = [(values[:, middle], wanted[name][:, middle]) for name, values in observed.items()]
    return {
        peer.name: all(peer.accepts(*pair, question.precision.name) for pair in pairs)
        for peer in peers()
    }
