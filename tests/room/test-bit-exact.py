#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""What arrives at the speaker is, byte by byte, what libsbc makes of the PCM that was played.

The loopback runs freely, so the music may begin anywhere within an SBC frame: libsbc is given the
same PCM with 0 to 127 zeros before it, and one of these must match, to the last frame. The music
ends with 0.1 s of silence: of a draining player, snd-aloop clears a few milliseconds too much.
"""

import subprocess

import numpy as np

from scenario import RATE, TOP, Standstill, open_up, pair, run, short, write_wav, music

SECONDS = short(60, 15)
SBC_FRAME = 128  # PCM frames
WAV = TOP / "build/room/music.wav"
SBC = TOP / "build/room/music.sbc"


def encode(room, shift, *arguments):
    """libsbc's frames of the music with `shift` zeros before it: a list of bytes."""
    subprocess.run([room.tool("sbc-encode"), "--offset", str(-shift), *arguments, WAV, SBC],
                   check=True)
    return split(SBC.read_bytes())


def split(stream):
    length = 119
    assert len(stream) % length == 0, "a stream of other frames than 119 bytes"
    return [stream[i:i + length] for i in range(0, len(stream), length)]


def find(frames, wanted):
    """Where `wanted` begins in `frames`, or None."""
    first = wanted[0]
    for at, frame in enumerate(frames):
        if frame == first and frames[at:at + len(wanted)] == wanted:
            return at
    return None


def best_shift(room, heard):
    """The shift whose first second is found in what was heard: (shift, position), or None.

    The first two frames are left out: the filter still holds what came before.
    """
    for shift in range(SBC_FRAME):
        at = find(heard, encode(room, shift, "--frames", str(RATE // SBC_FRAME))[2:])
        if at is not None:
            return shift, at - 2
    return None


def scenario(room, figures):
    write_wav(WAV, np.vstack([music(SECONDS), np.zeros((RATE // 10, 2))]))
    speaker, _ = open_up(room, fresh=False, quiet=True)
    pair(room)
    speaker.wait_end()

    def play():
        speaker.reset_recording()
        room.play(WAV, "hw:Echocast,0,0").wait(SECONDS + 30)
        speaker.wait_end()
        return speaker.stats()

    stats = Standstill(room).undisturbed(play, lambda seen: seen["lost"], figures.note)
    heard = split(speaker.recording("music").sbc.read_bytes())
    figures.add("packets lost", 0, stats["lost"], stats["lost"] == 0)
    place = best_shift(room, heard)
    figures.add("the music's beginning is found bit by bit", "yes", "yes" if place else "no",
                place is not None)
    if place is None:
        return
    shift, at = place
    wanted = encode(room, shift)
    same = sum(a == b for a, b in zip(wanted, heard[at:]))
    figures.add(f"SBC frames equal to libsbc's, {SECONDS} s", len(wanted), same,
                same == len(wanted))


run(scenario)
