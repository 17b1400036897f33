#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""What arrives at the speaker is, byte by byte, what libsbc makes of the PCM that was played.

The loopback runs freely, so the music may begin anywhere within an SBC frame: libsbc is given the
same PCM with 0 to 127 zeros before it, and one of these must match, to the last frame.
"""

import subprocess

import numpy as np

from scenario import RATE, TOP, open_up, pair, run, short, write_wav, music

SECONDS = short(60, 15)
SBC_FRAME = 128  # PCM frames
WAV = TOP / "build/room/music.wav"


def encode(room, samples):
    """libsbc's frames of these samples: a list of bytes."""
    path = write_wav(TOP / "build/room/shifted.wav", samples)
    out = TOP / "build/room/shifted.sbc"
    subprocess.run([room.tool("sbc-encode"), "--bitpool", "53", str(path), str(out)], check=True)
    return split(out.read_bytes())


def split(stream):
    length = 119
    assert len(stream) % length == 0, "a stream of other frames than 119 bytes"
    return [stream[i:i + length] for i in range(0, len(stream), length)]


def shifted(samples, shift):
    return np.vstack([np.zeros((shift, 2), "<i2"), samples])


def find(frames, wanted):
    """Where `wanted` begins in `frames`, or None."""
    first = wanted[0]
    for at, frame in enumerate(frames):
        if frame == first and frames[at:at + len(wanted)] == wanted:
            return at
    return None


def best_shift(room, heard, samples):
    """The shift whose first second is found in what was heard: (shift, position), or None.

    The first two frames and the last are left out: they hold what came before and comes after.
    """
    for shift in range(SBC_FRAME):
        wanted = encode(room, shifted(samples[:RATE], shift))[2:-2]
        at = find(heard, wanted)
        if at is not None:
            return shift, at - 2
    return None


def scenario(room, figures):
    samples = music(SECONDS)
    write_wav(WAV, samples)
    speaker, _ = open_up(room, fresh=False)
    pair(room)
    speaker.wait_end()
    speaker.reset_recording()
    room.play(WAV, "hw:Echocast,0,0").wait(SECONDS + 30)
    speaker.wait_end()
    stats = speaker.stats()
    heard = split(speaker.recording("music").sbc.read_bytes())
    figures.add("packets lost", 0, stats["lost"], stats["lost"] == 0)
    place = best_shift(room, heard, samples)
    figures.add("the music's beginning is found bit by bit", "yes", "yes" if place else "no",
                place is not None)
    if place is None:
        return
    shift, at = place
    wanted = encode(room, shifted(samples, shift))
    same = sum(a == b for a, b in zip(wanted, heard[at:]))
    # The last frame is padded by the encoder with other things than by silence that follows.
    figures.add(f"SBC frames equal to libsbc's, {SECONDS} s", len(wanted), same,
                same >= len(wanted) - 1 and heard[at:at + len(wanted) - 1] == wanted[:-1])


run(scenario)
