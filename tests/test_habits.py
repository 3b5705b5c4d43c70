"""What training loops do besides stepping: an optimizer is compared with itself."""

from pathlib import Path

import pytest

from optimizer_conformance import audit
from optimizer_conformance.cases.situations import SITUATIONS
from optimizer_conformance.workers import environments

TARGETS = Path(__file__).parent / "targets" / "habits_torch.py"
HABITS = {
    "closure": "GradientsBeforeClosure",
    "storage-replaced": "OldStorage",
    "written-over": "HalfUndoesEdits",
    "sparse-gradient": "Uncoalesced",
    "mixed-formats": "StateAsTheFirst",
    "second-optimizer": "KeptOnTheParameter",
}

pytestmark = pytest.mark.adapter("torch")


def asked(name, like="torch-rmsprop"):
    target = name if ":" in name else f"{TARGETS}:{name}"
    python = environments.locate("torch").python
    return audit(target, like, python=python, profile="quick", dtypes=("float32",))


def test_every_habit_has_its_fault():
    assert set(HABITS) == {item.name for item in SITUATIONS if item.needs and not item.mode}


@pytest.mark.parametrize("situation", HABITS)
def test_what_a_loop_does_besides_is_told(situation):
    found = asked(HABITS[situation])
    words = next(item.words for item in SITUATIONS if item.name == situation)
    assert [line.startswith(f"for {words} ") for line in found.why] == [True]
    assert found.verdict == "deviates"
    assert situation in found.attempts.situations


@pytest.mark.parametrize("name", ["Right", "torch.optim:SGD", "torch.optim:Adagrad"])
def test_the_right_ones_are_put_there_and_pass(name):
    likes = {"torch.optim:SGD": "torch-sgd", "torch.optim:Adagrad": "torch-adagrad"}
    found = asked(name, likes.get(name, "torch-rmsprop"))
    assert found.conforms, found.summary()
    assert set(HABITS) <= set(found.attempts.situations)


def test_what_refuses_says_so():
    found = asked("torch.optim:RMSprop")
    assert "does not support sparse gradients" in found.attempts.missing["sparse-gradient"]
