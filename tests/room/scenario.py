#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""What the scenario tests have in common: the staged build, promised figures, our D-Bus face.

    def scenario(room, figures): …
    run(scenario)               # boots, runs, prints the figures; exits 1 if a promise is broken
"""

import fcntl
import inspect
import json
import os
import pathlib
import sys
import wave

from room import TOP, RoomError, in_room

FULL = os.environ.get("ECHOCAST_ROOM_FULL") == "1"
STAGE = pathlib.Path(os.environ.get("ECHOCAST_ROOM_STAGE", TOP / "build/stage"))
NAME = pathlib.Path(sys.argv[0]).stem.removeprefix("test-")
FIGURES = TOP / "build/room/figures.json"
RATE = 44100
# The speakers' adapters are on the same machine: ours has to be named.
CONFIG = "[Bluetooth]\nadapter=00:AA:01:00:00:00\n"
BUS = "org.echocast"
MANAGER = "/org/echocast"


def short(full, quick):
    """The number of the long form with `tests/run room --full`, else the quick one."""
    return full if FULL else quick


class Figures:
    """The promises and what was measured, a line each; also kept in build/room/figures.json."""

    def __init__(self, test):
        self.test = test
        self.all = []

    def add(self, what, goal, measured, good):
        """A promise: in words, what was promised, what was seen, whether that is good."""
        self.all.append({"test": self.test, "what": what, "goal": str(goal),
                         "measured": str(measured), "good": bool(good)})
        print(f"  {'good    ' if good else 'NOT GOOD'} {what}: {goal} / {measured}", flush=True)
        return good

    def note(self, text):
        print(f"           {text}", flush=True)

    def save(self):
        """Adds them to those of the other tests, which may run at the same time."""
        FIGURES.parent.mkdir(parents=True, exist_ok=True)
        with open(FIGURES, "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            kept = [f for f in json.loads(file.read() or "[]") if f["test"] != self.test]
            file.seek(0)
            file.truncate()
            file.write(json.dumps(kept + self.all, indent=1) + "\n")

    @property
    def good(self):
        return bool(self.all) and all(figure["good"] for figure in self.all)


def run(scenario, name=NAME, **options):
    """Runs scenario(room, figures) in a fresh room and exits with its verdict."""
    figures = Figures(name)
    options.setdefault("staging", STAGE)

    def act(room):
        figures.all.clear()
        print(f"{name}: the guest is up after {room.boot_seconds:.1f} s", flush=True)
        scenario(room, figures)
        if not figures.good:
            raise RoomError("a promise is not kept: "
                            + "; ".join(f["what"] for f in figures.all if not f["good"]))

    try:
        in_room(act, name=name, **options)
    except (RoomError, AssertionError) as error:
        place = inspect.trace()[-1]
        print(f"{name}: FAILED at {pathlib.Path(place.filename).name}:{place.lineno}: {error}",
              flush=True)
        sys.exit(1)
    finally:
        figures.save()
    print(f"{name}: all {len(figures.all)} promises are kept", flush=True)


# -- rooms


def open_up(room, *, seeded=True, fresh=True, quiet=False):
    """Radio, bluetoothd, a speaker in pairing mode and echocastd, from nothing: (speaker, daemon).

    quiet: their logs tell less and cost less, for measuring.
    """
    if fresh:
        room.reset(debug=not quiet)
    else:
        room.btvirt(2)
        room.bluetoothd(debug=not quiet)
    speaker = room.speaker(seeded=seeded)
    return speaker, room.daemon(CONFIG, log_level="info" if quiet else "debug")


def pair(room, *args, timeout=120):
    """`echocastctl pair`, which must succeed: Result."""
    return room.ctl("pair", *args, timeout=timeout, check=True)


# -- time


class Standstill:
    """An emulated machine stands still now and then, when its host has other work; longer than the
    60 ms after which a packet is thrown away, nobody on it can be in time. A watcher in the guest,
    above everything that is measured, tells such losses from ours."""

    LIMIT_MS = 40
    ATTEMPTS = 5

    def __init__(self, room):
        self.process = room.start([room.tool("standstill"), str(self.LIMIT_MS)], name="standstill")
        self.process.wait_line("watching")

    def undisturbed(self, act, lost, say):
        """What act() gives; done again while lost(it) and the machine stood still meanwhile. A loss
        without that is ours and stays."""
        for attempt in range(1, self.ATTEMPTS + 1):
            seen = len(self.process.lines)
            result = act()
            gaps = [int(line.text.split()[1]) for line in self.process.lines[seen:]]
            if not gaps or not lost(result) or attempt == self.ATTEMPTS:
                return result
            say(f"this machine stood still for up to {max(gaps)} ms; {lost(result)} lost: again")
        return None


# -- our face on the bus


def speaker_path(speaker):
    return f"{MANAGER}/speaker/{speaker.address.replace(':', '_')}"


def get(room, path, interface, name):
    """A property of ours, or None if the object or interface is not there."""
    reply = room.run(["busctl", "--json=short", "get-property", BUS, path, f"{BUS}.{interface}",
                      name])
    return json.loads(reply.out)["data"] if reply.ok else None


def counters(room, speaker):
    """Stream1.GetCounters as a dict of integers."""
    reply = room.run(["busctl", "--json=short", "call", BUS, speaker_path(speaker),
                      f"{BUS}.Stream1", "GetCounters"], check=True)
    return {name: value["data"] if isinstance(value, dict) else value
            for name, value in json.loads(reply.out)["data"][0].items()}


def wait_state(room, speaker, state, timeout=60):
    """Waits by signal until a speaker of ours is in `state`."""
    path = speaker_path(speaker)
    watch = room.start(["gdbus", "monitor", "--system", "-d", BUS, "-o", path], name="watch")
    try:
        watch.wait_line("(owned by|not owned|does not appear)", 20)
        if get(room, path, "Speaker1", "State") != state:
            watch.wait_line(f"'State': <'{state}'>", timeout)
    finally:
        watch.kill()


# -- what the kernel says of a process


def threads(room, pid):
    """{tid: name} of its threads."""
    listing = room.run(f"cd /proc/{pid}/task && for t in *; do echo $t $(cat $t/comm); done",
                       check=True).out
    return {int(tid): name for tid, name in (line.split(None, 1) for line in listing.splitlines())}


def wakeups(room, pid):
    """{tid: times it went to sleep by itself so far}: each is a wakeup."""
    listing = room.run(f"cd /proc/{pid}/task && grep -H ^voluntary */status", check=True).out
    return {int(line.split("/")[0]): int(line.split()[-1]) for line in listing.splitlines()}


def audio_thread(room, pid):
    """The tid of the thread that sends: the one that is neither the main one nor GLib's."""
    found = [tid for tid, name in threads(room, pid).items() if "audio" in name]
    if len(found) != 1:
        raise RoomError(f"no audio thread among {threads(room, pid)}")
    return found[0]


def pss_kib(room, pid):
    text = room.read(f"/proc/{pid}/smaps_rollup")
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1])


# -- sound


def write_wav(path, samples, rate=RATE):
    """samples: rows of int16, a column a channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())
    return path


def music(seconds, seed=1, rate=RATE):
    """Something that uses all of the spectrum and differs left and right: int16 stereo. Ends abrupt
    at both ends."""
    import numpy as np
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * rate)) / rate
    left = 0.3 * np.sin(2 * np.pi * 220 * t * (1 + 0.1 * t / seconds)) + 0.1
    right = 0.3 * np.sin(2 * np.pi * 523.25 * t + 3 * np.sin(2 * np.pi * 0.7 * t)) - 0.1
    noise = rng.normal(0, 0.03, (len(t), 2))
    return np.round(32767 * (np.column_stack([left, right]) + noise)).astype("<i2")


def peaks_hz(path):
    """The loudest frequency of each channel of a WAV file, to a fraction of a bin."""
    import numpy as np
    with wave.open(str(path), "rb") as wav:
        rate, channels = wav.getframerate(), wav.getnchannels()
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, channels)
    size = 1 << (8 * len(samples)).bit_length()
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))[:, None], size, axis=0))
    return [float(hz) for hz in power.argmax(axis=0) * rate / size]


def endless_player(room, path):
    """One plain aplay that plays a WAV file of `write_wav` over and over: Process."""
    return room.start(f"while tail -c +45 '{path}'; do :; done |"
                      "aplay -q -D echocast -t raw -f cd -", name="player")


def print_all():
    """What the tests of the last run have measured."""
    kept = json.loads(FIGURES.read_text()) if FIGURES.exists() else []
    for figure in kept:
        line = "{test}: {what}: {goal} / {measured}".format(**figure)
        print(f"  {'good    ' if figure['good'] else 'NOT GOOD'} {' '.join(line.split())[:130]}")


if __name__ == "__main__":
    print_all()
