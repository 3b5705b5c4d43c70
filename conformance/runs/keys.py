"""Keys: the hash of everything that determines a group's cells, and the hash of the suite."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

import conformance
from adapters.protocol import Description
from conformance import environments
from conformance.plan import Group
from conformance.runs.machine import arithmetic_variables, harness, processor

TOP = Path(conformance.__file__).parent.parent
PACKAGES = ("reference", "adapters", "conformance")
SUFFIXES = (".py", ".toml", ".txt", ".json", ".mjs", ".js", ".m", ".jl", ".r")
# These decide how cells are shown, expected, kept or fetched, and not what stands in them.
BESIDE = (
    "conformance/cli/",
    "conformance/expectations/",
    "conformance/history/",
    "conformance/vectors/",
    "conformance/runs/",
    "conformance/power/",
    "conformance/claims/",
    "conformance/auditing/",
    "conformance/certificates/",
    "conformance/translation/",
    "conformance/targets.py",
    "adapters/target.py",
    "adapters/targets/",
    "conformance/reproduction/",
)


def sources() -> list[Path]:
    """Every file of the suite, relative to its top."""
    return sorted(
        path.relative_to(TOP)
        for package in PACKAGES
        for path in (TOP / package).rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file()
    )


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 of names and contents."""
    found = hashlib.sha256()
    for path in paths:
        content = (TOP / path).read_bytes()
        found.update(f"{path.as_posix()}\0{len(content)}\0".encode() + content)
    return found.hexdigest()


def suite_hash() -> str:
    """SHA-256 of everything that decides a verdict, expectations included."""
    return digest(sources())


@lru_cache(maxsize=64)
def judging_hash(adapter: str) -> str:
    """SHA-256 of the code that determines one adapter's cells: not that of other adapters."""
    others = tuple(name for name in environments.ADAPTERS if name != adapter)

    def concerns(path: Path) -> bool:
        text = path.as_posix()
        if text.startswith(BESIDE):
            return False
        if path.parts[0] != "adapters":
            return True
        own = path.parts[1] if len(path.parts) == 2 else path.parts[-1]
        name = path.parts[1] if path.parts[1] != "requirements" else own
        stem = name.partition(".")[0]
        return stem in used or not any(
            stem == other or stem.startswith(f"{other}_") for other in others
        )

    used = adapter_modules(adapter)
    return digest(path for path in sources() if concerns(path))


def adapter_modules(adapter: str) -> set[str]:
    """The modules of ``adapters`` that one is made of: timm is driven by the session of torch."""
    found: set[str] = set()
    waiting = {adapter}
    while waiting:
        name = waiting.pop()
        found.add(name)
        path = TOP / "adapters" / f"{name}.py"
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        waiting |= set(re.findall(r"^from adapters\.(\w+) import", text, re.MULTILINE)) - found
    return found


def conditions(
    adapter: str, description: Description, packages: Mapping[str, str]
) -> dict[str, object]:
    """What determines all cells of an adapter on this machine."""
    return {
        "code": judging_hash(adapter),
        "harness": harness(),
        "processor": processor(),
        "variables": arithmetic_variables(),
        "adapter": description.adapter,
        "versions": description.versions,
        "packages": dict(packages),
        "flags": description.flags,
        "devices": description.devices,
    }


def key_of(group: Group, defaults: Mapping[str, object], around: Mapping[str, object]) -> str:
    """The key of one group under the conditions ``around`` it."""
    content = {
        **around,
        "implementation": group.implementation,
        "defaults": {name: repr(value) for name, value in defaults.items()},
        "device": group.device,
        "features": group.features,
        "units": [
            (
                unit.case.identifier,
                [variant.identifier for variant in unit.claimed],
                [variant.identifier for variant in unit.others],
            )
            for unit in group.units
        ],
    }
    body = msgspec.msgpack.encode(content, order="deterministic")
    return hashlib.sha256(body).hexdigest()[:32]


def git_state() -> tuple[str, bool]:
    """The commit of the checkout that this runs from, and whether it has changes."""
    if not (TOP / ".git").exists():
        return "", False

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(TOP), *words], capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain"))
    except OSError:
        return "", False
