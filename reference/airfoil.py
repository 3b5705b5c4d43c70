"""The training of Dive into Deep Learning 8.6: linear regression on the airfoil data.

The book prints one loss for its rule from scratch and one through Gluon, both after two epochs from
random weights over shuffled batches.  The data (NASA's airfoil self-noise, 1503 rows) is not
shipped: it comes from a path, from the file that ``AIRFOIL_DATA`` names, or from the address that
the book gives.
"""

from __future__ import annotations

import hashlib
import io
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from optimizer_conformance.reference.numbers import FLOAT64
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS

Array = np.ndarray[Any, Any]

ADDRESS = "https://d2l-data.s3-accelerate.amazonaws.com/airfoil_self_noise.dat"
SHA1 = "76e5be1548fd8222e5074cf0faae75edff8cf93f"  # published with the address, in d2l.DATA_HUB
VARIABLE = "AIRFOIL_DATA"
DOWNLOAD_LIMIT = 20.0  # seconds for 60 kB

# The book's own numbers: batch size and epochs are the defaults of its train_ch7 and
# train_gluon_ch7, and so is the spread of the initial weights.
BATCH, EPOCHS, SPREAD = 10, 2, 0.01
EVALUATED_EVERY = 100  # samples; the last evaluation is the one that is printed
# The English edition trains on every row, the Chinese one on the first 1500.
ROWS = (1503, 1500)
DOCUMENTED = {"scratch": 0.245068, "gluon": 0.243001}


class DataUnavailable(Exception):  # noqa: N818 - named for the situation
    """The data set is not here; the message says how to give it."""


class Samples(NamedTuple):
    """Standardised features (rows x 5) and targets (rows), float64."""

    features: Array
    targets: Array


def load(path: str | os.PathLike[str] | None = None, *, rows: int = ROWS[0]) -> Samples:
    """The data as the book prepares it: every column standardised, then the first ``rows`` taken.

    Raises DataUnavailable for a file that cannot be had or whose SHA-1 is another, ValueError for
    more rows than there are.
    """
    content = fetched(path or os.environ.get(VARIABLE))
    if (found := hashlib.sha1(content, usedforsecurity=False).hexdigest()) != SHA1:
        raise DataUnavailable(f"the airfoil data has SHA-1 {found}; the book's has {SHA1}")
    table = np.genfromtxt(io.BytesIO(content), delimiter="\t")
    if not 0 < rows <= len(table):
        raise ValueError(f"{rows} rows of a data set that has {len(table)}")
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    return Samples(table[:rows, :-1], table[:rows, -1])


def fetched(path: str | os.PathLike[str] | None) -> bytes:
    """The file's bytes, from a path or from the book's address."""
    if path:
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise DataUnavailable(f"{path} cannot be read: {error.strerror}") from error
    try:
        with urllib.request.urlopen(ADDRESS, timeout=DOWNLOAD_LIMIT) as reply:
            content: bytes = reply.read()
            return content
    except (urllib.error.URLError, OSError) as error:
        raise DataUnavailable(
            f"{ADDRESS} cannot be reached ({error}): download it elsewhere and set {VARIABLE} to "
            "the file"
        ) from error


def scratch_losses(samples: Samples, seeds: int) -> Array:
    """The book's loop with the reference's rule, once a seed: the loss that it would print.

    Seeds 0 … ``seeds`` - 1 determine initial weights and the order of the samples.  All of them
    are trained side by side: every gradient has the shape (seeds, 6), weights and then the bias.
    """
    rows = len(samples.targets)
    variant = VARIANTS["d2l-rmsprop"]
    inputs = np.column_stack([samples.features, np.ones(rows)])
    generators = [np.random.default_rng(seed) for seed in range(seeds)]
    weights = np.array([generator.normal(scale=SPREAD, size=5) for generator in generators])
    parameter = np.column_stack([weights, np.zeros(seeds)])
    state, taken, printed = None, 0, loss(parameter, inputs, samples.targets)
    for _ in range(EPOCHS):
        order = np.array([generator.permutation(rows) for generator in generators])
        for first in range(0, rows, BATCH):
            chosen = order[:, first : first + BATCH]
            x, y = inputs[chosen], samples.targets[chosen]
            error = np.einsum("sbf,sf->sb", x, parameter) - y
            # The derivative of the batch's mean of error^2 / 2.
            gradient = np.einsum("sb,sbf->sf", error, x) / chosen.shape[1]
            ((parameter, state),) = trajectory(
                variant.rule,
                variant.defaults,
                parameter,
                [gradient],
                num=FLOAT64,
                state=state,
                taken=taken,
            )
            taken += 1
            if (first + BATCH) % EVALUATED_EVERY == 0:
                printed = loss(parameter, inputs, samples.targets)
    return printed


def loss(parameter: Array, inputs: Array, targets: Array) -> Array:
    """Half the mean squared error over all samples, one value a seed."""
    error = parameter @ inputs.T - targets
    found: Array = np.mean(error**2, axis=1) / 2
    return found


class Distribution(NamedTuple):
    """Where a documented loss lies among those of many seeds."""

    path: str
    rows: int
    seeds: int
    documented: float
    minimum: float
    quartiles: tuple[float, float, float]
    maximum: float
    below: int

    @property
    def holds(self) -> bool:
        """Whether the documented loss lies between the smallest and the largest."""
        return self.minimum <= self.documented <= self.maximum

    def __str__(self) -> str:
        low, middle, high = self.quartiles
        return (
            f"{self.seeds} seeds, {self.rows} rows: {self.minimum:.6f} … {low:.6f} "
            f"[{middle:.6f}] {high:.6f} … {self.maximum:.6f}; {self.documented:.6f} is above "
            f"{self.below} of them ({100 * self.below / self.seeds:.0f} %)"
        )


def distribution(
    path: str, rows: int, losses: Array, *, documented: float | None = None
) -> Distribution:
    """Smallest, quartiles, largest, and the place of the book's loss (or of ``documented``)."""
    documented = DOCUMENTED[path] if documented is None else documented
    low, middle, high = (float(value) for value in np.quantile(losses, (0.25, 0.5, 0.75)))
    return Distribution(
        path=path,
        rows=rows,
        seeds=len(losses),
        documented=documented,
        minimum=float(np.min(losses)),
        quartiles=(low, middle, high),
        maximum=float(np.max(losses)),
        below=int(np.sum(losses < documented)),
    )
