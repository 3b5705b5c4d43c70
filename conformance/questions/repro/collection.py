"""Every deviating cell of a run as scripts: one for each cause, in a folder with an index."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path

import msgspec

from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.repro.cells import adapter_of, deviations, grouped
from optimizer_conformance.questions.repro.checking import check
from optimizer_conformance.questions.repro.deviation import Deviation, NothingThereError
from optimizer_conformance.questions.repro.evidence import NotShownError
from optimizer_conformance.questions.repro.recipes import NoRecipeError, recipe
from optimizer_conformance.questions.repro.reproducer import CoveredError, Reproducer, reproduce
from optimizer_conformance.questions.repro.script import issue, script
from optimizer_conformance.reports import foreign
from optimizer_conformance.reports.store import RunError, write_json
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import Worker, WorkerError
from optimizer_conformance.workers.subject import SubjectError, described

INDEX = "index.json"
TRIES = 3  # cells of one deviation that are tried before it is given up
Progress = Callable[[int, int, str], None]


@dataclass
class CollectionEntry:
    """One distinct deviation: an implementation, a variant and a reason.

    cells   how many cells of the run it stands for
    key     of the first of them
    script  file in the folder, also where another deviation's script stands for it
    cause   what it has in common with those
    shown   whether the script was run and showed what it says; None: it was not run
    failed  why there is no script, or what is wrong with it
    """

    implementation: str
    variant: str
    why: str
    cells: int
    key: str
    script: str = ""
    cause: str = ""
    covered: bool = False
    shown: bool | None = None
    failed: str = ""


@dataclass
class Collection:
    """The reproducers of a run in a folder; ``entries`` grows, and is written after each."""

    run: Path
    out: Path
    issues: bool = False
    checked: bool = False
    entries: list[CollectionEntry] = field(default_factory=list)
    oracle: Oracle = field(default_factory=Oracle)

    def collect(self, adapters: tuple[str, ...], say: Progress) -> None:
        """Write what is not there yet.  Raises RunError for folders that do not fit."""
        distinct = list(grouped(deviations(self.run)))
        if adapters:
            distinct = [group for group in distinct if adapter_of(group[0]) in adapters]
        self.resume()
        known = {entry.key for entry in self.entries}
        left = [group for group in distinct if group[0].key not in known]
        total, done = len(distinct), len(distinct) - len(left)
        for adapter, groups in groupby(left, lambda group: adapter_of(group[0])):
            with Bank(adapter) as bank:
                for group in groups:
                    say(done, total, f"{group[0].implementation}, {group[0].why}")
                    self.entries.append(self.one(bank, group))
                    self.save()
                    done += 1
        self.save()

    def resume(self) -> None:
        """Go on with what the folder holds; what failed is tried again."""
        path = self.out / INDEX
        if not path.is_file():
            return
        try:
            content = msgspec.json.decode(foreign.content(path))
            found = msgspec.convert(content["entries"], list[CollectionEntry])
            same = content["run"] == str(self.run.resolve())
        except (OSError, ValueError, msgspec.MsgspecError, LookupError, TypeError) as error:
            raise RunError(
                f"{path} is damaged ({error}); remove it or give another --out"
            ) from error
        if not same:
            raise RunError(f"{self.out} holds the reproducers of another run; give another --out")
        kept = [entry for entry in found if not entry.failed]
        self.entries = [entry for entry in kept if (self.out / entry.script).is_file()]

    def one(self, bank: Bank, group: list[Deviation]) -> CollectionEntry:
        """One distinct deviation: the first of its cells that can be reproduced."""
        first = group[0]
        entry = CollectionEntry(
            first.implementation, first.variant, first.why, len(group), first.key
        )
        for tried in group[:TRIES]:
            try:
                recipe(tried.implementation)
                made = bank.reproduce(tried, self.oracle, self.covered)
            except CoveredError as error:
                entry.cause, entry.covered, entry.failed = str(error), True, ""
                entry.script, entry.shown = self.standing(entry.cause)
                return entry
            except (NothingThereError, NotShownError, NoRecipeError, SubjectError) as error:
                entry.failed = str(error)
                continue
            except WorkerError as error:
                entry.failed = f"{error.kind}: {error}"
                continue
            return self.written(made, entry)
        return entry

    def covered(self, cause: str) -> bool:
        """Whether a script stands for a cause already."""
        return bool(self.standing(cause)[0])

    def standing(self, cause: str) -> tuple[str, bool | None]:
        """The script that stands for a cause, and whether it was shown."""
        for entry in self.entries:
            if entry.cause == cause and entry.script and not entry.failed:
                return entry.script, entry.shown
        return "", None

    def written(self, made: Reproducer, entry: CollectionEntry) -> CollectionEntry:
        """Write a script, and its issue where they are asked for."""
        text = script(made)
        result = check(made, text) if self.checked else None
        name = file_name(made, {item.script for item in self.entries})
        (self.out / f"{name}{text.suffix}").write_text(text.text, encoding="utf-8")
        if self.issues:
            output = result.output if result else ""
            (self.out / f"{name}.md").write_text(issue(made, text, output), encoding="utf-8")
        return replace(
            entry,
            script=f"{name}{text.suffix}",
            cause=made.cause,
            shown=result.shown if result else None,
            failed=result.wrong if result else "",
        )

    def save(self) -> None:
        """The index, as JSON and as Markdown."""
        content = {"run": str(self.run.resolve()), **self.figures()}
        write_json(self.out / INDEX, {**content, "entries": list(map(asdict, self.entries))})
        (self.out / "index.md").write_text(self.table(), encoding="utf-8")

    def figures(self) -> dict[str, int]:
        """How many deviations, scripts, and scripts that were shown."""
        scripts = {entry.script: entry for entry in self.entries if entry.script}
        return {
            "deviating cells": sum(entry.cells for entry in self.entries),
            "distinct deviations": len(self.entries),
            "scripts": len(scripts),
            "shown": sum(entry.shown is True for entry in scripts.values()),
            "failed": sum(bool(entry.failed) for entry in self.entries),
        }

    def table(self) -> str:
        """The index as a person reads it."""
        lines = [
            "# Reproducers",
            "",
            ", ".join(f"{count} {name}" for name, count in self.figures().items()) + ".",
            "",
            "| implementation | documented variant | why | cells | script |",
            "| --- | --- | --- | --- | --- |",
        ]
        for entry in self.entries:
            link = f"[{entry.script}]({entry.script})" if entry.script else ""
            said = f"{link} {entry.failed}".strip()
            row = (entry.implementation, entry.variant, entry.why, str(entry.cells), said)
            lines.append("| " + " | ".join(text.replace("|", "\\|") for text in row) + " |")
        return "\n".join(lines) + "\n"


class Bank:
    """One worker of an adapter, for all its implementations; started anew after it died."""

    def __init__(self, adapter: str) -> None:
        self.adapter = adapter
        self.worker: Worker | None = None

    def __enter__(self) -> Bank:
        return self

    def __exit__(self, *_: object) -> None:
        if self.worker:
            self.worker.close()

    def reproduce(
        self, one: Deviation, oracle: Oracle, covered: Callable[[str], bool]
    ) -> Reproducer:
        """Shrink one deviation.  Raises what :func:`reproduce` does, and WorkerError."""
        if self.worker is None or self.worker.process.poll() is not None:
            place = environments.locate(self.adapter)
            if not place.complete:
                raise SubjectError(f"{self.adapter}: {place.absence}")
            self.worker = Worker(place.command)
        it = described(self.worker, one.implementation, one.device)
        return reproduce(it, one, oracle=oracle, covered=covered)


def file_name(made: Reproducer, taken: set[str]) -> str:
    """A name for a script that no other has."""
    words = f"{made.subject.name} {made.variant.suffix}"
    base = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    stems = {Path(name).stem for name in taken}
    count = 1
    name = base
    while name in stems:
        count += 1
        name = f"{base}-{count}"
    return name
