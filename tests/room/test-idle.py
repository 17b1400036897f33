#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""Nothing to do means nothing done: no thread of the daemon wakes, with no speaker connected and
with a connected one that is silent."""

from scenario import open_up, pair, run, short, wakeups

SECONDS = short(60, 30)


def measure(room, figures, daemon, what):
    """Counts wakeups for SECONDS, then lets strace say what they were, if there were any."""
    before = wakeups(room, daemon.pid)
    room.run(["sleep", str(SECONDS)], SECONDS + 30)
    after = wakeups(room, daemon.pid)
    woken = sum(after[tid] - before.get(tid, 0) for tid in after)
    if not figures.add(f"wakeups in {SECONDS} s, {what}", 0, woken, woken == 0):
        trace = room.run(["timeout", "-s", "INT", "10", "strace", "-f", "-tt", "-p",
                          str(daemon.pid)], 60)
        figures.note(f"by thread: { {tid: after[tid] - before.get(tid, 0) for tid in after} }")
        figures.note("10 s under strace:\n" + trace.err[-3000:])


def scenario(room, figures):
    speaker, daemon = open_up(room, fresh=False)
    measure_when_settled(room, figures, daemon, "nothing connected")
    pair(room)
    speaker.wait_end()
    measure_when_settled(room, figures, daemon, "a speaker connected, silent")


def measure_when_settled(room, figures, daemon, what):
    """BlueZ's last signals, our idle debounce: the measure begins when 5 s have passed."""
    room.run(["sleep", "5"])
    measure(room, figures, daemon, what)


run(scenario)
