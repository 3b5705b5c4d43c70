"""Addresses inside a report's site: the same for the same thing, whenever the site is written."""

from __future__ import annotations

from urllib.parse import quote

from optimizer_conformance.reports.model import RunData


def implementation(run: RunData, name: str, device: str = "") -> str:
    """Where one implementation stands; empty where the run has no site."""
    return place(run, "implementation", name, *([device] if device else []))


def cell(run: RunData, name: str, device: str, case: str) -> str:
    """Where the cells of a case stand; empty where the run has no site, or there is no case."""
    return place(run, "cell", name, device, case) if case else ""


def place(run: RunData, *parts: str) -> str:
    """A page of the site by its parts."""
    if not run.page:
        return ""
    return f"{run.page}#/{'/'.join(quote(part, safe='') for part in parts)}"


def index(address: str) -> str:
    """The page of a site that was named: its folder is enough."""
    name = address.rpartition("/")[2]
    return address if name.endswith((".html", ".htm")) else f"{address.rstrip('/')}/index.html"
