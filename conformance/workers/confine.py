"""``python -I -S confine.py POLICY COMMAND…``: put up walls, and become the command behind them.

Nothing but the standard library is imported, and nothing else of this package: this file runs in
an interpreter of its own before a worker, whatever the worker's language.  ``POLICY`` is JSON (see
:func:`workers.sandbox.policy`).  Each wall that cannot be put up here is left out and named in what
:func:`measured` returns; docs/sandbox.md says what each keeps out.

Three processes come of it where the kernel gives a process namespace: this one, which ends as the
command ends; the first one inside, whose end is the end of all that was started there; and the
command.

https://docs.kernel.org/userspace-api/landlock.html,
https://man7.org/linux/man-pages/man7/user_namespaces.7.html,
https://man7.org/linux/man-pages/man2/seccomp.2.html
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import platform
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Any

# What a wall is called, and what is open where it is missing.
WALLS = {
    "reading": "what the user may read can be read: home, keys, other people's files",
    "writing": "files outside the scratch folder can be written",
    "attributes": "modes, owners, times and attributes of foreign files can be changed",
    "network": "the network is open",
    "processes": "other processes can be seen, signalled and outlived",
    "calls": "system calls that no worker needs are open",
    "limits": "memory, processes and file sizes are not limited by the kernel",
}

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: Any) -> int:
    """A function of the C library; raises OSError."""
    result = int(getattr(libc, name)(*arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def system(number: int, *arguments: Any) -> int:
    """A system call that the C library may not know yet."""
    return call("syscall", ctypes.c_long(number), *arguments)


# Namespaces ---------------------------------------------------------------------------------------

NEW_USER, NEW_MOUNT, NEW_PID, NEW_NET = 0x10000000, 0x00020000, 0x20000000, 0x40000000
NEW_IPC, NEW_UTS = 0x08000000, 0x04000000
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXECUTE = 1, 2, 4, 8  # of mount(2) and mount_setattr(2) alike
BIND, RECURSIVE, PRIVATE = 4096, 16384, 1 << 18
MOUNT_SETATTR = 442  # the same number on every architecture
HERE, EVERYTHING_BELOW = -100, 0x8000  # AT_FDCWD, AT_RECURSIVE


def apart(network: bool) -> None:
    """Leave the namespaces of the system; users and groups keep their numbers."""
    wanted = NEW_MOUNT | NEW_PID | NEW_IPC | NEW_UTS | (0 if network else NEW_NET)
    if os.getuid() == 0:
        with contextlib.suppress(OSError):  # root of a container may not
            call("unshare", wanted)
            return
    user, group = os.getuid(), os.getgid()
    call("unshare", NEW_USER | wanted)
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{user} {user} 1")
    write("/proc/self/gid_map", f"{group} {group} 1")


def write(path: str, text: str) -> None:
    """Write a file of the kernel."""
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """mount(2)."""
    call(
        "mount", source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags),
        options.encode(),
    )  # fmt: skip


def attributes(path: str, *, add: int = 0, clear: int = 0, deep: bool = False) -> None:
    """Change what a mount allows."""
    wanted = struct.pack("QQQQ", add, clear, 0, 0)
    system(
        MOUNT_SETATTR, HERE, path.encode(), EVERYTHING_BELOW if deep else 0, wanted,
        ctypes.c_size_t(len(wanted)),
    )  # fmt: skip


def read_only(writable: list[str], memory: int) -> None:
    """Every file system read-only but these folders; shared memory and sockets of its own."""
    mount("none", "/", "", RECURSIVE | PRIVATE)
    for place in writable:
        mount(place, place, "", BIND)
    attributes("/", add=READ_ONLY | NO_SUID, deep=True)
    for place in writable:
        attributes(place, clear=READ_ONLY)
    if os.path.isdir("/dev/shm"):
        size = f"mode=1777,size={memory or 1 << 30}"
        mount("tmpfs", "/dev/shm", "tmpfs", NO_SUID | NO_DEVICES, size)
    # Sockets of services and of the desktop; on NixOS programs lie in the first.
    for place in {os.path.realpath(place) for place in ("/run", "/var/run", "/tmp/.X11-unix")}:
        if os.path.isdir(place) and not os.path.exists(f"{place}/current-system"):
            mount("tmpfs", place, "tmpfs", NO_SUID | NO_DEVICES | READ_ONLY, "size=4k")


def loopback() -> None:
    """Bring up 127.0.0.1, which is the whole network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        fcntl.ioctl(found, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def powerless() -> None:
    """Give up every capability, for good; root keeps what lets it read files of other users."""
    kept = 1 << 2 if os.getuid() == 0 else 0  # CAP_DAC_READ_SEARCH
    for number in range(64):
        if not kept >> number & 1:
            with contextlib.suppress(OSError):
                call("prctl", 24, number, 0, 0, 0)  # PR_CAPBSET_DROP
    with contextlib.suppress(OSError):
        call("prctl", 47, 4, 0, 0, 0)  # PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL
    head = struct.pack("Ii", 0x20080522, 0)
    call("capset", head, struct.pack("6I", kept, kept, 0, 0, 0, 0))


# Landlock -----------------------------------------------------------------------------------------

EXECUTE, WRITE, READ, LIST = 1, 2, 4, 8
MAKE = sum(1 << bit for bit in range(4, 13))
REFER, TRUNCATE, DEVICE = 1 << 13, 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE | READ | TRUNCATE | DEVICE


class Beneath(ctypes.Structure):
    """``struct landlock_path_beneath_attr``."""

    _pack_ = 1
    _fields_ = [("rights", ctypes.c_uint64), ("place", ctypes.c_int32)]


def landlock() -> int:
    """The version of Landlock that the kernel has; 0 where there is none."""
    try:
        return system(444, None, ctypes.c_size_t(0), 1)
    except OSError:
        return 0


def fenced(readable: list[str], writable: list[str], devices: list[str], ports: bool) -> None:
    """Nothing but these folders and files, and what lies beneath them; and no ports of TCP."""
    version = landlock()
    if not version:
        raise OSError(errno.ENOSYS, "no Landlock")
    known = (1 << 13) - 1
    for since, right in ((2, REFER), (3, TRUNCATE), (5, DEVICE)):
        known |= right if version >= since else 0
    closed = 3 if version >= 4 and not ports else 0  # bind and connect of TCP
    scope = 3 if version >= 6 else 0  # abstract sockets, signals
    wanted = struct.pack("QQQ", known, closed, scope)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = system(444, wanted, ctypes.c_size_t(size), 0)
    for places, rights in (
        (readable, EXECUTE | READ | LIST),
        (writable, EXECUTE | READ | LIST | WRITE | MAKE | REFER | TRUNCATE | DEVICE),
        (devices, READ | WRITE | LIST | DEVICE | TRUNCATE),
    ):
        for place in places:
            allow(rules, place, rights & known)
    call("prctl", 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    system(446, rules, 0)
    os.close(rules)


def allow(rules: int, place: str, rights: int) -> None:
    """Open one place, where it is there."""
    try:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        folder = os.path.isdir(place)
        rule = Beneath(rights if folder else rights & OF_FILES, opened)
        system(445, rules, 1, ctypes.byref(rule), 0)
    finally:
        os.close(opened)


# System calls -------------------------------------------------------------------------------------

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# Of other processes, of the kernel and of the machine: numbers on x86_64 and on aarch64.
FORBIDDEN = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "kcmp": (312, 272), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "bpf": (321, 280), "perf_event_open": (298, 241),
    "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "mount": (165, 40),
    "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "fsopen": (430, 430), "fsmount": (432, 432), "move_mount": (429, 429),
    "open_tree": (428, 428), "mount_setattr": (442, 442), "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "acct": (163, 89), "quotactl": (179, 60), "syslog": (103, 116), "vhangup": (153, 58),
    "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, None),
    "ioperm": (173, None),
}  # fmt: skip
# Where no mount can be made read-only, these say that they did it and do nothing.
OF_ATTRIBUTES = {
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
}  # fmt: skip
CLONE, CLONE3, SOCKET = (56, 220), (435, 435), (41, 198)
NEW_ANYTHING = 0x7E020000  # of clone's flags: a namespace of any kind
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
LOCAL = (1, 16)  # AF_UNIX and AF_NETLINK, which reach no further than this machine


def filtered(sockets: bool, pretend: bool) -> None:
    """Refuse the system calls that no worker needs.

    ``sockets`` refuses those of networks too; ``pretend`` leaves the attributes of files alone.
    """
    machine = platform.machine()
    which = list(MACHINES).index(machine)  # ValueError: the numbers are not known
    program = [(0x20, 0, 0, 4), (0x15, 1, 0, MACHINES[machine]), (0x06, 0, 0, REFUSE | errno.EPERM)]
    program += [(0x20, 0, 0, 0)]  # the number of the call
    if machine == "x86_64":  # the calls of the 32-bit interface
        program += [(0x35, 0, 1, 0x40000000), (0x06, 0, 0, REFUSE | errno.EPERM)]
    for numbers, answer in (
        (FORBIDDEN, errno.EPERM),
        (OF_ATTRIBUTES if pretend else {}, 0),
        ({"clone3": CLONE3}, errno.ENOSYS),  # its flags lie in memory; the C library asks clone
    ):
        for pair in numbers.values():
            if (number := pair[which]) is not None:
                program += [(0x15, 0, 1, number), (0x06, 0, 0, REFUSE | answer)]
    program += [
        (0x15, 0, 4, CLONE[which]), (0x20, 0, 0, 16), (0x45, 0, 1, NEW_ANYTHING),
        (0x06, 0, 0, REFUSE | errno.EPERM), (0x06, 0, 0, ALLOW),
    ]  # fmt: skip
    if sockets:
        program += [(0x15, 0, 4, SOCKET[which]), (0x20, 0, 0, 16)]
        program += [(0x15, 2, 0, LOCAL[0]), (0x15, 1, 0, LOCAL[1])]
        program += [(0x06, 0, 0, REFUSE | errno.EACCES)]
    program += [(0x06, 0, 0, ALLOW)]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    kept = ctypes.create_string_buffer(code, len(code))
    about = struct.pack("HxxxxxxP", len(program), ctypes.addressof(kept))
    call("prctl", 38, 1, 0, 0, 0)
    call("prctl", 22, 2, about, 0, 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


# Limits -------------------------------------------------------------------------------------------


def limited(memory: int, file: int, processes: int) -> None:
    """What one process may take; of memory what is its own, whether touched or not."""
    for kind, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, file or resource.RLIM_INFINITY),
        (resource.RLIMIT_DATA, memory or resource.RLIM_INFINITY),
        (resource.RLIMIT_NPROC, processes or resource.RLIM_INFINITY),
    ):
        before = resource.getrlimit(kind)[1]
        finite = [number for number in (most, before) if number != resource.RLIM_INFINITY]
        limit = min(finite, default=resource.RLIM_INFINITY)
        resource.setrlimit(kind, (limit, limit))


# Everything together ------------------------------------------------------------------------------


def dies_with_parent() -> None:
    """End when the thread that started this process does."""
    call("prctl", 1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def outside(policy: dict[str, Any]) -> list[str]:
    """The walls that are put up before the first process inside; those that are missing."""
    missing = []
    try:
        if "namespaces" in policy["without"]:
            raise OSError(errno.EPERM, "left out")
        apart(policy["network"])
    except OSError:
        return ["attributes", "network", "processes"]
    try:
        read_only(policy["writable"], policy["memory"])
        os.chdir(policy["scratch"])  # it was entered where it is read-only now
    except OSError:
        missing.append("attributes")
    if not policy["network"]:
        with contextlib.suppress(OSError):
            loopback()
    return missing


def own_processes(*, named: bool) -> bool:
    """Show the processes of this namespace alone; whether that worked.

    ``named``: threads may write their names there; Landlock keeps everything else shut.
    """
    try:
        flags = (0 if named and landlock() else READ_ONLY) | NO_SUID | NO_DEVICES | NO_EXECUTE
        mount("proc", "/proc", "proc", flags)
    except OSError:  # it is masked here, as in a container: then its own processes stay unseen
        return False
    return True


def inside(policy: dict[str, Any], missing: list[str]) -> list[str]:
    """The walls around the command itself; all that are missing."""
    missing = list(missing)
    without, network = policy["without"], policy["network"]
    alone = "processes" not in missing
    try:
        limited(policy["memory"], policy["file"], policy["processes"] if alone else 0)
    except (OSError, ValueError):
        missing.append("limits")
    with contextlib.suppress(OSError):
        powerless()
    dies_with_parent()  # a change of capabilities forgets it
    try:
        if "landlock" in without:
            raise OSError(errno.ENOSYS, "left out")
        ports = network or "network" not in missing  # its own network's are its own affair
        shared = ["/dev/shm"] if "attributes" not in missing else []  # everybody's otherwise
        # A driver that cannot name its threads says that the system is of another kind (CUDA: 304).
        threads = ["/proc/self/task"] if policy["accelerated"] else []
        writable, devices = [*policy["writable"], *shared], [*policy["devices"], *threads]
        fenced(policy["readable"], writable, devices, ports)
    except OSError:
        missing += ["reading"] if "attributes" not in missing else ["reading", "writing"]
    try:
        if "seccomp" in without:
            raise OSError(errno.ENOSYS, "left out")
        filtered("network" in missing and not network, "attributes" in missing)
    except (OSError, ValueError):
        missing.append("calls")
    else:
        missing = [name for name in missing if name not in ("attributes", "network")]
    if network and "network" not in missing:
        missing.append("network")
    return missing


def ended(status: int) -> None:
    """End as a process of this status did."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.pause()
    os._exit(os.waitstatus_to_exitcode(status))


def wait_for(child: int) -> int:
    """Wait for everybody until this one ends; its status."""
    while True:
        try:
            found, status = os.wait()
        except InterruptedError:
            continue
        if found == child:
            return status


def descendants(process: int) -> Iterator[int]:
    """What a process has started, and what that has."""
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/children", encoding="ascii") as file:
                for child in map(int, file.read().split()):
                    yield child
                    yield from descendants(child)


def end_all() -> None:
    """End what the command has left behind, where no namespace does."""
    for _ in range(100):
        left = list(descendants(os.getpid()))
        if not left:
            return
        for process in left:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        with contextlib.suppress(OSError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def first_inside(policy: dict[str, Any], missing: list[str], command: list[str], lost: int) -> None:
    """Process 1 of the namespace: reaps, and ends everything by ending."""
    dies_with_parent()
    if select.select([lost], [], [], 0)[0]:
        os._exit(1)  # its parent was gone before
    own_processes(named=policy["accelerated"])
    start(policy, missing, command)


def start(policy: dict[str, Any], missing: list[str], command: list[str]) -> None:
    """Fork the command, wait for it, and end as it does."""
    child = os.fork()
    if not child:
        become(policy, missing, command)
    os.closerange(0, 3)
    status = wait_for(child)
    if "processes" in missing:
        end_all()
        ended(status)
    # Process 1 cannot be ended by a signal of its own: the number goes out as an exit status.
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def become(policy: dict[str, Any], missing: list[str], command: list[str]) -> None:
    """The command, behind every wall; or what is missing, where that is asked."""
    try:
        found = inside(policy, missing)
        if not command:
            print(json.dumps(found), flush=True)
            os._exit(0)
        os.execv(command[0], command)
    except BaseException as error:  # noqa: BLE001 - nothing may run on without its walls
        print(f"{command[:1]} cannot be started confined: {error}", file=sys.stderr, flush=True)
        os._exit(126)


def tied(parent: int, command: list[str]) -> None:
    """No walls: the command, all of which ends with it, and with the process that asked for it."""

    def lost(*_: object) -> None:
        end_all()
        os._exit(1)

    signal.signal(signal.SIGTERM, lost)
    call("prctl", 36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    call("prctl", 1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
    interrupted = signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command hears it itself
    here = os.getpid()
    if os.getppid() != parent:
        os._exit(1)
    child = os.fork()
    if not child:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, interrupted)
        dies_with_parent()
        if os.getppid() == here:
            os.execvp(command[0], command)
        os._exit(1)
    status = wait_for(child)
    end_all()
    ended(status)


def main(arguments: list[str]) -> None:
    """Put up what goes round all processes, start the first of them, and end as it does."""
    policy, command = json.loads(arguments[0]), arguments[1:]
    if policy.get("tied"):
        tied(policy["parent"], command)
    dies_with_parent()
    if os.getppid() != policy["parent"]:
        os._exit(1)
    missing = outside(policy)
    if "processes" in missing:
        call("prctl", 36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
        start(policy, missing, command)
    lost, held = os.pipe()
    child = os.fork()
    if not child:
        os.close(held)
        first_inside(policy, missing, command, lost)
    os.closerange(0, 3)
    dies_with_parent()
    status = wait_for(child)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
    ended(code - 128 if 128 < code < 128 + signal.NSIG else code << 8)


if __name__ == "__main__":
    main(sys.argv[1:])
