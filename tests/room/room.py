#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""The virtual room: real kernel, real bluetoothd, emulated controllers, virtual speakers.

    from room import Room, in_room

    def scenario(room):
        room.btvirt(2)                      # hci0 is ours, hci1 the speaker's
        room.bluetoothd()
        speaker = room.speaker()
        daemon = room.daemon()              # echocastd from the staging tree
        assert room.ctl("pair").ok
        print(speaker.wait_audible())

    in_room(scenario, staging="build/stage")    # boots again once if the guest itself dies

or, without the second chance, `with Room(staging=…) as room: scenario(room)`.

Paths are the same in the guest and on the host for the repository (read-only in the guest), the
tools and the results directory (writable); everything else that the guest writes is gone with it.
"""

import pathlib
import shutil
import sys

from guest import (TOOLS, TOP, Guest, GuestStopped, Process, Result, RoomError,  # noqa: F401
                   RoomTimeout)
from speaker import Recording, Speaker  # noqa: F401

BLUETOOTHD = "/usr/libexec/bluetooth/bluetoothd"
LOGS = "/run/room"
ADDRESS = "00:AA:01:{0:02X}:00:{0:02X}"


# What plays a radio and a speaker is hardware in truth, which no busy processor keeps waiting: here
# it comes before everything else, echocastd's audio thread (priority 20) included.
HARDWARE = ["chrt", "--fifo", "30"]


def address(index):
    """The address of btvirt's controller hci<index>."""
    return ADDRESS.format(index)


class Room:
    """One guest and what runs in it. A context manager: boots on entry, ends on exit, and prints a
    dump of all logs when the body fails.

    name       the results' subdirectory (default: the script's name)
    staging    a tree made by `DESTDIR=… cmake --install`, laid over the guest's root
    tools      where agent, speaker… were built (default: build/room-tools)
    results    where logs and recordings go (default: build/room/results/<name>)
    shares     more host directories to show at the same path, read-only
    loopback   False: boots without snd-aloop
    systemd    True: the real systemd is init (boots in about 45 s); dbus and bluetoothd are then
               its services
    enable     systemd mode: units of the staging tree to start at boot
    """

    def __init__(self, name=None, *, staging=None, tools=TOOLS, results=None, shares=(),
                 loopback=True, systemd=False, enable=(), memory=2048, console=False,
                 verbose=False):
        self.name = name or pathlib.Path(sys.argv[0]).stem or "room"
        self.results = pathlib.Path(results or TOP / "build/room/results" / self.name).resolve()
        self.systemd = systemd
        self.verbose = verbose
        self.guest = Guest(self.results, tools=tools, staging=staging, shares=shares,
                           loopback=loopback, systemd=systemd, enable=enable, memory=memory,
                           console=console)
        self.tools = self.guest.tools
        self.speakers = []
        self._btvirt = None
        self._bluetoothd = None
        self._daemon = None
        self._controllers = 0
        self._count = {}

    # -- opening and closing

    def __enter__(self):
        shutil.rmtree(self.results, ignore_errors=True)
        return self.boot()

    def boot(self):
        """Boots the guest (again)."""
        self.speakers, self._count = [], {}
        self._btvirt = self._bluetoothd = self._daemon = None
        self.bluetoothd_log = None      # where in the guest the last bluetoothd writes its debug
        self.guest.boot()
        self.run(["mkdir", "-p", LOGS], check=True)
        if self.systemd:
            self.run(["systemctl", "is-system-running", "--wait"], timeout=300)
        self.say(f"guest is up after {self.guest.boot_seconds:.1f} s")
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and kind is not KeyboardInterrupt:
            self.dump(f"{kind.__name__}: {error}")
        elif not self.guest.stopped:
            self.save_logs()
        self.close()

    def close(self):
        self.guest.stop()

    def put_aside(self, suffix):
        """Keeps the results of this boot from being replaced by the next one's."""
        aside = self.results.with_name(f"{self.results.name}.{suffix}")
        shutil.rmtree(aside, ignore_errors=True)
        self.results.rename(aside)

    @property
    def boot_seconds(self):
        return self.guest.boot_seconds

    def say(self, text):
        if self.verbose:
            print(f"room: {text}", flush=True)

    # -- processes

    def run(self, cmd, timeout=60, *, user=None, env=None, cwd="/", stdin=None, check=False):
        """Runs a command (list, or a string for sh) to its end: Result.

        user: a login name of the guest. stdin: text. check: RoomError unless it exits 0. At the
        timeout its process group is killed and RoomTimeout raised.
        """
        process = self.start(cmd, user=user, env=env, cwd=cwd, stdin=stdin)
        try:
            result = process.wait(timeout)
        except RoomTimeout:
            process.kill()
            raise
        if check and not result.ok:
            raise RoomError(f"{process.argv} exited {result.code}:\n{result.out}{result.err}")
        return result

    def start(self, cmd, *, name=None, user=None, env=None, cwd="/", stdin=None, log=None):
        """Starts a command: Process. Its output comes live, unless `log` names a file of the
        guest for it. stdin: text, or True to write() later."""
        return self.guest.start(cmd, name=name, user=user, env=env, cwd=cwd, stdin=stdin, log=log)

    def tool(self, name):
        """The path of one of our own tools."""
        return str(self.tools / name)

    def now(self):
        """The guest's CLOCK_MONOTONIC in ns."""
        return self.guest.now()

    def write(self, path, text, mode="644"):
        """Writes a file in the guest, with its directories."""
        self.run(["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"', "sh",
                  str(path), mode], stdin=text, check=True)

    def read(self, path):
        return self.run(["cat", str(path)], check=True).out

    def wait_bus(self, name, *paths, timeout=60, gone=False):
        """Waits until a system bus name is owned (and has these objects), or is gone."""
        option = ["--gone"] if gone else []
        self.run([self.tool("room-wait"), *option, "bus", name, *paths], timeout, check=True)

    # -- the radio and BlueZ

    def btvirt(self, controllers=2):
        """Makes linked BR/EDR controllers hci0 … : hci0 is ours, the others are for speakers."""
        self._controllers = controllers
        self._btvirt = self.start([*HARDWARE, "btvirt", "-B", f"-l{controllers}"], name="btvirt",
                                  log=self._log("btvirt"))
        self.run([self.tool("room-wait"), "hci", str(controllers)], 30, check=True)
        return self._btvirt

    def kill_btvirt(self):
        """All adapters vanish."""
        self._btvirt.kill()
        self.run([self.tool("room-wait"), "hci", "0"], 30, check=True)

    def bluetoothd(self, *args, conf=None, debug=True):
        """Starts bluetoothd and returns when the adapters are on the bus. conf: a main.conf."""
        if self.systemd:
            self.run(["systemctl", "start", "bluetooth.service"], check=True)
        else:
            argv = [BLUETOOTHD, "-n", *(["-d"] if debug else []), *args]
            if conf is not None:
                self.write("/run/room-main.conf", conf)
                argv += ["-f", "/run/room-main.conf"]
            self.bluetoothd_log = self._log("bluetoothd")
            self._bluetoothd = self.start(argv, name="bluetoothd", log=self.bluetoothd_log)
        self.wait_bus("org.bluez", *[f"/org/bluez/hci{i}" for i in range(self._controllers)])
        return self._bluetoothd

    def kill_bluetoothd(self, signal=9):
        """Ends bluetoothd and returns when its name is gone."""
        if self.systemd:
            self.run(["systemctl", "kill", f"--signal={int(signal)}", "bluetooth.service"])
        else:
            self._bluetoothd.signal(signal)
            self._bluetoothd.wait(20)
        self.wait_bus("org.bluez", gone=True)

    def seed(self, index, source=0):
        """Lets the speaker's adapter know the source's endpoint, as if they had met before."""
        self.write(f"/var/lib/bluetooth/{address(index)}/cache/{address(source)}",
                   "[General]\nName=seeded\n\n[Endpoints]\n01=00:00:00:ffff0235\n", "600")

    def reset(self, controllers=2, **bluetoothd):
        """Everything anew in the same guest: no bonds, no saved speakers, fresh btvirt and
        bluetoothd. Much quicker than a new boot."""
        for process in reversed(self.guest.processes()):
            if process.running:
                process.kill()
        if self.systemd:
            self.run(["systemctl", "stop", "echocastd.service", "bluetooth.service"])
        self.speakers, self._daemon = [], None
        self.run("rm -rf /var/lib/bluetooth/* /var/lib/echocast/* /run/room/speaker*", check=True)
        self.wait_bus("org.bluez", gone=True)
        self.run([self.tool("room-wait"), "hci", "0"], 30, check=True)
        self.btvirt(controllers)
        self.bluetoothd(**bluetoothd)

    def speaker(self, index=1, *, seeded=True, name=None, caps=None, phone=False, agent=None,
                class_=None, args=()):
        """Makes hci<index> a loudspeaker and returns when it is ready to be found: Speaker.

        seeded=False   its first handshake with another BlueZ 5.66 breaks (README.md)
        name           what it is called (default "Room Speaker <index>")
        caps           SBC capabilities in hex (default ffff0235)
        phone=True     a phone instead: a source, no sink
        agent          "NoInputNoOutput" or "DisplayYesNo": registers an agent of its own as the
                       default. Without one the kernel accepts pairing silently, whoever else is
                       the default agent.
        class_         "major:minor" in hex (default 04:14, loudspeaker; phone 02:0c)
        """
        if seeded:
            self.seed(index)
        name = name or f"Room Speaker {index}"
        directory = f"{LOGS}/speaker{index}"
        argv = [*HARDWARE, self.tool("speaker"), "--index", index, "--name", name, "--out", directory]
        argv += ["--caps", caps] if caps else []
        argv += ["--phone"] if phone else []
        argv += ["--agent", agent] if agent else []
        argv += ["--class", class_] if class_ else []
        process = self.start([*argv, *args], name=f"speaker{index}", stdin=True)
        speaker = Speaker(self, process, index, name, directory)
        speaker.address = speaker.wait_event("ready", 60)["address"]
        self.speakers.append(speaker)
        return speaker

    # -- Echocast

    def daemon(self, config=None, *, args=(), user=None, env=None, wrapper=(), wait=True,
               log_level="debug"):
        """Starts the staged echocastd in the foreground; returns when it owns its name: Process.

        config: text of an echocast.conf (default: the installed one). wrapper: e.g. ["strace",
        "-f"]. wait=False returns at once.
        """
        argv = [*wrapper, "echocastd", "-f", "--log-level", log_level]
        if config is not None:
            self.write("/run/room-echocast.conf", config)
            argv += ["-c", "/run/room-echocast.conf"]
        self._daemon = self.start([*argv, *args], name="echocastd", user=user, env=env)
        if wait:
            self.wait_bus("org.echocast")
        return self._daemon

    def ctl(self, *args, timeout=120, user=None, check=False):
        """Runs echocastctl: Result."""
        return self.run(["echocastctl", *args], timeout, user=user, check=check)

    def play(self, path, device="echocast", *args):
        """Starts aplay in the guest: Process."""
        return self.start(["aplay", "-q", "-D", device, *args, str(path)], name="aplay")

    # -- logs

    def _log(self, name):
        self._count[name] = self._count.get(name, 0) + 1
        return f"{LOGS}/{name}-{self._count[name]}.log"

    def save_logs(self):
        """Puts all logs into the results: {name: path}."""
        for process in self.guest.processes():
            if process.lines:
                text = "".join(f"{line.t / 1e9:.6f} {line.stream} {line.text}\n"
                               for line in process.lines)
                (self.results / f"{process.name}-{process.id}.log").write_text(text)
        if not self.guest.stopped:
            journal = f"journalctl -b --no-pager -o short-monotonic > {LOGS}/journal.log; " \
                if self.systemd else ""
            self.run(f"{journal}dmesg > {LOGS}/dmesg.log; cp {LOGS}/*.log '{self.results}/'", 60)
        return sorted(self.results.glob("*.log"))

    def dump(self, why, count=30):
        """Prints why, and the last lines of every log."""
        print(f"\n=== the room, at the failure: {why}", flush=True)
        try:
            logs = self.save_logs()
        except RoomError as error:
            print(f"    (the guest's own logs are lost: {type(error).__name__})")
            logs = sorted(self.results.glob("*.log"))
        interesting = ("echocastd", "speaker", "bluetoothd", "btvirt", "dmesg", "journal", "serial")
        for log in (log for log in logs if log.name.startswith(interesting)):
            lines = log.read_text(errors="replace").splitlines()
            print(f"--- {log} ({len(lines)} lines)")
            print("\n".join("    " + line[:300] for line in lines[-count:]))
        print(f"=== full logs are in {self.results}\n", flush=True)


def in_room(scenario, *, boots=2, **options):
    """Runs scenario(room) in a fresh room: what it returns.

    A guest that dies by itself (panic, qemu) is booted again and the whole scenario begun anew, at
    most `boots` times in all, and said so. Failures of what is tested are never retried.
    """
    for attempt in range(1, boots + 1):
        room = Room(**options)
        try:
            with room:
                return scenario(room)
        except GuestStopped as stopped:
            print(f"room: boot {attempt} of {boots}: {stopped}", flush=True)
            if attempt == boots:
                raise
            room.put_aside(f"boot-{attempt}")
    return None
