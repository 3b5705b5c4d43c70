"""A run as a static site: one page, its scripts, and its data in script files.

It opens from ``file://``, where pages may load scripts and nothing else; it loads nothing from
elsewhere.  What a run brought along is data there and becomes text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pandas

from optimizer_conformance.reports import beside, claims, diff, tables, written
from optimizer_conformance.reports.bearings import Bearing, bearings
from optimizer_conformance.reports.blocks import Block, Folded, blocks
from optimizer_conformance.reports.exhibits import Exhibits, Formula
from optimizer_conformance.reports.findings import LABELS, recorded
from optimizer_conformance.reports.markdown import provenance
from optimizer_conformance.reports.model import FEATURES, RunData, compared, lacking, options
from optimizer_conformance.reports.packed import encoded, table
from optimizer_conformance.reports.page import template
from optimizer_conformance.reports.records import FORMAT, Element
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.reports.text import visible_column
from optimizer_conformance.reports.verdicts import MEANINGS, Conduct

Json = dict[str, Any]
SCRIPTS = (
    "core", "tables", "matrix", "implementation", "drawing", "cells", "pages", "more", "playground",
)  # fmt: skip
LIBRARIES = ("d3", "plot", "datatables")  # templates/libraries/libraries.toml says which versions
SHIPPED = (
    "site.css",
    *(f"{name}.js" for name in SCRIPTS),
    *(f"libraries/{name}.{kind}" for name in LIBRARIES for kind in ("min.js", "license.txt")),
)
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
SUPPORT = (
    "name", "family", "claims", "hyperparameters", "dtypes", "devices", "state", "settable",
    "schedules", "groups", "gaps", "undriven", "documentation",
)  # fmt: skip
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
        for name in self.names():
            self.text(name, self.content(name))
        return self.written

    def names(self) -> Iterator[str]:
        """The files of the site."""
        yield from ("index.html", *SHIPPED)
        yield from (f"data/{name}.js" for name in self.parts)
        yield from (f"data/cells/{number}.js" for number in range(len(self.places)))
        yield from (f"data/every/{file}/{cell}.js" for file, cell in self.exhibits.every)

    def content(self, name: str) -> str:
        """What a file holds.  Raises KeyError for a name that the site has not."""
        if name == "index.html":
            return template("site/index.html").render(scripts=SCRIPTS)
        if not name.startswith("data/"):
            return self.shipped(name)
        data = name.removeprefix("data/").removesuffix(".js")
        kind, _, rest = data.partition("/")
        if kind == "cells" and rest.isdecimal() and int(rest) < len(self.places):
            return script(data, self.detail(self.places[int(rest)], self.run.cells))
        if kind == "every":
            file, _, cell = rest.partition("/")
            return script(data, self.exhibits.every[int(file), int(cell)])
        return script(data, self.parts[data]())

    @cached_property
    def parts(self) -> dict[str, Callable[[], object]]:
        """What makes the data of each page that is not about one implementation."""
        return {
            "run": self.overview,
            "claims": lambda: claims.beside(self.run),
            "extra": self.extra,
            "changes": self.changes,
            "classes": lambda: self.exhibits.classes,
            "support": self.support,
            "power": lambda: beside.power(self.run),
            "porting": lambda: beside.porting(self.run),
            "history": lambda: beside.history(self.run),
            "findings": self.findings,
        }

    @cached_property
    def places(self) -> list[tuple[str, str]]:
        """Each implementation on each device, in the order of their files."""
        return list(dict.fromkeys((item.implementation, item.device) for item in self.found))

    def shipped(self, name: str) -> str:
        """A file that is shipped.  Raises KeyError."""
        if name not in SHIPPED:
            raise KeyError(name)
        templates = resources.files("optimizer_conformance.reports") / "templates"
        source = templates if name.startswith("libraries/") else templates / "site"
        return (source / name).read_text(encoding="utf-8")

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
            "progress": self.progress(),
            "served": self.exhibits.served,
            "cells": self.counts(),
            "lacking": [{"name": who, "why": why} for who, why in lacking(self.run)],
            "findings": [
                {"what": LABELS[item.kind], **msgspec.to_builtins(item)}
                for item in recorded(self.run)
            ],
            "options": list(FEATURES),
            "words": {item.name: [item.mark, item.said(), item.said(2)] for item in Conduct},
            "verdicts": {
                str(verdict): [meaning.tone.page, meaning.words]
                for verdict, meaning in MEANINGS.items()
            },
            "rules": [self.rule(block) for block in self.columns()],
            "rows": rows,
        }

    def findings(self) -> dict[str, str]:
        """The pages of the findings that tell of this run, by name; those that are here."""
        asked = {lapse.link for item in self.found for lapse in item.lapses}
        return {
            page.stem: page.read_text(encoding="utf-8")
            for page in written.pages()
            if f"{written.FOLDER}/{page.name}" in asked
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
            "file": self.places.index((item.implementation, item.device)),
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

    def progress(self) -> dict[str, list[int]]:
        """Of each adapter that is not done how many groups are, and how many there are."""
        left = {name for name, about in self.run.adapters.items() if not about.complete}
        return {
            name: [sum(group.finished for group in groups), len(groups)]
            for name, groups in self.run.groups.items()
            if name in left and not self.run.footer
        }

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
            "file": self.places.index(place),
            "cells": table(own[own.relation == "claimed"], OWN),
            "others": table(others, OTHERS),
            "elements": table(self.elements(item.adapter, place), KEPT),
            "every": sorted(
                cell for file, cell in self.exhibits.every if self.places[file] == place
            ),
            "observed": {**shown(formula), "differs": differs},
            "defaults": groups[0].defaults if groups else {},
            "documented": self.exhibits.defaults.get(item.variant, {}),
            "source": self.exhibits.sources.get(item.variant, ("", "")),
            "reasons": {
                entry: self.run.provenance.told(entry)
                for lapse in item.lapses
                for entry in lapse.entries
            },
        }

    def every(self, place: tuple[str, str]) -> list[int]:
        """Which cells of an implementation were computed again."""
        return sorted(cell for file, cell in self.exhibits.every if self.places[file] == place)

    def elements(self, adapter: str, place: tuple[str, str]) -> pandas.DataFrame:
        """The elements that deviate, of which a run folder keeps the first of each cell."""
        runs = self.run.parts or (self.run,)
        holding = [run for run in runs if holds(run, place)]
        path = (holding or runs)[-1].folder / "elements" / f"{adapter}.parquet"
        if not path.is_file():
            return pandas.DataFrame(columns=KEPT)
        if not hasattr(self, "_elements"):
            self._elements: dict[str, pandas.DataFrame] = {}
        kept = str(path)
        if kept not in self._elements:
            older = self.run.provenance.format != FORMAT
            found = tables.read(path, Element, older=older).to_pandas(ignore_metadata=True)
            for column in tables.texts(Element) if len(found) else ():
                found[column] = visible_column(found[column])
            self._elements[kept] = found
        found = self._elements[kept]
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

    def support(self) -> list[Json]:
        """What each implementation takes, and what it lacks; as its adapter says."""
        compared_ = self.run.cells[["implementation", "dtype"]].drop_duplicates()
        judged = compared_.groupby("implementation").dtype.agg(list).to_dict()
        return [
            {
                "adapter": adapter,
                "missing": about.missing or item.gaps.get("device", ""),
                "judged": judged.get(item.name, []),
                **{name: getattr(item, name) for name in SUPPORT},
                "features": sorted(
                    {options("+".join(sorted(one))) for one in item.features or [[]]}
                ),
            }
            for adapter, about in sorted(self.run.adapters.items())
            if about.description
            for item in about.description.implementations
        ]

    def extra(self) -> Json:
        """Examples, and walks in two dimensions."""
        return {
            "examples": list(self.exhibits.examples),
            "paths": {key: list(points) for key, points in self.exhibits.paths.items()},
            "curvatures": self.exhibits.curvatures,
        }


def holds(run: RunData, place: tuple[str, str]) -> bool:
    """Whether a run has cells of an implementation on a device."""
    found = run.cells
    return len(found) > 0 and bool(
        ((found.implementation == place[0]) & (found.device == place[1])).any()
    )


def script(name: str, content: object) -> str:
    """Data as a script file holds it."""
    return f"SITE.put({encoded(name)}, {encoded(content)});\n"


def shown(formula: Formula | None) -> Json:
    """A formula as data."""
    return {
        "text": list(formula.text) if formula else [],
        "mathml": list(formula.mathml) if formula else [],
    }
