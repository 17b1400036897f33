#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""Compares what was heard with what was played. Pure: files and arrays in, numbers out.

    analyse.py PLAYED.wav HEARD.wav     prints the comparison as JSON

Sound is a float array of shape (frames, channels), full scale +-1.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
from typing import NamedTuple

import numpy

SBC_FRAME = 128     # PCM frames
SBC_DELAY = 73      # PCM frames an encoder and a decoder with 8 subbands take together


def load(path):
    """Reads a 16-bit WAV file, also one whose header was never finished: (sound, rate)."""
    data = pathlib.Path(path).read_bytes()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError(f"{path} is no WAV file")
    at, channels, rate = 12, None, None
    while at + 8 <= len(data):
        kind, size = data[at:at + 4], int.from_bytes(data[at + 4:at + 8], "little")
        body = data[at + 8:at + 8 + size]
        if kind == b"fmt ":
            channels = int.from_bytes(body[2:4], "little")
            rate = int.from_bytes(body[4:8], "little")
            if int.from_bytes(body[14:16], "little") != 16:
                raise ValueError(f"{path} is not 16-bit")
        elif kind == b"data":
            whole = len(body) // (2 * channels) * 2 * channels
            samples = numpy.frombuffer(body[:whole], "<i2")
            return samples.reshape(-1, channels) / 32768.0, rate
        at += 8 + size + (size & 1)
    raise ValueError(f"{path} has no sound")


def save(path, sound, rate):
    """Writes a 16-bit WAV file."""
    samples = numpy.clip(numpy.rint(sound * 32768), -32768, 32767).astype("<i2")
    channels = samples.shape[1]
    body = samples.tobytes()
    header = (b"RIFF" + (36 + len(body)).to_bytes(4, "little") + b"WAVEfmt "
              + (16).to_bytes(4, "little") + (1).to_bytes(2, "little")
              + channels.to_bytes(2, "little") + rate.to_bytes(4, "little")
              + (rate * channels * 2).to_bytes(4, "little")
              + (channels * 2).to_bytes(2, "little") + (16).to_bytes(2, "little")
              + b"data" + len(body).to_bytes(4, "little"))
    pathlib.Path(path).write_bytes(header + body)


def sine(freq, seconds, rate=44100, channels=2, amplitude=0.5):
    """A tone, the same in all channels."""
    wave = amplitude * numpy.sin(2 * numpy.pi * freq * numpy.arange(int(seconds * rate)) / rate)
    return numpy.repeat(wave[:, None], channels, axis=1)


def noise(seconds, rate=44100, channels=2, amplitude=0.3, seed=1):
    """Noise that differs from channel to channel and can be found again to the sample; its
    spectrum falls with frequency, as music's does."""
    white = numpy.random.default_rng(seed).standard_normal((int(seconds * rate), channels))
    spectrum = numpy.fft.rfft(white, axis=0)
    spectrum /= numpy.maximum(numpy.arange(len(spectrum)), len(spectrum) // 100)[:, None]
    colored = numpy.fft.irfft(spectrum, len(white), axis=0)
    return amplitude * colored / numpy.abs(colored).max()


def peak(sound, rate):
    """The strongest frequency of each channel, in Hz, finer than the FFT's grid."""
    window = numpy.hanning(len(sound))[:, None]
    magnitude = numpy.abs(numpy.fft.rfft(sound * window, axis=0))
    peaks = []
    for channel in magnitude.T:
        at = int(channel[1:-1].argmax()) + 1
        left, middle, right = numpy.log(channel[at - 1:at + 2] + 1e-12)
        bend = left - 2 * middle + right
        peaks.append((at + (0.5 * (left - right) / bend if bend else 0)) * rate / len(sound))
    return peaks


def level_db(sound):
    """Root mean square of each channel, dB below full scale."""
    return [20 * float(numpy.log10(numpy.sqrt(numpy.mean(channel ** 2)) + 1e-9))
            for channel in sound.T]


def audible(sound, threshold=10 ** (-50 / 20)):
    """First and one past the last frame above the threshold; (0, 0) if there is none."""
    loud = numpy.flatnonzero(numpy.abs(sound).max(axis=1) > threshold)
    return (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, 0)


def lag(played, heard):
    """At which frame of `heard` the first frame of `played` lies (negative: before it)."""
    left, right = played.mean(axis=1), heard.mean(axis=1)
    size = 1 << (len(left) + len(right) - 1).bit_length()
    product = numpy.fft.rfft(right, size) * numpy.conj(numpy.fft.rfft(left, size))
    correlation = numpy.fft.irfft(product, size)
    at = int(correlation.argmax())
    return at if at < len(right) else at - size


class Comparison(NamedTuple):
    lag: int                # frames of `heard` before `played` begins in it
    correlation: float      # of the overlap, the worst channel's; 1 is the same
    level_db: float         # heard minus played over the overlap, the channel furthest from 0
    overlap_frames: int
    length_frames: int      # heard minus played, from first to last audible frame of each
    played_seconds: float
    heard_seconds: float
    peak_hz: list           # of the overlap of heard, per channel


def compare(played, heard, rate):
    """Aligns two sounds and says how alike they are."""
    begin = lag(played, heard)
    from_heard, from_played = max(begin, 0), max(-begin, 0)
    count = min(len(heard) - from_heard, len(played) - from_played)
    left = played[from_played:from_played + count]
    right = heard[from_heard:from_heard + count]
    correlations = [float(numpy.corrcoef(a, b)[0, 1]) for a, b in zip(left.T, right.T)]
    levels = [b - a for a, b in zip(level_db(left), level_db(right))]
    spans = [end - start for start, end in (audible(played), audible(heard))]
    return Comparison(begin, min(correlations), max(levels, key=abs), count, spans[1] - spans[0],
                      len(played) / rate, len(heard) / rate, peak(right, rate))


class Exactness(NamedTuple):
    compared: int       # SBC frames inside what was played
    equal: int          # of them equal byte by byte
    first_difference: int   # frame of the recording, -1: none
    offset: int         # PCM frame of `played` at which the recording's frame 0 begins


def _frames(data, length):
    return numpy.frombuffer(data[:len(data) // length * length], "u1").reshape(-1, length)


def bit_exact(played_wav, recording, encoder, bitpool=53, frame_length=119):
    """Encodes `played_wav` with the program `encoder` (sbc-encode) on the recording's own frame
    grid and compares its frames with the received ones: Exactness.

    Only frames that lie wholly inside what was played count: the encoder's memory is ten blocks of
    eight samples, so the first frame after the begin depends on what came before it.
    """
    played, _ = load(played_wav)
    heard, _ = load(recording.wav)
    received = _frames(recording.sbc.read_bytes(), frame_length)
    begin = lag(played, heard) - SBC_DELAY
    best = None
    for offset in sorted(range(-begin - 3, -begin + 4), key=lambda at: abs(at + begin)):
        first = max(0, -(offset // SBC_FRAME)) + 1
        last = min(len(received), (len(played) - offset) // SBC_FRAME)
        expected = _encode(encoder, played_wav, offset, last, bitpool, frame_length)
        differs = numpy.flatnonzero((expected[first:last] != received[first:last]).any(axis=1))
        found = Exactness(last - first, last - first - len(differs),
                          int(differs[0]) + first if len(differs) else -1, offset)
        if best is None or found.equal > best.equal:
            best = found
        if best.first_difference < 0:
            break
    return best


def _encode(encoder, wav, offset, frames, bitpool, frame_length):
    with tempfile.TemporaryDirectory(prefix="echocast-sbc-") as directory:
        out = pathlib.Path(directory, "expected.sbc")
        subprocess.run([encoder, f"--offset={offset}", f"--frames={frames}",
                        f"--bitpool={bitpool}", wav, out], check=True)
        return _frames(out.read_bytes(), frame_length)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: analyse.py PLAYED.wav HEARD.wav")
    (played, rate), (heard, heard_rate) = load(sys.argv[1]), load(sys.argv[2])
    if rate != heard_rate or played.shape[1] != heard.shape[1]:
        sys.exit("analyse.py: the files differ in rate or channels")
    print(json.dumps(compare(played, heard, rate)._asdict(), indent=2))


if __name__ == "__main__":
    main()
