"""A run folder read: every file by its records, whatever format it was written in.

Nothing in a run folder is believed: a file that holds another type than its record is named, with
the place, in one line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from optimizer_conformance.reports import foreign, formats
from optimizer_conformance.reports.records import FORMAT, About, Footer, Provenance, StoredGroup
from optimizer_conformance.reports.text import visible

T = TypeVar("T")
Json = dict[str, Any]


class UnreadableRun(Exception):  # noqa: N818 - named for the situation
    """A file of a run folder cannot be read; the message says why and what to do."""


def as_it_is(content: Json) -> Json:
    """Nothing changed."""
    return content


@dataclass(frozen=True)
class RunFolder:
    """The files of one run.  Whatever cannot be read raises UnreadableRun.

    clean  what is done to the content of each file, such as to make its text harmless
    """

    path: Path
    clean: Callable[[Json], Json] = as_it_is

    @cached_property
    def provenance(self) -> Provenance:
        """What was asked for, and where it ran."""
        if not (self.path / "provenance.json").is_file():
            raise UnreadableRun(
                f"{self.path} is no run folder: it has no provenance.json; `conformance run` makes "
                "one"
            )
        content = self.content("provenance.json")
        if content.get("format") not in formats.FORMATS:
            raise UnreadableRun(
                f"{self.path} has format {content.get('format')!r}; this version reads "
                f"{', '.join(map(str, formats.FORMATS))}: update optimizer-conformance"
            )
        if content["format"] != FORMAT:
            content = formats.provenance(content)
        return self.converted(content, Provenance, "provenance.json")

    @property
    def older(self) -> bool:
        """Whether it was written in an older format."""
        return self.provenance.format != FORMAT

    @cached_property
    def footer(self) -> Footer | None:
        """What the run came to; None for one that has not ended."""
        content = self.content("footer.json")
        if not content:
            return None
        return self.converted(
            formats.footer(content) if self.older else content, Footer, "footer.json"
        )

    @cached_property
    def adapters(self) -> dict[str, About]:
        """Each adapter that is done."""
        content = self.content("adapters.json")
        if self.older:
            content = {
                name: formats.about(name, item) if isinstance(item, dict) else item
                for name, item in content.items()
            }
        return self.converted(content, dict[str, About], "adapters.json")

    @cached_property
    def groups(self) -> dict[str, list[StoredGroup]]:
        """The groups of each adapter, in the order of its rows; none in a folder of format 1."""
        name = formats.GROUPS.get(self.provenance.format)
        content = self.content(name) if name else {}
        if self.older:
            content = {
                adapter: [formats.group(item) if isinstance(item, dict) else item for item in items]
                if isinstance(items, list)
                else items
                for adapter, items in content.items()
            }
        return self.converted(content, dict[str, list[StoredGroup]], name or "")

    def tables(self, kind: str) -> Iterator[Path]:
        """Each adapter's table."""
        yield from sorted((self.path / kind).glob("*.parquet"))

    def content(self, name: str) -> Json:
        """A JSON object; empty where there is no file."""
        return read_json(self.path / name, self.clean)

    def converted(self, content: Json, kind: type[T], name: str) -> T:
        """The content of a file as what it should be."""
        try:
            return msgspec.convert(content, kind)
        except (msgspec.ValidationError, UnicodeEncodeError) as error:  # or half a character
            raise UnreadableRun(f"{self.path / name} is damaged: {visible(str(error))}") from error


def read_json(path: Path, clean: Callable[[Json], Json] = as_it_is) -> Json:
    """A JSON object; empty where there is no file."""
    if not path.is_file():
        return {}
    try:
        content = json.loads(foreign.text(path))
        if not isinstance(content, dict):
            raise TypeError("it holds no JSON object")
        return clean(content)
    except (OSError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise UnreadableRun(f"{path} is damaged: {visible(str(error))}") from error
