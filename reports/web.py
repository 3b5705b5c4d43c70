"""A run as a static site: one page, its scripts, and its data in script files.

It opens from ``file://``, where pages may load scripts and nothing else; it loads nothing from
elsewhere.  What a run brought along is data there and becomes text alone.
"""

from __future__ import annotations

import json
import math
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pandas

from optimizer_conformance.reports import claims, diff, tables
from optimizer_conformance.reports.bearings import Bearing, bearings
from optimizer_conformance.reports.blocks import Block, Folded, blocks
from optimizer_conformance.reports.exhibits import Exhibits, Formula
from optimizer_conformance.reports.findings import LABELS, recorded
from optimizer_conformance.reports.markdown import provenance
from optimizer_conformance.reports.model import RunData, compared, options
from optimizer_conformance.reports.page import template
from optimizer_conformance.reports.records import Element
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.reports.text import visible_column
from optimizer_conformance.reports.verdicts import MEANINGS, Conduct

Json = dict[str, Any]
SCRIPTS = ("core", "matrix", "implementation", "cells", "pages", "playground")
OWN = [
    "variant", "features", "dtype", "mode", "regime", "case", "verdict", "score", "ulp", "exact",
    "rounding", "representation", "range", "ill_posed", "deviates", "step", "quantity", "element",
    "observed", "expected", "divergence_score", "divergence_ulp", "nearest", "why", "expectation",
    "condition", "held", "cause", "outcome",
]  # fmt: skip
KEPT = [
    "variant", "case", "regime", "step", "quantity", "element", "observed", "expected",
    "observed_bits", "expected_bits", "score", "ulp", "failing",
]  # fmt: skip
GROUPED = ["implementation", *diff.STATUS, "worse"]
CHANGED = [
    "status", "implementation", "variant", "features", "dtype", "worse", "verdict_a", "verdict_b",
    "why_a", "why_b", "cells", "case",
]  # fmt: skip
ELEMENTS = 4  # of a cell: a run folder keeps more, and a site is to be sent around
OTHERS = ["variant", "features", "verdict", "cells", "deviating", "why"]


def write(
    run: RunData, folder: Path, exhibits: Exhibits, earlier: RunData | None = None
) -> list[Path]:
    """The whole site in a folder; its files.  Raises RunError where one cannot be written.

    With an ``earlier`` run also what changed since.
    """
    return RunSite(run, folder, exhibits, earlier).write()


class RunSite:
    """One site while it is written."""

    def __init__(
        self, run: RunData, folder: Path, exhibits: Exhibits, earlier: RunData | None
    ) -> None:
        self.run, self.folder, self.exhibits, self.earlier = run, folder, exhibits, earlier
        self.found = bearings(run)
        self.blocks = blocks(self.found, exhibits.rules)
        self.written: list[Path] = []

    def write(self) -> list[Path]:
        """Every file."""
        for name in SCRIPTS:
            self.copy(f"{name}.js")
        self.copy("site.css")
        self.text("index.html", template("site/index.html").render(scripts=SCRIPTS))
        self.data("run", self.overview())
        self.data("claims", claims.beside(self.run))
        self.data("extra", self.extra())
        self.data("changes", self.changes())
        cells = self.run.cells
        for number, place in enumerate(self.places()):
            self.data(f"cells/{number}", self.detail(place, cells))
        return self.written

    def places(self) -> list[tuple[str, str]]:
        """Each implementation on each device, in the order of their files."""
        return list(dict.fromkeys((item.implementation, item.device) for item in self.found))

    def copy(self, name: str) -> None:
        """A file that is shipped."""
        source = resources.files("optimizer_conformance.reports") / "templates" / "site" / name
        self.text(name, source.read_text(encoding="utf-8"))

    def data(self, name: str, content: object) -> None:
        """Data in a script file."""
        self.text(f"data/{name}.js", f"SITE.put({encoded(name)}, {encoded(content)});\n")

    def text(self, name: str, content: str) -> None:
        """One file."""
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}") from error
        self.written.append(path)

    # What is in it ----------------------------------------------------------------------------

    def overview(self) -> Json:
        """What the first screen needs."""
        rows = [self.row(line, block) for block in self.blocks for line in block.lines]
        return {
            "about": provenance(self.run),
            "folder": str(self.run.folder),
            "complete": self.run.footer is not None,
            "cells": self.counts(),
            "lacking": [
                {"name": name, "why": about.missing}
                for name, about in self.run.adapters.items()
                if about.missing
            ],
            "findings": [
                {"what": LABELS[item.kind], **msgspec.to_builtins(item)}
                for item in recorded(self.run)
            ],
            "words": {item.name: [item.mark, item.words] for item in Conduct},
            "verdicts": {
                str(verdict): [meaning.tone.page, meaning.words]
                for verdict, meaning in MEANINGS.items()
            },
            "rules": [self.rule(block) for block in self.columns()],
            "rows": rows,
        }

    def columns(self) -> list[Block]:
        """The rules of this run, families together; what only is followed has a column too."""
        known = {block.rule.key for block in self.blocks}
        extra = {
            rule.key: Block(rule, [name])
            for item in self.found
            for name in item.also
            if (rule := self.exhibits.rules.get(name)) and rule.key not in known
        }
        every = [*self.blocks, *extra.values()]
        families = list(dict.fromkeys(block.rule.family for block in every))
        return sorted(every, key=lambda block: families.index(block.rule.family))

    def rule(self, block: Block) -> Json:
        """A column."""
        formula = self.exhibits.formulas.get(block.rule.key)
        return {
            "key": block.rule.key,
            "family": block.rule.family,
            "words": block.rule.words,
            "title": block.rule.title,
            "documents": block.documents,
            **shown(formula),
        }

    def row(self, line: Folded, block: Block) -> Json:
        """A row: modes with one result folded."""
        first = line.first
        also = [self.exhibits.rules[name].key for name in first.also if name in self.exhibits.rules]
        return {
            "name": line.name,
            "adapter": first.adapter,
            "version": first.version,
            "family": block.rule.family,
            "conduct": first.conduct.name,
            "claimed": first.claimed,
            "new": first.new,
            "why": first.why,
            "rule": block.rule.key,
            "also": [key for key in dict.fromkeys(also) if key != block.rule.key],
            "follows": not first.claimed and bool(first.also),
            "documents": list(first.documents),
            "variant": first.variant,
            "members": [self.member(item) for item in line.members],
            "devices": sorted({item.device for item in line.members}),
            "dtypes": sorted({dtype for item in line.members for dtype in self.dtypes(item)}),
            "options": sorted({options(text) for item in line.members for text in item.options}),
            "lapses": [
                {
                    "where": lapse.where,
                    "sentence": lapse.sentence,
                    "link": lapse.link,
                    "known": lapse.known,
                }
                for lapse in first.lapses
            ],
        }

    def member(self, item: Bearing) -> Json:
        """One implementation of a row."""
        return {
            "name": item.implementation,
            "device": item.device,
            "file": self.places().index((item.implementation, item.device)),
            "cells": item.cells,
            "lapses": [
                {"cells": lapse.cells, "case": lapse.case, "entries": lapse.entries}
                for lapse in item.lapses
            ],
        }

    def dtypes(self, item: Bearing) -> list[str]:
        """In which an implementation was compared."""
        if not hasattr(self, "_dtypes"):
            grouped = self.run.cells.groupby(["implementation", "device"]).dtype.unique()
            self._dtypes = {key: list(value) for key, value in grouped.items()}
        return list(self._dtypes[item.implementation, item.device])

    def counts(self) -> dict[str, int]:
        """Claimed cells by verdict."""
        if self.run.cells.empty:
            return {}
        own = self.run.cells[self.run.cells.relation == "claimed"]
        return {str(word): int(count) for word, count in own.verdict.value_counts().items()}

    def detail(self, place: tuple[str, str], cells: pandas.DataFrame) -> Json:
        """One implementation on one device: its cells, elements, defaults, formulas."""
        name, device = place
        own = cells[(cells.implementation == name) & (cells.device == device)]
        formula, differs = self.exhibits.observed.get(place, (None, ()))
        item = next(item for item in self.found if (item.implementation, item.device) == place)
        groups = [
            group
            for every in self.run.groups.values()
            for group in every
            if (group.implementation, group.device) == place
        ]
        matrix = compared(self.run)
        others = matrix[(matrix.implementation == name) & (matrix.device == device)]
        others = others[others.relation == "other"]
        return {
            "name": name,
            "device": device,
            "cells": table(own[own.relation == "claimed"], OWN),
            "others": table(others, OTHERS),
            "elements": table(self.elements(item.adapter, place), KEPT),
            "observed": {**shown(formula), "differs": differs},
            "defaults": groups[0].defaults if groups else {},
            "documented": self.exhibits.defaults.get(item.variant, {}),
            "source": self.exhibits.sources.get(item.variant, ("", "")),
            "reasons": {
                entry: self.run.provenance.reasons.get(entry, "")
                for lapse in item.lapses
                for entry in lapse.entries
            },
        }

    def elements(self, adapter: str, place: tuple[str, str]) -> pandas.DataFrame:
        """The elements that deviate, of which a run folder keeps the first of each cell."""
        path = self.run.folder / "elements" / f"{adapter}.parquet"
        if not path.is_file():
            return pandas.DataFrame(columns=KEPT)
        if not hasattr(self, "_elements"):
            self._elements: dict[str, pandas.DataFrame] = {}
        if adapter not in self._elements:
            older = self.run.provenance.format != 3
            found = tables.read(path, Element, older=older).to_pandas(ignore_metadata=True)
            for column in tables.texts(Element) if len(found) else ():
                found[column] = visible_column(found[column])
            self._elements[adapter] = found
        found = self._elements[adapter]
        own = found[(found.implementation == place[0]) & (found.device == place[1])]
        return own.groupby(["variant", "case", "regime"], sort=False).head(ELEMENTS)

    def changes(self) -> Json | None:
        """What changed since the earlier run, a row a place and kind; what is worse first."""
        if self.earlier is None:
            return None
        found = diff.compare(self.earlier, self.run)
        content = diff.content(found, "implementation")
        return {
            **{name: content[name] for name in ("a", "b", "notes", "counts", "worse")},
            "groups": table(diff.groups(found, "implementation"), GROUPED),
            "changes": table(diff.changes(found), CHANGED),
        }

    def extra(self) -> Json:
        """Examples, and walks in two dimensions."""
        return {
            "examples": list(self.exhibits.examples),
            "paths": {key: list(points) for key, points in self.exhibits.paths.items()},
            "curvatures": self.exhibits.curvatures,
        }


def shown(formula: Formula | None) -> Json:
    """A formula as data."""
    return {
        "text": list(formula.text) if formula else [],
        "mathml": list(formula.mathml) if formula else [],
    }


def table(frame: pandas.DataFrame, columns: list[str]) -> Json:
    """Rows of some columns.

    A column in which every row says the same is kept once; of words that repeat, each is kept once
    and rows have its number.
    """
    same, words, kept, varied = {}, {}, [], []
    for name in columns:
        values = frame[name].tolist() if len(frame) else []
        different = dict.fromkeys(values) if values and isinstance(values[0], str) else {}
        if len(different) == 1 or (len(values) > 1 and len(set(map(str, values))) == 1):
            same[name] = values[0]
            continue
        if different and len(different) * 2 < len(values):
            words[name] = list(different)
            numbers = {value: number for number, value in enumerate(different)}
            values = [numbers[value] for value in values]
        kept.append(name)
        varied.append(values)
    rows = [list(row) for row in zip(*varied, strict=True)] if varied else [[]] * len(frame)
    return {"same": same, "words": words, "columns": kept, "rows": rows}


def encoded(content: object) -> str:
    """JSON that a script may hold, infinities as text and nan as null."""
    text = json.dumps(finite(content), ensure_ascii=False, separators=(",", ":"), default=str)
    # A script in a page would end at these; a script file does not, and may become one.
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def finite(content: object) -> object:
    """The same without numbers that JSON lacks."""
    if isinstance(content, dict):
        return {str(name): finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None if math.isnan(content) else str(content)
    return content
