#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""From an empty list, `echocastctl pair` alone brings the speaker to an audible tone.

test-pair.py [seeded|unseeded]. Unseeded, the first handshake between two BlueZ 5.66 breaks; it must
heal by itself and without losing the bond. Every attempt starts from nothing: new radio, new
bluetoothd, no bonds, no saved speakers.
"""

import statistics
import sys

from room import RoomError
from scenario import open_up, peaks_hz, run, short

SEEDED = "unseeded" not in sys.argv[1:]
ATTEMPTS = short(30, 5) if SEEDED else short(10, 3)
CALLS = "type='method_call',destination='org.bluez',interface='org.bluez.{}',member='{}'"


def bonded(room, speaker):
    """Whether our adapter holds the speaker's key."""
    return "[LinkKey]" in room.run(["sh", "-c", "cat /var/lib/bluetooth/00:AA:01:00:00:00/"
                                    f"{speaker.address}/info"]).out


def attempt(room, number):
    """One pairing: a dict of what was seen."""
    # Times are measured: nobody writes down every step of bluetoothd.
    speaker, _ = open_up(room, seeded=SEEDED, quiet=SEEDED)
    watch = room.start(["dbus-monitor", "--system", CALLS.format("Adapter1", "RemoveDevice"),
                        CALLS.format("Device1", "Pair")], name="calls")
    watch.wait_line("member=NameAcquired|member=NameLost|signal", 20)
    command = room.start(["echocastctl", "pair"], name="pair")
    result = command.wait(120)
    if not result.ok:
        raise RoomError(f"attempt {number}: exit {result.code}\n{result.out}{result.err}")
    speaker.wait_end()
    stats = speaker.stats()
    watch.kill()
    return {"first_packet_s": (stats["first_ns"] - command.started_ns) / 1e9,
            "peaks": peaks_hz(speaker.recording(f"tone-{number}").wav),
            "pairs": watch.out().count("member=Pair"),
            "removed": watch.out().count("member=RemoveDevice"),
            "bonded": bonded(room, speaker)}


def scenario(room, figures):
    seen = []
    for number in range(1, ATTEMPTS + 1):
        try:
            seen.append(attempt(room, number))
        except RoomError as error:
            if room.guest.stopped:
                raise
            figures.note(f"attempt {number} failed: {error}")
            continue
        last = seen[-1]
        figures.note(f"attempt {number}: first packet after {last['first_packet_s']:.2f} s, "
                     f"peaks {last['peaks'][0]:.1f} and {last['peaks'][1]:.1f} Hz")
    judge(seen, figures)


def judge(seen, figures):
    times = [a["first_packet_s"] for a in seen] or [float("inf")]
    median, worst = statistics.median(times), max(times)
    figures.add("attempts that succeed", f"{ATTEMPTS} of {ATTEMPTS}", len(seen),
                len(seen) == ATTEMPTS)
    good = [a for a in seen if all(abs(hz - 440) <= 2 for hz in a["peaks"])]
    figures.add("tone of 440 +- 2 Hz in both channels", ATTEMPTS, len(good), len(good) == ATTEMPTS)
    if SEEDED:
        figures.add("command to first packet, median", "<= 2 s",
                    f"{median:.2f} s (worst {worst:.2f} s)", median <= 2)
    else:
        figures.add("command to first packet, worst", "<= 15 s",
                    f"{worst:.2f} s (median {median:.2f} s)", worst <= 15)
    kept = [a for a in seen if a["bonded"] and a["pairs"] == 1 and a["removed"] == 0]
    figures.add("bonds made once and kept", ATTEMPTS, len(kept), len(kept) == ATTEMPTS)


run(scenario, name=f"pair-{'seeded' if SEEDED else 'unseeded'}")
