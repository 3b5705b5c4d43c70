"""What ``conformance report`` writes as several files, or answers: sites and badges."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from optimizer_conformance.cli.console import UsageError, console, errors
from optimizer_conformance.reports import badge, links, model, web
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.reports.text import escape
from optimizer_conformance.reports.together import together


def last_run() -> Path:
    """The run folder in ``runs`` that was begun last.  Raises UsageError where there is none."""
    found = [path.parent for path in Path("runs").glob("*/provenance.json")]
    if not found:
        raise UsageError("runs/ holds no run: name a run folder, or make one: `conformance run`")
    return max(found, key=lambda folder: (folder / "provenance.json").stat().st_mtime)


def loaded(folders: Sequence[Path], *, incomplete: bool, page: str = "") -> model.RunData:
    """The run, or several as one, and where its site stands."""
    whole = together([model.load(folder, incomplete=incomplete) for folder in folders])
    return replace(whole, page=links.index(page) if page else "")


def serve(run: Path | None = None, *more: Path, port: int = 0) -> None:
    """Answer on this machine alone until Ctrl-C."""
    from optimizer_conformance.questions import serving  # noqa: PLC0415 - only serving needs it

    if more:
        raise UsageError("serve shows one run: name one folder")
    server = serving.server(run or last_run(), port)
    address = f"http://{serving.HERE}:{server.server_address[1]}/"
    console.print(f"{address} shows the run; Ctrl-C ends it")
    try:
        server.serve_forever()
    finally:
        server.RequestHandlerClass.served.close()  # type: ignore[attr-defined]  # serving's own
        server.server_close()


def badges(data: model.RunData, target: Path) -> None:
    """A badge an implementation."""
    folder(target)
    count = 0
    for name, content in badge.each(data):
        write(target / name, content.encode())
        count += 1
    console.print(f"wrote {count} files to {escape(target)}; {badge.INDEX} lists them")


def site(
    runs: Sequence[Path],
    target: Path,
    against: Path | None,
    *,
    incomplete: bool,
    elements: tuple[str, ...] = (),
) -> None:
    """Write the report as a site that opens without a server."""
    from optimizer_conformance.questions import exhibits, serving  # noqa: PLC0415 - a site's alone

    data = loaded(runs, incomplete=incomplete)
    earlier = model.load(against, incomplete=incomplete) if against else None
    every, refused = serving.every(data, elements) if elements else ({}, [])
    shown = exhibits.exhibits(data, every)
    folder(target)
    for why in refused:
        errors.print(f"[yellow]not computed:[/] {escape(why)}")
    files = web.write(data, target, shown, earlier)
    console.print(f"wrote {len(files)} files; open {escape(target / 'index.html')}")


def folder(path: Path) -> None:
    """Make a folder where there is none."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{path} cannot be made: {error.strerror}; give another folder") from error


def write(path: Path, written: bytes) -> None:
    """Write a whole file or none."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(written)
        os.replace(partial, path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}") from error
