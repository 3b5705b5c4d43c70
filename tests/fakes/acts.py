"""``python acts.py SCENE``: what a hostile target tries; a line of JSON an act.

``SCENE`` is JSON with the places and processes that it attacks (see ``tests/sandboxing.py``).  An
act that raises was refused; one that returns was done, and the harness looks whether it really was.
Runs in any Python 3, with nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import time

SCENE = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
HERE = os.getcwd()
X86 = os.uname().machine == "x86_64"


def foreign(name="kept"):
    return os.path.join(SCENE["outside"], name)


def checked(result):
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def read(path):
    with open(path, "rb") as file:
        return file.read(4096)


def write(path, text="x"):
    with open(path, "w") as file:
        file.write(text)


def change_a_foreign_file():
    write(foreign())


def make_a_file_in_a_foreign_folder():
    write(foreign("planted"))


def delete_a_foreign_file():
    os.remove(foreign("doomed"))


def rename_a_foreign_file():
    os.rename(foreign("moved"), foreign("moved-away"))


def truncate_a_foreign_file():
    os.truncate(foreign(), 0)


def link_a_foreign_file_into_the_scratch_folder():
    os.link(foreign(), os.path.join(HERE, "link"))
    write(os.path.join(HERE, "link"))


def change_a_foreign_files_mode():
    os.chmod(foreign(), 0o777)


def change_a_foreign_files_owner():
    os.chown(foreign(), -1, SCENE["group"])


def change_a_foreign_files_times():
    os.utime(foreign(), (1, 1))


def set_an_attribute_of_a_foreign_file():
    os.setxattr(foreign(), "user.mark", b"x")


def leave_something_in_shared_memory():
    write("/dev/shm/" + SCENE["mark"])


def read_a_foreign_file():
    return read(foreign())


def list_a_foreign_folder():
    return os.listdir(SCENE["outside"])


def list_the_home():
    return os.listdir(SCENE["home"])


def read_the_password_hashes():
    return read("/etc/shadow")


def find_a_token_in_its_environment():
    found = [name for name, value in os.environ.items() if SCENE["mark"] in value]
    if not found:
        raise LookupError("no such variable")


def read_the_drivers_environment():
    return read("/proc/{}/environ".format(SCENE["driver"]))


def read_the_drivers_memory():
    size = 16
    there = ctypes.create_string_buffer(size)

    class Piece(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

    local = Piece(ctypes.addressof(there), size)
    remote = Piece(SCENE["address"], size)
    checked(
        libc.process_vm_readv(SCENE["driver"], ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
    )


def trace_the_driver():
    checked(libc.ptrace(16, SCENE["driver"], 0, 0))  # PTRACE_ATTACH
    libc.ptrace(17, SCENE["driver"], 0, 0)


def end_the_driver():
    os.kill(SCENE["driver"], signal.SIGKILL)


def offer_the_driver_to_the_oom_killer():
    write("/proc/{}/oom_score_adj".format(SCENE["driver"]), "1000")


def see_the_driver():
    os.stat("/proc/{}".format(SCENE["driver"]))


def connect_to_a_local_service():
    socket.create_connection(("127.0.0.1", SCENE["port"]), timeout=5).close()


def send_a_packet_to_the_network():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.connect(("192.0.2.1", 9))  # TEST-NET: nobody is there
        found.send(b"x")


def use_a_raw_socket():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()


def connect_to_an_abstract_socket():
    with socket.socket(socket.AF_UNIX) as found:
        found.connect("\0" + SCENE["mark"])


def connect_to_a_service_of_the_system():
    with socket.socket(socket.AF_UNIX) as found:
        found.connect("/run/" + SCENE["mark"])


def connect_to_a_socket_in_a_foreign_folder():
    with socket.socket(socket.AF_UNIX) as found:
        found.connect(foreign("socket"))


def take_twice_the_memory():
    held = bytearray(2 * SCENE["memory"])
    held[:: mmap.PAGESIZE] = b"x" * len(held[:: mmap.PAGESIZE])


def write_a_file_that_is_too_large():
    with open(os.path.join(HERE, "large"), "wb") as file:
        file.seek(SCENE["file"] + 10)
        file.write(b"x")


def start_too_many_processes():
    started = []
    try:
        for _ in range(SCENE["processes"] + 20):
            started += [subprocess.Popen(["/bin/sleep", "30"])]
    finally:
        for process in started:
            process.kill()
            process.wait()


def leave_a_core_dump():
    before = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, max(before, 1 << 20)))


def mount_a_file_system():
    checked(libc.mount(b"none", HERE.encode(), b"tmpfs", 0, b""))


def make_a_namespace_of_its_own():
    checked(libc.unshare(0x10000000))


def change_a_setting_of_the_kernel():
    with open("/proc/sys/kernel/core_pattern", "r+") as file:
        file.write(file.read())


def read_the_disk_itself():
    found = [line.split()[3] for line in read("/proc/partitions").decode().splitlines()[2:]]
    if not found:
        raise LookupError("no disk")
    read("/dev/" + found[0])


def set_the_clock():
    checked(libc.syscall(227 if X86 else 112, 0, ctypes.byref(ctypes.c_longlong(0))))


def keep_a_key_in_the_kernel():
    checked(libc.syscall(248 if X86 else 217, b"user", b"mark", b"x", 1, -3))


def go_round_the_filter_by_io_uring():
    checked(libc.syscall(425, 1, ctypes.create_string_buffer(120)))


def watch_the_kernel():
    checked(libc.syscall(321 if X86 else 280, 0, ctypes.create_string_buffer(120), 120))


def become_somebody_else():
    os.setuid(12345)
    os.setuid(0)


def outlive_the_driver():
    """A child of a session of its own; whether it lives on is seen later."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sleep", ["sleep-" + SCENE["mark"], "60"])
        os._exit(0)
    os.wait()


# Not prevented ------------------------------------------------------------------------------------


def use_every_core():
    started = [os.fork() for _ in range(2)]
    for child in started:
        if not child:
            time.sleep(0.01)
            os._exit(0)
        os.waitpid(child, 0)


def fill_the_disk_by_many_files():
    for number in range(3):
        write(os.path.join(HERE, f"part-{number}"), "x" * 1000)


def read_the_folder_of_its_own_command():
    return os.listdir(os.path.dirname(os.path.abspath(__file__)))


def learn_of_the_machine():
    return read("/proc/cpuinfo"), os.uname()


def talk_to_its_own_children():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        socket.create_connection(server.getsockname(), timeout=5).close()


ACTS = [
    value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == "__main__"
    and name not in ("foreign", "checked", "read", "write")
]  # fmt: skip


def main():
    for act in ACTS:
        try:
            act()
            said = {"done": True, "why": ""}
        except BaseException as error:  # noqa: BLE001 - a refusal, whatever its class
            said = {"done": False, "why": str(error).split(": ")[0] or type(error).__name__}
        print(json.dumps({"act": act.__name__, **said}), flush=True)


if __name__ == "__main__":
    main()
