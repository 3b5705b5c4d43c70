"""A comparison as text: for a terminal, and as a comment of a pull request."""

from __future__ import annotations

import re

from optimizer_conformance.questions.compare.comparison import BranchComparison, ChangeOf
from optimizer_conformance.reports.markdown import cell
from optimizer_conformance.reports.paragraphs import Words

MOST = 60  # lines of a comment
FAILURES = 3  # of them
# What stands first in a comment: the action finds by it what it wrote under a pull request before.
MARK = "<!-- optimizer-conformance: {} -->"
ROWS = 5  # of the table, at least


def summary(found: BranchComparison) -> str:
    """One sentence on the whole."""
    if not found.asked:
        what = "code" if not found.modules else "code that an implementation reaches"
        return f"No {what} differs: nothing was run."
    size = f"{found.cells:,} cells of {len(found.asked)} of {found.known} implementations"
    if not found.changes:
        return f"Nothing changed in {size}."
    sorts = {
        "worse": ("departs from its document", "depart from their documents"),
        "better": ("is brought to its document", "are brought to their documents"),
        "added": ("is added", "are added"),
        "removed": ("is removed", "are removed"),
    }
    parts = []
    for sort, verbs in sorts.items():
        names = {item.implementation for item in found.changes if item.sort == sort}
        if names:
            parts.append(f"{len(names)} {verbs[len(names) > 1]}")
    return f"In {size}: {', '.join(parts)}."


def tell(found: BranchComparison, words: Words) -> None:
    """For a terminal."""
    words.say(found.base, start="base: ", indent=2)
    words.say(found.head, start="head: ", indent=2)
    if found.modules:
        words.say(", ".join(found.modules), start="changed: ", indent=2)
    words.say(summary(found), style="bold")
    for item in found.changes:
        words.say(item.words, start="  ", indent=4)
        words.say(f"{item.cells:,} cells in {', '.join(item.dtypes)}", start="    ", indent=6)
        words.command(item.command)
    inside = "cells rounded otherwise, inside what was accepted before"
    for name, count in found.shifted.items():
        words.say(f"{name}: {count:,} {inside}", start="  ", indent=4)
    for text in found.failed:
        words.say(f"not run: {text}", start="  ", indent=4)


def comment(found: BranchComparison) -> str:
    """A comment of at most 60 lines."""
    verdict = "incomplete" if found.failed else "no harm" if found.clean else "changed"
    rows = [
        *opening(found.adapter, verdict, found.base, found.head),
        summary(found),
        *notes(found.failed),
    ]
    scripts = [item for item in found.changes if item.script]
    least = len(rows) + 3 + min(len(found.changes), ROWS)
    scripts = [i for i in scripts if least + len(block(i)) <= MOST][:1]
    room = MOST - len(rows) - 3 - sum(len(block(item)) for item in scripts)
    if found.changes:
        rows += ["", "| what | cells | case |", "|---|---|---|"]
        shown = found.changes[: room if len(found.changes) <= room else room - 1]
        rows += [f"| {cell(item.words)} | {item.cells:,} | `{item.case}` |" for item in shown]
        if left := len(found.changes) - len(shown):
            rows.append(f"| and {left} more | | |")
    for item in scripts:
        rows += block(item)
    return "\n".join(rows) + "\n"


def opening(adapter: str, verdict: str, base: str, head: str) -> list[str]:
    """The first lines of every comment."""
    title = f"### Optimizer conformance: {verdict}"
    return [MARK.format(adapter), title, "", f"{cell(base)} → {cell(head)}", ""]


def notes(failed: tuple[str, ...]) -> list[str]:
    """What did not run, in a few lines."""
    rows = [f"- not run: {cell(text)}" for text in failed[:FAILURES]]
    left = len(failed) - len(rows)
    return ["", *rows, *([f"- and {left} more"] if left else [])] if rows else []


def excuse(adapter: str, base: str, head: str, reason: str) -> str:
    """The comment where a side could not be installed or started."""
    return "\n".join([*opening(adapter, "could not run", base, head), cell(reason)]) + "\n"


def block(item: ChangeOf) -> list[str]:
    """A reproducer, folded."""
    head = f"<details><summary>{cell(item.implementation)} alone</summary>"
    fence = "`" * max(3, longest_fence(item.script) + 1)
    return ["", head, "", f"{fence}python", *item.script.splitlines(), fence, "", "</details>"]


def longest_fence(text: str) -> int:
    """The longest row of backticks in a text."""
    return max((len(row) for row in re.findall("`+", text)), default=0)
