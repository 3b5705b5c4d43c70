"""A hostile target before the walls: ``python tests/sandboxing.py`` writes the table of the docs.

Each act of ``fakes/acts.py`` is tried as the user who calls this and, where that is root, as an
ordinary user too; then with walls left out that other machines lack.  What a place or a process
looks like afterwards counts, not what the act says.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from optimizer_conformance.workers import sandbox

ACTS = Path(__file__).parent / "fakes" / "acts.py"
PAGE = Path(__file__).parents[1] / "docs" / "sandbox.md"
START, END = "<!-- the table -->", "<!-- end of the table -->"
MEMORY, FILE, PROCESSES = 300 << 20, 1 << 20, 60
NOBODY = 65534
# What a target may do, or what no wall here prevents; the page says what comes of it.
OPEN = {
    "use_every_core",
    "fill_the_disk_by_many_files",
    "read_the_folder_of_its_own_command",
    "learn_of_the_machine",
    "talk_to_its_own_children",
    "connect_to_a_socket_in_a_foreign_folder",
}
# The kernel does not count root's processes.
OPEN_TO_ROOT = {"start_too_many_processes"}
# Open where the system gives no namespaces.
OPEN_WITHOUT_NAMESPACES = {
    "see_the_driver",
    "connect_to_a_service_of_the_system",
    "start_too_many_processes",
}


@dataclass
class Scene:
    """What is attacked, and how to see what became of it."""

    folder: Path
    victim: subprocess.Popen[bytes]
    mark: str
    about: dict[str, object]

    def really(self, act: str, done: bool) -> bool:
        """Whether an act was done, by what is left of it."""
        outside = self.folder / "outside"
        kept = outside / "kept"
        seen = {
            "change_a_foreign_files_mode": kept.stat().st_mode & 0o777 == 0o777,
            "change_a_foreign_files_owner": kept.stat().st_gid == self.about["group"],
            "change_a_foreign_files_times": kept.stat().st_mtime == 1,
            "set_an_attribute_of_a_foreign_file": bool(attributes(kept)),
            "leave_something_in_shared_memory": Path("/dev/shm", self.mark).exists(),
            "end_the_driver": self.victim.poll() is not None,
            "outlive_the_driver": any(self.mark in " ".join(line) for line in command_lines()),
        }
        return seen.get(act, done)


def attributes(path: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return os.listxattr(path)
    return []


def command_lines() -> Iterator[list[str]]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            yield process.cmdline()


@contextlib.contextmanager
def scene(user: int | None) -> Iterator[Scene]:
    """Everything that is attacked, owned by the user who attacks."""
    mark = f"mark-{secrets.token_hex(4)}"
    # Not in the folder for temporary files alone: a namespace may have one of its own.
    folder = Path(tempfile.mkdtemp(prefix="scene-"))
    (folder / "scratch").mkdir()
    outside = folder / "outside"
    outside.mkdir()
    for name in ("kept", "doomed", "moved"):
        (outside / name).write_text("kept")
    system = Path("/run", mark)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(Path("/dev/shm", mark).unlink, missing_ok=True)
        stack.callback(system.unlink, missing_ok=True)
        service = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        addresses = ["\0" + mark, str(outside / "socket"), str(system)]
        for address in addresses:
            found = stack.enter_context(socket.socket(socket.AF_UNIX))
            with contextlib.suppress(OSError):  # only root has a service in /run
                found.bind(address)
                found.listen()
                if address.startswith("/"):
                    Path(address).chmod(0o777)
        if user is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, user, user)
        secret = os.environ | {"SERVICE_TOKEN": mark}
        victim = stack.enter_context(
            subprocess.Popen(["/bin/sleep", "300"], env=secret, **identity(user))
        )
        stack.callback(victim.kill)
        known = ctypes.create_string_buffer(b"secret of the driver")
        about = {
            "outside": str(outside),
            "home": str(Path.home() if user is None else outside),
            "mark": mark,
            "group": 54321,
            "driver": victim.pid,
            "address": stack_of(victim.pid) or ctypes.addressof(known),
            "port": service.getsockname()[1],
            "memory": MEMORY,
            "file": FILE,
            "processes": PROCESSES,
        }
        yield Scene(folder, victim, mark, about)
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if mark in " ".join(process.cmdline()) and process.name() != "python":
                    process.kill()


def stack_of(process: int) -> int:
    """An address that can be read in another process."""
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        if line.endswith("[stack]"):
            return int(line.partition("-")[0], 16) + (1 << 16)
    return 0


def identity(user: int | None) -> dict[str, object]:
    """What starts a process as another user."""
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


Found = dict[str, tuple[bool, str]]


def attempt(user: int | None = None, without: str = "", python: str = sys.executable) -> Found:
    """Every act: whether it was done, and what it was refused with."""
    with scene(user) as found, without_walls(without):
        scratch = str(found.folder / "scratch")
        command = [python, str(ACTS), json.dumps(found.about)]
        policy = sandbox.policy(scratch, 0, sandbox.places_of(command))
        policy |= {"memory": MEMORY, "file": FILE, "processes": PROCESSES}
        start = [python, "-I", "-S", sandbox.confine.__file__, json.dumps(policy)]
        variables = {
            "SERVICE_TOKEN": found.mark,
            "PATH": os.environ["PATH"],
            "MS_TOKEN": found.mark,
        }
        with patched(variables):
            environment = sandbox.clean_environment()
        done = subprocess.run(
            [*start, *command], cwd=scratch, env=environment, capture_output=True, text=True,
            timeout=120, check=False, start_new_session=True, **identity(user),
        )  # fmt: skip
        said = [json.loads(line) for line in done.stdout.splitlines()]
        if not said:
            raise RuntimeError(done.stderr)
        return {
            item["act"]: (
                found.really(item["act"], item["done"]),
                item["why"].rpartition("] ")[2] or "it has no effect outside",
            )
            for item in said
        }


@contextlib.contextmanager
def patched(variables: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def without_walls(names: str) -> contextlib.AbstractContextManager[None]:
    return patched({"CONFORMANCE_WITHOUT": names})


def words(found: tuple[bool, str]) -> str:
    return "**done**" if found[0] else f"refused: {found[1]}"


def table() -> str:
    """The table of the page."""
    columns: dict[str, Found] = {}
    if os.getuid() == 0:
        columns["as root"] = attempt()
        columns["as a user"] = attempt(NOBODY, python="/usr/bin/python3")
        columns["the same without namespaces"] = attempt(NOBODY, "namespaces", "/usr/bin/python3")
        columns["as root, nothing but limits"] = attempt(None, "namespaces,landlock,seccomp")
    else:
        columns["as a user"] = attempt()
        columns["the same without namespaces"] = attempt(None, "namespaces")
    lines = ["| act | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for act in next(iter(columns.values())):
        cells = [
            words(found.get(act, (False, "it was ended before"))) for found in columns.values()
        ]
        lines.append(f"| {act.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    found = table()
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else f"{START}\n{END}\n"
    head, _, rest = text.partition(START)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{START}\n{found}\n{END}{tail}", encoding="utf-8")
    print(found)


if __name__ == "__main__":
    main()
