"""Through the real worker of MXNet, in MXNet's own environment."""

from __future__ import annotations

import pytest

from optimizer_conformance.adapters.protocol import ITEM_SIZE
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.reports import model
from optimizer_conformance.runs.run import conduct

pytestmark = pytest.mark.adapter("mxnet")


def test_the_books_trainer_follows_mxnets_page(tmp_path):
    selection = Selection(
        adapters=("mxnet",),
        implementations=("mxnet:gluon.Trainer[rmsprop]", "mxnet:d2l.scratch"),
        dtypes=("float32",),
        profile="quick",
    )
    outcome = conduct(selection, tmp_path / "run", requested=("mxnet",))
    cells = model.load(outcome.folder).cells
    assert outcome.exit_code == 0, outcome
    judged = cells[cells.relation == "claimed"]
    assert set(judged.implementation) == {"mxnet:gluon.Trainer[rmsprop]", "mxnet:d2l.scratch"}
    assert not judged.verdict.isin(["deviates", "error", "crash", "timeout"]).any()
    assert "defaults" in set(judged["mode"])


def test_every_gap_is_a_dtype_or_a_shape(tmp_path):
    from optimizer_conformance.workers import environments
    from optimizer_conformance.workers.process import Worker, command_for

    with Worker(command_for("mxnet", environments.locate("mxnet").python)) as worker:
        description = worker.hello()
    for item in description.implementations:
        others = {"scalar", "empty", "vector"}
        assert set(item.gaps) - others == set(ITEM_SIZE) - set(item.dtypes)
