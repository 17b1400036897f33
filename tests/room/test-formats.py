#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""Plain `aplay -D echocast` takes any format, and two applications at once; what the speaker hears
is what ALSA makes of it."""

import sys

import numpy as np

from scenario import RATE, TOP, Standstill, open_up, pair, run, write_wav

sys.path.insert(0, str(TOP / "tests"))
import demo  # noqa: E402

WORK = TOP / "build/room/formats"
SECONDS = 4
# arecord's word for the format, bytes a sample, rate, channels
FORMATS = (("S16_LE", 2, 44100, 2), ("U8", 1, 48000, 1), ("S24_3LE", 3, 96000, 2),
           ("S16_LE", 2, 8000, 1), ("S32_LE", 4, 48000, 2))


def tune(rate, channels, pitch):
    """Two partials that slide, -1 to 1: a column a channel, each another."""
    t = np.arange(SECONDS * rate) / rate
    return np.column_stack([0.35 * np.sin(2 * np.pi * pitch * (k + 1) * t * (1 + 0.02 * t))
                            + 0.25 * np.sin(2 * np.pi * pitch * 2.5 * (k + 1) * t)
                            for k in range(channels)])


def raw(samples, width):
    """The samples as little-endian PCM of that many bytes; one byte is unsigned."""
    if width == 1:
        return np.round(samples * 127 + 128).astype(np.uint8).tobytes()
    whole = np.round(samples * (2 ** (8 * width - 1) - 1)).astype("<i4")
    return whole.reshape(-1, 1).view(np.uint8)[:, :width].tobytes()


def wav_of(form, width, rate, channels):
    import wave
    path = WORK / f"{form}-{rate}-{channels}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(raw(tune(rate, channels, 330), width))
    return path


def heard(room, figures, watch, speaker, *paths):
    """Plays the files all at once: what the speaker decoded."""
    def play():
        speaker.reset_recording()
        for player in [room.play(path) for path in paths]:
            assert player.wait(60).ok, player.err()
        speaker.wait_end()
        return speaker.stats()

    watch.undisturbed(play, lambda seen: seen["lost"], figures.note)
    return demo.read_wav(speaker.recording(paths[0].stem).wav)


def scenario(room, figures):
    speaker, _ = open_up(room, fresh=False, quiet=True)
    pair(room)
    speaker.wait_end()
    watch = Standstill(room)
    for form, width, rate, channels in FORMATS:
        path = wav_of(form, width, rate, channels)
        sound = heard(room, figures, watch, speaker, path)
        figure, _ = demo.compare(demo.convert(path) / 32768, sound)
        figures.add(f"{form} {rate} Hz {channels} ch", "correlation >= 0.99, +- 0.5 dB",
                    f"{figure['correlation']:.5f}, {figure['level_db']:+.2f} dB",
                    figure["correlation"] >= 0.99 and abs(figure["level_db"]) <= 0.5)
    two(room, figures, watch, speaker)


def two(room, figures, watch, speaker):
    """Each of two that play at the same time is found in what was heard."""
    tunes = [np.round(tune(RATE, 2, pitch) * 12000).astype("<i2") for pitch in (330, 1234)]
    paths = [write_wav(WORK / f"both-{k}.wav", samples) for k, samples in enumerate(tunes)]
    mixed = heard(room, figures, watch, speaker, *paths)
    for k, samples in enumerate(tunes):
        played = samples / 32768
        beside = demo.window(mixed, demo.find(played, mixed), len(played))
        share = float((played * beside).sum() / (played * played).sum())
        figures.add(f"application {k + 1} of two at once", "level 1 +- 0.06", f"{share:.3f}",
                    abs(share - 1) <= 0.06)


run(scenario)
