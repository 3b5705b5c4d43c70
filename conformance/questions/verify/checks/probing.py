"""Checks by probe scripts: ``script``, ``transcription``, and ``needs``."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from optimizer_conformance.questions.verify import scripts
from optimizer_conformance.questions.verify.context import Context, Missing
from optimizer_conformance.questions.verify.probes import run as runner
from optimizer_conformance.questions.verify.registry import Decision, Reading, check, decided

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "contains": lambda seen, wanted: wanted in seen,
    "one_of": lambda seen, wanted: seen in wanted,
    "at_least": lambda seen, wanted: seen >= wanted,
    "at_most": lambda seen, wanted: seen <= wanted,
    "above": lambda seen, wanted: seen > wanted,
    "below": lambda seen, wanted: seen < wanted,
}


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One reading and what would be observed under it."""

    reading: str
    expect: dict[str, Any]


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A call in an adapter's environment.

    Give ``expect`` (key to value) or, where the document leaves something open, ``readings``.
    ``what`` says in words what the call does, for the ledger.
    """

    adapter: str
    file: str
    call: str
    expect: dict[str, Any] = {}
    readings: list[Expected] = []
    what: str = ""

    def __post_init__(self) -> None:
        validate(self.call, self.expect, self.readings)


class Transcription(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A call of ``questions.verify.probes.transcription.FILE`` in this interpreter.

    ``needs`` says what would decide the claim about the real thing.  ``internal``: the claim is
    about the document alone, so that what was executed decides it.  ``readings``, in the place of
    ``expect``, where the document leaves something open.
    """

    file: str
    call: str
    expect: dict[str, Any] = {}
    readings: list[Expected] = []
    needs: str = ""
    internal: bool = False

    def __post_init__(self) -> None:
        validate(self.call, self.expect, self.readings)
        if not self.readings and bool(self.needs) == self.internal:
            raise ValueError("give either what it needs or internal = true")


class Needs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``what`` it would take; ``seen`` says what is known meanwhile."""

    what: str
    seen: str = "nothing was executed"


def validate(call: str, expect: dict[str, Any], readings: list[Expected]) -> None:
    """Raises ValueError for a call or an expectation that cannot be used."""
    try:
        runner.parse(call)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"call {call!r}: {error}") from None
    if bool(expect) == bool(readings):
        raise ValueError("give either expect or readings")
    for table in (expect, *(item.expect for item in readings)):
        for name, value in table.items():
            if isinstance(value, dict) and (unknown := set(value) - set(OPERATORS)):
                raise ValueError(
                    f"expect.{name} knows no {', '.join(sorted(unknown))}; "
                    f"known are {', '.join(OPERATORS)}"
                )


def scripted(claim: Any) -> Iterator[tuple[str, str, str]]:
    """Adapter, file and call of a claim that a script decides, or takes part in deciding."""
    yield from calls(claim.check)


def calls(parameters: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The same of a check's parameters."""
    if parameters.get("name") == "script":
        yield parameters["adapter"], parameters["file"], parameters["call"]
    if parameters.get("name") == "documented":
        from optimizer_conformance.questions.verify.checks import documented  # noqa: PLC0415 - it uses this module

        own = {name: value for name, value in parameters.items() if name != "name"}
        reading = msgspec.convert(own, documented.Documented)
        yield reading.adapter, documented.FILE, reading.call
        yield from calls(reading.behaviour)


@check("script", Script)
def script(parameters: Script, context: Context) -> Decision:
    """What a framework does with one call."""
    adapter, call = parameters.adapter, parameters.call
    answers = context.answers(adapter, parameters.file, call)
    path = scripts.place(adapter, parameters.file)
    about: dict[str, Any] = {
        "evidence": parameters.what or f"{parameters.file}.py: {call}",
        "version": answers.version or adapter,
        "device": answers.device,
        "script": scripts.command("PYTHON", path, [call]),
        "seen": values(answers.observed.get(call, {})),
    }
    if call in answers.failed:
        return Decision(verdict="error", observed=answers.failed[call], **about)
    seen = answers.observed[call]
    if parameters.readings:
        return chosen(parameters.readings, seen, about)
    missed = list(misses(seen, parameters.expect))
    return decided(not missed, "; ".join(missed) or shown(seen, parameters.expect), **about)


def chosen(expected: list[Expected], seen: dict[str, Any], about: dict[str, Any]) -> Decision:
    """Which readings fit what was seen; none: contradicted."""
    fits = [not list(misses(seen, item.expect)) for item in expected]
    if not any(fits):
        return Decision(verdict="contradicted", observed=f"no reading fits {brief(seen)}", **about)
    readings = [
        Reading(item.reading, [about["version"]] if fit else [])
        for item, fit in zip(expected, fits, strict=True)
    ]
    return Decision(verdict="underdetermined", observed=brief(seen), readings=readings, **about)


@check("transcription", Transcription)
def transcription(parameters: Transcription, context: Context) -> Decision:
    """What our transcription does: it can contradict a document, not confirm the real thing."""
    try:
        module = importlib.import_module(
            f"optimizer_conformance.questions.verify.probes.transcription.{parameters.file}"
        )
    except ModuleNotFoundError as error:
        raise scripts.ScriptError(f"there is no probe file {parameters.file}") from error
    line = runner.observe(module, parameters.call)
    if "unknown" in line:
        raise scripts.ScriptError(f"{parameters.file}.py has no function {line['unknown']!r}")
    seen = line["observed"]
    if "ModuleNotFoundError" in seen.get("bases", ()):
        raise Missing(parameters.file, f"{seen['message']}: `pip install` what is named")
    about: dict[str, Any] = {
        "evidence": f"our transcription: {parameters.call}",
        "version": module.VERSION,
        "seen": values(seen),
    }
    if parameters.readings:
        return chosen(parameters.readings, seen, about)
    if missed := list(misses(seen, parameters.expect)):
        return Decision(verdict="contradicted", observed="; ".join(missed), **about)
    observed = shown(seen, parameters.expect)
    if parameters.internal:
        return Decision(verdict="confirmed", observed=observed, **about)
    return Decision(
        verdict="not testable",
        observed=f"our transcription: {observed}",
        needs=parameters.needs,
        **about,
    )


@check("needs", Needs)
def needs(parameters: Needs, context: Context) -> Decision:
    """Say what it would take."""
    return Decision(
        verdict="not testable", observed=parameters.seen, needs=parameters.what, device="–"
    )


def values(seen: dict[str, Any]) -> dict[str, Any]:
    """What is kept of an observation: an exception's name, not its words."""
    return {name: value for name, value in seen.items() if name not in ("bases", "message")}


def misses(seen: dict[str, Any], expect: dict[str, Any]) -> Iterator[str]:
    """Every expected key that was observed otherwise, in words."""
    for name, wanted in expect.items():
        if name not in seen:
            yield f"{name} was not observed: {brief(seen)}"
        elif not fits(seen, name, wanted):
            yield f"{name} is {seen[name]!r}, not {wanted!r}{said(seen)}"


def fits(seen: dict[str, Any], name: str, wanted: Any) -> bool:
    """Whether one observed value is the expected one, type included."""
    value = seen[name]
    if name == "raised":
        return wanted in seen.get("bases", [value])
    if isinstance(wanted, dict):
        try:
            return all(OPERATORS[key](value, limit) for key, limit in wanted.items())
        except TypeError:
            return False
    # True is not 1 here: what a constructor converts is what some claims are about.
    return bool(value == wanted) and isinstance(value, bool) == isinstance(wanted, bool)


def shown(seen: dict[str, Any], expect: dict[str, Any]) -> str:
    """The expected keys as they were observed."""
    text = ", ".join(f"{name} {seen[name]!r}" for name in expect)
    return text + said(seen)


def said(seen: dict[str, Any]) -> str:
    """The message of what was raised, in one line."""
    if not seen.get("message"):
        return ""
    return f" ({' '.join(str(seen['message']).split())[:160]})"


def brief(seen: dict[str, Any]) -> str:
    """What was seen, short enough for a line."""
    rest = {k: v for k, v in seen.items() if k not in ("bases", "message")}
    return msgspec.json.encode(rest).decode()[:200] + said(seen)
