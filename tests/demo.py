#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""The show behind tests/demo: pair, play, listen, compare, report.

Called by tests/demo, which has installed and built everything. --began is the time of day at which
it started, so that the report can say how long a newcomer waits for the first sound.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import wave

import numpy as np

TOP = pathlib.Path(__file__).resolve().parent.parent
OUT = TOP / "build/demo"
RATE = 44100
PACKET_FRAMES = 640  # PCM frames of a full packet at MTU 672

sys.path.insert(0, str(TOP / "tests/room"))

ALSA_CONVERT = """
pcm.convert {{
    type plug
    slave {{
        pcm {{ type file slave.pcm {{ type null }} file "{raw}" format "raw" truncate true }}
        rate {rate} format S16_LE channels 2
    }}
}}
"""


class DemoError(Exception):
    """Ends the demo with a sentence for its user."""


# -- what is played


def voice(frequency, seconds, loudness):
    """A plucked string, more or less: four partials that die away."""
    t = np.arange(int(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * frequency * k * t) / k ** 1.6 * np.exp(-t * (1.2 + 0.7 * k))
               for k in range(1, 5))
    attack = np.minimum(1, t / 0.004)
    return loudness * tone * attack


def compose():
    """About 12 s: chords on the left, the melody on the right, each a little in the other ear.
    It begins and ends in full sound, so that its length can be compared."""
    beat = 0.375
    note = {n: 440 * 2 ** ((i - 9) / 12) for i, n in
            enumerate("C C# D D# E F F# G G# A A# B c c# d d# e f f# g".split())}
    chords = ["C E G", "A c e", "F A c", "G B d", "C E G", "F A c", "G B d", "C E G"]
    melody = "e g e d c - A c  A G A c d - e -  g e d c A c d e  d - B - c - - c".split()
    sound = np.zeros((int(len(melody) * beat * RATE), 2))

    def strike(start, name, seconds, left, right):
        heard = voice(note[name], seconds, 1)[:len(sound) - start]
        sound[start:start + len(heard)] += heard[:, None] * (left, right)

    for i, chord in enumerate(chords):
        for k, name in enumerate(chord.split()):
            strike(int((i * 4 * beat + k * 0.03) * RATE), name, 2.2, 0.16, 0.06)
    for i, name in enumerate(melody):
        if name != "-":
            strike(int(i * beat * RATE), name, 1.4, 0.08, 0.22)
    sound[:256] += 0.2 * np.cos(np.arange(256) * 2 * np.pi / 64)[:, None]
    sound[-256:] += 0.2 * np.cos(np.arange(256) * 2 * np.pi / 64)[:, None]
    return np.round(np.clip(sound, -1, 1) * 32000).astype("<i2")


def write_wav(path, samples):
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.astype("<i2").tobytes())


def wav_format(path):
    """(rate, channels, bits) of a WAV file."""
    try:
        with wave.open(str(path), "rb") as file:
            return file.getframerate(), file.getnchannels(), 8 * file.getsampwidth()
    except (wave.Error, EOFError) as error:
        raise DemoError(f"{path} is no PCM WAV file: {error}") from None


def convert(path):
    """What ALSA makes of the file on its way to the loopback: int16 stereo at our rate."""
    with tempfile.TemporaryDirectory() as directory:
        raw = pathlib.Path(directory, "raw")
        conf = pathlib.Path(directory, "conf")
        conf.write_text(ALSA_CONVERT.format(raw=raw, rate=RATE))
        subprocess.run(["aplay", "-q", "-D", "convert", str(path)], check=True,
                       env={**os.environ, "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{conf}"})
        return np.fromfile(raw, "<i2").reshape(-1, 2)


def prepare(file):
    """Puts what will be played where the guest sees it: (path, its samples as ALSA converts them,
    a word on the conversion)."""
    OUT.mkdir(parents=True, exist_ok=True)
    played = OUT / "played.wav"
    if file is None:
        samples = compose()
        write_wav(played, samples)
        return played, samples, None
    rate, channels, bits = wav_format(file)
    if (rate, channels, bits) == (RATE, 2, 16):
        played.write_bytes(pathlib.Path(file).read_bytes())
        with wave.open(str(played), "rb") as wav:
            return played, np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2), None
    source = OUT / "source.wav"
    source.write_bytes(pathlib.Path(file).read_bytes())
    samples = convert(source)
    write_wav(played, samples)
    return source, samples, f"{rate} Hz, {channels} ch, {bits} bit, converted by ALSA on the way"
