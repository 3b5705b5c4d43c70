"""What a run says of each implementation, in four words for strangers.

*follows* its document, *follows except* somewhere, *computes another rule*, or *not decided*.  The
verdicts of cells are the ground of it and are not repeated here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas

from optimizer_conformance.reports.model import RunData, base_of, options
from optimizer_conformance.reports.modes import where as where_of_mode
from optimizer_conformance.reports.records import Cause
from optimizer_conformance.reports.verdicts import DEVIATES, FAILS, MEANINGS, Conduct, named

# Causes by which a configuration computes something else altogether.
# Of what it does not claim, none is kept.
OTHERWISE = (str(Cause.rule), str(Cause.partly), str(Cause.unexplained), "")
MODE = re.compile(r"^(.+?|)(\[.*\])?$")  # of a folder of others it may be empty
NO_FORMULA = "its documentation states no formula"
NEEDED = [
    "implementation", "adapter", "version", "device", "variant", "relation", "features", "dtype",
    "mode", "regime", "case", "verdict", "why", "expectation", "cause",
]  # fmt: skip


@dataclass(frozen=True)
class Lapse:
    """One way in which an implementation leaves its document.

    where     in which dtypes, layouts, gradients or options, in words; empty: wherever it was asked
    sentence  what it does there, or why that is known
    link      where that can be read, empty for what is new
    entries   identifiers of the expectations that cover it; none for what is new
    case      the first that shows it
    """

    where: str
    sentence: str
    link: str
    entries: tuple[str, ...]
    cells: int
    case: str
    implementation: str

    @property
    def known(self) -> bool:
        """Whether expectations cover it."""
        return bool(self.entries)

    @property
    def said(self) -> tuple[str, str, str]:
        """What is printed of it: the same for modes with one result."""
        return (self.where, self.sentence, self.link)


@dataclass(frozen=True)
class Bearing:
    """One implementation on one device and the document that it was held against.

    documents  documented variants without their options
    variant    of the smallest set of options that was compared: it states the rule
    claimed    whether it is the implementation's own document
    why        of *not decided*, in words
    also       variants of other documents that no compared case contradicts
    """

    implementation: str
    adapter: str
    version: str
    device: str
    documents: tuple[str, ...]
    variant: str
    claimed: bool
    conduct: Conduct
    lapses: tuple[Lapse, ...]
    options: tuple[str, ...]
    cells: int
    why: str = ""
    also: tuple[str, ...] = ()

    @property
    def new(self) -> bool:
        """Whether it leaves its document where nothing expects it."""
        return self.claimed and any(not lapse.known for lapse in self.lapses)

    @property
    def object(self) -> str:
        """Its name without the mode that stands in brackets."""
        return MODE.match(self.implementation)[1]  # type: ignore[index]  # fits every name

    @property
    def mode(self) -> str:
        """The mode in its brackets, or nothing."""
        return self.implementation.removeprefix(self.object)


@lru_cache(maxsize=4)
def bearings(run: RunData) -> tuple[Bearing, ...]:
    """Each implementation on each device; those without a document at the end.

    A run with chosen variants has one for each implementation and variant.
    """
    if run.cells.empty:
        return ()
    cells = run.cells[NEEDED].astype(object).assign(base=bases(run.cells))
    chosen = bool(run.provenance.selection.variants)
    found = []
    for key, group in cells.groupby(["implementation", "device"], sort=False):
        name, device = map(str, key)
        own = group[group.relation == "claimed"]
        if chosen:
            found += [judged(run, name, device, rows) for _, rows in group.groupby("base")]
        elif own.empty:
            found.append(undocumented(name, device, group))
        else:
            others = group[~group.base.isin(own.base)]
            also = [variant for _, variant in followed(others, least(own))]
            found.append(judged(run, name, device, own, also))
    return tuple(found)


def bases(cells: pandas.DataFrame) -> pandas.Series[Any]:
    """The document of each cell; thousands of cells have few."""
    pairs = cells[["variant", "features"]].drop_duplicates()
    known = {pair: base_of(*pair) for pair in pairs.itertuples(index=False, name=None)}
    each = zip(cells.variant, cells.features, strict=True)
    return pandas.Series([known[pair] for pair in each], index=cells.index)


def judged(
    run: RunData, name: str, device: str, rows: pandas.DataFrame, also: Iterable[str] = ()
) -> Bearing:
    """One implementation held against its documents, or against a chosen one."""
    bad = rows[rows.verdict.isin(FAILS)]
    smallest = least(rows)
    conduct, why = conducted(rows, bad)
    return Bearing(
        implementation=name,
        adapter=rows.adapter.iloc[0],
        version=rows.version.iloc[0],
        device=device,
        documents=tuple(dict.fromkeys(rows.base)),
        variant=rows.variant[rows.features == smallest].iloc[0],
        claimed=rows.relation.iloc[0] == "claimed",
        conduct=conduct,
        lapses=tuple(lapses(run, rows, bad)),
        options=tuple(rows.features.drop_duplicates()),
        cells=len(rows),
        why=why,
        also=tuple(also),
    )


def options_of(features: str) -> list[str]:
    """The options of a set."""
    return features.split("+") if features else []


def conducted(rows: pandas.DataFrame, bad: pandas.DataFrame) -> tuple[Conduct, str]:
    """The word, and of *not decided* why."""
    if bad.empty:
        telling = [word for word in rows.verdict.unique() if named(word).meaning.telling]
        if telling or "range" in set(rows.verdict):
            return Conduct.follows, ""
        worst = named(rows.verdict.iloc[0])
        return Conduct.undecided, next((why for why in rows.why if why), MEANINGS[worst].words)
    if not (bad.verdict == DEVIATES).any() and len(bad) == len(rows):
        return Conduct.undecided, next((why for why in bad.why if why), str(bad.verdict.iloc[0]))
    otherwise = bad[(bad.verdict == DEVIATES) & bad.cause.isin(OTHERWISE)]
    everywhere = set(otherwise.features) == set(rows.features)
    return (Conduct.another if everywhere else Conduct.excepted), ""


def lapses(run: RunData, rows: pandas.DataFrame, bad: pandas.DataFrame) -> Iterator[Lapse]:
    """Each way once: what is new first, and cells with one reason together."""
    if bad.empty:
        return
    reasons, links = run.provenance.reasons, run.provenance.links
    said = [
        reasons.get(cell.expectation) or unknown(cell.why, cell.cause)
        for cell in bad.itertuples(index=False)
    ]
    grouped = bad.assign(sentence=said, link=[links.get(name, "") for name in bad.expectation])
    grouped["new"] = grouped.expectation == ""
    for (new, words, link), group in grouped.groupby(["new", "sentence", "link"], sort=False):
        yield Lapse(
            where=where(rows, group),
            sentence=words,
            link=link,
            entries=() if new else tuple(sorted(set(group.expectation))),
            cells=len(group),
            case=group["case"].iloc[0],
            implementation=group.implementation.iloc[0],
        )


def unknown(why: str, cause: str) -> str:
    """What is said of a cell that no expectation covers: the place is said once, of all cells."""
    return "the result is outside the bound" if cause == str(Cause.place) else why


def where(rows: pandas.DataFrame, bad: pandas.DataFrame) -> str:
    """Where some cells of an implementation lie among all of them, in words."""
    always = set.intersection(*map(set, map(options_of, bad.features.unique())))
    every = set.intersection(*map(set, map(options_of, rows.features.unique())))
    rows = rows[rows.features.isin(bad.features.unique())]
    modes = list(bad["mode"].unique())
    alone = modes[0] if len(modes) == 1 < rows["mode"].nunique() else ""
    rows = rows[rows["mode"].isin(modes)]  # a format in which the like was not asked is not spared
    parts = []
    if bad.dtype.nunique() < rows.dtype.nunique():
        parts.append(f"in {both(list(bad.dtype.unique()))}")
    if bad["mode"].str.startswith("layout").all():
        strided = bad.regime.str.startswith("strided").all()
        parts.append("for strided parameters" if strided else "for some shapes")
    else:
        regime = bad.regime.iloc[0] if bad.regime.nunique() == 1 < rows.regime.nunique() else ""
        parts += [f"with {regime} gradients"] if regime else []
        parts += [where_of_mode(alone)] if alone else []
    if telling := always - every:
        parts.append(f"with {options('+'.join(telling))}")
    return " ".join(parts)


def both(names: list[str]) -> str:
    """Names as a sentence lists them."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def least(rows: pandas.DataFrame) -> str:
    """The smallest set of options that was compared."""
    return str(min(rows.features.unique(), key=lambda text: (len(options_of(text)), text)))


def followed(others: pandas.DataFrame, features: str) -> list[tuple[str, str]]:
    """Documents that no compared case contradicts, each with its variant of these options."""
    if others.empty:
        return []
    wrong = set(others.base[others.verdict.isin(FAILS)])
    kept = others[~others.base.isin(wrong) & (others.features == features)]
    first = kept.drop_duplicates("base").sort_values("base")
    return list(zip(first.base, first.variant, strict=True))


def undocumented(name: str, device: str, group: pandas.DataFrame) -> Bearing:
    """An implementation whose documentation states no formula, and which rules it follows."""
    also = followed(group, least(group))
    return Bearing(
        implementation=name,
        adapter=group.adapter.iloc[0],
        version=group.version.iloc[0],
        device=device,
        documents=tuple(base for base, _ in also[:1]),
        variant=also[0][1] if also else "",
        claimed=False,
        conduct=Conduct.undecided,
        lapses=(),
        options=tuple(group.features.drop_duplicates()),
        cells=len(group),
        why=NO_FORMULA,
        also=tuple(variant for _, variant in also),
    )
