"""What other commands left beside a run, and its site shows: claims, power, history, porting.

Each is the JSON that a command prints; none of it is believed to be anything but words and numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from optimizer_conformance.reports.folder import read_json
from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.text import visible_content

Json = dict[str, Any]
# Which file, and what writes it into the run folder.
POWER = ("power.json", "conformance power --json > {run}/power.json")
PORTING = ("porting.json", "conformance translate --table --json > {run}/porting.json")
EQUIVALENCE = (
    "equivalence.json",
    "conformance equivalence {run} --format json --out {run}/equivalence.json",
)
HISTORY = ("history", "conformance history FRAMEWORK --json > {run}/history/FRAMEWORK.json")


def power(run: RunData) -> Json:
    """How many wrong rules the verdicts tell, by dtype and rule."""
    found = kept(run.folder, POWER[0])
    asked = {name: rows(found, name) for name in ("totals", "summary", "survivors")}
    return {"makes": POWER[1].format(run=run.folder), **asked}


def porting(run: RunData) -> Json:
    """What makes one implementation do what another does."""
    found = kept(run.folder, PORTING[0])
    asked = {name: rows(found, name) for name in ("followers", "attempts")}
    versions = found.get("versions", {})
    return {"makes": PORTING[1].format(run=run.folder), "versions": versions, **asked}


def history(run: RunData) -> Json:
    """What changed between releases, a framework at a time."""
    folder = run.folder / HISTORY[0]
    found = [kept(folder, path.name) for path in sorted(folder.glob("*.json"))]
    return {
        "makes": HISTORY[1].format(run=run.folder),
        "frameworks": [
            {
                "framework": str(item.get("framework", "")),
                "versions": [str(one.get("version", "")) for one in rows(item, "releases")],
                "changes": rows(item, "changes"),
                "rows": rows(item, "rows"),
            }
            for item in found
        ],
    }


def kept(folder: Path, name: str) -> Json:
    """A file's content; nothing where there is no file.  Raises UnreadableRun."""
    return read_json(folder / name, visible_content)


def rows(found: Json, name: str) -> list[Json]:
    """A list of objects, or none."""
    listed = found.get(name)
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
