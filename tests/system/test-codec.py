#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""What a speaker can, and what it gets: the SBC configuration, and sound that fits it."""

import array

from harness import SPEAKER, main, tone_hz

# capabilities -> configuration; the bytes are rates and modes, blocks and subbands and allocation,
# least and largest bitpool.
CHOICES = (
    ("ffff0235", "21150235"),  # all that SBC has: 44.1 kHz joint stereo, bitpool 53
    ("ffff02fa", "21150235"),  # more than is good for it
    ("ffff0223", "21150223"),  # less
    ("33150235", "21150235"),
    ("22150235", "22150235"),  # plain stereo
    ("24150235", None),        # dual channel: any bitpool up to what it takes
    ("28150235", None),        # mono
)


def case_choices(system):
    "The best that the speaker can, never more than it said."
    system.ready()
    assert system.ctl("pair", "--no-tone").code == 0
    for capabilities, configuration in CHOICES:
        assert system.ctl("disconnect").code == 0
        system.bluez.set(SPEAKER, capabilities=capabilities)
        result = system.ctl("connect")
        assert result.code == 0, (capabilities, result)
        got = system.bluez.stats()["configuration"]
        assert configuration in (None, got), (capabilities, got)
        limits = bytes.fromhex(capabilities)
        chosen = bytes.fromhex(got)
        assert chosen[0] & limits[0] == chosen[0] and chosen[1] & limits[1] == chosen[1], got
        assert bin(chosen[0]).count("1") == 2 and bin(chosen[1]).count("1") == 3, got
        assert limits[2] <= chosen[3] <= limits[3], got
        assert system.ctl("test-tone", "--ms", "200").code == 0, capabilities
    stats = system.bluez.stats()
    assert stats["malformed"] == 0 and stats["channels"] == 1, stats


def case_mono(system):
    "A speaker that takes mono only hears the tone."
    system.paired(capabilities="28150235")
    recording = system.directory / "heard.pcm"
    system.bluez.command("record", SPEAKER, recording)
    assert system.ctl("test-tone", "--freq", "1000", "--ms", "1000").code == 0
    system.bluez.command("record", SPEAKER)
    hz, share = tone_hz(recording, 1, 0, 44100, (900, 950, 1000, 1050, 1100))
    assert hz == 1000 and share > 0.9, (hz, share)


def case_left_and_right(system):
    "--channel l and r: the tone is in that channel, the other is silent."
    system.paired()
    for word, loud in (("l", 0), ("r", 1)):
        recording = system.directory / f"{word}.pcm"
        system.bluez.command("record", SPEAKER, recording)
        assert system.ctl("test-tone", "--channel", word, "--ms", "1000").code == 0
        system.bluez.command("record", SPEAKER)
        hz, _ = tone_hz(recording, 2, loud, 44100, (430, 440, 450))
        assert hz == 440, hz
        heard, other = loudest(recording, loud), loudest(recording, 1 - loud)
        assert heard > 1000 and heard > 20 * other, (heard, other)


def case_nothing_in_common(system):
    "Capabilities that we cannot serve or that make no sense: Incompatible, said as such; no crash."
    system.ready()
    assert system.ctl("pair", "--no-tone").code == 0
    for capabilities in ("81ff0235", "ffff3502", "20ff0235", "ff000235", "00000000"):
        assert system.ctl("disconnect").code == 0
        system.bluez.set(SPEAKER, capabilities=capabilities)
        result = system.ctl("connect", "--json")
        assert result.code == 1 and result.json["code"] == "Incompatible", (capabilities, result)
        assert result.json["advice"]
    system.bluez.set(SPEAKER, capabilities="ffff0235")
    assert system.ctl("connect").code == 0


def loudest(recording, channel):
    return max(map(abs, array.array("h", recording.read_bytes())[channel::2]))


main(globals())
