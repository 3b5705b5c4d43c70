"""A report's site answered on this machine alone, from a run that may still go on.

Everything is made when it is asked for; cells are computed again when somebody wants every element.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.questions.elements import NotComputed, Recomputation
from optimizer_conformance.questions.exhibits import exhibits
from optimizer_conformance.questions.live import view
from optimizer_conformance.reports.exhibits import Exhibits
from optimizer_conformance.reports.folder import UnreadableRun
from optimizer_conformance.reports.model import RunData
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.reports.web import RunSite, script

HERE = "127.0.0.1"
KINDS = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
WATCHED = ("journal.msgpack", "adapters.json", "groups.json", "footer.json")


class Served:
    """One run's site, made anew when its folder has changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.again = Recomputation()
        # A worker ends with the thread that started it; that of a request ends with its answer.
        self.asking = ThreadPoolExecutor(1)
        self.seen: tuple[object, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Read the run again where it has changed."""
        with self.lock:
            now = tuple(stamp(self.folder / name) for name in WATCHED)
            if now != self.seen:
                run = view(self.folder)
                self.site = RunSite(run, self.folder, exhibits(run, served=True), None)
                self.seen = now

    def content(self, name: str) -> str:
        """A file of the site.  Raises KeyError for one that it has not."""
        if name.startswith("data/every/"):
            rest = name.removeprefix("data/every/").removesuffix(".js")
            return self.asking.submit(self.every, rest).result()
        with self.lock:
            if name == "data/run.js":
                self.refresh()
            return self.site.content(name)

    def every(self, rest: str) -> str:
        """Each element of a cell, computed now; or why it cannot be."""
        file, _, place = rest.partition("/")
        cells = claimed(self.site.run, self.site.places[int(file)])
        try:
            found = self.again.elements(cells[int(place)])
        except NotComputed as error:
            found = {"columns": [], "rows": [], "of": 0, "why": str(error)}
        return script(f"every/{rest}", found)

    def close(self) -> None:
        """End the workers."""
        self.asking.submit(self.again.open.close).result()
        self.asking.shutdown()


def stamp(path: Path) -> object:
    """What changes when a file does."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size


def every(
    run: RunData, patterns: tuple[str, ...]
) -> tuple[dict[tuple[int, int], dict[str, Any]], list[str]]:
    """Each element of the cells of some implementations, by file and cell; and why some lack."""
    found: dict[tuple[int, int], dict[str, Any]] = {}
    refused: dict[str, None] = {}
    with Recomputation() as again:
        for file, place in enumerate(RunSite(run, run.folder, Exhibits(), None).places):
            if wanted(place[0], patterns):
                for number, cell in enumerate(claimed(run, place)):
                    try:
                        found[file, number] = again.elements(cell)
                    except NotComputed as error:
                        refused[f"{place[0]}: {error}"] = None
    return found, list(refused)


def claimed(run: RunData, place: tuple[str, str]) -> list[dict[str, Any]]:
    """The cells of an implementation against its own documents, in the order of its page."""
    own = run.cells[run.cells.relation == "claimed"]
    chosen = own[(own.implementation == place[0]) & (own.device == place[1])]
    return [{str(name): value for name, value in row.items()} for row in chosen.to_dict("records")]


class Handler(BaseHTTPRequestHandler):
    """Answers GET for the files of one site, and nothing else."""

    served: Served
    server_version = "conformance"

    def do_GET(self) -> None:
        """One file."""
        host = self.headers.get("Host", "")
        if host.rpartition(":")[0] not in (HERE, "localhost"):
            # A page from elsewhere may not read this one under another name.
            return self.answer(HTTPStatus.FORBIDDEN, "text/plain", "only from this machine")
        name = unquote(urlsplit(self.path).path).lstrip("/") or "index.html"
        try:
            content = self.served.content(name)
        except (KeyError, ValueError, IndexError):
            return self.answer(HTTPStatus.NOT_FOUND, "text/plain", "not a file of this report")
        except (UnreadableRun, RunError) as error:
            return self.answer(HTTPStatus.CONFLICT, "text/plain", str(error))
        kind = KINDS.get(Path(name).suffix, "text/plain")
        return self.answer(HTTPStatus.OK, kind, content)

    def answer(self, status: HTTPStatus, kind: str, content: str) -> None:
        """The whole answer; nothing may keep it, embed it or add to it."""
        body = content.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the library's own word
        """Nothing is printed of what is asked."""


def server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of a run on this machine's own address; 0: any free port.  Raises RunError."""
    served = Served(folder)
    handler = type("RunHandler", (Handler,), {"served": served})
    try:
        return ThreadingHTTPServer((HERE, port), handler)
    except OSError as error:
        raise RunError(
            f"port {port} cannot be used: {error.strerror}; give another --port"
        ) from error
