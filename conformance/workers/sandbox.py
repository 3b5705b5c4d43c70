"""What confines a worker, and which of its walls this machine can put up.

:mod:`workers.confine` puts them up, in an interpreter of its own; here is decided what stays open:
programs and libraries of the system, the interpreter that was asked for with all that it imports,
and what the command names.  docs/sandbox.md has each wall, and what no wall prevents.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from optimizer_conformance.reports import foreign
from optimizer_conformance.workers import confine
from optimizer_conformance.workers.confine import WALLS

# Of the system; in /etc what everybody may read.  What is not there is passed over.
SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/sys", "/proc", "/nix",
    "/gnu", "/run/current-system", "/run/opengl-driver", "/var/lib/alternatives", "/dev",
)  # fmt: skip
DEVICES = (
    "null", "zero", "full", "random", "urandom", "tty", "nvidia*", "dri", "kfd", "davinci*",
)  # fmt: skip
FILE_SIZE = 4 << 30  # bytes of one file; the largest that a framework at hand writes is 90 MB
PROCESSES = 4096  # with their threads, of one user; a framework starts some for each core
STACKS = 32 << 20  # bytes a core that its threads reserve and mostly never touch
DRIVER_MAPS = 64 << 30  # bytes that a driver of accelerators maps without using them

# Variables that a framework may need.  Others may be secrets; CONFORMANCE_PASS names more.
PASSED = re.compile(
    r"PATH|LANG|LANGUAGE|LC_\w+|TZ|TERM|SHELL|USER|LOGNAME|LD_LIBRARY_PATH|DYLD_\w+|PYTHONHASHSEED|"
    r"PYTHONWARNINGS|PYTHONIOENCODING|PYTHONUTF8|SYSTEMROOT|COMSPEC|PATHEXT|WINDIR|SSL_CERT_\w+|"
    r"(?:XLA|JAX|KERAS|TF|TORCH|PYTORCH|CUDA|CUDNN|CUBLAS|NVIDIA|NCCL|HIP|ROCM|HSA|ROCR|MS|ASCEND|"
    r"GLOG|ONEDNN|DNNL|MKL|OPENBLAS|OMP|KMP|GOMP|NUMBA|NPY|NUMPY|FLAGS|MXNET|DMLC|ORT|OCTAVE|CHAINER|"
    r"TINYGRAD|MLX|METAL|TRITON|EIGEN|VECLIB|ATEN|GRPC_VERBOSITY)(?:_\w+)?"
)
SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH", re.I)

NETWORK = "CONFORMANCE_NETWORK"


def ending_with_this(command: list[str]) -> list[str]:
    """The command that starts ``command`` so that it ends with this process, and all it started."""
    if sys.platform != "linux":
        return command
    return [*launcher(), json.dumps({"tied": True, "parent": os.getpid()}), *command]


def confined(
    command: list[str], scratch: str, *, memory: int, readable: Iterable[str] = ()
) -> list[str]:
    """The command that starts ``command`` behind every wall that this machine has.

    scratch   the folder that it can write into
    memory    bytes that one process of it may have
    readable  folders and files that it may read beside its own program

    Raises FileNotFoundError for a program that does not exist.
    """
    program = shutil.which(command[0])
    if program is None:
        raise FileNotFoundError(2, "No such file or directory", command[0])
    if sys.platform != "linux":
        return command
    command = [str(Path(program).absolute()), *command[1:]]
    found = policy(scratch, memory, [*places_of(command), *readable])
    return [*launcher(), json.dumps(found), *command]


def launcher() -> list[str]:
    """What runs :mod:`workers.confine`."""
    return [sys.executable, "-I", "-S", confine.__file__]


def policy(scratch: str, memory: int, readable: Iterable[str]) -> dict[str, object]:
    """What is open, as :mod:`workers.confine` reads it.  Needs no privileges."""
    devices = [str(path) for name in DEVICES for path in Path("/dev").glob(name)]
    accelerated = any(name.startswith(("/dev/nvidia", "/dev/kfd")) for name in devices)
    slack = (os.cpu_count() or 1) * STACKS + (DRIVER_MAPS if accelerated else 0)
    more, writable = listed("CONFORMANCE_READABLE"), listed("CONFORMANCE_WRITABLE")
    opened = (outside_home(place) for place in {*readable, *more})
    return {
        "parent": os.getpid(),
        "scratch": scratch,
        "writable": [scratch, *filter(os.path.isdir, writable)],
        "memory": memory + slack if memory else 0,
        "file": FILE_SIZE,
        "processes": PROCESSES,
        "readable": [*SYSTEM, *public("/etc"), *sorted({path for each in opened for path in each})],
        "devices": devices,
        "accelerated": accelerated,
        "network": network(),
        "without": os.environ.get("CONFORMANCE_WITHOUT", "").split(","),  # to try out what is left
    }


def listed(variable: str) -> list[str]:
    """The folders that a variable names."""
    return [place for place in os.environ.get(variable, "").split(os.pathsep) if place]


def network() -> bool:
    """Whether workers may use the network: the option ``--network`` of the commands."""
    return os.environ.get(NETWORK, "") not in ("", "0")


@contextmanager
def networked(*, allowed: bool) -> Iterator[None]:
    """Let every worker that is started in the block use the network."""
    before = os.environ.get(NETWORK)
    if allowed:
        os.environ[NETWORK] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(NETWORK, None)
        else:
            os.environ[NETWORK] = before


@lru_cache
def public(folder: str) -> tuple[str, ...]:
    """What everybody may read in a folder; links that lead nowhere are nothing."""
    found = []
    with suppress(OSError), os.scandir(folder) as items:
        for item in items:
            with suppress(OSError):
                found += [item.path] if item.stat().st_mode & 0o004 else []
    return tuple(found)


def outside_home(place: str) -> list[str]:
    """A folder as it may be opened: of the home only what does not begin with a dot.

    A target that lies in the home itself does not open keys and settings with it, and one that lies
    above it opens nothing.
    """
    path, home = Path(place), Path.home()
    if not path.is_dir() or (path.resolve() != home and path.resolve() not in home.parents):
        return [str(path)]
    if path.resolve() != home:
        return []
    return [str(item) for item in sorted(path.iterdir()) if not item.name.startswith(".")]


def places_of(command: list[str]) -> Iterator[str]:
    """What a command names: its program with all that belongs to it, and files and folders."""
    yield from program_places(command[0])
    for word in command[1:]:
        if len(word) < 4096 and os.path.isabs(word) and os.path.exists(word):
            yield word if os.path.isdir(word) else os.path.dirname(word)


@lru_cache
def program_places(program: str) -> tuple[str, ...]:
    """The folders above a program's, link by link; what a Python there imports."""
    prefixes = dict.fromkeys(prefix for path in links(program) for prefix in prefixes_of(path))
    found = [program, *prefixes]
    for prefix in prefixes:
        for folder in Path(prefix).glob("lib*/python*/site-packages"):
            found += linked_from(folder)
    if user := os.environ.get("PYTHONUSERBASE") or site.getuserbase():
        found.append(user)
    return tuple(path for path in found if path != "/")


def links(program: str) -> Iterator[str]:
    """A path, what it links to, and so on to where it really lies."""
    for _ in range(40):  # as many as the kernel follows
        yield program
        if not os.path.islink(program):
            break
        program = os.path.join(os.path.dirname(program), os.readlink(program))
    yield os.path.realpath(program)


def prefixes_of(program: str) -> Iterator[str]:
    """The folder above a program's, and the one that a virtual environment was made from."""
    prefix = Path(os.path.abspath(program)).parent.parent
    yield str(prefix)
    try:
        lines = foreign.text(prefix / "pyvenv.cfg").splitlines()
    except (OSError, ValueError):
        return
    for name, _, value in (line.partition("=") for line in lines):
        if name.strip() == "home" and value.strip():
            yield str(Path(value.strip()).parent)


def linked_from(packages: Path) -> Iterator[str]:
    """Folders elsewhere that are imported from: links, and what was installed editable."""
    for path in packages.iterdir():
        if path.is_symlink():
            yield os.path.realpath(path)
        elif path.suffix == ".pth" or path.match("__editable__*.py"):
            yield from filter(os.path.isdir, named_in(path))


def named_in(path: Path) -> list[str]:
    """The absolute paths that a file of site-packages names."""
    try:
        text = foreign.content(path).decode("utf-8", "replace")
    except OSError:
        return []
    if path.suffix == ".pth":
        return [line for line in text.splitlines() if line.startswith("/")]
    return re.findall(r"'(/[^']+)'", text)


def without_python() -> dict[str, str]:
    """This process's variables without what would point another Python at our own packages."""
    leave = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"}
    return {name: value for name, value in os.environ.items() if name not in leave}


def clean_environment() -> dict[str, str]:
    """Of this process's variables those that a framework may need; none that looks secret."""
    also = os.environ.get("CONFORMANCE_PASS", "").split(",")
    return {
        name: value
        for name, value in os.environ.items()
        if name in also or (PASSED.fullmatch(name) and not SECRET.search(name))
    }


def private_places(scratch: str) -> dict[str, str]:
    """Variables that send what a framework stores for itself into the scratch folder."""
    names = ("HOME", "TMPDIR", "TMP", "TEMP")
    caches = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    stores = ("CUPY_CACHE_DIR", "CUDA_CACHE_PATH", "TRITON_CACHE_DIR", "MPLCONFIGDIR", "KERAS_HOME")
    found = dict.fromkeys((*names, *caches, *stores), scratch)
    # Packages that were installed for the user alone are found through HOME otherwise.
    return {**found, "PYTHONUSERBASE": os.environ.get("PYTHONUSERBASE") or site.getuserbase()}


@lru_cache(maxsize=1)
def missing_walls() -> dict[str, str]:
    """The walls that cannot be put up here, or are left out on purpose, and what is open for it."""
    if sys.platform != "linux":
        return dict(WALLS)
    with tempfile.TemporaryDirectory() as scratch:
        words = [*launcher(), json.dumps(policy(scratch, 1 << 30, []))]
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
            found = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError):
            return dict(WALLS)
    return {name: WALLS[name] for name in found}


def said(missing: Mapping[str, str]) -> str:
    """Walls that are missing, and what is open for it, in one line."""
    return "; ".join(f"{name} ({what})" for name, what in missing.items())


def confinement() -> str:
    """How far workers are confined here, for the provenance of a run."""
    missing = missing_walls()
    return f"confined, but for {said(missing)}" if missing else "confined"
