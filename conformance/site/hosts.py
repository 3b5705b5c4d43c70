"""Whether a built site needs anybody else.

``python -m optimizer_conformance.site.hosts FOLDER`` says so.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

# What a browser loads by itself; an <a> waits for a click.
LOADS = {
    "audio": ("src",), "embed": ("src",), "form": ("action",), "iframe": ("src",),
    "image": ("href", "xlink:href"), "img": ("src", "srcset"), "input": ("src",),
    "link": ("href",), "object": ("data",), "script": ("src",), "source": ("src", "srcset"),
    "track": ("src",), "use": ("href", "xlink:href"), "video": ("src", "poster"),
}  # fmt: skip
# A <link> that only says something, and loads nothing.
SAYS = ("canonical", "next", "prev", "alternate", "license", "me")
ELSEWHERE = re.compile(r"^\s*(?:[a-z][a-z+.-]*:)?//", re.IGNORECASE)
STYLE = re.compile(r"(?:@import\s+|url\()\s*[\"']?((?:[a-z]+:)?//[^\"')\s]+)", re.IGNORECASE)
SCRIPT = re.compile(r"[\"'`]((?:https?:)?//[\w.-]+\.\w+[^\"'`\s]*)[\"'`]")


class Loads(HTMLParser):
    """The addresses on other hosts that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Its addresses, unless it is a link that only says something."""
        self.inside = tag
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and given.get("rel") in SAYS:
            return
        addresses = [given.get(name, "") for name in LOADS.get(tag, ())]
        self.found += [address for address in addresses if ELSEWHERE.match(address)]
        self.found += STYLE.findall(given.get("style", ""))

    def handle_data(self, data: str) -> None:
        """Style sheets within the page."""
        if self.inside == "style":
            self.found += STYLE.findall(data)


def is_report(path: Path) -> bool:
    """Whether a script belongs to the report that is shown as a sample.

    Its data have addresses, which become links; what it loads, tests of a browser see.
    """
    return path.parts[0] == "sample"


def elsewhere(site: Path) -> Iterator[tuple[Path, str]]:
    """Each file and the address on another host that it loads."""
    for path in sorted(site.rglob("*")):
        if path.suffix == ".js" and is_report(path.relative_to(site)):
            continue
        if path.suffix in (".html", ".svg", ".css", ".js"):
            text = path.read_text(encoding="utf-8", errors="replace")
            for address in loads(path.suffix, text):
                yield path.relative_to(site), address


def loads(suffix: str, text: str) -> list[str]:
    """The addresses on other hosts that a file of this kind loads."""
    if suffix == ".css":
        return STYLE.findall(text)
    if suffix == ".js":
        return SCRIPT.findall(text)
    page = Loads()
    page.feed(text)
    return page.found


def main(site: Path) -> int:
    """Print what is loaded from elsewhere; 1 where there is something, 2 where there is no site."""
    if not (site / "index.html").is_file():
        print(f"{site} holds no site: `mkdocs build` makes one")
        return 2
    found = list(elsewhere(site))
    for path, address in found:
        print(f"{path} loads {address}")
    print(f"{len(list(site.rglob('*.html')))} pages, {len(found)} addresses elsewhere")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
