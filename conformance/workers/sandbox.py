"""What confines a worker: it can write into its scratch folder, and it dies with the driver.

On Linux each worker is started through a few lines that ask the kernel for both and then become the
worker, whatever its language.  Landlock needs no privileges and holds for all that it starts; where
the kernel lacks it (before 5.13, or switched off) a worker still finds no path but its scratch
folder, and could write elsewhere if it went looking.
https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
import shutil
import site
import sys
from functools import lru_cache
from pathlib import Path

CREATE_RULESET = 444  # the same number on every architecture
VERSION = 1  # flag: only say which version of the interface the kernel has

# Become the command that follows, able to write only beneath the folders given.
LAUNCH = """
import ctypes, os, sys
parent, scratch, abi, *command = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL
if os.getppid() != int(parent):
    os._exit(1)
if int(abi):
    WRITE, MAKE, REFER, TRUNCATE = 1 << 1, sum(1 << bit for bit in range(4, 13)), 1 << 13, 1 << 14
    rights = WRITE | MAKE | (REFER if int(abi) >= 2 else 0) | (TRUNCATE if int(abi) >= 3 else 0)
    wanted = ctypes.c_uint64(rights)
    rules = libc.syscall(444, ctypes.byref(wanted), ctypes.c_size_t(8), 0)
    class Beneath(ctypes.Structure):
        _pack_ = 1
        _fields_ = [("rights", ctypes.c_uint64), ("folder", ctypes.c_int32)]
    for place in (scratch, "/dev", "/proc"):
        folder = os.open(place, os.O_PATH | os.O_CLOEXEC)
        rule = Beneath(rights, folder)
        libc.syscall(445, rules, 1, ctypes.byref(rule), 0)
        os.close(folder)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    if libc.syscall(446, rules, 0):
        print("the kernel refused to confine this worker", file=sys.stderr)
    os.close(rules)
os.execv(command[0], command)
"""


# Become the command that follows, and end when the thread that started this does.
ENDING = """
import ctypes, os, sys
parent, *command = sys.argv[1:]
ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL
if os.getppid() != int(parent):
    os._exit(1)
os.execvp(command[0], command)
"""


def ending_with_this(command: list[str]) -> list[str]:
    """The command that starts ``command`` so that it is killed when this process is."""
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", "-c", ENDING, str(os.getpid()), *command]


@lru_cache(maxsize=1)
def landlock() -> int:
    """The version of Landlock that the kernel has; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    found = ctypes.CDLL(None, use_errno=True).syscall(CREATE_RULESET, None, 0, VERSION)
    return max(0, int(found))


def confinement() -> str:
    """How far workers are confined here, for the provenance of a run."""
    if sys.platform != "linux":
        return "scratch folder"
    return f"landlock {landlock()}" if landlock() else "scratch folder, ends with the driver"


def confined(command: list[str], scratch: str) -> list[str]:
    """The command that starts ``command`` confined to ``scratch``.

    Raises FileNotFoundError for a program that does not exist.
    """
    program = shutil.which(command[0])
    if program is None:
        raise FileNotFoundError(2, "No such file or directory", command[0])
    if sys.platform != "linux":
        return command
    start = [sys.executable, "-I", "-S", "-c", LAUNCH, str(os.getpid()), scratch]
    return [*start, str(landlock()), str(Path(program).absolute()), *command[1:]]


def private_places(scratch: str) -> dict[str, str]:
    """Variables that send what a framework stores for itself into the scratch folder."""
    names = ("HOME", "TMPDIR", "TMP", "TEMP")
    caches = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    stores = ("CUPY_CACHE_DIR", "CUDA_CACHE_PATH", "TRITON_CACHE_DIR", "MPLCONFIGDIR", "KERAS_HOME")
    found = dict.fromkeys((*names, *caches, *stores), scratch)
    # Packages that were installed for the user alone are found through HOME otherwise.
    return {**found, "PYTHONUSERBASE": os.environ.get("PYTHONUSERBASE") or site.getuserbase()}
