"""What training loops do with the groups and the checkpoints of a ``torch.optim.Optimizer``.

Like the other habits each compares an optimizer with itself, bit by bit: a group moves as it does
alone, numbers that change midway are those of an optimizer that was made with them, and a
checkpoint that is loaded goes on where it was saved.  No document is needed for that.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from optimizer_conformance.adapters import kit
from optimizer_conformance.adapters.targets.torch_habits import (
    TIMES,
    Habit,
    Make,
    alike,
    parameter,
    same,
    stepped,
    tensor,
    trained,
)

# Which way of carrying out a step is taken, not what it computes.
WAYS = ("foreach", "fused", "capturable", "differentiable")
DOZEN = 12  # parameters: more than ten, whose numbers sort otherwise as text
MANY = 64  # steps, after which it shows that a narrow format keeps what a wide one did


def named(optimizer: Any) -> dict[str, Any]:
    """The numbers and switches that were handed over for its first group."""
    defaults = getattr(optimizer, "defaults", None)
    if not isinstance(defaults, dict):
        raise kit.Unsupported("its groups have no defaults")
    return {name: value for name, value in defaults.items() if name not in WAYS}


def others(value: Any) -> Iterator[Any]:
    """Other values of a hyperparameter: one within its range whatever that is, or the switch."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from (value / 2, 0.0) if value else (0.25,)
    elif isinstance(value, tuple) and value and all(isinstance(x, float) for x in value):
        yield tuple(x / 2 if x < 1 else x for x in value)


def settings(make: Make, dtype: str) -> Iterator[tuple[str, Any]]:
    """Each name with another value that a group of its own takes."""
    for name, value in named(make([parameter(dtype)])).items():
        for other in others(value):
            own = parameter(dtype)
            try:
                stepped(make([{"params": [own], name: other}]), [own], [0])
            except Exception:  # noqa: BLE001 - foreign code raises what it likes: it refuses that
                continue
            yield name, other


def alone(make: Make, dtype: str, **own: Any) -> Any:
    """A parameter after the plain loop, in the only group."""
    value = parameter(dtype)
    stepped(make([{"params": [value], **own}]), [value], range(TIMES))
    return value.detach()


def group_options(make: Make, dtypes: Sequence[str]) -> str:
    """Two groups that differ in one number or switch each move as they do alone."""
    plain = alone(make, dtypes[0])
    for name, other in settings(make, dtypes[0]):
        changed = alone(make, dtypes[0], **{name: other})
        apart: list[dict[str, Any]] = [{}, {name: other}]
        for own in (apart, apart[::-1]):
            values = [parameter(dtypes[0]), parameter(dtypes[0])]
            groups = [{"params": [v], **one} for v, one in zip(values, own, strict=True)]
            stepped(make(groups), values, range(TIMES))
            expected = [changed if one else plain for one in own]
            if not all(same(v.detach(), e) for v, e in zip(values, expected, strict=True)):
                return f"one moves otherwise than it does alone where {name} differs"
    return ""


def idle_group(make: Make, dtypes: Sequence[str]) -> str:
    """A group none of whose parameters has a gradient stops no other."""
    for idle in (0, 1):
        values = [parameter(dtypes[0]), parameter(dtypes[0])]
        optimizer = make([{"params": [value]} for value in values])
        stepped(optimizer, [values[1 - idle]], range(TIMES))
        if not same(values[1 - idle].detach(), alone(make, dtypes[0])):
            return "the other group moves otherwise than it does alone"
    return ""


def closure_groups(make: Make, dtypes: Sequence[str]) -> str:
    """A closure is evaluated for all groups at once: with the parameters as they stood before."""
    found = []
    for handed in (True, False):
        values = [parameter(dtypes[0]), parameter(dtypes[0])]
        optimizer = make([{"params": [value]} for value in values])
        asked: list[Any] = []

        def computed(values: Sequence[Any] = values, asked: list[Any] = asked) -> Any:
            total = sum(value.detach() for value in values)
            for value in values:
                value.grad = total.clone()
            asked.append(total)
            return total.float().sum()

        for _ in range(TIMES):
            if handed:
                optimizer.step(computed)
                if not asked:
                    raise kit.Unsupported("it never calls the closure that its step is given")
            else:
                computed()
                optimizer.step()
        found.append(torch.cat([value.detach() for value in values]))
    return "" if same(*found) else "the groups do not move by the gradients of one evaluation"


def closure_value(make: Make, dtypes: Sequence[str]) -> str:
    """What a closure returns is returned by the step that is given it, as those of PyTorch do."""
    value = parameter(dtypes[0])
    loss = torch.tensor(0.5)
    value.grad = value.detach().clone()
    returned = make([value]).step(lambda: loss)
    return "" if returned is loss else "its step does not return what the closure returns"


def newcomer(make: Make, dtypes: Sequence[str]) -> str:
    """A group that is added later and names nothing has what the optimizer was made with."""
    first, later = parameter(dtypes[0]), parameter(dtypes[0])
    optimizer = make([first])
    if not hasattr(optimizer, "add_param_group"):
        raise kit.Unsupported("no group can be added to it")
    stepped(optimizer, [first], [0])
    for group in optimizer.param_groups:
        for name, value in named(optimizer).items():
            for other in others(value):
                group[name] = other
    optimizer.add_param_group({"params": [later]})
    stepped(optimizer, [later], range(TIMES))
    # Where the steps of all groups are counted, that is another kind, which others show.
    counted = parameter(dtypes[0]), parameter(dtypes[0])
    control = make([counted[0]])
    stepped(control, [counted[0]], [0])
    control.add_param_group({"params": [counted[1]]})
    stepped(control, [counted[1]], range(TIMES))
    return "" if same(later.detach(), counted[1].detach()) else "it has the numbers of another"


def twin(make: Make, optimizer: Any, value: Any, before: dict[str, Any], **own: Any) -> Any:
    """An optimizer made anew over a copy, with the state and the counters of another."""
    copied = torch.nn.Parameter(value.detach().clone())
    made = make([{"params": [copied], **own}])
    if not isinstance(getattr(optimizer, "state", None), dict):
        raise kit.Unsupported("its state is its own affair")
    made.state[copied] = copy.deepcopy(optimizer.state.get(value, {}))
    for name, now in optimizer.param_groups[0].items():
        if name not in ("params", *optimizer.defaults) and before.get(name) is not now:
            made.param_groups[0][name] = copy.deepcopy(now)
    return made, copied


def changing(make: Make, dtypes: Sequence[str]) -> str:
    """Numbers that a group is given midway are those that hold from then on."""

    def went_on(name: str, other: Any) -> bool:
        value = parameter(dtypes[0])
        optimizer = make([value])
        before = dict(optimizer.param_groups[0])
        stepped(optimizer, [value], range(TIMES))
        other = optimizer.param_groups[0][name] if other is None else other
        made, copied = twin(make, optimizer, value, before, **{name: other})
        optimizer.param_groups[0][name] = other
        for own, moved in ((optimizer, value), (made, copied)):
            stepped(own, [moved], range(TIMES, 2 * TIMES))
        return same(value.detach(), copied.detach())

    begun = named(make([parameter(dtypes[0])]))
    for name, other in settings(make, dtypes[0]):
        if isinstance(other, bool) or not begun[name]:
            continue  # what is off needs from the start what it keeps
        if not went_on(name, None):
            raise kit.Unsupported("what it keeps cannot be carried over to another")
        if not went_on(name, other):
            return f"it does not go on as with that {name}"
    return ""


def skeleton(kept: Any) -> Any:
    """What stands under which name, whatever its numbers."""
    if isinstance(kept, dict):
        return {name: skeleton(inner) for name, inner in kept.items()}
    return [skeleton(inner) for inner in kept] if isinstance(kept, list) else None


def begins_again(make: Make, dtype: str) -> bool:
    """Whether a checkpoint of before the first step brings back the beginning."""
    value = parameter(dtype)
    optimizer = make([value])
    if not hasattr(optimizer, "load_state_dict"):
        raise kit.Unsupported("it has no state_dict")
    saved = copy.deepcopy(optimizer.state_dict())
    stepped(optimizer, [value], [0])
    optimizer.load_state_dict(saved)
    with torch.no_grad():
        value.copy_(parameter(dtype))
    stepped(optimizer, [value], range(TIMES))
    return same(value.detach(), trained(make, dtype))


def in_their_places(make: Make, dtype: str) -> bool:
    """Whether each of more than ten parameters goes on with its own."""
    found = []
    for loads in (True, False):
        values = [parameter(dtype) for _ in range(DOZEN)]
        optimizer = make(values)
        for turn in range(TIMES):
            if loads and turn == 1:
                saved = copy.deepcopy(optimizer.state_dict())
                optimizer = make(values)
                optimizer.load_state_dict(saved)
            for place, value in enumerate(values):
                value.grad = tensor(dtype, turn + place)
            optimizer.step()
        found.append(torch.stack([value.detach() for value in values]))
    return same(*found)


def resumed(make: Make, dtypes: Sequence[str]) -> str:
    """A checkpoint goes on where it was saved, in each format, and can be loaded again.

    What it is loaded into may have been made with other numbers, as after a change of the script.
    """
    for dtype in dtypes:
        if not begins_again(make, dtype):
            return f"in {dtype} it does not begin again from before its first step"
        idle, value = parameter(dtype), parameter(dtype)
        optimizer = make([idle, value])
        stepped(optimizer, [value], [0])
        start, plain = value.detach().clone(), parameter(dtype)
        stepped(make([plain]), [plain], range(MANY))
        for own, why in (({}, ""), (dict(settings(make, dtype)), " where it has other numbers")):
            saved = copy.deepcopy(optimizer.state_dict())
            before, copied = skeleton(saved), torch.nn.Parameter(start.clone())
            loaded = make([{"params": [parameter(dtype), copied], **own}])
            loaded.load_state_dict(saved)
            if skeleton(saved) != before:
                return "loading takes something out of the checkpoint"
            stepped(loaded, [copied], range(1, MANY))
            # Scalars of the state may come back in the parameter's format: in float64 as good.
            equal = alike if dtype == "float64" else same
            if not equal(copied.detach(), plain.detach()):
                return f"in {dtype} it does not go on as before{why}"
    if not in_their_places(make, dtypes[0]):
        return "one parameter goes on as before, and of a dozen some do not"
    return ""


def kept_gradient(make: Make, dtypes: Sequence[str]) -> str:
    """A gradient that stands for several steps is taken in each."""
    found = []
    for anew in (True, False):
        value = parameter(dtypes[0])
        optimizer = make([value])
        value.grad = value.detach().clone()
        for _ in range(TIMES):
            value.grad = value.grad.clone() if anew else value.grad
            optimizer.step()
        found.append(value.detach())
    return "" if same(*found) else "it does not move as by equal gradients that are made anew"


def handed_with_names(make: Make, dtypes: Sequence[str]) -> str:
    """Parameters that are handed over with their names move as they do without."""
    for own in ({}, *({name: other} for name, other in settings(make, dtypes[0]))):
        values = {name: parameter(dtypes[0]) for name in ("weight", "bias", "norm.weight")}
        pairs = list(values.items())
        stepped(make([{"params": pairs, **own}]), list(values.values()), range(TIMES))
        plain = alone(make, dtypes[0], **own)
        for name, value in pairs:
            if not same(value.detach(), plain):
                return f"{name} moves otherwise than without a name"
    return ""


def handed_once(make: Make, dtypes: Sequence[str]) -> str:
    """Parameters that can be gone through once alone, as ``model.parameters()``, all move."""
    values = [parameter(dtypes[0]), parameter(dtypes[0])]
    stepped(make(iter(values)), values, range(TIMES))
    plain = trained(make, dtypes[0])
    if all(same(value.detach(), plain) for value in values):
        return ""
    return "they do not move as those of a list"


HABITS: dict[str, Habit] = {
    "group-options": group_options,
    "idle-group": idle_group,
    "closure-groups": closure_groups,
    "newcomer": newcomer,
    "changing": changing,
    "resumed": resumed,
    "handed-once": handed_once,
    "handed-with-names": handed_with_names,
    "kept-gradient": kept_gradient,
}
# What is no fault of the rule, and said all the same.
REMARKS: dict[str, Habit] = {"closure-value": closure_value}
