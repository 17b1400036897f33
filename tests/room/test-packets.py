#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""Packets leave full and at their own pace, whatever period the application uses; and what the
audio thread costs for it: wakeups and system calls. (Memory is measured in test-systemd.py, where
a whole system shares the libraries.)"""

from scenario import (RATE, TOP, Standstill, audio_thread, counters, music, open_up, pair, pss_kib,
                      run, short, threads, wakeups, write_wav)

SECONDS = short(20, 10)
PERIODS = (128, 441, 1024, 5513)
WAV = TOP / "build/room/packets.wav"
GOAL = RATE / 640  # packets a second at MTU 672: 68.9


def packets_sent(room, speaker):
    return counters(room, speaker)["packets"]


def rate_of(packets):
    """Packets a second by the speaker's clock, between the first and the last."""
    return (len(packets) - 1) / ((packets[-1]["arrival_ns"] - packets[0]["arrival_ns"]) / 1e9)


def measure_wakeups(room, speaker, pid):
    """Wakeups of the audio thread a packet, over SECONDS of music."""
    thread = audio_thread(room, pid)

    def look():
        return packets_sent(room, speaker), wakeups(room, pid)[thread]

    packets, woken = look()
    room.run(["sleep", str(SECONDS)], SECONDS + 30)
    later = look()
    return (later[1] - woken) / (later[0] - packets)


def calls_of(table, name):
    """How often strace saw a call that succeeded: its columns are share, seconds, microseconds a
    call, calls, perhaps errors, name."""
    words = next(line for line in table.splitlines() if line.endswith(" " + name)).split()
    return int(words[3]) - (int(words[4]) if len(words) == 6 else 0)


def measure_calls(room, pid):
    """System calls of the audio thread a packet, both as strace counts them: (number, its table)."""
    strace = room.run(["timeout", "-s", "INT", str(SECONDS), "strace", "-c", "-p",
                       str(audio_thread(room, pid))], SECONDS + 60)
    total = next(line for line in strace.err.splitlines() if line.endswith(" total"))
    return int(total.split()[3]) / calls_of(strace.err, "sendto"), strace.err


def start(room, speaker, period, seconds):
    """An application that writes in such periods; returns when packets flow."""
    speaker.reset_recording()
    aplay = room.play(WAV, "hw:Echocast,0,0", f"--period-size={period}",
                      f"--buffer-size={max(4 * period, 8192)}", f"--duration={seconds}")
    speaker.wait_packets(70)
    return aplay


def finish(speaker, aplay, seconds):
    aplay.wait(seconds + 60)
    speaker.wait_end()


def play(room, speaker, daemon, period):
    """One piece of music: what the speaker counted, wakeups a packet, packets a second, memory."""
    aplay = start(room, speaker, period, SECONDS + 5)
    woken = measure_wakeups(room, speaker, daemon.pid)
    pss = pss_kib(room, daemon.pid)
    finish(speaker, aplay, SECONDS + 5)
    stats = speaker.stats()
    rate = rate_of(speaker.recording(f"period-{period}").packets()[10:-10])
    return stats, woken, rate, pss


def undisturbed(room, figures, watch, speaker, daemon, period):
    """What the speaker receives, and what it costs. Gives the memory used, in KiB."""
    stats, woken, rate, pss = watch.undisturbed(
        lambda: play(room, speaker, daemon, period), lambda seen: seen[0]["lost"], figures.note)
    figures.add(f"period {period}: packets a second", f"{GOAL:.2f} +- 1 %", f"{rate:.2f}",
                abs(rate / GOAL - 1) <= 0.01)
    full = stats["histogram"].get("5", 0)
    figures.add(f"period {period}: packets that are full", stats["packets"], full,
                full == stats["packets"])
    figures.add(f"period {period}: lost", 0, stats["lost"], stats["lost"] == 0)
    figures.add(f"period {period}: wakeups a packet", "<= 1.1", f"{woken:.3f}", woken <= 1.1)
    return pss


def under_strace(room, figures, speaker, daemon, period):
    """On its own, since strace in an emulated machine slows what it looks at. Two decimals: the
    window cuts one round of calls at either end, of hundreds."""
    aplay = start(room, speaker, period, SECONDS + 10)
    calls, table = measure_calls(room, daemon.pid)
    finish(speaker, aplay, SECONDS + 10)
    if not figures.add(f"period {period}: system calls a packet", "<= 3", f"{calls:.2f}",
                       round(calls, 2) <= 3):
        figures.note(table)


def scenario(room, figures):
    write_wav(WAV, music(SECONDS + 10))
    speaker, daemon = open_up(room, fresh=False, quiet=True)
    pair(room)
    speaker.wait_end()
    watch = Standstill(room)
    pss = 0
    for period in PERIODS:
        pss = max(pss, undisturbed(room, figures, watch, speaker, daemon, period))
        under_strace(room, figures, speaker, daemon, period)
    figures.note(f"PSS while streaming, in a guest with little else to share libraries: {pss} KiB")
    figures.note(f"threads: {', '.join(threads(room, daemon.pid).values())}")


run(scenario)
