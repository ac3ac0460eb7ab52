"""Tries to get out of where it runs, and tells for each attack whether it was done or what stood in the way. Harmless where nothing does."""
import ctypes, json, os, signal, socket, struct, sys, tempfile, time

given = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
ARM = os.uname().machine == "aarch64"
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_REC_PRIVATE = 0x44000


def check(result):
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def in_child(work):
    """In a process of its own, so that what it changes is gone with it."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 255)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        raise OSError(255, "killed by %d" % os.WTERMSIG(status))
    if os.WEXITSTATUS(status) != 0:
        raise OSError(os.WEXITSTATUS(status), os.strerror(os.WEXITSTATUS(status)))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def must(condition):
    if not condition:
        raise OSError(2, "nothing found")


def write_usr():
    path = "/usr/lib/soma-escape"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
    os.unlink(path)


def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(0.5)
        one.connect(address)


def ask_udp(text):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(0.5)
        one.sendto(text, ("127.0.0.1", given["udp"]))
        one.recv(512)


def mount():
    def work():
        try:
            check(libc.unshare(CLONE_NEWNS))
            check(libc.mount(None, b"/", None, MS_REC_PRIVATE, None))
        except OSError:
            pass
        else:
            check(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None))
            return
        check(libc.mount(b"tmpfs", b"/nowhere", b"tmpfs", 0, None))
    in_child(work)


def clone_user():
    pid = check(libc.syscall(220 if ARM else 56, CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0))
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def symlink_out():
    link = os.path.join(tempfile.mkdtemp(), "link")
    os.symlink(given["canary"], link)
    read(link)


def left_open():
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink("/proc/self/fd/" + name)
        except OSError:
            continue
        must_not = int(name) > 2 and target != "/dev/null" and not target.startswith(("/proc/", "socket:"))
        if must_not and not target.endswith("/fd"):
            return
    must(False)


ATTACKS = {
    "shadow": lambda: read("/etc/shadow"),
    "home": lambda: read(given["canary"]),
    "write_usr": write_usr,
    "tcp": lambda: connect(socket.AF_INET, ("127.0.0.1", given["tcp"])),
    "udp": lambda: ask_udp(b"x"),
    "dns": lambda: ask_udp(struct.pack(">6H", 7, 256, 1, 0, 0, 0) + b"\x04soma\x04test\x00" + struct.pack(">2H", 1, 1)),
    "unix": lambda: connect(socket.AF_UNIX, given["unix"]),
    "abstract": lambda: connect(socket.AF_UNIX, "\0" + given["abstract"]),
    "vsock": lambda: socket.socket(40, socket.SOCK_STREAM).close(),
    "netlink": lambda: socket.socket(16, socket.SOCK_RAW, 0).close(),
    "ptrace": lambda: in_child(lambda: check(libc.ptrace(0, 0, None, None))),
    "mount": mount,
    "user_namespace": lambda: in_child(lambda: check(libc.unshare(CLONE_NEWUSER))),
    "clone_user": clone_user,
    "io_uring": lambda: os.close(check(libc.syscall(425, 1, ctypes.create_string_buffer(120)))),
    "symlink_out": symlink_out,
    "signal": lambda: os.kill(given["pid"], 0),
    "proc_secret": lambda: must(given["secret"].encode() in read("/proc/%d/environ" % given["pid"])),
    "environment": lambda: must(any(given["secret"] in value for value in os.environ.values())),
    "left_open": left_open,
    "kernel_setting": lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)),
}


def end_of(attack):
    try:
        attack()
        return "done"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else str(error)


def many_children():
    """How many it may start, up to 300."""
    pids = []
    try:
        while len(pids) < 300:
            pid = os.fork()
            if pid == 0:
                signal.pause()
            pids.append(pid)
    except OSError:
        pass
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return len(pids)


def much_memory():
    """How many of four children could each use 160 MB at a time."""
    pids = []
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            block = bytearray(160 << 20)
            for at in range(0, len(block), 4096):
                block[at] = 1
            time.sleep(1)
            os._exit(0)
        pids.append(pid)
    return [os.waitpid(pid, 0)[1] for pid in pids].count(0)


if given.get("bombs"):
    print(json.dumps({"children": many_children(), "memory": much_memory()}))
else:
    print(json.dumps({name: end_of(attack) for name, attack in ATTACKS.items()}))
