"""Situations: when, where and with what numbers an optimizer may go wrong, as one table.

A rule can be right in every step that a short trajectory takes, and wrong after a thousand, in a
matrix, for a parameter above 100, after a checkpoint.  Each row is one such situation, and says in
which cases it is met.  What is asked of an implementation is chosen from here, and what was tried
is said with these words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.rules import FAMILIES, extent, taken

KINDS = {
    "when": "at which step, and after what",
    "where": "in which place, of which size, shape and memory",
    "how large": "how large parameters, gradients and state are",
    "which hyperparameters": "at the ends of their ranges, and changed midway",
    "which options": "every set of options",
    "which formats": "every format",
    "again": "the same once more",
}


@dataclass(frozen=True)
class Situation:
    """One situation.

    name         as lists and JSON have it
    kind         one of ``KINDS``
    words        after "tried" or "not tried"
    mode         of the cases in which it is met; empty where no case but the course of a question
                 meets it
    parts        globs over the names of the parameters that meet it; empty: all of them
    needs        what it takes of an implementation, of ``NEEDS``
    unreachable  kinds of targets that cannot be put there, and why
    """

    name: str
    kind: str
    words: str
    mode: str = ""
    parts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    unreachable: Mapping[str, str] = field(default_factory=dict)

    def meets(self, mode: str, part: str) -> bool:
        """Whether a parameter of a case in a mode is in it."""
        return mode.removesuffix("-filled") == self.mode and (
            not self.parts or any(fnmatchcase(part, glob) for glob in self.parts)
        )


OWN = "asked of somebody's own class of PyTorch alone"
OF_ARRAYS = "asked of a class on NumPy arrays alone"
OWN_CLASS = "asked of somebody's own class, of PyTorch or on NumPy arrays, alone"
ON_ARRAYS = "asked of somebody's own function or class on NumPy arrays alone"
OF_OPTAX = "asked of somebody's own Optax transformation alone"
COMPLEX = "complex"  # the name of a situation in which cases are by their format
# What a situation may need of an implementation: in the words of a list, and what is said of one
# that lacks it.
NEEDS = {
    "missing": ("steps that pass over a parameter", "a step cannot leave a parameter out"),
    "joins": ("parameters that are handed over later", "no parameter can be handed over later"),
    "saved": ("saving and loading", "it is not saved and loaded here"),
    "memory": ("layouts of memory", "arrays have no layout of memory that could be asked for"),
    "closure": ("a step with a closure", OWN),
    "replaced": ("a parameter's storage", OWN_CLASS),
    "edited": ("a parameter that can be written over", OWN_CLASS),
    "sparse": ("sparse gradients", OWN),
    "mixed": ("several formats at once", OWN),
    "second": ("parameters that outlive it", OWN),
    "views": ("parameters that may be views", OWN),
    "tensor-rate": ("a rate that may be a tensor", OWN),
    "thawed": ("parameters that may be frozen", OWN),
    "copied": ("an optimizer that can be copied", OWN),
    "in-turn": ("several optimizers at once", OWN),
    "crowd": ("a thousand parameters", OWN),
    "group-options": ("parameter groups", OWN),
    "idle-group": ("parameter groups", OWN),
    "closure-groups": ("a step with a closure", OWN),
    "newcomer": ("groups that are added", OWN),
    "changing": ("numbers that groups hold", OWN),
    "resumed": ("a checkpoint", OWN),
    "handed-with-names": ("parameters with names", OWN),
    "zero-grad": ("a zero_grad of its own", OWN),
    "autocast": ("a step that autocast may be around", OWN),
    "default-format": ("a default format", OWN),
    "scaler": ("a gradient scaler", OWN),
    "frozen-gradient": ("parameters that may be frozen", OWN),
    "saved-meanwhile": ("a checkpoint", OWN),
    "closure-raised": ("a step with a closure", OWN),
    "one-list": ("gradients in a list", OF_ARRAYS),
    "kept-gradient": ("a gradient that stands", OWN),
    "handed-once": ("parameters in any iterable", OWN_CLASS),
    "gradient-order": ("gradients in a dictionary", OF_ARRAYS),
    "left-out": ("gradients of which one may be left out", OF_ARRAYS),
    "array-numbers": ("a tuple of numbers", OF_ARRAYS),
    "byte-order": ("NumPy arrays", ON_ARRAYS),
    "read-only": ("NumPy arrays", ON_ARRAYS),
    "whole-numbers": ("a rate that Python hands over", ON_ARRAYS),
    "containers": ("parameters in dictionaries", OF_OPTAX),
    "compiled": ("a step that can be compiled", OF_OPTAX),
    "turns": ("several sets of parameters", OF_OPTAX),
    "gradient-format": (
        "gradients of another format",
        "no document says in which format a step then computes",
    ),
    "complex": (
        "complex numbers",
        "complex numbers are asked of the implementations of adapters alone",
    ),
    "groups": ("groups", "there are no groups whose hyperparameters all differ"),
    "schedules": ("a schedule of the learning rate", "no schedule reaches its learning rate"),
    "elements": (
        "elements that step by themselves",
        "its elements are no experiments of their own",
    ),
    "empty": ("empty parameters", "it takes no empty parameter"),
    "scalar": ("0-d parameters", "it takes no 0-d parameter"),
}

# What cases of a mode take of an implementation.
NEEDED = {
    "rates": ("schedules",),
    "loop-missing": ("missing",),
    "loop-joined": ("joins",),
    "loop-groups": ("groups",),
    "checkpoint": ("saved",),
    "mixed": ("schedules",),
    "mixed-loop": ("schedules", "missing", "joins", "groups", "saved", "memory"),
}

NO_LOOP = {
    "function": "the caller of a function keeps its parameters and its loop",
    "optax": "a transformation is given all gradients at once",
    "keras": "an optimizer is built over all variables, and counts steps for all of them",
    "mindspore": "an optimizer is built over all parameters",
}
NO_MEMORY = {
    "optax": "a JAX array has no strides",
    "keras": "a variable has no strides",
    "mindspore": "a tensor is copied before it is used",
}
NO_GROUPS = {
    "optax": "one transformation has one set of hyperparameters",
    "keras": "an optimizer of Keras has one set of hyperparameters",
}

SITUATIONS = (
    # When.
    Situation("first-steps", "when", "the first steps", "trajectory"),
    Situation(
        "long-run",
        "when",
        "more than a thousand steps: past 127, 256 and 1024, every power of two, every multiple",
        "steps",
    ),
    Situation("pausing", "when", "gradients that are zero most of the time", "steps", ("sparse",)),
    Situation(
        "starting-late", "when", "a gradient that is zero for hundreds of steps", "steps", ("late",)
    ),
    Situation(
        "no-gradient",
        "when",
        "steps without a gradient: the first, some, most",
        "loop-missing",
        ("late-*", "gap-*", "rare-*"),
        ("missing",),
        {name: NO_LOOP[name] for name in ("optax", "keras", "mindspore")},
    ),
    Situation(
        "left-out", "when", "a step that has no gradient of one of several parameters",
        needs=("left-out",),
    ),
    Situation(
        "zero-gradient", "when", "steps whose gradient is zero", "loop", ("zeroed-*",)
    ),
    Situation(
        "joined",
        "when",
        "a parameter that is handed over after some steps",
        "loop-joined",
        ("joined-*",),
        ("joins",),
        NO_LOOP,
    ),
    Situation(
        "loaded", "when", "after it was saved and loaded", "checkpoint", needs=("saved",)
    ),
    Situation(
        "after-non-finite", "when", "after a gradient that was infinite or nan",
        "magnitudes", ("non-finite",),
    ),
    Situation(
        "thawed", "when", "a parameter that was frozen when it was handed over", needs=("thawed",)
    ),
    Situation("copied", "when", "a deep copy of it and its parameters", needs=("copied",)),
    Situation(
        "closure", "when", "gradients that the closure of a step computes", needs=("closure",)
    ),
    Situation(
        "closure-raised", "when", "steps after a closure that raised", needs=("closure-raised",)
    ),
    Situation(
        "zero-grad", "when", "a zero_grad where there are several groups", needs=("zero-grad",)
    ),
    Situation(
        "saved-meanwhile", "when", "a checkpoint that is made and not used",
        needs=("saved-meanwhile",),
    ),
    Situation(
        "frozen-gradient", "when", "a frozen parameter whose gradient stands",
        needs=("frozen-gradient",),
    ),
    Situation(
        "storage-replaced", "when", "a parameter whose storage is replaced between steps",
        needs=("replaced",),
    ),
    Situation(
        "written-over", "when", "a parameter that is written over between steps",
        needs=("edited",),
    ),
    Situation(
        "newcomer", "when", "a group that is added after the numbers of others were changed",
        needs=("newcomer",),
    ),
    Situation(
        "resumed", "when", "checkpoints in every format, also where other numbers were",
        needs=("resumed",),
    ),
    # Where.
    Situation("sizes", "where", "sizes from 1 to 64, and multiples to 768", "shapes"),
    Situation(
        "large-arrays", "where", "elements past 1024, 4096 and 65536", "shapes",
        ("*-1023", "*-1024", "*-1025", "*-4099", "*-65539"), ("elements",),
    ),
    Situation(
        "ranks", "where", "two to six dimensions", "shapes", ("*x*",), ("elements",)
    ),
    Situation(
        "empty", "where", "a parameter without elements", "shapes", ("*-0", "*-0-last"),
        ("elements", "empty"),
    ),
    Situation("zero-d", "where", "0-d", "shapes", ("*-scalar",), ("elements", "scalar")),
    Situation(
        "memory-order", "where", "Fortran and channels-last order", "shapes",
        ("fortran-*", "channels-last-*"), ("elements", "memory"), NO_MEMORY,
    ),
    Situation(
        "strides", "where", "a strided parameter", "shapes", ("strided-*",),
        ("elements", "memory"), NO_MEMORY,
    ),
    Situation(
        "gradient-memory", "where", "a gradient in other memory order, or strided", "shapes",
        ("*-gradient-*",), ("elements", "memory"), NO_MEMORY,
    ),
    Situation(
        "gradient-reused", "where", "gradients that stand in one buffer", "loop", ("reused-*",),
        ("memory",), NO_MEMORY,
    ),
    Situation(
        "idle-rows", "where", "a matrix of which some rows have a gradient of zero", "loop",
        ("rows",),
    ),
    Situation(
        "cancelling", "where", "a gradient whose rows and columns add up to nothing", "loop",
        ("cancelling",),
    ),
    Situation(
        "sparse-gradient", "where", "a sparse gradient that has an index twice",
        needs=("sparse",),
    ),
    Situation(
        "one-storage", "where", "parameters that are views of one storage", needs=("views",)
    ),
    Situation("many-parameters", "where", "many parameters, first to last", "loop"),
    Situation("crowd", "where", "a thousand parameters in one optimizer", needs=("crowd",)),
    Situation(
        "containers", "where", "tuples, and dictionaries whose keys are not sorted",
        needs=("containers",),
    ),
    Situation(
        "groups", "where", "groups whose hyperparameters all differ", "loop-groups", (),
        ("groups",), NO_GROUPS,
    ),
    Situation(
        "group-options", "where", "two groups that differ in one number or switch of its own",
        needs=("group-options",),
    ),
    Situation(
        "idle-group", "where", "a group none of whose parameters has a gradient",
        needs=("idle-group",),
    ),
    Situation(
        "closure-groups", "where", "a closure where there are several groups",
        needs=("closure-groups",),
    ),
    Situation(
        "handed-with-names", "where", "parameters that are handed over with their names",
        needs=("handed-with-names",),
    ),
    Situation(
        "byte-order", "where", "gradients whose bytes stand in the other order",
        needs=("byte-order",),
    ),
    Situation(
        "read-only", "where", "arrays that cannot be written into", needs=("read-only",)
    ),
    Situation(
        "one-list", "where", "a list of gradients that is filled anew for each step",
        needs=("one-list",),
    ),
    Situation(
        "gradient-order", "where", "a dictionary of gradients that is filled in another order",
        needs=("gradient-order",),
    ),
    Situation(
        "handed-once", "where", "parameters that can be gone through once alone",
        needs=("handed-once",),
    ),
    Situation(
        "together", "where", "several of these at once: shapes, sizes of numbers, rates", "mixed",
        needs=("schedules",),
    ),
    Situation(
        "together-in-a-loop", "where",
        "several of these at once, with groups, gaps, newcomers and checkpoints", "mixed-loop",
        needs=NEEDED["mixed-loop"], unreachable=NO_LOOP,
    ),
    # How large.
    Situation("heavy", "how large", "parameters from 100 to a million", "magnitudes", ("heavy*",)),
    Situation(
        "faint", "how large", "parameters that are tiny or subnormal", "magnitudes", ("faint",)
    ),
    Situation(
        "colossal", "how large", "parameters near the end of the range", "magnitudes", ("colossal",)
    ),
    Situation(
        "large-gradient", "how large", "gradients from a thousand to a million", "magnitudes",
        ("large",),
    ),
    Situation("huge-gradient", "how large", "squares that overflow", "magnitudes", ("huge",)),
    Situation(
        "tiny-gradient", "how large", "squares that underflow, subnormal gradients", "magnitudes",
        ("tiny", "subnormal"),
    ),
    Situation(
        "whole", "how large", "parameters that are all ones, or all zero", "magnitudes",
        ("ones", "zeros"),
    ),
    Situation("spike", "how large", "one gradient a thousandfold", "magnitudes", ("spike",)),
    Situation("all-zero", "how large", "gradients that are all zero", "magnitudes", ("zero",)),
    Situation("non-finite", "how large", "infinities and nan", "magnitudes", ("non-finite",)),
    # Which hyperparameters.
    Situation("boundaries", "which hyperparameters", "each at each end of its range", "boundaries"),
    Situation(
        "changing-rate", "which hyperparameters",
        "a rate that rises, is zero, falls and rises again", "rates", needs=("schedules",),
    ),
    Situation(
        "tensor-rate", "which hyperparameters", "a learning rate that is a tensor",
        needs=("tensor-rate",),
    ),
    Situation(
        "changing", "which hyperparameters", "other numbers of its own that change midway",
        needs=("changing",),
    ),
    Situation(
        "whole-numbers", "which hyperparameters", "a whole number in the place of a rate",
        needs=("whole-numbers",),
    ),
    Situation(
        "array-numbers", "which hyperparameters", "an array in the place of a tuple of numbers",
        needs=("array-numbers",),
    ),
    Situation("own-defaults", "which hyperparameters", "its own defaults", "defaults"),
    # Which options and formats, and again.
    Situation("options", "which options", "every set of options that both sides have"),
    Situation("formats", "which formats", "every format that it takes"),
    Situation(COMPLEX, "which formats", "complex numbers", needs=("complex",)),
    Situation(
        "gradient-format", "which formats", "a gradient of another format than its parameter",
        needs=("gradient-format",),
    ),
    Situation("autocast", "which formats", "a step inside of autocast", needs=("autocast",)),
    Situation(
        "default-format", "which formats", "a default format of new tensors that is narrow",
        needs=("default-format",),
    ),
    Situation("scaler", "which formats", "a scaler of gradients", needs=("scaler",)),
    Situation(
        "mixed-formats", "which formats", "parameters of two formats in one optimizer",
        needs=("mixed",),
    ),
    Situation(
        "kept-gradient", "again", "one gradient that stands for several steps",
        needs=("kept-gradient",),
    ),
    Situation(
        "second-optimizer", "again", "another optimizer over the same parameters",
        needs=("second",),
    ),
    Situation(
        "in-turn", "again", "two optimizers that step in turn", needs=("in-turn",)
    ),
    Situation(
        "compiled-once", "again", "a step that is compiled once for all steps",
        needs=("compiled",),
    ),
    Situation(
        "two-sets", "again", "two sets of parameters that one transformation steps in turn",
        needs=("turns",),
    ),
    Situation("twice", "again", "the same steps once more, here and in another process"),
    Situation("many-calls", "again", "thousands of calls that have to give the same bits"),
)  # fmt: skip
NAMED = {situation.name: situation for situation in SITUATIONS}

# mode -> what it shows.  These cases are not drawn: they are there in every run that has them.
SITUATED = {
    "steps": "more than a thousand steps of a few elements",
    "shapes": "sizes, ranks and memory orders over several steps, with any options",
    "shapes-filled": "the same without empty and 0-d parameters, which some refuse",
    "magnitudes": "parameters and gradients at all orders of magnitude",
    "boundaries": "one hyperparameter after the other at the ends of its range",
    "rates": "a learning rate that rises, is zero, falls and rises again",
    "loop": "many parameters, gradients of zero, gradients in one buffer",
    "loop-missing": "parameters that have no gradient in some steps",
    "loop-joined": "a parameter that is handed over later",
    "loop-groups": "parameter groups all of whose hyperparameters differ",
    "checkpoint": "saved and loaded in the framework's own way, several times",
    "mixed": "shapes, sizes of numbers, zeros and rates together, over more steps",
    "mixed-loop": "the same with groups, gaps, newcomers, checkpoints and memory orders",
}
TOGETHER = ("mixed", "mixed-loop")  # in which several situations meet
MANY = 1100  # steps: past int8's 127, 2^8, the 256 at which bfloat16 stops counting, and 2^10
STEPS = {
    "steps": MANY,
    "shapes": 3,
    "shapes-filled": 3,
    "magnitudes": 4,
    "boundaries": 4,
    "rates": 10,
    "loop": 8,
    "loop-missing": 8,
    "loop-joined": 8,
    "loop-groups": 4,
    "checkpoint": 12,
    "mixed": 20,
    "mixed-loop": 20,
}
SIZES = {"steps": 3}
SIZE = 7  # elements of a regime, where nothing else is said
# In dtypes that are not the main one.
ELSEWHERE = ("shapes", "shapes-filled", "magnitudes")
COSTLY = ("steps", "shapes", "shapes-filled")
RATE_PATH = ("1", "1", "4", "16", "0", "0", "0.25", "1", "0.0625", "1")


def unmet(situation: Situation, implementation: Implementation, features: tuple[str, ...]) -> str:
    """Why an implementation cannot be put into a situation; empty where it can."""
    lacking = (need for need in situation.needs if not has(implementation, features, need))
    need = next(lacking, "")
    return implementation.gaps.get(need, NEEDS[need][1]) if need else ""


def has(implementation: Implementation, features: tuple[str, ...], need: str) -> bool:
    """Whether an implementation has what a situation needs."""
    if need == "groups":
        own = set(implementation.hyperparameters)
        if implementation.family in FAMILIES:  # a mixture that identification met has no name
            own &= {record.name for record in taken(implementation.family, features)}
        return bool(own) and own <= set(implementation.groups)
    if need == "complex":
        return any(dtype.startswith("complex") for dtype in implementation.dtypes)
    if need == "schedules":
        return implementation.schedules
    if need == "elements":
        return extent(implementation.family, features) == "parameter"
    if need in ("empty", "scalar"):
        return need not in implementation.gaps
    return need in implementation.loop


def takes_part(implementation: Implementation, mode: str, features: tuple[str, ...]) -> bool:
    """Whether an implementation can be asked the cases of one of these modes."""
    if implementation.compiled:
        return False
    if mode.startswith("shapes"):
        refuses = bool({"empty", "scalar"} & set(implementation.gaps))
        alone = extent(implementation.family, features) == "parameter"
        return alone and refuses == (mode == "shapes-filled")
    return all(has(implementation, features, need) for need in NEEDED.get(mode, ()))


def settings(
    family: str, features: tuple[str, ...], dtype: str, mode: str
) -> Iterator[dict[str, str]]:
    """The hyperparameters of each case of a mode."""
    records = taken(family, features)
    plain = ordinary(family, features, dtype)
    if mode == "magnitudes":
        plain["learning_rate"] = "1"  # beside a large parameter a small step cannot be seen
    if mode == "steps":  # with a memory that many steps fill, and with one that few do
        yield from (ordinary(family, features, dtype, "many"), plain)
        return
    if mode != "boundaries":
        yield plain
        return
    for record in records:
        for value in record.boundaries:
            yield plain | {record.name: value}
    if {"beta1", "decay"} <= plain.keys():
        yield plain | {"beta1": plain["decay"]}  # nothing is between them


def ordinary(
    family: str, features: tuple[str, ...], dtype: str, setting: str = "usual"
) -> dict[str, str]:
    """Hyperparameters none of which is at an end."""
    records = taken(family, features)
    return {record.name: record.narrow.get(dtype) or record.at(setting) for record in records}


def at_an_end(
    family: str, features: tuple[str, ...], dtype: str, values: Mapping[str, str]
) -> dict[str, str]:
    """Which hyperparameters of a case of boundaries stand at an end of their range."""
    usual = ordinary(family, features, dtype)
    return {name: value for name, value in values.items() if value != usual[name]}


def changed(name: str, value: str) -> str:
    """Another value of a hyperparameter, for a second group."""
    record = HYPERPARAMETERS[name]
    if name == "learning_rate":
        return repr(float(value) / 3)
    return next((other for other in record.pair if other != value), value)
