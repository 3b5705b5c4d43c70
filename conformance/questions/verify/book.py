"""The two training losses of Dive into Deep Learning 8.6: many seeds, from scratch and in Gluon."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from optimizer_conformance.questions.verify import scripts
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.reference import airfoil

PATHS = ("scratch", "gluon")
SEEDS = 200
AT_ONCE = 50  # trainings of one call, which has a minute


def losses(path: str, samples: airfoil.Samples, seeds: int, context: Context) -> airfoil.Array:
    """One loss a seed: ``scratch`` by the reference's rule, ``gluon`` by MXNet in its environment.

    Raises Missing where that environment is missing, ScriptError where MXNet fails.
    """
    if path == "scratch":
        return airfoil.scratch_losses(samples, seeds)
    with tempfile.TemporaryDirectory(prefix="conformance-book-") as folder:
        table = Path(folder) / "samples.npy"
        np.save(table, np.column_stack(samples))
        calls = [
            call(table, first, min(first + AT_ONCE, seeds)) for first in range(0, seeds, AT_ONCE)
        ]
        context.plan("mxnet", "book", calls)
        return np.concatenate([answered(context, one) for one in calls])


def call(table: Path, first: int, seeds: int) -> str:
    """The call that trains from the seed ``first`` up to ``seeds``."""
    return (
        f"losses(samples={str(table)!r}, seeds={seeds}, batch={airfoil.BATCH}, "
        f"epochs={airfoil.EPOCHS}, every={airfoil.EVALUATED_EVERY}, first={first})"
    )


def answered(context: Context, one: str) -> airfoil.Array:
    """What a call came to.  Raises ScriptError where MXNet fails."""
    answers = context.answers("mxnet", "book", one)
    found = answers.observed.get(one, {})
    if "value" not in found:
        reason = answers.failed.get(one) or found.get("message", "no answer")
        raise scripts.ScriptError(f"the book's training through Gluon failed: {reason}")
    return np.array(found["value"])


def distributions(
    context: Context, *, data: Path | None = None, seeds: int = SEEDS, rows: int = airfoil.ROWS[0]
) -> list[airfoil.Distribution]:
    """Both losses of the book among those of ``seeds`` seeds.

    Raises DataUnavailable without the data, and what ``losses`` raises.
    """
    samples = airfoil.load(data, rows=rows)
    return [
        airfoil.distribution(path, rows, losses(path, samples, seeds, context)) for path in PATHS
    ]
