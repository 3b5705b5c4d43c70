"""The journal of a run: what is finished, on disk before anything else happens.

A record is a frame: length and CRC-32 of the body as big-endian 32-bit integers, then the body in
msgpack.  Frames are only ever appended, and each is forced to disk; so after a kill at any moment
everything up to the last whole frame is there, and what follows it is cut off.
"""

from __future__ import annotations

import contextlib
import os
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import filelock
import msgspec

from optimizer_conformance.reports import foreign, formats
from optimizer_conformance.reports.records import Record
from optimizer_conformance.reports.store import RunError

NAME = "journal.msgpack"
HEAD = struct.Struct(">II")

encode = msgspec.msgpack.Encoder().encode
decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def decode(body: bytes) -> Record:
    """One record, of this format or of the one before.  Raises MsgspecError."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        content = msgspec.msgpack.decode(body)
        if not isinstance(content, dict):
            raise
        found: Record = msgspec.convert(formats.record(content), Record)
        return found


def frames(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each whole frame: where it ends, and its body; ends at the first that is not whole."""
    start = 0
    while start + HEAD.size <= len(content):
        length, checksum = HEAD.unpack_from(content, start)
        end = start + HEAD.size + length
        body = content[start + HEAD.size : end]
        if len(body) != length or zlib.crc32(body) != checksum:
            return
        yield end, body
        start = end


def read(folder: Path) -> tuple[list[Record], int]:
    """The records of a run folder's journal, and how many bytes hold them.

    Raises RunError for a journal that cannot be read, or that another version wrote.
    """
    path = folder / NAME
    records: list[Record] = []
    end = 0
    try:
        for end_of_frame, body in frames(
            foreign.content(path, foreign.JOURNAL) if path.is_file() else b""
        ):
            records.append(decode(body))
            end = end_of_frame
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise RunError(f"{path} cannot be read ({error}); start a new run") from error
    return records, end


class Journal:
    """The journal being written; one driver at a time, from any of its threads."""

    def __init__(self, folder: Path) -> None:
        """Open for appending, behind the last whole frame.

        Raises RunError when another process writes it, or when it cannot be written.
        """
        self.folder = folder
        self.lock = threading.Lock()
        self.single = filelock.FileLock(folder / "lock", thread_local=False)
        try:
            self.single.acquire(timeout=0)
        except filelock.Timeout as error:
            raise RunError(f"another process is writing {folder}; wait until it ends") from error
        except OSError as error:
            raise RunError(f"{folder} cannot be written ({error.strerror})") from error
        try:
            self.records, end = read(folder)
            self.stream = open(folder / NAME, "ab")  # noqa: SIM115 - open as long as the run goes on
            self.stream.truncate(end)
        except (OSError, RunError) as error:
            self.single.release()
            if isinstance(error, RunError):
                raise
            raise RunError(f"{folder} cannot be written ({error.strerror})") from error

    def append(self, record: Record) -> None:
        """Add one record; it is on disk when this returns.

        Raises RunError when it is not, for example because the disk is full.
        """
        body = encode(record)
        with self.lock:
            try:
                self.stream.write(HEAD.pack(len(body), zlib.crc32(body)) + body)
                self.stream.flush()
                os.fsync(self.stream.fileno())
            except OSError as error:
                raise RunError(
                    f"{self.folder / NAME} cannot be written ({error.strerror}); what was "
                    f"finished is kept: make room, then `conformance run --resume {self.folder}`"
                ) from error

    def close(self) -> None:
        """Let go of the folder; the journal stays."""
        with contextlib.suppress(OSError):  # what could not be written, append has reported
            self.stream.close()
        self.single.release()
        (self.folder / "lock").unlink(missing_ok=True)

    def remove(self) -> None:
        """The run is complete: everything stands in its tables."""
        (self.folder / NAME).unlink(missing_ok=True)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
