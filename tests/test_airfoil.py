"""The book's training: its data, its loop, and the place of a documented loss."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer_conformance.questions.verify.checks import CHECKS
from optimizer_conformance.questions.verify.checks.book import BookLoss
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.reference import airfoil

REASSOCIATION = 24 * 30  # half an ulp each, at most: 24 steps of some 60 operations


def samples(rows=120):
    """Targets that are a linear function of the features, so that training can succeed."""
    features = np.random.default_rng(7).normal(size=(rows, 5))
    return airfoil.Samples(features, features @ np.array([0.3, -0.2, 0.1, 0.0, 0.4]) + 0.1)


def test_a_file_with_another_hash_is_refused(tmp_path):
    path = tmp_path / "data"
    path.write_text("1\t2\n")
    with pytest.raises(airfoil.DataUnavailable, match="SHA-1"):
        airfoil.load(path)


def test_the_variable_names_the_file_and_a_missing_one_says_which(tmp_path, monkeypatch):
    monkeypatch.setenv(airfoil.VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(airfoil.DataUnavailable, match="absent cannot be read"):
        airfoil.load()


def test_training_lowers_the_loss_and_each_seed_has_its_own():
    data = samples()
    losses = airfoil.scratch_losses(data, 5)
    assert len(set(losses)) == 5
    assert (losses < np.mean(data.targets**2) / 2).all()


def test_a_seed_gives_the_same_loss_however_many_others_are_trained():
    data = samples()
    alone, beside = airfoil.scratch_losses(data, 1)[0], airfoil.scratch_losses(data, 5)[0]
    assert abs(alone - beside) <= REASSOCIATION * np.spacing(alone)


def test_one_step_is_the_book_s_written_out():
    data = samples(rows=airfoil.EVALUATED_EVERY)
    (found,) = airfoil.scratch_losses(data, 1)
    generator = np.random.default_rng(0)
    w, b = generator.normal(scale=0.01, size=5), 0.0
    s_w, s_b = np.zeros(5), 0.0
    for _ in range(2):
        order = generator.permutation(100)
        for first in range(0, 100, 10):
            x, y = data.features[order[first : first + 10]], data.targets[order[first : first + 10]]
            error = x @ w + b - y
            g_w, g_b = x.T @ error / 10, error.mean()
            s_w, s_b = 0.9 * s_w + 0.1 * g_w**2, 0.9 * s_b + 0.1 * g_b**2
            w, b = w - 0.01 * g_w / np.sqrt(s_w + 1e-6), b - 0.01 * g_b / np.sqrt(s_b + 1e-6)
    written = np.mean((data.features @ w + b - data.targets) ** 2) / 2
    assert abs(found - written) <= REASSOCIATION * np.spacing(written)


def test_the_place_of_a_documented_loss():
    found = airfoil.distribution("scratch", 1503, np.array([0.1, 0.2, 0.3, 0.4]), documented=0.25)
    assert (found.below, found.holds, found.minimum, found.maximum) == (2, True, 0.1, 0.4)
    assert not airfoil.distribution("scratch", 1503, np.array([0.1, 0.2]), documented=0.25).holds


@pytest.mark.parametrize(("prints", "verdict"), [(None, "confirmed"), (9.0, "contradicted")])
def test_a_loss_that_no_seed_comes_near_is_contradicted(monkeypatch, prints, verdict):
    data = samples()
    monkeypatch.setattr(airfoil, "load", lambda rows: data)
    middle = float(np.median(airfoil.scratch_losses(data, 20)))
    claim = BookLoss(path="scratch", prints=prints or middle, seeds=20)
    with Context() as context:
        decision = CHECKS["book-loss"].decide(claim, context)
    assert decision.verdict == verdict


def test_without_the_data_the_claim_says_what_it_would_take(monkeypatch, tmp_path):
    monkeypatch.setenv(airfoil.VARIABLE, str(tmp_path / "absent"))
    with Context() as context:
        decision = CHECKS["book-loss"].decide(BookLoss(path="scratch", prints=0.2), context)
    assert decision.verdict == "not testable"
    assert "absent" in decision.needs
