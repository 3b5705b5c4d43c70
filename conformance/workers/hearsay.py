"""What a worker says in words, cut and made visible where it enters; names are refused instead.

Texts reach terminals, tables, issues and files of every format.  Nobody needs the ten millionth
character of one.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from optimizer_conformance.adapters.protocol import (
    Description,
    Failure,
    Implementation,
    TargetSignature,
)
from optimizer_conformance.reports.text import visible

NAME = 4200  # characters: a target is called by its path; the longest of the adapters here has 47
SHOWN = 200  # of a name that is refused
SENTENCE = 2000  # characters of an error, or of the reason for a gap
TRACEBACK = 20_000  # characters
IMPLEMENTATIONS = 2000  # a worker; the adapters here have up to 26
CHOICES = 1000  # sets of options, dtypes, devices, gaps … of one implementation


def cut(text: str, limit: int = SENTENCE) -> str:
    """The beginning of a text as one visible line."""
    whole = len(text)
    line = visible(text[: limit + 1])[:limit] if whole > limit else visible(text)
    return f"{line}… ({whole:,} characters)" if whole > limit else line


def cut_lines(text: str, limit: int = TRACEBACK) -> str:
    """The end of a text of several lines, which is where a traceback says what happened."""
    lines = text[-limit:].split("\n")
    return "\n".join(visible(line) for line in lines)


def failure(heard: Failure) -> Failure:
    """A failure whose words can be printed."""
    return Failure(
        heard.kind,
        cut(heard.exception, SHOWN),
        cut(heard.message),
        cut_lines(heard.traceback),
    )


def description(heard: Description) -> Description:
    """A description whose words can be printed; its names were looked at before."""
    return msgspec.structs.replace(
        heard,
        versions=words(heard.versions),
        devices=words(heard.devices),
        flags=words(heard.flags),
        unavailable=cut(heard.unavailable),
        target=heard.target and signature(heard.target),
        implementations=[
            msgspec.structs.replace(
                item,
                gaps=words(item.gaps),
                undriven=words(item.undriven),
                misbehaves=[name for name in item.misbehaves if name in item.gaps],
                documentation=cut(item.documentation),
            )
            for item in heard.implementations
        ],
    )


def signature(heard: TargetSignature) -> TargetSignature:
    """The same of what somebody's own optimizer was taken for."""
    return TargetSignature(
        kind=cut(heard.kind, SHOWN),
        arguments=words(heard.arguments),
        switches=words(heard.switches),
        remarks=[cut(remark) for remark in heard.remarks[:CHOICES]],
        others=words(heard.others),
    )


def words(texts: dict[str, str]) -> dict[str, str]:
    """The same for the values of a table."""
    return {name: cut(text) for name, text in texts.items()}


def nonsense(heard: Description) -> str:
    """A name that is no name, or more than anybody has; empty where all is well."""
    if len(heard.implementations) > IMPLEMENTATIONS:
        return (
            f"the worker describes {len(heard.implementations):,} implementations; "
            f"{IMPLEMENTATIONS:,} are the most"
        )
    own = {}
    if target := heard.target:
        own = {**target.arguments, **target.switches, **target.others}
    if max(map(len, (heard.versions, heard.devices, heard.flags, own))) > CHOICES:
        return f"the worker lists more than {CHOICES:,} versions, devices, flags or arguments"
    if wrong := misnamed([heard.adapter, *heard.versions, *heard.devices, *heard.flags, *own]):
        return f"the worker calls something {wrong}"
    for item in heard.implementations:
        if max(map(len, many(item))) > CHOICES:
            return f"{cut(item.name, SHOWN)!r} has more than {CHOICES:,} of something"
        if wrong := misnamed(names(item)):
            return f"the worker calls something {wrong}"
    return ""


def many(item: Implementation) -> tuple[list[str], ...]:
    """Everything of an implementation that is a list, or a table."""
    return (
        item.claims, item.hyperparameters, list(item.dtypes), item.devices, item.state, item.groups,
        list(item.gaps), list(item.undriven), list(item.arithmetic), item.loop, item.misbehaves,
        ["+".join(each) for each in item.features],
    )  # fmt: skip


def names(item: Implementation) -> Iterable[str]:
    """Every name of one implementation."""
    yield item.name
    for listed in many(item):
        yield from listed
    yield from item.arithmetic.values()


def misnamed(found: Iterable[str]) -> str:
    """The first that is empty, too long or not printable, as it is printed."""
    for name in found:
        if len(name) > NAME or not name.isprintable():
            return (
                f"{cut(name, SHOWN)!r}, which is no name: printable characters are, up to {NAME:,}"
            )
    return ""
