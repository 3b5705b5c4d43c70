"""Older formats of run folders, as the present one would have written them.

Format 1 had no elements, groups, events, journal or keys.  Format 2 kept its groups in
``units.json`` and called a rule's factors ``choices``; what an adapter said of itself stood twice.
Format 3 kept nothing of what came out beside the verdicts; its scores were those of hyperparameters
as they were written.  Format 4 had that in words alone.  Format 5 had a known deviation's link
behind its reason, and said of adapters without an environment no more than words.
"""

from __future__ import annotations

import re
from typing import Any

from optimizer_conformance.reports.records import FORMAT, Cause, unmade

FORMATS = (1, 2, 3, 4, 5, FORMAT)
Json = dict[str, Any]

GROUPS = {2: "units.json", **dict.fromkeys((3, 4, 5, FORMAT), "groups.json")}
# What stands where a folder of an older format has nothing.
PROVENANCE: Json = {
    "started": "", "python": "", "implementation": "", "platform": "", "processor": "",
    "cores": None, "memory": 0, "accelerators": [], "harness": {}, "variables": {},
    "confinement": "", "profile": "", "seed": 0, "adapters": [], "interpreter": "",
    "requested": [], "required": [], "shard": [1, 1], "suite": "", "revision": "",
    "dirty": False, "command": [], "reasons": {},
}  # fmt: skip
SELECTION: Json = {
    "adapters": [], "implementations": [], "variants": [], "dtypes": [], "devices": [],
    "modes": [], "cases": [],
}  # fmt: skip
FOOTER: Json = {
    "ended": "", "cells": 0, "rows": {}, "unexpected": 0, "stale": [], "missing": {},
    "findings": None, "reused": 0, "retried": {}, "exit_code": 0, "seconds": None,
}  # fmt: skip
# How format 5 kept the link of a known deviation.
LINKED = re.compile(r"(.*) \((\S+)\)", re.DOTALL)
# How format 2 worded the ways in which hyperparameters were held: what, and in which format.
HELD = re.compile(r"(?:^|, )(.+?) (?:held|formed) in (\w+)")


# How format 2 worded what a deviation is put down to; all other words are those of a rule.
CAUSES = {
    "some elements, by their place": Cause.partly,
    "no documented rule and none that differs": Cause.unexplained,
    "follows the document's rule except": Cause.place,
    "; the document says ": Cause.default,
    "float64 parameters are computed in float32": Cause.narrow,
    "the step changes its gradient": Cause.promise,
    "the parameter comes back in another dtype": Cause.promise,
}


# How format 4 worded what came out: the kind, since when, and in how many elements.
CAME = re.compile(
    r"(nan|infinite|so large|never moves|finite)[^;]*?(?:,? since step (\d{1,9}))?,? in "
    r"([\d,]{1,15}) of ([\d,]{1,15}) elements"
)
LOST = re.compile(r"(.+) is ([01]) in \w+")
PLACED = re.compile(r"(?P<words>.+ except) in (?P<dtype>\w+) with (?P<kind>[\w -]+) gradients")
NAMES = {"so large": "exploded", "never moves": "still"}

UNRECORDED = "?"  # the outcome of a cell of which nothing was kept


def provenance(content: Json) -> Json:
    """``provenance.json`` of an older format."""
    selection = content.get("selection")
    chosen = SELECTION | (selection if isinstance(selection, dict) else {})
    found = PROVENANCE | content | {"selection": chosen}
    if isinstance(found["reasons"], dict) and content.get("format") != FORMAT:
        linked = {name: LINKED.fullmatch(str(why)) for name, why in found["reasons"].items()}
        split = {name: parts for name, parts in linked.items() if parts}
        found["reasons"] = found["reasons"] | {name: parts[1] for name, parts in split.items()}
        found["links"] = {name: parts[2] for name, parts in split.items()}
    return found


def footer(content: Json) -> Json:
    """``footer.json``."""
    return FOOTER | content


def about(name: str, content: Json) -> Json:
    """One adapter of ``adapters.json``."""
    found = {"failure": "", "complete": True} | content
    found["failure"] = found["failure"] or ""
    found["unmade"] = found["failure"] == unmade(name)
    if "description" not in content and content.get("versions"):
        found["description"] = described(name, content)
    return found


def described(name: str, content: Json) -> Json:
    """The description that format 1 kept in parts; what an implementation is, it kept not."""
    empty = ("features", "hyperparameters", "dtypes", "devices", "state")
    return {
        "adapter": name,
        "protocol": 1,
        "unavailable": content.get("unavailable") or "",
        **{key: content.get(key) or {} for key in ("versions", "devices", "flags")},
        "implementations": [
            {"family": "rmsprop", **{key: [] for key in empty}, **item}
            for item in content.get("implementations") or ()
        ],
    }


def group(content: Json) -> Json:
    """One group of ``units.json``."""
    return content | {"rule": rule(content["rule"])} if "rule" in content else content


def rule(content: Any) -> Any:
    """The rule of a group."""
    if not isinstance(content, dict) or "choices" not in content:
        return content
    return {"factors": content["choices"], "partly": content.get("partly", False)}


def record(content: Json) -> Json:
    """A record of the journal."""
    return content | {"rule": rule(content["rule"])} if "rule" in content else content


def cause(why: str) -> str:
    """The column ``cause`` of a cell that deviates."""
    return next((str(told) for words, told in CAUSES.items() if words in why), str(Cause.rule))


def raised(why: str) -> str:
    """The column ``cause`` of a cell that has the verdict ``error``."""
    name, colon, _ = why.partition(": ")
    return name if colon and name.isidentifier() else ""


def held(why: str) -> str:
    """The column ``held`` of a cell that has the verdict ``representation``."""
    return "; ".join(f"{what}={kept}" for what, kept in HELD.findall(why))


def kinds(outcome: str) -> str:
    """The column ``kinds`` of a cell of format 4; of older ones nothing was kept."""
    if outcome == UNRECORDED:
        return outcome
    return "; ".join(filter(None, map(kind, outcome.split("; "))))


def kind(words: str) -> str:
    """One thing that came out, or a hyperparameter that the format does not hold."""
    if found := CAME.fullmatch(words):
        what, step, *counts = found.groups("0")
        numbers = ",".join(count.replace(",", "") for count in counts)
        return f"{NAMES.get(what, what)}={step},{numbers}"
    lost = LOST.fullmatch(words)
    return f"{lost[1]}={lost[2]}" if lost else ""


def reasons(given: Any) -> Any:
    """Reasons that were words, as records; the place is read from words that end with one."""
    return [reason(each) for each in given] if isinstance(given, list) else given


def reason(given: Any) -> Any:
    """One of them."""
    if not isinstance(given, str):
        return given
    found = PLACED.fullmatch(given)
    return found.groupdict() if found else {"words": given}
