"""What a target's own arguments are called here."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from optimizer_conformance.adapters.targets.order import BadTarget
from optimizer_conformance.reference.hyperparameters import (
    BESIDE,
    HYPERPARAMETERS,
    MEANINGS,
    NAMES,
    plain,
)

# Without it a rate is meant: no average forgets more than half of its past in a step.
LEAST_DECAY = 0.5
SMALLEST_RATE = 1e-6  # less is an epsilon
SWITCHES = {
    "centered": "centered centred",
    "nesterov": "nesterov usenesterov",
    "amsgrad": "amsgrad useamsgrad",
    "maximize": "maximize maximise",
}
FEATURES = {word: name for name, words in SWITCHES.items() for word in words.split()}
PAIR = "betas"
# What stands where in it: of two, and of three; AdEMAMix has the slow average last.
OF_TWO = ("beta1", "decay")
OF_THREE = ("beta1", "beta3", "decay")
ELSEWHERE = {"ademamix": ("beta1", "decay", "beta3")}
EMPTY = inspect.Parameter.empty


def meanings(name: str) -> bool:
    """Whether an argument of that name is a hyperparameter or a switch."""
    word = plain(name)
    return word in NAMES or word in MEANINGS or word in FEATURES or word == PAIR


@dataclass
class Names:
    """A target's arguments by canonical name.

    own       hyperparameter to its argument; of several ``betas`` all have that name
    shares    the hyperparameters that ``betas`` holds, in its order
    switches  feature to the Boolean argument that switches it on
    defaults  of hyperparameters and switches, as the signature states them
    remarks   what was decided where a name means several things
    others    arguments that are no hyperparameters, and what they are left at
    """

    own: dict[str, str] = field(default_factory=dict)
    shares: tuple[str, ...] = ()
    switches: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)

    def canonical(self, name: str) -> str:
        """The hyperparameter that an argument or a canonical name means; empty for another."""
        if name in self.own:
            return name
        found = [canonical for canonical, own in self.own.items() if own == name]
        return found[0] if len(found) == 1 else ""


def read(
    signature: Mapping[str, inspect.Parameter],
    mapping: Mapping[str, str],
    given: set[str],
    family: str = "",
) -> Names:
    """The names of a signature less the arguments that are no hyperparameters.

    ``mapping`` decides first; ``given`` are the arguments that are passed anyway; ``family`` is
    what it was said to be.  Raises BadTarget for a mapping to nothing, or an argument that nothing
    is known to pass for.
    """
    names = Names()
    anything = any(p.kind is p.VAR_KEYWORD for p in signature.values())
    usual = {
        name: p.default
        for name, p in signature.items()
        if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    }
    for own, canonical in mapping.items():
        if own not in usual and not anything:
            raise BadTarget(
                f"--map {own}={canonical}: it has no argument {own!r}, only {list(usual)}"
            )
        if canonical in SWITCHES:
            names.switches[canonical] = own
        elif canonical in HYPERPARAMETERS:
            names.own[canonical] = own
        else:
            every = ", ".join((*HYPERPARAMETERS, *SWITCHES))
            raise BadTarget(f"--map {own}={canonical}: no {canonical!r}; known are {every}")
    left = {name: default for name, default in usual.items() if name not in mapping}
    words = {plain(name) for name in usual}
    known = {
        **NAMES,
        **{word: name for (word, other), name in BESIDE.items() if other in words},
    }
    for name in list(left):
        word = plain(name)
        if word == PAIR and "beta1" not in names.own and "decay" not in names.own:
            default = left[name]
            three = isinstance(default, (tuple, list)) and len(default) == 3
            names.shares = ELSEWHERE.get(family, OF_THREE) if three else OF_TWO
            names.own.update(dict.fromkeys(names.shares, name))
        elif word in known and known[word] not in names.own:
            names.own[known[word]] = name
        elif word in FEATURES and FEATURES[word] not in names.switches:
            names.switches[FEATURES[word]] = name
        else:
            continue
        del left[name]
    for name in [name for name in left if plain(name) in MEANINGS]:
        decide(name, left.pop(name), names)
    offer(left, names, given)
    names.own = {name: names.own[name] for name in HYPERPARAMETERS if name in names.own}
    fill_defaults(names, usual)
    return names


def offer(left: Mapping[str, Any], names: Names, given: set[str]) -> None:
    """Offer guesses for what has a name of its own.  Raises BadTarget where it has to be given."""
    guesses = dict(guessed(left, names, given))
    missing = [name for name, default in left.items() if default is EMPTY and name not in given]
    if missing:
        guess = guesses.get(missing[0], "")
        raise BadTarget(
            f"nothing is known to pass for {', '.join(missing)}: --map {missing[0]}=NAME says what "
            f"it is called here, {missing[0]}=VALUE what it is"
            + (f" (a guess: --map {missing[0]}={guess})" if guess else "")
        )
    for name, guess in guesses.items():
        meant = f"if it is the {guess.replace('_', ' ')}, --map {name}={guess} says so"
        names.remarks.append(f"{name} is left at {left[name]!r}; {meant}")
    names.others = {n: at for n, at in left.items() if n not in given and n not in guesses}


def guessed(left: Mapping[str, Any], names: Names, given: set[str]) -> Iterator[tuple[str, str]]:
    """What arguments with names of their own may be: by their place and their default."""
    known = {
        name: default
        for name, default in left.items()
        if name not in given and (default is EMPTY or plainly(default))
    }
    shares = [default for default in known.values() if plainly(default) and share(default)]
    taken = set(names.own)
    for name, default in known.items():
        first = len(shares) > 1 and default == min(shares)
        for meaning in likely(default, first=first):
            if meaning not in taken:
                taken.add(meaning)
                yield name, meaning
                break


def plainly(default: Any) -> bool:
    """Whether it is a number."""
    return isinstance(default, (int, float)) and not isinstance(default, bool)


def share(default: float) -> bool:
    """Whether such a share of an average may be kept."""
    return LEAST_DECAY <= default < 1


def likely(default: Any, *, first: bool) -> tuple[str, ...]:
    """Hyperparameters that have such a default; ``first``: the smaller of several shares."""
    if default is EMPTY or default == 1:
        return ("learning_rate",)
    if share(default):
        return ("beta1", "momentum", "decay") if first else ("decay", "momentum", "beta1")
    if not 0 < default < 1:
        return ()
    return ("epsilon",) if default <= SMALLEST_RATE else ("learning_rate", "weight_decay")


def decide(name: str, default: Any, names: Names) -> None:
    """The meaning of an ambiguous argument: by its default, and by what else there is."""
    wanted = [meaning for meaning in MEANINGS[plain(name)] if meaning not in names.own]
    number = default if isinstance(default, (int, float)) and default is not True else None
    if number is not None and number < LEAST_DECAY:
        wanted = [one for one in wanted if HYPERPARAMETERS[one].held != "moments"]
    elif number is None and plain(name) == "alpha" and "decay" in names.own:
        wanted = ["learning_rate"] if "learning_rate" in wanted else []
    if not wanted:
        names.remarks.append(f"{name} is left at {default!r}: --map {name}=NAME says what it is")
        return
    names.own[wanted[0]] = name
    if name == wanted[0]:
        return
    names.remarks.append(f"{name} is taken for {wanted[0]} (--map {name}=NAME if it is not)")


def fill_defaults(names: Names, usual: Mapping[str, Any]) -> None:
    """What the signature states for each name."""
    for canonical, own in {**names.own, **names.switches}.items():
        default = usual.get(own, EMPTY)
        several = plain(own) == PAIR and isinstance(default, (tuple, list))
        if several and len(default) == len(names.shares):
            default = default[names.shares.index(canonical)]
        if default is not EMPTY:
            names.defaults[canonical] = default
