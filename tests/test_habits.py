"""What training loops do besides stepping: an optimizer is compared with itself."""

from pathlib import Path

import pytest

from optimizer_conformance import audit
from optimizer_conformance.cases.situations import COMPLEX, SITUATIONS
from optimizer_conformance.workers import environments

FOLDER = Path(__file__).parent / "targets"
HABITS = {
    "closure": "torch:GradientsBeforeClosure",
    "storage-replaced": "torch:OldStorage",
    "written-over": "torch:HalfUndoesEdits",
    "sparse-gradient": "torch:Uncoalesced",
    "mixed-formats": "torch:StateAsTheFirst",
    "second-optimizer": "torch:KeptOnTheParameter",
    "one-storage": "torch:StateOfStorage",
    "tensor-rate": "torch:ScalesTheRate",
    "thawed": "torch:FrozenForever",
    "copied": "torch:BeginsAgainAsACopy",
    "in-turn": "torch:OneCountForAll",
    "crowd": "torch:FirstThousand",
    "newcomer": "torch:RateOfTheFirst",
    "resumed": "torch:NumbersAsItWasMade",
    "group-options": "torch:MaximizesAsTheFirst",
    "idle-group": "torch:ReturnsAtAnIdleGroup",
    "closure-groups": "torch:ClosureForEachGroup",
    "changing": "torch:SharesOfTheFirstDay",
    "handed-once": "course:GoesThroughTwice",
    "handed-with-names": "torch:SlowBiases",
    "kept-gradient": "torch:ByTheVersion",
    "zero-grad": "torch:ClearsTheFirst",
    "autocast": "torch:MultipliesMatrices",
    "default-format": "torch:CountsByDefault",
    "scaler": "torch:ClaimsToUnscale",
    "frozen-gradient": "torch:Thaws",
    "saved-meanwhile": "torch:SavingMoves",
    "closure-raised": "torch:StaysShut",
    "one-list": "course:KeepsTheList",
    "gradient-order": "course:InOrder",
    "left-out": "course:TakesTheLastAgain",
    "array-numbers": "course:KeepsTheArray",
    "byte-order": "function:in_native_order",
    "read-only": "function:updates_a_copy",
    "whole-numbers": "function:whole_steps",
    "containers": "optax:as_it_was_filled",
    "compiled-once": "optax:begins_by_a_count_of_its_own",
    "two-sets": "optax:kept_by_the_transformation",
}
MORE = {
    "torch:ShiftsTheStates": "resumed",
    "torch:SortedAsText": "resumed",
    "torch:HalfAfterLoading": "resumed",
    "torch:EmptiesTheCheckpoint": "resumed",
    "torch:GoesThroughTwice": "handed-once",
    "course:OldArrays": "storage-replaced",
    "course:HalfUndoesEdits": "written-over",
}
ENVIRONMENTS = {
    "torch": ("torch", "torch-rmsprop"),
    "optax": ("jax", "optax-rmsprop"),
    "course": ("numpy", "torch-rmsprop"),
    "function": ("numpy", "torch-rmsprop"),
}


def marked(name):
    """A target of one of the two files, asked where its framework is."""
    return pytest.param(name, marks=pytest.mark.adapter(ENVIRONMENTS[name.split(":")[0]][0]))


def of_kind(kind):
    return {name for name, target in HABITS.items() if target.startswith(kind)}


def asked(name, like=""):
    kind, _, own = name.partition(":")
    adapter, usual = ENVIRONMENTS[kind.partition(".")[0]]
    target = name if "." in kind else f"{FOLDER}/habits_{kind}.py:{own}"
    python = environments.locate(adapter).python
    return audit(target, like or usual, python=python, profile="quick", dtypes=("float32",))


def test_every_habit_has_its_fault():
    own = {item.name for item in SITUATIONS if item.needs and not item.mode}
    assert set(HABITS) == own - {COMPLEX, "gradient-format"}  # these no target is put into


@pytest.mark.parametrize(
    ("situation", "target"),
    [pytest.param(name, *marked(target).values, marks=marked(target).marks)
     for name, target in (*HABITS.items(), *((name, target) for target, name in MORE.items()))],
)  # fmt: skip
def test_what_a_loop_does_besides_is_told(situation, target):
    found = asked(target)
    words = next(item.words for item in SITUATIONS if item.name == situation)
    assert any(line.startswith(f"for {words}: ") for line in found.why)
    assert all(line.startswith("for ") for line in found.why)
    assert found.verdict == "deviates"
    assert situation in found.attempts.situations


@pytest.mark.parametrize(
    ("name", "like"),
    [
        pytest.param(name, like, marks=marked(name.replace(".optim", "")).marks)
        for name, like in (
            ("torch:Right", ""),
            ("torch.optim:SGD", "torch-sgd"),
            ("torch.optim:Adagrad", "torch-adagrad"),
            ("optax:right", ""),
        )
    ],
)
def test_the_right_ones_are_put_there_and_pass(name, like):
    found = asked(name, like)
    assert found.conforms, found.summary()
    assert of_kind(name[:5]) <= set(found.attempts.situations)


@pytest.mark.adapter("torch")
def test_what_refuses_says_so():
    found = asked("torch.optim:RMSprop")
    assert "does not support sparse gradients" in found.attempts.missing["sparse-gradient"]
