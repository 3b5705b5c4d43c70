"""The libraries that a report's site brings along: fetched from npm in the pinned versions.

``python ci/libraries.py`` writes them anew after a change of ``libraries.toml``, with their
licences and digests; it needs npm and nothing else does.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "reports" / "templates" / "libraries"
PINS = FOLDER / "libraries.toml"
INTRO = """\
# Libraries of the report's site, as npm has them; after a change: python ci/libraries.py
"""


def main() -> None:
    """Every library, its licence, and the table with the digests of both."""
    parts = [INTRO]
    for name, pin in tomllib.loads(PINS.read_text(encoding="utf-8")).items():
        program = member(pin["package"], pin["file"])
        (FOLDER / f"{name}.min.js").write_bytes(program)
        words = [member(asked, pin["license_file"]) for asked in (pin["package"], *pin["with"])]
        (FOLDER / f"{name}.license.txt").write_bytes(b"\n----\n\n".join(words))
        pin["sha256"] = hashlib.sha256(program).hexdigest()
        lines = [f"{key} = {json.dumps(value)}" for key, value in pin.items()]
        parts.append("\n".join([f"[{name}]", *lines, ""]))
    PINS.write_text("\n".join(parts), encoding="utf-8")


def member(package: str, name: str) -> bytes:
    """A file of a package as npm has it."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["npm", "pack", "--silent", package], cwd=place, check=True)
        (path,) = Path(place).glob("*.tgz")
        with tarfile.open(path) as archive, archive.extractfile(f"package/{name}") as found:
            return found.read()


if __name__ == "__main__":
    main()
