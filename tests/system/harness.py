# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""A system without a radio and without a sound card: a private bus with the shipped policy, a fake
BlueZ on it, and the real echocastd and echocastctl.

    from harness import System, main

    def case_tone(system):
        "What it shows, in one line."
        system.bluez.start()
        speaker = system.bluez.speaker()
        system.daemon.start()
        assert system.ctl("pair").code == 0

    main(globals())

A script of cases: without an argument it runs them all and prints TAP; with names it runs these.
Nothing here sleeps: System.until looks again whenever a process of the system has said something.
"""

import array
import grp
import json
import math
import os
import pathlib
import pwd
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ECHOCAST_BUILD", TOP / "build" / "debug"))
DAEMON = os.environ.get("ECHOCASTD", str(BUILD / "src/echocastd"))
CTL = os.environ.get("ECHOCASTCTL", str(BUILD / "src/ctl/echocastctl"))
FAKE = os.environ.get("FAKE_BLUEZD", str(BUILD / "tests/mock/fake-bluezd"))

SPEAKER = "00:AA:01:01:00:01"
OTHER = "00:AA:01:02:00:02"
PHONE = "00:AA:01:03:00:03"
ADAPTER = "00:AA:01:00:00:00"
# Sanitizers and valgrind make everything slower; a wait that succeeds does not take longer for it.
PATIENCE = float(os.environ.get("ECHOCAST_PATIENCE", "1"))

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>custom</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><deny own="*"/><deny send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
<allow send_destination="org.freedesktop.DBus"/><allow send_destination="org.bluez"/>
</policy><policy user="{user}"><allow own="org.bluez"/><allow own="org.echocast"/>
<allow send_type="method_call"/></policy>
<include ignore_missing="yes">{policy}</include></busconfig>
"""


class Skip(Exception):
    """This machine cannot run the case; says why."""


class Result:
    """What a command left: code, out, err, seconds."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    @property
    def json(self):
        """stdout as the one JSON object it has to be."""
        lines = self.out.splitlines()
        assert lines, f"no object on stdout: {self!r}"
        return json.loads(self.out)

    def __repr__(self):
        return f"code {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


class Process:
    """A program of the system. Its output is kept, line by line, and wakes whoever waits."""

    def __init__(self, system, name, argv, *, env=None, stdin=None, user=None):
        self.system, self.name = system, name
        self.events = 0  # lines that may have changed something
        self.lines = []  # stdout
        self.errors = []  # stderr
        self.popen = subprocess.Popen(argv, env={**system.env, **(env or {})}, stdin=stdin,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      errors="replace", cwd="/", **as_user(user))
        self.readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in
                        ((self.popen.stdout, self.lines), (self.popen.stderr, self.errors))]
        for reader in self.readers:
            reader.start()
        system.processes.append(self)

    def _read(self, pipe, lines):
        for line in pipe:
            with self.system.changed:
                lines.append(line.rstrip("\n"))
                self.events += self.is_event(line)
                self.system.changed.notify_all()
        with self.system.changed:
            self.system.changed.notify_all()

    @staticmethod
    def is_event(line):
        """An answer to a question of `until` must not be a reason to ask again."""
        return not line.startswith('{"ok"') and not line.endswith('"ok":true}\n')

    def alive(self):
        return self.popen.poll() is None

    def said(self, pattern):
        """Has a line with that pattern come? On either channel."""
        return any(re.search(pattern, line) for line in self.lines + self.errors)

    def wait_line(self, pattern, timeout=10):
        self.system.until(lambda: self.said(pattern), f"{self.name} to say {pattern!r}", timeout)

    def send(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout=10):
        """Its exit code; all its output is read then."""
        code = self.popen.wait(timeout * PATIENCE)
        for reader in self.readers:
            reader.join(5)
        return code

    def end(self):
        if self.alive():
            self.popen.terminate()
            try:
                self.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        return self.wait(10)

    def farewell(self):
        """Ends it; what was wrong with its end: a daemon leaves with 0, and no sanitizer speaks."""
        ends_now = self.alive()
        code = self.end()
        if ends_now and self.name == "echocastd" and code != 0:
            yield f"echocastd left with {code}"
        if self.said("AddressSanitizer|LeakSanitizer|runtime error:"):
            yield f"a sanitizer spoke in {self.name}"

    def dump(self):
        print(f"# ==== {self.name} (exit code {self.popen.poll()})")
        for line in (self.lines + self.errors)[-80:]:
            print(f"#   {line}")


class Bluez:
    """The fake BlueZ. Its commands are those of fake-bluezd (tests/mock/README.md)."""

    def __init__(self, system, version=566):
        self.system = system
        self.process = Process(system, "fake-bluezd",
                               [FAKE, "--bus", system.address, "--bluez", str(version)],
                               stdin=subprocess.PIPE)
        self.answers = 0

    def command(self, *words):
        """Sends one command, returns its answer."""
        self.process.popen.stdin.write(shlex.join(str(word) for word in words) + "\n")
        self.process.popen.stdin.flush()
        with self.system.changed:
            if not self.system.changed.wait_for(lambda: len(self._answers()) > self.answers,
                                                10 * PATIENCE):
                raise AssertionError(f"fake-bluezd does not answer {words}")
        answer = json.loads(self._answers()[self.answers])
        self.answers += 1
        assert answer["ok"], f"{words}: {answer}"
        return answer

    def _answers(self):
        return [line for line in self.process.lines if not line.startswith('{"log":')]

    def start(self, plug=True):
        """bluetoothd starts, with an adapter."""
        if plug:
            self.command("plug", "hci0", ADAPTER)
        self.command("start")

    def stop(self):
        self.command("stop")

    def speaker(self, address=SPEAKER, name="Virtual Speaker", **settings):
        self.command("speaker", address, escape(name))
        self.set(address, **settings)
        return address

    def phone(self, address=PHONE, name="Some Phone"):
        self.command("phone", address, escape(name))
        return address

    def set(self, address, **settings):
        """set(SPEAKER, pairing_mode="off", connect="refuses")"""
        for key, value in settings.items():
            self.command("set", address, key.replace("_", "-"), value)

    def stats(self, address=SPEAKER):
        return self.command("stats", address)

    def state(self):
        return self.command("state")

    def log(self):
        return [json.loads(line)["log"] for line in list(self.process.lines)
                if line.startswith('{"log":')]

    def count(self, prefix):
        return sum(line.startswith(prefix) for line in self.log())

    def wait(self, prefix, count=1, timeout=10):
        """Until the log has so many lines that begin with prefix."""
        self.system.until(lambda: self.count(prefix) >= count,
                          f"{count} x {prefix!r} at the fake BlueZ", timeout)


class Daemon:
    """echocastd with a configuration and a state directory of its own."""

    def __init__(self, system):
        self.system = system
        self.state = system.directory / "state"
        self.config = system.directory / "echocast.conf"
        self.process = None
        self.configure()

    def configure(self, **sections):
        """configure(Audio="tone_after_pairing = false", Bluetooth="...")"""
        sections = {"General": "", **sections}
        sections["General"] = f"state_directory = {self.state}\n" + sections["General"]
        self.config.write_text("".join(f"[{name}]\n{body}\n" for name, body in sections.items()))

    def start(self, ready=True, user=None):
        self.process = Process(self.system, "echocastd",
                               [self.system.program(DAEMON, user), "-f", "-c", str(self.config),
                                "--log-level", "debug"],
                               user=user)
        if ready:
            self.system.until(self.owns_name, "echocastd to be on the bus")
        return self.process

    def owns_name(self):
        told = [line for line in self.system.names.lines if line.startswith("The name ")]
        return "is owned by" in told[-1]

    def stop(self):
        """SIGTERM; its exit code."""
        self.process.send(signal.SIGTERM)
        return self.process.wait()

    def kill(self):
        """SIGKILL: no farewell to anybody."""
        self.process.send(signal.SIGKILL)
        self.process.wait()
        self.system.until(lambda: not self.owns_name(), "the name to be free")


class System:
    """One private bus and what runs on it."""

    def __init__(self):
        self.changed = threading.Condition()
        self.processes = []
        self.monitor = None

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="echocast-")
        self.directory = pathlib.Path(self.temporary.name)
        self.directory.chmod(0o755)  # for clients that are somebody else
        self.address = f"unix:path={self.directory}/bus"
        self.env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address, "LC_ALL": "C.UTF-8"}
        for name in ("COLUMNS", "NO_COLOR", "DBUS_SESSION_BUS_ADDRESS", "NOTIFY_SOCKET"):
            self.env.pop(name, None)
        self._start_bus()
        self.names = Process(self, "names", ["gdbus", "monitor", "--address", self.address, "--dest",
                                             "org.echocast"])
        self.names.wait_line("does not have an owner")
        self.bluez = Bluez(self)
        self.daemon = Daemon(self)
        return self

    def __exit__(self, kind, value, trace):
        if kind and kind is not Skip:
            for process in self.processes:
                process.dump()
        faults = [fault for process in reversed(self.processes) for fault in process.farewell()]
        self.temporary.cleanup()
        if faults and kind is None:
            for process in self.processes:
                process.dump()
            raise AssertionError("; ".join(faults))

    def _start_bus(self):
        config = self.directory / "bus.conf"
        config.write_text(BUS.format(socket=self.directory / "bus", user=pwd.getpwuid(
            os.geteuid()).pw_name, policy=TOP / "conf/org.echocast.conf"))
        bus = Process(self, "dbus-daemon", ["dbus-daemon", "--nofork", "--print-address=1",
                                            f"--config-file={config}"])
        bus.wait_line("unix:path")

    def until(self, truth, what, timeout=10):
        """Waits for truth(), asked again after every line that a process says. Its value."""
        deadline = time.monotonic() + timeout * PATIENCE
        with self.changed:
            seen = -1
            while True:
                events = sum(process.events for process in self.processes)
                if events != seen:
                    seen = events
                    self.changed.release()
                    try:
                        value = truth()
                    finally:
                        self.changed.acquire()
                    if value:
                        return value
                    continue
                left = deadline - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise AssertionError(f"after {timeout} s still waiting for {what}")

    def program(self, path, user):
        """Where somebody else finds a program: the tree may lie in a home that is closed to them."""
        if user is None:
            return path
        copy = self.directory / pathlib.Path(path).name
        if not copy.exists():
            shutil.copy(path, copy)
        return str(copy)

    def never(self, truth, seconds):
        """True if truth() stays false for so long; looks after every event."""
        try:
            self.until(truth, "what must not come", seconds / PATIENCE)
        except AssertionError:
            return True
        return False

    def call(self, path, method, *arguments, user=None):
        """A D-Bus call to echocastd by somebody else than echocastctl: a Result."""
        return run(["gdbus", "call", "--address", self.address, "--dest", "org.echocast",
                    "--object-path", path, "--method", method, *arguments], self.env, user=user)

    def ctl(self, *words, timeout=60, user=None, env=None):
        """Runs echocastctl to its end: a Result."""
        return run([self.program(CTL, user), *words], {**self.env, **(env or {})},
                   timeout=timeout, user=user)

    def start_ctl(self, *words, user=None):
        """echocastctl in the background: a Process."""
        return Process(self, "echocastctl " + " ".join(words), [self.program(CTL, user), *words],
                       user=user)

    def watch(self):
        """From now on every change that echocastd announces wakes `until`."""
        self.monitor = self.monitor or Process(self, "watch",
                                               [CTL, "monitor", "--json"])

    def status(self):
        return self.ctl("status", "--json").json

    def speaker(self, address=SPEAKER):
        """The speaker as `info` shows it; {} if it is unknown."""
        result = self.ctl("info", address, "--json")
        return result.json if result.code == 0 else {}

    def until_state(self, state, address=SPEAKER, timeout=10):
        self.watch()
        return self.until(lambda: self.speaker(address).get("state") == state,
                          f"{address} to be {state}", timeout)

    def ready(self, **settings):
        """bluetoothd, a speaker in pairing mode, and echocastd that has registered."""
        self.bluez.start()
        self.bluez.speaker(**settings)
        self.daemon.start()
        self.bluez.wait("endpoint")

    def paired(self, **settings):
        """The same, paired and streaming."""
        self.ready(**settings)
        result = self.ctl("pair", "--no-tone")
        assert result.code == 0, result


def escape(name):
    """A name as a word of one line."""
    return name.replace("\\", "\\\\").replace("\n", "\\n")


def as_user(name):
    """How to start a process as somebody else: "nobody", or "nobody+audio" with that group."""
    if name is None:
        return {}
    if os.geteuid() != 0:
        raise Skip("needs root, to be somebody else")
    name, _, group = name.partition("+")
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid,
            "extra_groups": [grp.getgrnam(group).gr_gid] if group else []}


def run(argv, env, timeout=60, user=None):
    begin = time.monotonic()
    done = subprocess.run(argv, env=env, text=True, capture_output=True, timeout=timeout * PATIENCE,
                          stdin=subprocess.DEVNULL, cwd="/", check=False, **as_user(user))
    return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - begin)


def tone_hz(path, channels, channel, rate_hz, candidates):
    """The candidate frequency that is strongest in a recording of the fake speaker, and its share of
    the whole energy (Goertzel)."""
    samples = array.array("h", pathlib.Path(path).read_bytes())[channel::channels]
    samples = samples[len(samples) // 4:len(samples) // 4 + rate_hz // 2]
    energy = sum(sample * sample for sample in samples)
    assert energy, "the recording is silent"

    def power(hz):
        turn = 2 * math.cos(2 * math.pi * hz / rate_hz)
        before = last = 0.0
        for sample in samples:
            before, last = last, sample + turn * last - before
        return before * before + last * last - turn * before * last

    best = max(candidates, key=power)
    return best, 2 * power(best) / (len(samples) * energy)


def main(names):
    """Runs the cases that the command line names, or all. 77 (skipped) if a lone one was skipped."""
    cases = {name[5:].replace("_", "-"): function for name, function in names.items()
             if name.startswith("case_")}
    wanted = sys.argv[1:] or list(cases)
    failed = skipped = 0
    print(f"1..{len(wanted)}")
    for number, name in enumerate(wanted, 1):
        text = f"{number} - {name}: {cases[name].__doc__}"
        begin = time.monotonic()
        try:
            with System() as system:
                cases[name](system)
            print(f"ok {text} ({time.monotonic() - begin:.1f} s)")
        except Skip as reason:
            skipped += 1
            print(f"ok {text} # SKIP {reason}")
        except Exception:  # pylint: disable=broad-except
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {text}")
        sys.stdout.flush()
    sys.exit(1 if failed else 77 if skipped == len(wanted) else 0)
