"""Fakes of the probed frameworks: each answer that is kept, given otherwise in one respect.

No framework is started: what it said is kept (:mod:`..observations`), and the claim's own check
decides on the changed answer.  A respect is one value of an answer, an exception in its place, an
answer in the place of an exception, a docstring that no longer says so, or a rule that is followed
or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from unittest import mock

from optimizer_conformance.adapters import protocol
from optimizer_conformance.questions.verify import document, ledger, observations, scripts
from optimizer_conformance.questions.verify.checks import (
    documented,
    equivalences,
    implementations,
)
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.document import Claim
from optimizer_conformance.questions.verify.faults.campaign import Noticed, note
from optimizer_conformance.questions.verify.registry import CHECKS
from optimizer_conformance.reference.variants import VARIANTS

ASKED = ("script", "probe", "follows", "readings", "same-everywhere")


@dataclass(frozen=True)
class Respect:
    """One respect in which an answer is another one."""

    words: str
    seen: dict[str, Any]
    says: bool = True


def other(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return value + "?"
    if isinstance(value, list):
        return [other(value[0]), *value[1:]] if value else [0]
    if isinstance(value, dict):
        return {name: other(part) for name, part in value.items()}
    return 0


def respects(
    check: str, seen: dict[str, Any], *, quoted: bool, asked: Sequence[str] = ()
) -> Iterator[Respect]:
    """Everything that an answer may have otherwise; ``asked`` may follow a reading."""
    followers = [name for chosen in seen.values() for name in chosen] if check == "readings" else []
    everybody = followers or list(asked)
    for name, value in seen.items():
        if name == "cases":
            continue  # how many there were to ask is no answer
        if (check, name) == ("same-everywhere", "in"):
            if value:
                yield Respect("it differs in another format", {**seen, name: ["another"]})
        elif check == "same-everywhere":
            yield Respect(
                "it is the same with all options" if value else "it differs with an option",
                {**seen, name: [] if value else ["no options"]},
            )
        elif check == "readings":
            yield Respect(
                f"{'nobody' if value else 'everybody'} follows: {name}",
                {**seen, name: [] if value else everybody},
            )
        elif name == "raised":
            yield Respect("it answers and raises nothing", {"accepted": True})
            yield Respect("it raises another exception", {"raised": "MemoryError"})
        else:
            yield Respect(f"{name} is another", {**seen, name: other(value)})
    if check == "script" and "raised" not in seen:
        yield Respect("it raises", {"raised": "RuntimeError"})
    if quoted:
        yield Respect("the docstring no longer says so", seen, says=False)


class Fake(Context):
    """A context whose frameworks give one answer, and whose docstrings say what is claimed."""

    def __init__(self, check: dict[str, Any], respect: Respect, version: str) -> None:
        super().__init__()
        self.check, self.respect, self.version = check, respect, version

    def answers(self, adapter: str, file: str, call: str) -> scripts.Answers:
        """What the framework says of one call."""
        seen = dict(self.respect.seen)
        if file == documented.FILE and call.startswith("says("):
            seen = {"says": self.respect.says, "missing": [] if self.respect.says else ["…"]}
        if "raised" in seen:
            seen["bases"] = [seen["raised"], "Exception"]
        name, _, number = self.version.rpartition(" ")
        return scripts.Answers({call: seen}, {}, {name: number})

    def implementation(self, name: str) -> Any:
        """A worker that knows its defaults and nothing else."""
        given = self.respect.seen.get("default")
        asked = self.check.get("hyperparameter", "")
        defaults = {} if given == "no default" else {asked: given}
        worker = SimpleNamespace(ask=lambda *_: protocol.Probed(defaults))
        system, _, number = self.version.rpartition(" ")
        described = SimpleNamespace(versions={system: number})
        return worker, described, SimpleNamespace(devices=["cpu"])

    def shared(self, *_: Any) -> list[tuple[str, Any, str, str]]:
        """What an equivalence is asked about: options and formats that are kept, or one."""
        seen = self.respect.seen
        options, formats = seen["differs with"] or ["no options"], seen["in"] or [""]
        variant = VARIANTS[self.check["variant"]]
        return [(words, variant, "", dtype) for words in options for dtype in formats]

    def followed(self, name: str, variant: Any, *_: Any) -> implementations.Followed:
        """Whether an implementation follows a variant, in the fake's world."""
        seen = self.respect.seen
        if self.check["name"] == "readings":
            words = next(w for w, v in self.check["readings"].items() if v == variant.identifier)
            holds = name in seen[words]
        elif "differs with" in seen:
            holds = not seen["differs with"]
        else:
            holds = bool(seen["holds"])
        return implementations.Followed(holds, "", "", self.version, "cpu", seen)


def inner(check: dict[str, Any]) -> dict[str, Any]:
    """The check that executes: of a quoted docstring what follows the quotation."""
    if check["name"] != "documented":
        return check
    return check["behaviour"] if check.get("behaviour") else {"name": "quotation"}


def frameworks(
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
    wanted: Callable[[str, str], bool] = lambda name, claim: True,
) -> Iterator[Noticed]:
    """Each kept answer of each claim, otherwise in each respect, and whether the claim notices."""
    rows = [
        (name, claim, row)
        for name in document.names()
        for claim in document.load(name).claims
        for row in observations.kept(name).rows
        if row.claim == claim.id and inner(claim.check)["name"] in ASKED and wanted(name, claim.id)
    ]
    for done, (name, claim, row) in enumerate(rows):
        progress(done, len(rows), f"{name} {claim.id}")
        check, quoted = inner(claim.check), claim.check["name"] == "documented"
        right = decide(claim, check, Respect("", row.seen), row.version)
        for respect in respects(
            check["name"], row.seen, quoted=quoted, asked=check.get("implementations", ())
        ):
            found = Noticed(f"{name} {claim.id}", respect.words)
            note(found, claim, right, decide(claim, check, respect, row.version))
            yield found


def decide(claim: Claim, check: dict[str, Any], respect: Respect, version: str) -> Any:
    """The claim's own decision in the world of a fake."""
    fake = Fake(check, respect, version)
    with ExitStack() as stack:
        for module in (implementations, equivalences):
            stack.enter_context(mock.patch.object(module, "followed", fake.followed))
        stack.enter_context(mock.patch.object(equivalences, "shared", fake.shared))
        return ledger.decide(claim, fake)


assert set(ASKED) <= set(CHECKS)
