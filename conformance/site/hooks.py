"""MkDocs' hooks: generated pages, globs in the navigation, and links that leave the site."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from optimizer_conformance.site import commands, findings, formulas, front, library, splitting
from optimizer_conformance.site.hosts import SCRIPT, is_report

LINK = re.compile(r"\[([^\]]*)\]\(((?!\w+:)[^)#\s]+)(#[^)\s]*)?\)")

SHORT = re.compile(r"<td>(?=[^<]{0,12}</td>)")  # a number, a mark: a column of these may be narrow
NAME = re.compile(r"(?<=<td>)[^<\s]{16,}(?=</td>)")
SHIM = "https://unpkg.com/iframe-worker/shim"  # the theme's; ours lies in docs/assets


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is generated, then say which page stands where."""
    generated = (
        *formulas.pages(),
        *commands.pages(),
        *findings.pages(Path(config.docs_dir)),
        *library.pages(),
        *splitting.pages(Path(config.docs_dir)),
    )
    for path, text in generated:
        files.append(File.generated(config, path, content=text))
    known = [file.src_uri for file in files.documentation_pages()]
    config.nav = placed(config.nav or [], known)
    return files


def placed(nav: Any, known: list[str]) -> Any:
    """The navigation with every glob replaced by the pages that it fits and no entry names."""
    named = set(mentioned(nav))

    def expand(entry: Any) -> list[Any]:
        if isinstance(entry, str) and "*" in entry:
            found = [path for path in known if fits(path, entry) and path not in named]
            return sorted(found, key=lambda path: (not path.endswith("index.md"), path))
        if isinstance(entry, dict):
            return [
                {
                    title: [item for one in value for item in expand(one)]
                    if isinstance(value, list)
                    else value
                    for title, value in entry.items()
                }
            ]
        return [entry]

    return [item for entry in nav for item in expand(entry)]


def fits(path: str, pattern: str) -> bool:
    """Whether a page is one of a pattern's own folder."""
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)


def mentioned(nav: Any) -> list[str]:
    """Every page that the navigation names."""
    if isinstance(nav, str):
        return [nav]
    values = nav.values() if isinstance(nav, dict) else nav
    return [name for value in values for name in mentioned(value)]


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links to files beside ``docs/`` lead nowhere on the site: their words stay."""
    name = page.file.src_uri
    if f"{PurePosixPath(name).parent}.md" in splitting.LONG:
        page.meta["hide"] = ["navigation"]  # tables need the room
    if name in splitting.LONG:
        page.meta["hide"] = ["toc"]
        markdown = splitting.index(name, markdown)
    folder = PurePosixPath(page.file.src_uri).parent
    markdown = markdown.replace(front.PLACE, front.departures(Path(config.docs_dir)))

    def kept(match: re.Match[str]) -> str:
        outside = normal(folder / match[2]).startswith("..")
        return match[1] if outside else match[0]

    return LINK.sub(kept, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Tables with narrow columns for what is short, and long names that break where they may."""
    named = NAME.sub(lambda match: re.sub(r"(?<=[.:\[])(?=\w)|(?=\[)", "<wbr>", match[0]), html)
    return SHORT.sub('<td class="short">', named)


def on_post_build(config: MkDocsConfig) -> None:
    """The theme's script could load diagrams and counts of stars from elsewhere: this site has
    neither, so the addresses are taken out."""
    site = Path(config.site_dir)
    # A server's page, whose addresses begin at a root that a folder on a disk does not have.
    (site / "404.html").unlink(missing_ok=True)
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        if SHIM in text:
            up = "../" * (len(path.relative_to(site).parts) - 1)
            path.write_text(text.replace(SHIM, f"{up}assets/iframe-worker.js"), encoding="utf-8")
    for path in site.rglob("*.js"):
        if is_report(path.relative_to(site)):
            continue
        text = path.read_text(encoding="utf-8")
        if (own := SCRIPT.sub('""', text)) != text:
            path.write_text(own, encoding="utf-8")


def normal(path: PurePosixPath) -> str:
    """The path without ``..``, but for those that lead out of the site."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
