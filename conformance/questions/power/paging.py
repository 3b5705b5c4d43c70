"""The figures of a page: between two marks, written by the command that measured them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from optimizer_conformance.questions.power import peers
from optimizer_conformance.questions.power.analysis import Power, totals
from optimizer_conformance.questions.power.measurement import BELOW, EQUIVALENT, KILLED
from optimizer_conformance.questions.power.report import COLUMNS, cells, section, theirs

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
FULL = ("float32", "float64")  # where every mutant that is not equivalent has to be told
SUITE = {
    "mutants": "mutants",
    "unexplained": "open",
    "element-steps": "element-steps of rewritings",
}


def marked(page: Path) -> bool:
    """Whether a page has both marks, in their order."""
    try:
        before, found, after = page.read_text(encoding="utf-8").partition(f"{BEGIN}\n")
    except (OSError, UnicodeDecodeError):
        return False
    return bool(found) and END in after and END not in before


def put(page: Path, power: Power) -> None:
    """Replace what stands between the marks of a page by these figures."""
    write(page, figures(power))


def write(page: Path, text: str) -> None:
    """Replace what stands between the marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(f"{BEGIN}\n")
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def figures(power: Power) -> str:
    """All figures, as Markdown."""
    return "\n".join([*verdicts(power), *survivors(power), *others(power)])


def verdicts(power: Power) -> Iterator[str]:
    """One line a dtype."""
    rows = totals(power)
    rules = len({item.variant for item in power.measurements})
    mutants = sum(row["mutants"] for row in rows)
    steps = sum(row["element-steps"] for row in rows)
    yield (
        f"{rules} rules, {mutants:,} mutants and {steps:,} element-steps of legal rewritings, "
        f"profile `{power.profile}`. Documents that state the same rule count once."
    )
    yield ""
    yield f"| dtype | rules | {' | '.join(SUITE.get(name, name) for name in COLUMNS)} |"
    yield "|---|---:|" + "---:|" * len(COLUMNS)
    for row in rows:
        yield f"| {row['dtype']} | {row['rules']} | {' | '.join(cells(row))} |"
    yield ""


def survivors(power: Power) -> Iterator[str]:
    """Every survivor where none may be without a proof; of the narrow formats how many, and why."""
    yield from section(
        power,
        "Survivors in float32 and float64",
        lambda outcome: outcome.status != KILLED and outcome.dtype in FULL,
        level=3,
    )
    yield ""
    narrow = [o for o in power.outcomes if o.dtype not in FULL and o.status != KILLED]
    for dtype in dict.fromkeys(outcome.dtype for outcome in narrow):
        mine = [outcome for outcome in narrow if outcome.dtype == dtype]
        below = sum(outcome.status == BELOW for outcome in mine)
        equivalent = sum(outcome.status == EQUIVALENT for outcome in mine)
        yield (
            f"In {dtype} {below:,} survivors are below the resolution, {equivalent:,} proved "
            f"equivalent, {len(mine) - below - equivalent:,} neither; `--out` lists them."
        )
    yield ""


def others(power: Power) -> Iterator[str]:
    """The peers beside the bound: missed and rejected, a column a dtype."""
    rows = totals(power)
    columns = [theirs(row) for row in rows]
    yield "### Others on the same data: missed / rejected"
    yield ""
    yield f"| tolerance | {' | '.join(row['dtype'] for row in rows)} |"
    yield "|---|" + "---:|" * len(rows)
    for index, peer in enumerate(peers.peers()):
        cells_ = " | ".join(column[index] for column in columns)
        yield f"| `{peer.name}` ({peer.version}) | {cells_} |"
    visible = [row["mutants"] - row[EQUIVALENT] - row[BELOW] for row in rows]
    styles = [row["styles"] for row in rows]
    of = [f"{mutants:,} / {count:,}" for mutants, count in zip(visible, styles, strict=True)]
    yield f"| *of* | {' | '.join(of)} |"
    ours = [f"{row['unexplained']:,} / {row['false alarms']:,}" for row in rows]
    yield f"| **the running bound** | {' | '.join(ours)} |"
