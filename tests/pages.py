"""What the pages of a report's site have to say, worked out from the run folder alone."""

from __future__ import annotations

import math
from urllib.parse import quote

import pandas

from optimizer_conformance.reports.model import compared, options
from optimizer_conformance.reports.verdicts import MEANINGS, named

SHOWN = 4  # elements of a cell
LEAF = 50  # rows of a long table that are seen at once
COUNTED = ("exact", "rounding", "representation", "range", "ill_posed", "deviates")


def number(value):
    """A number as a page writes it: four digits, or an exponent."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float) and math.isinf(value):
        return "∞" if value > 0 else "-inf"
    if float(value).is_integer() and abs(value) < 1e6:
        return str(int(value))
    if abs(value) >= 1e4 or (value and abs(value) < 1e-3):
        digits, _, power = f"{value:.2e}".partition("e")
        return f"{digits}e{'+' if int(power) >= 0 else ''}{int(power)}"
    return f"{value:#.4g}".rstrip(".")


def address(*parts):
    """Behind the #/ of an address."""
    return "/".join(quote(str(part), safe="") for part in parts)


def claimed(run):
    """The cells against implementations' own documents."""
    return run.cells[run.cells.relation == "claimed"]


def kept(run, record):
    """The elements of a cell that a site shows of those that the folder keeps."""
    keys = ("implementation", "device", "variant", "case", "regime")
    found = []
    for part in run.parts or (run,):
        path = part.folder / "elements" / f"{record['adapter']}.parquet"
        rows = pandas.read_parquet(path).to_dict("records") if path.is_file() else []
        found += [row for row in rows if all(row[key] == record[key] for key in keys)]
    return found[:SHOWN]


def cell(record, kept):
    """Of a cell's page: each line by its name, the line of its elements, and their table."""
    lines = {
        "verdict": f"{record['verdict']}: {MEANINGS[named(record['verdict'])].words}",
        "largest distance": f"{number(record['score'])} of the bound that judged it, "
        f"{number(record['ulp'])} ulp",
    }
    if record["condition"] is not None and not math.isnan(record["condition"]):
        lines["smallest condition number"] = number(record["condition"])
    if record["step"]:
        lines["first divergence"] = (
            f"step {record['step']}, {record['quantity']} of {record['element']}"
        )
        lines["observed"], lines["exact"] = record["observed"], record["expected"]
        lines["there"] = (
            f"{number(record['divergence_score'])} of the bound, "
            f"{number(record['divergence_ulp'])} ulp"
        )
    counts = [(name, record[name]) for name in COUNTED if record[name]]
    told = ", ".join(f"{count} {name.replace('_', '-')}" for name, count in counts)
    rows = [
        [number(item[name]) for name in ("step", "observed", "expected", "score", "ulp")]
        for item in kept
    ]
    return lines, f"Elements: {told}" if counts else "", rows


def listed(records):
    """Of a page of cells: score and ulp of each row, and how many there are."""
    rows = [[number(item["score"]), number(item["ulp"])] for item in records[:LEAF]]
    return f"{len(records)} of {len(records)} cells", rows


def implementation(run, name, device):
    """Of an implementation's page: each count of options × dtypes, and of other documents."""
    own = claimed(run)
    own = own[(own.implementation == name) & (own.device == device)]
    places = {}
    for (features, dtype), group in own.groupby(["features", "dtype"], sort=False):
        bad = int((group.deviates > 0).sum())
        said = f"✗ {bad} of {len(group)}" if bad else f"✓ {len(group)}"
        places[options(features) or "plain", dtype] = said
    matrix = compared(run)
    others = matrix[
        (matrix.implementation == name) & (matrix.device == device) & (matrix.relation == "other")
    ]
    return places, [[str(row.cells), str(row.deviating)] for row in others.itertuples()]
