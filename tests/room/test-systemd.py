#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""The unit under the real systemd: starts at boot, plays from inside its sandbox as its own user, is
restarted after a kill, and its watchdog fires when the main loop stands still."""

from scenario import CONFIG, TOP, Standstill, endless_player, music, pss_kib, run, write_wav

UNIT = "echocastd.service"
WAV = TOP / "build/room/unit.wav"


def show(room, name):
    return room.run(["systemctl", "show", "-P", name, UNIT], check=True).out.strip()


def restart_by(room, *command, timeout):
    """Does what should end in a restart, and waits for the journal to tell of it: (seconds, the new
    pid)."""
    cursor = room.run(["journalctl", "-n", "1", "--show-cursor"], check=True).out
    cursor = cursor.strip().splitlines()[-1].removeprefix("-- cursor: ")
    began = room.now()
    room.run(command, check=True)
    journal = room.start(["journalctl", "-f", "-n", "all", f"--after-cursor={cursor}", "-o", "cat",
                          "-u", UNIT], name="journal")
    journal.wait_line("^Started ", timeout)
    journal.kill()
    room.wait_bus("org.echocast")
    return (room.now() - began) / 1e9, show(room, "MainPID")


def at_boot(room, figures):
    figures.add("the unit at boot", "active", show(room, "ActiveState"),
                show(room, "ActiveState") == "active")
    figures.add("its type", "notify", show(room, "Type"), show(room, "Type") == "notify")
    pid = show(room, "MainPID")
    user = room.run(["ps", "-o", "user=", "-p", pid]).out.strip()
    figures.add("runs as", "echocast", user, user == "echocast")
    room.wait_bus("org.echocast")
    cost = room.run(["systemd-analyze", "security", "--no-pager", UNIT]).out.strip().splitlines()
    figures.note(cost[-1].strip() if cost else "no word from systemd-analyze security")


def verify(room, figures):
    reply = room.run(["systemd-analyze", "--man=no", "verify", UNIT], 120)
    said = "\n".join(line for line in (reply.out + reply.err).splitlines() if "echocast" in line)
    figures.add("systemd-analyze verify", "clean", said or "clean", reply.ok and not said)


def plays(room, figures):
    room.write("/etc/echocast/echocast.conf", CONFIG)
    room.run(["systemctl", "restart", UNIT], check=True)
    room.btvirt(2)
    room.bluetoothd()
    speaker = room.speaker()
    result = room.ctl("pair")
    figures.add("pair, by the unit", "exit 0", f"exit {result.code} {result.err.strip()}",
                result.ok)
    speaker.wait_end()

    def play():
        speaker.reset_recording()
        room.play(WAV).wait(60)
        speaker.wait_end()
        return speaker.stats()

    stats = Standstill(room).undisturbed(play, lambda seen: seen["lost"], figures.note)
    figures.add("music, by the unit: seconds heard, lost", ">= 4.9 s, 0",
                f"{stats['pcm_frames'] / 44100:.2f} s, {stats['lost']}",
                stats["pcm_frames"] >= 4.9 * 44100 and stats["lost"] == 0)
    return speaker


def killed(room, figures, speaker):
    before = show(room, "MainPID")
    speaker.reset_recording()
    player = endless_player(room, WAV)
    speaker.wait_audible()
    speaker.wait_packets(5 * 69)
    pss = pss_kib(room, before)
    figures.add("memory while streaming (PSS)", "<= 3072 KiB", f"{pss} KiB", pss <= 3072)
    seconds, after = restart_by(room, "systemctl", "kill", "-s", "KILL", UNIT, timeout=60)
    figures.add("restarted after SIGKILL", "another pid", f"{before} -> {after}, {seconds:.1f} s",
                after not in ("0", before))
    speaker.reset_recording()
    speaker.wait_audible(60)
    figures.add("sound after that, without a command", "yes",
                "yes" if player.running else "the player ended", player.running)
    player.kill()


def stuck(room, figures):
    before = show(room, "MainPID")
    goal = int(show(room, "WatchdogUSec").removesuffix("s"))
    seconds, after = restart_by(room, "systemctl", "kill", "-s", "STOP", UNIT,
                                timeout=4 * goal + 60)
    result = room.run(["journalctl", "-b", "-o", "cat", "-u", UNIT]).out
    figures.add(f"the watchdog of {goal} s fires", "restarted by it",
                f"{before} -> {after} after {seconds:.0f} s",
                after not in ("0", before) and "watchdog" in result.lower())


def scenario(room, figures):
    write_wav(WAV, music(5))
    at_boot(room, figures)
    verify(room, figures)
    speaker = plays(room, figures)
    killed(room, figures, speaker)
    stuck(room, figures)


run(scenario, systemd=True, enable=(UNIT,))
