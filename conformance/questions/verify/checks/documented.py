"""The check ``documented``: a framework's own documentation says so, and its code does so."""

from __future__ import annotations

import re
import warnings
from typing import Any

import msgspec

from optimizer_conformance.questions.verify.checks.probing import Script, script
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.registry import CHECKS, Decision, check

FILE = "documentation"


class Documented(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``object`` of ``adapter`` is documented to do what ``behaviour``, another check, executes.

    ``says``: regular expressions, each of which its installed docstring has to hold; without
    ``behaviour`` they are all that is checked.
    """

    adapter: str
    object: str
    says: list[str]
    behaviour: dict[str, Any] = {}

    def __post_init__(self) -> None:
        for pattern in self.says:
            try:
                with warnings.catch_warnings():  # of what a later Python may read otherwise
                    warnings.simplefilter("ignore", FutureWarning)
                    re.compile(pattern)
            except re.error as error:
                raise ValueError(f"says {pattern!r}: {error}") from None
        if not self.says:
            raise ValueError("give what the docstring says")
        if self.behaviour:
            name, parameters = parts(self.behaviour)
            if name not in CHECKS or name == "documented":
                raise ValueError(f"behaviour names an unknown check {name!r}")
            msgspec.convert(parameters, CHECKS[name].parameters)

    @property
    def call(self) -> str:
        """The call of the probe that reads the docstring."""
        return f"says({', '.join(map(repr, (self.object, *self.says)))})"


def parts(behaviour: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and parameters of the check that decides."""
    parameters = dict(behaviour)
    return str(parameters.pop("name", None)), parameters


@check("documented", Documented)
def documented(parameters: Documented, context: Context) -> Decision:
    """First whether the documentation still says so, then whether it holds."""
    reading = Script(
        adapter=parameters.adapter, file=FILE, call=parameters.call, expect={"says": True}
    )
    read = script(reading, context)
    if read.verdict != "confirmed":
        what = f"the docstring of {parameters.object} no longer says so"
        return msgspec.structs.replace(read, observed=f"{what}: {read.observed}")
    if not parameters.behaviour:
        return msgspec.structs.replace(read, observed=f"the docstring of {parameters.object} does")
    name, own = parts(parameters.behaviour)
    decision = CHECKS[name].decide(msgspec.convert(own, CHECKS[name].parameters), context)
    evidence = f"docstring of {parameters.object}; {decision.evidence}"
    return msgspec.structs.replace(decision, evidence=evidence)
