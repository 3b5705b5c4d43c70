"""Through the real worker of PyTorch, in PyTorch's own environment."""

from __future__ import annotations

import pytest

from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import model
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import Worker, command_for

pytestmark = pytest.mark.adapter("torch")


def run(folder, **selected):
    selection = Selection(
        adapters=("torch",),
        implementations=("torch:RMSprop",),
        dtypes=("float32",),
        devices=("cpu",),
        profile="quick",
        **selected,
    )
    outcome = conduct(selection, folder / "run", requested=("torch",))
    return outcome, model.load(outcome.folder)


def test_rmsprop_follows_its_own_documentation(tmp_path):
    outcome, data = run(tmp_path)
    assert outcome.exit_code == 0, outcome
    cells = data.cells[data.cells.relation == "claimed"]
    assert set(cells.variant.str.startswith("torch-rmsprop")) == {True}
    assert not cells.verdict.isin(["deviates", "error", "crash", "timeout"]).any()
    assert len(set(cells["mode"])) > 3


def test_rmsprop_is_not_that_of_keras_and_epsilon_is_why(tmp_path):
    _, data = run(tmp_path, variants=("keras-rmsprop",))
    bad = data.cells[data.cells.verdict == "deviates"]
    assert set(bad.variant) == {"keras-rmsprop"}
    assert bad.why.str.contains("epsilon .*outside the root").all()
    rule = VARIANTS["torch-rmsprop"].rule
    assert {VARIANTS[name].rule for name in bad.nearest} == {rule}


def test_the_worker_says_what_it_is():
    with Worker(command_for("torch", environments.locate("torch").python)) as worker:
        description = worker.hello()
    assert next(iter(description.versions)) == "torch"
    names = [item.name for item in description.implementations]
    assert "torch:RMSprop" in names
    assert len(set(names)) == len(names)
