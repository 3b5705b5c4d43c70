"""The run as one HTML page that needs no network and no script."""

from __future__ import annotations

from typing import Any

import pandas

from optimizer_conformance.reports import claims
from optimizer_conformance.reports.findings import LABELS, recorded
from optimizer_conformance.reports.markdown import provenance, verdict
from optimizer_conformance.reports.model import RunData, compared, ill_posed, summary
from optimizer_conformance.reports.page import template
from optimizer_conformance.reports.terminal import is_known, number
from optimizer_conformance.reports.verdicts import DEVIATES, named


def render(run: RunData) -> str:
    """The whole page."""
    found = recorded(run)
    rows = [
        row._asdict() | {"word": verdict(row), "kind": kind(row)}
        for row in summary(run).itertuples(index=False)
    ]
    matrix = compared(run)
    bad = matrix[(matrix.relation == "claimed") & (matrix.deviating > 0)]
    counts = (
        run.cells[run.cells.relation == "claimed"].verdict.value_counts().to_dict()
        if len(run.cells)
        else {}
    )
    ledger = claims.beside(run)
    return template("report.html").render(
        provenance=provenance(run),
        rows=rows,
        findings=[(LABELS[item.kind], item) for item in found],
        departures=bad.to_dict("records"),
        counts=counts,
        ill_posed=ill_posed(run),
        maps=variant_maps(run, matrix),
        adapters=run.adapters,
        footer=run.footer,
        reasons={name: run.provenance.told(name) for name in run.provenance.reasons},
        decided=ledger.date if ledger else "",
        **(claims.for_template(ledger) if ledger else {"ledger": []}),
    )


def kind(row: Any) -> str:
    """The style of a verdict."""
    return "known" if is_known(row) else str(row.verdict)


def variant_maps(run: RunData, matrix: pandas.DataFrame) -> list[dict[str, Any]]:
    """A map a family of rules: one for all would be too wide for a page, and mostly empty."""
    if run.cells.empty:
        return []
    # A case's identifier begins with the family, options follow with a plus.
    families = run.cells["case"].str.extract(r"^([^/+]*)")[0]
    of = dict(zip(run.cells.implementation, families, strict=True))
    kinds = matrix.implementation.map(of)
    return [variant_map(group, str(family)) for family, group in matrix.groupby(kinds, sort=True)]


def variant_map(matrix: pandas.DataFrame, family: str) -> dict[str, Any]:
    """Implementations against every documented variant without options: who follows what."""
    plain = matrix[matrix.features == ""]
    names = list(dict.fromkeys(plain.sort_values("base").base))
    rows = []
    for (implementation, device), group in plain.groupby(["implementation", "device"], sort=False):
        found = {row.base: row for row in group.itertuples(index=False)}
        rows.append(
            {
                "implementation": implementation,
                "device": device,
                "marks": [mark(found.get(name)) for name in names],
            }
        )
    return {"family": family, "variants": names, "rows": rows}


def mark(row: Any) -> dict[str, str]:
    """One place of the map."""
    if row is None:
        return {"text": "", "kind": "none", "why": ""}
    mark_ = named(row.verdict).meaning.mark
    if row.deviating:
        return {"text": mark_, "kind": DEVIATES, "why": row.why}
    return {
        "text": mark_ if row.relation == "other" else "●",
        "kind": row.relation,
        "why": f"{row.verdict}, worst score {number(row.score)}",
    }
