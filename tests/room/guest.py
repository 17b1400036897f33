#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""The guest: a Debian kernel in qemu whose root is this machine's, seen through a throw-away
overlay. `Guest` boots it and talks to its agent; `Process` is a process in it.

The test's logic runs on the host, only the real things run in the (slow, emulated) guest. One
thread reads what the agent says; everybody else waits on a condition with a timeout, so that
nothing here ever sleeps or polls.
"""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from typing import NamedTuple

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
KERNEL = pathlib.Path(os.environ.get("ECHOCAST_ROOM_KERNEL", TOP / "build/room/kernel"))
TOOLS = pathlib.Path(os.environ.get("ECHOCAST_ROOM_TOOLS", TOP / "build/room-tools"))
BOOT_TIMEOUT = 120
SYSTEMD_BOOT_TIMEOUT = 400


class RoomError(Exception):
    """The room did not do what was asked of it: the test fails."""


class RoomTimeout(RoomError):
    """What was waited for did not come in time: the test fails."""


class GuestStopped(RoomError):
    """The guest itself stopped (panic, qemu died): no verdict on what was tested."""


class Line(NamedTuple):
    """One line of output: when the guest saw it (CLOCK_MONOTONIC, ns), "out" or "err", the text."""

    t: int
    stream: str
    text: str


class Result(NamedTuple):
    """How a process ended: its exit code (-N: killed by signal N) and all that it said."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def ok(self):
        return self.code == 0

    def json(self):
        """What it printed, read as one JSON value."""
        return json.loads(self.out)


class Process:
    """A process in the guest. It has its own process group and is killed when the room closes."""

    def __init__(self, guest, ident, argv, name):
        self.guest = guest
        self.id = ident
        self.argv = argv
        self.name = name
        self.pid = None
        self.lines = []
        self.code = None
        self.error = None
        self.started_ns = None
        self.ended_ns = None
        self._cursor = 0

    # -- said by the agent; called with the guest's lock held
    def take(self, message):
        event = message["event"]
        if event == "started":
            self.pid, self.started_ns = message["pid"], message["t"]
        elif event == "text":
            self.lines += [Line(message["t"], message["stream"], text)
                           for text in message["text"].removesuffix("\n").split("\n")]
        elif event == "exit":
            self.code, self.ended_ns = message["code"], message["t"]
        elif event == "failed":
            self.code, self.error = 127, message["error"]

    @property
    def running(self):
        return self.code is None

    def out(self):
        return "".join(line.text + "\n" for line in self.lines if line.stream == "out")

    def err(self):
        return "".join(line.text + "\n" for line in self.lines if line.stream == "err")

    def _find(self, pattern, stream):
        while self._cursor < len(self.lines):
            line = self.lines[self._cursor]
            self._cursor += 1
            match = pattern.search(line.text) if stream in (None, line.stream) else None
            if match:
                return line, match
        return None

    def rewind(self):
        """Lets the next wait_line() look at all lines again."""
        self._cursor = 0

    def wait_match(self, regex, timeout=30, stream=None):
        """Waits for a line that `regex` finds, after the last one found: (Line, re.Match).

        Fails at once when the process has ended without saying it.
        """
        pattern = re.compile(regex)
        found = None

        def ready():
            nonlocal found
            found = self._find(pattern, stream)
            return found is not None or not self.running

        if not self.guest.wait_for(ready, timeout):
            raise RoomTimeout(f"{self.name} did not say /{regex}/ within {timeout} s{self._tail()}")
        if found is None:
            raise RoomError(f"{self.name} ended ({self.code}) without saying /{regex}/"
                            + self._tail())
        return found

    def wait_line(self, regex, timeout=30, stream=None):
        """As wait_match(), but gives the Line only."""
        return self.wait_match(regex, timeout, stream)[0]

    def wait(self, timeout=60):
        """Waits until it has ended: Result."""
        if not self.guest.wait_for(lambda: not self.running, timeout):
            raise RoomTimeout(f"{self.name} did not end within {timeout} s{self._tail()}")
        if self.error:
            raise RoomError(f"{self.name} could not be started: {self.error}")
        seconds = (self.ended_ns - self.started_ns) / 1e9
        return Result(self.code, self.out(), self.err(), seconds)

    def signal(self, number, group=False):
        """Sends a signal to it, or to its whole process group."""
        self.guest.send(do="signal", id=self.id, signal=int(number), group=group)

    def write(self, text):
        """Writes to its standard input (start it with stdin=True)."""
        self.guest.send(do="write", id=self.id, text=text)

    def close_stdin(self):
        self.guest.send(do="close", id=self.id)

    def kill(self, timeout=20):
        """SIGKILL to its process group; returns when it is gone."""
        if self.running:
            self.signal(9, group=True)
        return self.wait(timeout)

    def terminate(self, timeout=20):
        """SIGTERM; returns its Result when it is gone."""
        if self.running:
            self.signal(15)
        return self.wait(timeout)

    def _tail(self, count=15):
        lines = [f"\n    {self.name}| {line.text}" for line in self.lines[-count:]]
        return ":" + "".join(lines) if lines else " (it said nothing)"


class Guest:
    """Boots, talks to and stops one guest. Use it through room.Room."""

    def __init__(self, results, *, tools=TOOLS, staging=None, shares=(), loopback=True,
                 systemd=False, enable=(), memory=2048, console=False, append=""):
        self.results = pathlib.Path(results).resolve()
        self.tools = pathlib.Path(tools).resolve()
        self.staging = pathlib.Path(staging).resolve() if staging else None
        self.shares = [pathlib.Path(path).resolve() for path in shares]
        self.loopback = loopback
        self.systemd = systemd
        self.enable = tuple(enable)
        self.memory = memory
        self.console = console
        self.append = append
        self.boots = 0
        self.boot_seconds = None
        self._processes = {}
        self._changed = threading.Condition(threading.RLock())
        self._qemu = None
        self._stopped = True
        self._hello = False
        self._closing = False

    # -- booting

    @property
    def serial_log(self):
        return self.results / f"serial-{self.boots}.log"

    def boot(self):
        """Starts the guest and returns when its agent answers."""
        self._check()
        self.results.mkdir(parents=True, exist_ok=True)
        self.boots += 1
        self._processes, self._hello, self._stopped, self._closing = {}, False, False, False
        self._next = 0
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="echocast-room-") as directory:
            path = os.path.join(directory, "agent")
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
                listener.listen(1)
                listener.settimeout(20)
                self._qemu = subprocess.Popen(
                    self._command(path), stdin=None if self.console else subprocess.DEVNULL,
                    stdout=None if self.console else open(self.results / "qemu.log", "wb"),
                    stderr=None if self.console else subprocess.STDOUT)
                self._socket = self._accept(listener)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        limit = SYSTEMD_BOOT_TIMEOUT if self.systemd else BOOT_TIMEOUT
        if not self.wait_for(lambda: self._hello, limit):
            self.stop()
            raise GuestStopped(f"the guest did not boot within {limit} s:\n{self.serial_tail()}")
        self.boot_seconds = time.monotonic() - began

    def _check(self):
        if not shutil.which("qemu-system-x86_64"):
            raise RoomError("qemu-system-x86_64 is missing: install what tests/room/packages lists")
        if not (self.tools / "agent").exists():
            raise RoomError(f"no room tools in {self.tools}: cmake -S tests/room -B {self.tools} "
                            f"&& cmake --build {self.tools}")
        if self.staging and not self.staging.is_dir():
            raise RoomError(f"no staging tree {self.staging}: DESTDIR=… cmake --install …")
        subprocess.run([HERE / "fetch", KERNEL], check=True, stdout=subprocess.DEVNULL)

    def _accept(self, listener):
        try:
            connection = listener.accept()[0]
        except TimeoutError:
            self._qemu.kill()
            self._qemu.wait()
            raise RoomError("qemu does not start: see " + str(self.results / "qemu.log")) from None
        connection.settimeout(None)
        return connection

    def _mounts(self):
        """What is mounted in the guest beyond this machine's root: (path, "ro" or "rw")."""
        mounts = [(TOP, "ro")]
        mounts += [(path, "ro") for path in (self.tools, KERNEL.resolve(), *self.shares)
                   if not path.is_relative_to(TOP)]
        return mounts + [(self.results, "rw")]

    def _command(self, agent_socket):
        mounts = self._mounts()
        table = ",".join(f"share{i}:{path}:{mode}" for i, (path, mode) in enumerate(mounts))
        append = ("console=ttyS0 cryptomgr.notests panic=-1 oops=panic loglevel=5 "
                  "mitigations=off rodata=off nokaslr "     # what only costs time here
                  f"room.shares={table} room.tools={self.tools} room.init={HERE}/init "
                  f"room.modules={KERNEL.resolve()}/tree/lib/modules "
                  f"room.loopback={int(self.loopback)} room.staging={int(bool(self.staging))} "
                  f"room.console={int(self.console)} room.systemd={int(self.systemd)} "
                  f"room.enable={','.join(self.enable)} "
                  "systemd.condition-needs-update=no fstab=no "
                  f"{self.append}")
        if " " in table:
            raise RoomError("the room needs paths without spaces: " + table)
        # However this process ends, the guest ends with it.
        command = ["setpriv", "--pdeathsig", "KILL",
                   "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi",
                   "-cpu", "Nehalem,+rdrand", "-smp", "1", "-m", str(self.memory), "-nographic",
                   "-no-reboot", "-nodefaults", "-no-user-config",
                   "-kernel", str(KERNEL / "vmlinuz"), "-initrd", str(KERNEL / "initramfs"),
                   "-append", append,
                   "-device", "virtio-serial", "-device", "virtserialport,chardev=agent,name=room",
                   "-chardev", f"socket,id=agent,path={agent_socket}"]
        command += self._virtfs("/", "root", "ro")
        if self.staging:
            command += self._virtfs(self.staging, "staging", "ro")
        for i, (path, mode) in enumerate(mounts):
            command += self._virtfs(path, f"share{i}", mode)
        if self.console:
            return command + ["-serial", "mon:stdio"]
        return command + ["-monitor", "none", "-chardev", f"file,id=serial,path={self.serial_log}",
                          "-serial", "chardev:serial"]

    @staticmethod
    def _virtfs(path, tag, mode):
        option = f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap"
        return ["-virtfs", option + (",readonly=on" if mode == "ro" else "")]

    # -- talking to the agent

    def _read(self):
        buffer = b""
        while True:
            try:
                data = self._socket.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                break
            *lines, buffer = (buffer + data).split(b"\n")
            with self._changed:
                for line in lines:
                    self._take(line)
                self._changed.notify_all()
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _take(self, line):
        message = json.loads(line)
        if message["event"] == "hello":
            self._hello = True
        elif message["event"] == "clock":
            self._clock = message["t"]
        elif message.get("id") in self._processes:
            self._processes[message["id"]].take(message)

    def wait_for(self, ready, timeout):
        """Waits until ready() (called with the lock held, at every change) is true.

        False after `timeout` seconds; raises GuestStopped when the guest is no more.
        """
        with self._changed:
            done = self._changed.wait_for(lambda: ready() or self._stopped, timeout)
            if self._stopped and not ready():
                raise GuestStopped(self._why_stopped())
            return done

    def _why_stopped(self):
        return f"the guest stopped{' (by us)' if self._closing else ''}:\n{self.serial_tail()}"

    def send(self, **message):
        with self._changed:
            if self._stopped:
                raise GuestStopped(self._why_stopped())
            try:
                self._socket.sendall(json.dumps(message).encode() + b"\n")
            except OSError:
                raise GuestStopped(self._why_stopped()) from None

    def start(self, argv, *, name=None, user=None, env=None, cwd="/", stdin=None, log=None):
        """Starts a process; see room.Room.start()."""
        if isinstance(argv, str):
            argv = ["sh", "-c", argv]
        argv = [str(word) for word in argv]
        with self._changed:
            self._next += 1
            process = Process(self, self._next, argv, name or os.path.basename(argv[0]))
            self._processes[process.id] = process
        request = {"argv": argv, "env": {k: str(v) for k, v in (env or {}).items()},
                   "cwd": str(cwd), "stdin": stdin is not None and stdin is not False}
        if user is not None:
            request["user"] = str(user)
        if log is not None:
            request["log"] = str(log)
        self.send(do="start", id=process.id, **request)
        if isinstance(stdin, str):
            process.write(stdin)
            process.close_stdin()
        if not self.wait_for(lambda: process.pid or process.error, 30):
            raise RoomTimeout(f"{process.name} did not start within 30 s")
        if process.error:
            raise RoomError(f"{process.name} could not be started: {process.error}")
        return process

    def processes(self):
        with self._changed:
            return list(self._processes.values())

    def now(self):
        """The guest's CLOCK_MONOTONIC in ns: the time base of all its logs."""
        with self._changed:
            self._clock = None
        self.send(do="clock")
        if not self.wait_for(lambda: self._clock is not None, 20):
            raise RoomTimeout("the guest's agent does not answer")
        return self._clock

    # -- its end

    def serial_tail(self, count=40):
        """The last lines of the guest's console."""
        try:
            lines = self.serial_log.read_text(errors="replace").splitlines()
        except OSError:
            return "(no serial log)"
        return "\n".join("    console| " + line for line in lines[-count:])

    @property
    def stopped(self):
        return self._stopped

    def stop(self):
        """Ends the guest: its files are throw-away, so it is simply switched off."""
        if self._qemu is None:
            return
        with self._changed:
            self._closing = True
        self._qemu.kill()
        self._qemu.wait()
        self._qemu = None
        self._reader.join(10)
        self._socket.close()
