#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""The audio engine on the real snd-aloop, with no Bluetooth around it: every state of the sound card,
every sample, every wakeup and system call.

    loopback.py ENGINE-LOOPBACK STANDSTILL

An emulated machine stands still now and then, for longer than the 60 ms after which a packet is thrown
away. `standstill` runs before everything else in the guest and sees that. What was lost then is not
held against the engine: that period is played again, and said so.
"""

import pathlib
import random
import re
import struct
import subprocess
import sys
import wave
from typing import NamedTuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "room"))
from scenario import RATE, TOP, audio_thread, pss_kib, run, short, wakeups  # noqa: E402

PROGRAM, STANDSTILL = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
STANDSTILL_MS = 30
ATTEMPTS = 6
SECONDS = short(60, 6)
PERIODS = (128, 441, 1024, 5513)
PLAYER = "hw:Echocast,0,0"
DRIVER = "/sys/bus/platform/drivers/snd_aloop"
FRAME_BYTES = 119
MS = 1_000_000
GOAL = RATE / 640


class Packet(NamedTuple):
    arrival_ns: int
    data: bytes

    @property
    def sequence(self):
        return int.from_bytes(self.data[2:4], "big")

    @property
    def timestamp(self):
        return int.from_bytes(self.data[4:8], "big")

    @property
    def frames(self):
        return [self.data[i:i + FRAME_BYTES] for i in range(13, len(self.data), FRAME_BYTES)]


class Engine:
    """engine-loopback in the guest."""

    def __init__(self, room, card_state="open"):
        self.room = room
        self.out = room.results / "packets.bin"
        self.process = room.start([PROGRAM, "--rt", "20", self.out], stdin=True, name="engine")
        self.wait(f"capture {card_state}")

    def tell(self, command):
        self.process.write(command + "\n")

    def wait(self, what, timeout=20):
        return self.process.wait_line(what, timeout)

    def add(self):
        self.tell("add")
        self.wait("added")

    def counters(self):
        self.tell("stats")
        return {name: int(value) for name, value in
                re.findall(r"(\w+)=(\d+)", self.wait("stats").text)}

    def quit(self):
        """Ends it: all packets that its speaker got."""
        self.tell("quit")
        self.process.wait(20)
        data, at, packets = self.out.read_bytes(), 0, []
        while at < len(data):
            arrival_ns, size = struct.unpack_from("<QI", data, at)
            packets.append(Packet(arrival_ns, data[at + 12:at + 12 + size]))
            at += 12 + size
        return packets


def write_noise(path, seconds, rate=RATE):
    """Noise, then 100 ms of silence: where a player that drains has its end, snd-aloop itself loses
    up to two ticks of sound."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, rate, 0, "NONE", ""))
        out.writeframes(random.Random(1).randbytes(4 * rate * seconds) + bytes(4 * rate // 10))
    return path


def play(room, path, period=1024):
    return room.play(path, PLAYER, f"--period-size={period}",
                     f"--buffer-size={max(4 * period, 8192)}")


# -- the sound card's states


def application_first(room, figures):
    """An application that has opened the card before us, in another format."""
    player = play(room, write_noise(TOP / "build/room/noise-48.wav", 3, 48000))
    room.run("while ! grep -q RUNNING /proc/asound/Echocast/pcm0p/sub0/status; do :; done")
    engine = Engine(room, "busy: an application plays S16_LE at 48000 Hz")
    player.wait(20)
    line = engine.wait("capture open")
    late = (line.t - player.ended_ns) / 1e6
    figures.add("opens after the application that fixed another format", "<= 500 ms",
                f"{late:.0f} ms", late <= 500)
    engine.quit()


def held_by_another(room, figures):
    other = room.start(["arecord", "-q", "-D", "hw:Echocast,1,0", "-f", "cd", "/dev/null"])
    room.run("while ! grep -q RUNNING /proc/asound/Echocast/pcm1c/sub0/status; do :; done")
    engine = Engine(room, "busy: another program holds")
    other.kill()
    late = (engine.wait("capture open").t - other.ended_ns) / 1e6
    figures.add("opens after another program held the capture side", "<= 500 ms", f"{late:.0f} ms",
                late <= 500)
    return engine


def card_goes(room, figures, engine):
    for _ in range(2):
        room.run(f"echo snd_aloop.0 > {DRIVER}/unbind", check=True)
        engine.wait("capture missing")
        before = wakeups(room, engine.process.pid)
        room.run(["sleep", "2"])
        woken = wakeups(room, engine.process.pid) != before
        room.run(f"echo snd_aloop.0 > {DRIVER}/bind", check=True)
        engine.wait("capture open")
        figures.add("the card went and came back; wakeups in between", 0, int(woken), not woken)


# -- sound


def expected_frames(room, path, shift):
    out = TOP / "build/room/noise.sbc"
    subprocess.run([room.tool("sbc-encode"), "--offset", str(-shift), path, out], check=True)
    data = out.read_bytes()
    return [data[i:i + FRAME_BYTES] for i in range(0, len(data), FRAME_BYTES)]


def equal_frames(room, path, packets):
    """How many SBC frames are what libsbc makes of the file, and of how many: the file may begin
    anywhere within an SBC frame."""
    heard = [frame for packet in packets for frame in packet.frames]
    for shift in range(128):
        wanted = expected_frames(room, path, shift)
        if wanted[2] in heard:
            at = heard.index(wanted[2]) - 2
            return sum(a == b for a, b in zip(wanted, heard[max(at, 0):])), len(wanted)
    return 0, len(expected_frames(room, path, 0))


def count_lost(packets):
    steps = [(b.sequence - a.sequence) & 0xffff for a, b in zip(packets, packets[1:])]
    return sum(step - 1 for step in steps)


def play_once(room, path, period):
    """Plays the file to one speaker: aplay's exit code, counters, packets."""
    engine = Engine(room)
    engine.add()
    player = play(room, path, period)
    engine.wait("flows")
    code = player.wait(SECONDS + 30).code
    engine.wait("silent")
    return code, engine.counters(), engine.quit()


def play_undisturbed(room, figures, watch, path, period):
    """The same, again and again while packets were lost and the machine stood still meanwhile."""
    for attempt in range(1, ATTEMPTS + 1):
        seen = len(watch.lines)
        result = play_once(room, path, period)
        gaps = [int(line.text.split()[1]) for line in watch.lines[seen:]]
        if not gaps or count_lost(result[2]) == 0 or attempt == ATTEMPTS:
            return result
        figures.note(f"period {period}: the machine stood still {len(gaps)} times, up to "
                     f"{max(gaps)} ms; {count_lost(result[2])} packets lost: again")
    return None


def one_period(room, figures, watch, path, period):
    code, counters, packets = play_undisturbed(room, figures, watch, path, period)
    rate = (len(packets) - 1) / ((packets[-1].arrival_ns - packets[0].arrival_ns) / 1e9)
    same, all_frames = equal_frames(room, path, packets)
    full = sum(len(packet.frames) == 5 for packet in packets)
    woken = counters["wakeups"] / counters["packets"]
    name = f"period {period}"
    figures.add(f"{name}: aplay's exit code", 0, code, code == 0)
    figures.add(f"{name}: SBC frames equal to libsbc's", all_frames, same, same == all_frames)
    figures.add(f"{name}: packets lost", 0, count_lost(packets), count_lost(packets) == 0)
    figures.add(f"{name}: packets that are full", len(packets), full, full == len(packets))
    figures.add(f"{name}: packets a second", f"{GOAL:.2f} +- 1 %", f"{rate:.2f}",
                abs(rate / GOAL - 1) <= 0.01)
    figures.add(f"{name}: wakeups a packet", "<= 1.1", f"{woken:.3f}", woken <= 1.1)


def costs(room, figures, engine):
    """System calls and memory while it streams, wakeups while it is silent."""
    pid = engine.process.pid
    player = play(room, TOP / "build/room/noise.wav")
    engine.wait("flows")
    pss = pss_kib(room, pid)
    thread = audio_thread(room, pid)
    strace = room.start(["strace", "-c", "-p", str(thread)], name="strace")
    strace.wait_line("attached")
    before = engine.counters()["packets"]
    room.run(["sleep", "3"])
    packets = engine.counters()["packets"] - before
    strace.signal(2)
    table = strace.wait(20).err
    total = next(line for line in table.splitlines() if line.endswith(" total"))
    calls = int([word for word in total.split() if word.isdigit()][1]) / packets
    if not figures.add("system calls a packet", "<= 3", f"{calls:.2f}", round(calls, 2) <= 3):
        figures.note(table)
    figures.add("memory while streaming (PSS)", "<= 3072 KiB", f"{pss} KiB", pss <= 3072)
    player.wait(SECONDS + 30)
    engine.wait("silent")
    before = wakeups(room, pid)
    room.run(["sleep", str(short(60, 10))], 90)
    after = wakeups(room, pid)
    woken = sum(after[tid] - before[tid] for tid in after)
    figures.add("wakeups of the whole process, connected and silent", 0, woken, woken == 0)


def stalls(room, figures):
    """A process that is stopped, then a speaker that does not read."""
    engine = Engine(room)
    engine.add()
    player = play(room, write_noise(TOP / "build/room/noise-long.wav", 14))
    engine.wait("flows")
    room.run("sleep 2; kill -STOP {0}; sleep 3; kill -CONT {0}; sleep 2".format(engine.process.pid))
    stopped = engine.counters()
    engine.tell("stop")
    room.run(["sleep", "3"])
    engine.tell("go")
    room.run(["sleep", "2"])
    stalled = engine.counters()
    player.kill()
    engine.wait("silent")
    packets = engine.quit()
    figures.add("process stopped for 3 s: overruns told", 1, stopped["xruns"],
                stopped["xruns"] == 1)
    figures.add("speaker stopped for 3 s: packets dropped", "190 to 240",
                stalled["dropped"] - stopped["dropped"],
                190 <= stalled["dropped"] - stopped["dropped"] <= 240)
    burst = max(sum(1 for packet in packets[i:] if packet.arrival_ns < begin.arrival_ns + 30 * MS)
                for i, begin in enumerate(packets))
    figures.add("the longest burst after it (in the socket, waiting, due)", "<= 14 packets", burst,
                burst <= 14)
    end = packets[-70:-1]
    offsets = [p.arrival_ns / MS - p.timestamp * 1000 / RATE for p in end]
    first = [p.arrival_ns / MS - p.timestamp * 1000 / RATE for p in packets[10:80]]
    moved = min(offsets) - min(first)
    figures.add("the latency has moved by", "<= 5 ms", f"{moved:.1f} ms", abs(moved) <= 5)


def tone(room, figures):
    """Without a sound card."""
    room.run(f"echo snd_aloop.0 > {DRIVER}/unbind", check=True)
    engine = Engine(room, "missing")
    engine.add()
    engine.tell("tone 440 1000")
    engine.wait("tone done 1: 69 packets")
    packets = engine.quit()
    figures.add("packets of a tone of 1 s without a sound card", 69, len(packets),
                len(packets) == 69)
    room.run(f"echo snd_aloop.0 > {DRIVER}/bind", check=True)


def scenario(room, figures):
    noise = write_noise(TOP / "build/room/noise.wav", SECONDS)
    application_first(room, figures)
    engine = held_by_another(room, figures)
    card_goes(room, figures, engine)
    engine.add()
    costs(room, figures, engine)
    engine.quit()
    watch = room.start([STANDSTILL, str(STANDSTILL_MS)], name="standstill")
    watch.wait_line("watching")
    for period in PERIODS:
        one_period(room, figures, watch, noise, period)
    watch.kill()
    stalls(room, figures)
    tone(room, figures)


run(scenario, name="loopback", staging=None)
