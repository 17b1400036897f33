#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""While music plays: bluetoothd killed and restarted, the adapter gone and back, the speaker
switched off and on, echocastd killed and restarted. Sound comes back without a command, and the
player neither fails nor blocks."""

from scenario import CONFIG, RATE, TOP, endless_player, music, open_up, pair, run, short, write_wav

WAV = TOP / "build/room/long.wav"
SECONDS = 60
ROUNDS = short(3, 1)


def heard_again(room, figures, speaker, what, began, goal_s):
    """Waits for sound after a new beginning; `began` is when what was gone began to come back. Sound
    from before that would be old packets, and no recovery."""
    seconds = (speaker.wait_audible(90) - began) / 1e9
    figures.add(f"{what}: sound is back", f"<= {goal_s} s", f"{seconds:.1f} s",
                0 < seconds <= goal_s)


# The faults: each returns the echocastd that runs afterwards.


def bluetoothd_killed(room, figures, speaker, daemon):
    room.kill_bluetoothd()
    speaker.reset_recording()
    began = room.now()
    room.bluetoothd()
    heard_again(room, figures, speaker, "bluetoothd killed", began, 30)
    return daemon


def adapter_gone(room, figures, speaker, daemon):
    room.kill_btvirt()
    speaker.reset_recording()
    began = room.now()
    room.btvirt(2)
    heard_again(room, figures, speaker, "adapter gone", began, 30)
    return daemon


def speaker_off(room, figures, speaker, daemon):
    speaker.off()
    speaker.reset_recording()
    room.run(["sleep", "3"])
    began = room.now()
    speaker.on()
    heard_again(room, figures, speaker, "speaker off", began, 30)
    return daemon


def daemon_killed(room, figures, speaker, daemon):
    speaker.skip_events()
    daemon.kill()
    speaker.wait_event("cleared", 30)
    speaker.reset_recording()
    began = room.now()
    daemon = room.daemon(CONFIG)
    heard_again(room, figures, speaker, "echocastd killed", began, 15)
    return daemon


FAULTS = {"bluetoothd killed": bluetoothd_killed, "adapter gone": adapter_gone,
          "speaker off": speaker_off, "echocastd killed": daemon_killed}


def still_playing(figures, player, what):
    figures.add(f"{what}: the player plays on", "yes", "yes" if player.running else
                f"ended ({player.code}): {player.err().strip()}", player.running)


def position(room):
    """How far the player is: (seconds of uptime, PCM frames, as the loopback has it)."""
    text = room.run("cat /proc/uptime /proc/asound/Echocast/pcm0p/sub0/status", check=True).out
    pointer = next(line for line in text.splitlines() if line.startswith("hw_ptr"))
    return float(text.split()[0]), int(pointer.split()[-1])


def flowed(figures, what, start, end):
    """The player's position moved at its rate all the time, from before the fault to after it."""
    (began, before), (ended, after) = start, end
    rate = (after - before) / (ended - began)
    figures.add(f"{what}: the player is not held up", f"{RATE} PCM frames/s +- 3 %", f"{rate:.0f}",
                abs(rate / RATE - 1) < 0.03)


def scenario(room, figures):
    write_wav(WAV, music(SECONDS))
    speaker, daemon = open_up(room, fresh=False)
    pair(room)
    speaker.wait_end()
    player = endless_player(room, WAV)
    speaker.reset_recording()
    speaker.wait_audible()
    for _ in range(ROUNDS):
        for what, fault in FAULTS.items():
            start = position(room)
            daemon = fault(room, figures, speaker, daemon)
            still_playing(figures, player, what)
            flowed(figures, what, start, position(room))
    player.kill()


run(scenario)
