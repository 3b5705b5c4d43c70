"""Files of others: the one place where they are opened.

What is no ordinary file (a folder, a pipe, a device, links that go round in circles) or is larger
than its kind can be is refused before any of it is loaded, as an OSError that says so in its
``strerror``.  What is inside is for msgspec: each kind of file has a record of what it holds.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

DOCUMENT = 64 << 20  # bytes of JSON, TOML or text; the largest of this project has 3 MB
JOURNAL = 4 << 30  # bytes of a journal; that of a full run has 200 MB
ROWS = 50_000_000  # of a table; a full run of every adapter has 3 million
TABLE = 8 << 30  # bytes of a table's columns, unpacked


def content(path: Path, most: int = DOCUMENT) -> bytes:
    """The bytes of a file.  Raises OSError, also where there are more than ``most``."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        opened = os.open(path, flags)  # a pipe that nobody writes is opened at once
    except ValueError as error:  # a name with a null in it
        raise OSError(errno.EINVAL, "no name of a file", str(path)) from error
    with open(opened, "rb") as file:
        about = os.fstat(opened)
        if stat.S_ISDIR(about.st_mode):
            raise OSError(errno.EISDIR, "a folder, and no file", str(path))
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "no ordinary file", str(path))
        found = b"" if about.st_size > most else file.read(most + 1)
        if about.st_size > most or len(found) > most:
            raise OSError(
                errno.EFBIG,
                f"it has {max(about.st_size, len(found)):,} bytes, and {most:,} are the most",
                str(path),
            )
        return found


def text(path: Path, most: int = DOCUMENT) -> str:
    """The same as text in UTF-8.  Raises UnicodeDecodeError too."""
    return content(path, most).decode("utf-8")


def below(folder: Path, suffix: str) -> list[Path]:
    """The files below a folder whose names end so, in order.

    Folders that cannot be read, or that go away meanwhile, have none; links are not followed.
    """
    walk = os.walk(folder)
    return sorted(
        Path(top, name) for top, _, names in walk for name in names if name.endswith(suffix)
    )
