"""What training loops do with a ``torch.optim.Optimizer`` besides calling its step.

Each habit compares an optimizer with itself, bit by bit, or where sums may stand in another order
in float64 as far as float32 goes: gradients that a closure computes are those that stand there, a
parameter whose storage was replaced is the same parameter, what another optimizer left on it is
none of this one's business.  No document is needed for that.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from optimizer_conformance.adapters import kit

Make = Callable[[Iterable[Any]], Any]  # an optimizer over parameters
Habit = Callable[[Make, Sequence[str]], str]  # what is wrong, or nothing; with the dtypes it takes

SHAPE = (4, 2)
SIXTEENTHS = [[8, -24], [16, 4], [-12, 40], [20, -8]]  # of 1: every format holds them, and sums
TIMES = 3
CROWD = 1025  # parameters: more than large models' blocks, one more than a power of two


def tensor(dtype: str, turn: int = 0) -> Any:
    """Numbers that every format holds exactly, others in each turn."""
    rows = torch.tensor(SIXTEENTHS, dtype=torch.float64).roll(turn, 0) * (1 + turn % 2)
    return (rows / 16).to(getattr(torch, dtype))


def parameter(dtype: str) -> Any:
    """One to be trained."""
    return torch.nn.Parameter(tensor(dtype).clone())


def stepped(optimizer: Any, parameters: Sequence[Any], turns: Sequence[int]) -> None:
    """Steps with the gradients of these turns."""
    for turn in turns:
        for value in parameters:
            value.grad = tensor(str(value.dtype).split(".")[1], turn + 1)
        optimizer.step()
        for value in parameters:
            value.grad = None


def trained(make: Make, dtype: str) -> Any:
    """A parameter after the plain loop."""
    value = parameter(dtype)
    stepped(make([value]), [value], range(TIMES))
    return value.detach()


def same(one: Any, other: Any) -> bool:
    """Bit by bit, nan included."""
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def alike(one: Any, other: Any) -> bool:
    """In float64, as far as float32 goes: one rule in two orders, which rounds otherwise."""
    room = torch.finfo(torch.float32).eps * torch.maximum(one.abs(), other.abs())
    apart = ((one - other).abs() > room) | (one.isnan() != other.isnan())
    return not bool(apart.any())


def double(dtypes: Sequence[str]) -> str:
    """The format in which two orders of one sum are told from another sum."""
    if "float64" not in dtypes:
        raise kit.Unsupported("it takes no float64")
    return "float64"


def closure(make: Make, dtypes: Sequence[str]) -> str:
    """A step that is given a closure moves by the gradients that the closure computes."""
    value = parameter(dtypes[0])
    optimizer = make([value])
    asked = set()
    for turn in range(TIMES):

        def computed(turn: int = turn) -> Any:
            asked.add(turn)
            value.grad = tensor(dtypes[0], turn + 1)
            return value.detach().float().sum()

        optimizer.step(computed)
    if not asked:
        raise kit.Unsupported("it never calls the closure that its step is given")
    if same(value.detach(), trained(make, dtypes[0])):
        return ""
    return "it does not move by the gradients that the closure of this step computes"


def replaced(make: Make, dtypes: Sequence[str]) -> str:
    """A parameter whose storage is replaced between steps goes on from there."""
    value = parameter(dtypes[0])
    optimizer = make([value])
    for turn in range(TIMES):
        stepped(optimizer, [value], [turn])
        value.data = value.data.clone()
    return "" if same(value.detach(), trained(make, dtypes[0])) else "it moves the old storage"


def edited(make: Make, dtypes: Sequence[str]) -> str:
    """A parameter that is written over between steps is what was written, in all formats or none.

    Averages of iterates take it back by design, in each format alike.
    """
    kept = {}
    for dtype in dtypes:
        value = parameter(dtype)
        optimizer = make([value])
        stepped(optimizer, [value], [0])
        before = value.detach().clone()
        with torch.no_grad():
            value.fill_(64)
        stepped(optimizer, [value], [1])
        after = value.detach()
        kept[dtype] = bool(((after - 64).abs() < (after - before).abs()).all())
    if len(set(kept.values())) < 2:
        return ""
    undone = ", ".join(dtype for dtype, as_written in kept.items() if not as_written)
    return f"the step undoes that in {undone}"


def sparse(make: Make, dtypes: Sequence[str]) -> str:
    """A sparse gradient in which an index stands twice is the sum of both."""
    found, dtype = [], double(dtypes)
    for coalesced in (True, False):
        value = parameter(dtype)
        gradient = torch.sparse_coo_tensor(
            torch.tensor([[1, 2, 1]]), tensor(dtype, 1)[:3], SHAPE, check_invariants=True
        )
        value.grad = gradient.coalesce() if coalesced else gradient
        make([value]).step()
        found.append(value.detach())
    return "" if alike(*found) else "what stands at one index twice is not added up"


def mixed(make: Make, dtypes: Sequence[str]) -> str:
    """Two formats in one optimizer: the order of the parameters makes no difference."""
    pairs = [(one, other) for one in dtypes for other in dtypes if one < other]
    if not pairs:
        raise kit.Unsupported("it takes one format")
    for pair in pairs:
        found = []
        for order in (pair, pair[::-1]):
            values = {dtype: parameter(dtype) for dtype in order}
            stepped(make(list(values.values())), list(values.values()), range(TIMES))
            found.append(values)
        for dtype in pair:
            if not same(*(values[dtype].detach() for values in found)):
                first = next(other for other in pair if other != dtype)
                return f"{dtype} parameters move otherwise where {first} ones come first"
    return ""


def second(make: Make, dtypes: Sequence[str]) -> str:
    """Another optimizer over the same parameters starts anew."""
    value = parameter(dtypes[0])
    stepped(make([value]), [value], range(TIMES))
    other = torch.nn.Parameter(value.detach().clone())
    for item in (value, other):
        stepped(make([item]), [item], range(TIMES))
    return "" if same(value.detach(), other.detach()) else "it goes on with what the first one kept"


def views(make: Make, dtypes: Sequence[str]) -> str:
    """Parameters that are views of one storage move as they do with storage of their own."""
    found, dtype = [], double(dtypes)
    for apart in (True, False):
        flat = torch.cat([tensor(dtype, turn).ravel() for turn in (0, 1)])
        parts = [part.view(SHAPE) for part in flat.split(flat.numel() // 2)]
        values = [torch.nn.Parameter(part.clone() if apart else part) for part in parts]
        optimizer = make(values)
        for turn in range(TIMES):
            for place, value in enumerate(values):
                value.grad = tensor(dtype, turn + place)
            optimizer.step()
        found.append(torch.cat([value.detach().ravel() for value in values]))
    return "" if alike(*found) else "they move otherwise than those with storage of their own"


def thawed(make: Make, dtypes: Sequence[str]) -> str:
    """A parameter that is frozen when it is handed over moves once it no longer is."""
    first, value = parameter(dtypes[0]), parameter(dtypes[0]).requires_grad_(False)
    optimizer = make([first, value])
    value.requires_grad_(True)
    stepped(optimizer, [first, value], range(TIMES))
    return "" if same(value.detach(), first.detach()) else "it does not move as others do"


def copied(make: Make, dtypes: Sequence[str]) -> str:
    """A deep copy of an optimizer and its parameters goes on as the optimizer would."""
    value = parameter(dtypes[0])
    optimizer = make([value])
    stepped(optimizer, [value], [0])
    twin = copy.deepcopy(optimizer)
    own = [p for group in twin.param_groups for p in group["params"]]
    stepped(twin, own, range(1, TIMES))
    return "" if same(own[0].detach(), trained(make, dtypes[0])) else "it goes on otherwise"


def in_turn(make: Make, dtypes: Sequence[str]) -> str:
    """Two optimizers that step in turn, as a generator's and a critic's do: each as if alone."""
    values = [parameter(dtypes[0]), parameter(dtypes[0])]
    optimizers = [make([value]) for value in values]
    for turn in range(TIMES):
        for optimizer, value in zip(optimizers, values, strict=True):
            stepped(optimizer, [value], [turn])
    alone = trained(make, dtypes[0])
    if all(same(value.detach(), alone) for value in values):
        return ""
    return "one moves otherwise than it does alone"


def crowd(make: Make, dtypes: Sequence[str]) -> str:
    """Many parameters that are all the same all move the same."""
    values = [parameter(dtypes[0]) for _ in range(CROWD)]
    stepped(make(values), values, range(TIMES))
    alone = trained(make, dtypes[0])
    apart = [number for number, value in enumerate(values) if not same(value.detach(), alone)]
    return f"number {apart[0] + 1} moves otherwise than one alone" if apart else ""


def tensor_rate(make: Make, dtypes: Sequence[str]) -> str:
    """A learning rate that is a tensor stays what its owner made it."""
    value = parameter(dtypes[0])
    optimizer = make([value])
    rate = torch.tensor(0.25)
    for group in optimizer.param_groups:
        if "lr" not in group:
            raise kit.Unsupported("its groups have no lr")
        group["lr"] = rate
    stepped(optimizer, [value], range(TIMES))
    return "" if rate.item() == 0.25 else "the step writes into that tensor"


HABITS: dict[str, Habit] = {
    "closure": closure,
    "replaced": replaced,
    "edited": edited,
    "sparse": sparse,
    "mixed": mixed,
    "second": second,
    "views": views,
    "tensor-rate": tensor_rate,
    "thawed": thawed,
    "copied": copied,
    "in-turn": in_turn,
    "crowd": crowd,
}
