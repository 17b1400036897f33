#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""`echocastctl pair`: to the tone at the speaker, and every way in which it can end instead."""

import signal
import subprocess

from harness import OTHER, PHONE, SPEAKER, main, tone_hz


def last_pairable(system):
    return [line for line in system.bluez.log() if line.startswith("set hci0.Pairable")][-1]


def nothing_half_done(system, bonded=False):
    """No inquiry, no link, Pairable off, and a bond only where one is wanted."""
    system.until(lambda: not system.bluez.state()["discovering"], "the inquiry to end")
    system.until(lambda: not system.bluez.stats()["connected"], "the link to fall")
    system.until(lambda: last_pairable(system) == "set hci0.Pairable false", "Pairable to be off")
    assert system.bluez.stats()["bonded"] == bonded
    assert not system.status()["pairing"]
    assert (system.ctl("list", "--json").json["speakers"] != []) == bonded


def case_tone(system):
    "From an empty list to a 440 Hz tone in both channels at the speaker, every packet in order."
    system.ready()
    recording = system.directory / "heard.pcm"
    system.bluez.command("record", SPEAKER, recording)
    result = system.ctl("pair")
    assert result.code == 0 and "Virtual Speaker" in result.out, result
    system.bluez.command("record", SPEAKER)
    stats = system.bluez.stats()
    assert stats["malformed"] == 0 and stats["sequence_gaps"] == 0, stats
    assert stats["timestamp_gaps"] == 0 and stats["largest"] <= 672, stats
    assert stats["rate_hz"] == 44100 and stats["channels"] == 2, stats
    assert stats["configuration"] == "21150235", stats
    for channel in (0, 1):
        hz, share = tone_hz(recording, 2, channel, 44100, range(430, 451, 2))
        assert hz == 440 and share > 0.9, (hz, share)


def case_order_of_calls(system):
    "Pairable only while pairing, Trusted after the bond, A2DP by ConnectProfile, never Connect."
    system.paired()
    log = system.bluez.log()
    position = [next((i for i, line in enumerate(log) if line.startswith(step)), None) for step in
                ("Adapter1.StartDiscovery", "set hci0.Pairable true", "Device1.Pair", "paired",
                 f"set {SPEAKER}.Trusted true", "Device1.ConnectProfile",
                 "-> MediaEndpoint1.SelectConfiguration", "stream open",
                 "MediaTransport1.Acquire")]
    assert None not in position, list(zip(position, log))
    assert position == sorted(position), position
    assert system.bluez.count("Device1.Connect ") == 0
    assert system.bluez.count("Device1.CancelPairing") == 0
    assert last_pairable(system) == "set hci0.Pairable false"
    assert not system.bluez.state()["discovering"]


def case_progress(system):
    "It says stage by stage what it does, in lines without escape codes."
    system.ready()
    result = system.ctl("pair")
    said = result.out + result.err
    assert "\x1b" not in said and "\r" not in said, result
    places = [said.lower().find(word) for word in ("scanning", "found", "pairing", "connecting", "opening", "tone")]
    assert -1 not in places, (places, result)


def case_speaker_comes_later(system):
    "The speaker may be put into pairing mode after the command is given."
    system.ready(pairing_mode="off")
    pair = system.start_ctl("pair", "--no-tone")
    system.bluez.wait("discovery began")
    system.bluez.set(SPEAKER, pairing_mode="on")
    assert pair.wait(20) == 0, pair.errors


def case_by_name(system):
    "A unique prefix of the name, in any case, chooses among several."
    system.ready()
    system.bluez.speaker(OTHER, "Kitchen")
    result = system.ctl("pair", "kitch", "--no-tone")
    assert result.code == 0, result
    assert system.bluez.stats(OTHER)["connected"] and not system.bluez.stats()["bonded"]


def case_ambiguous(system):
    "Two new speakers and no name: both are listed with their addresses, exit code 3, none is paired."
    system.ready()
    system.bluez.speaker(OTHER, "Virtual Radio")
    for words in (["pair"], ["pair", "virtual"]):
        result = system.ctl(*words)
        assert result.code == 3, result
        assert SPEAKER in result.err and OTHER in result.err, result
    assert not system.bluez.count("Device1.Pair")
    nothing_half_done(system)


def case_none_in_pairing_mode(system):
    "Nobody answers the inquiry: exit code 3 and the advice to hold the button."
    system.ready(pairing_mode="off")
    result = system.ctl("pair", "--timeout", "10")
    assert result.code == 3 and "button" in result.err, result
    nothing_half_done(system)


def case_timeout(system):
    "Ten seconds are the daemon's shortest search; less is kept by echocastctl: exit code 4."
    system.ready(pairing_mode="off")
    result = system.ctl("pair", "--timeout", "1")
    assert result.code == 4 and result.seconds < 5, result
    nothing_half_done(system)


def case_interrupted_while_searching(system):
    "Ctrl-C in the search: the inquiry is stopped, exit code 1."
    system.ready(pairing_mode="off")
    pair = system.start_ctl("pair")
    system.bluez.wait("discovery began")
    pair.send(signal.SIGINT)
    assert pair.wait() == 1 and pair.said("cancelled"), pair.errors
    nothing_half_done(system)


def case_interrupted_while_pairing(system):
    "Ctrl-C while the speaker thinks: the pairing is cancelled at bluetoothd, nothing is kept."
    system.ready(pairing="silent")
    system.bluez.command("time", "bonding_timeout", "60000")
    pair = system.start_ctl("pair")
    system.bluez.wait("link up")
    pair.send(signal.SIGINT)
    assert pair.wait() == 1 and pair.said("cancelled"), pair.errors
    system.bluez.wait("Device1.CancelPairing")
    nothing_half_done(system)


def case_client_killed(system):
    "The client is killed: the pairing ends with it."
    system.ready(pairing="silent")
    system.bluez.command("time", "bonding_timeout", "60000")
    pair = system.start_ctl("pair")
    system.bluez.wait("link up")
    pair.send(signal.SIGKILL)
    pair.wait()
    system.bluez.wait(f"pairing failed {SPEAKER} AuthenticationCanceled")
    system.watch()
    system.until(lambda: not system.status()["pairing"], "the pairing to end")
    nothing_half_done(system)


def case_cancel_command(system):
    "`cancel` ends a pairing that somebody else began."
    system.ready(pairing_mode="off")
    pair = system.start_ctl("pair")
    system.bluez.wait("discovery began")
    assert system.ctl("cancel").code == 0
    assert pair.wait() == 1 and pair.said("cancelled"), pair.errors
    nothing_half_done(system)


def case_second_pair(system):
    "A second pair while one runs: exit code 7, and the first goes on to its end."
    system.ready(pairing_mode="off")
    first = system.start_ctl("pair", "--no-tone")
    system.bluez.wait("discovery began")
    second = system.ctl("pair")
    assert second.code == 7, second
    assert system.bluez.state()["discovering"] and first.alive()
    system.bluez.set(SPEAKER, pairing_mode="on")
    assert first.wait(20) == 0, first.errors


def case_phone(system):
    "A phone is refused by name: it is a source, not a speaker. The new bond is taken back."
    system.ready(pairing_mode="off")
    system.bluez.phone()
    result = system.ctl("pair", PHONE)
    assert result.code == 1 and "not a speaker" in result.err, result
    assert system.ctl("pair", PHONE, "--json").json["code"] == "NotASpeaker"
    nothing_half_done(system)
    assert PHONE not in system.ctl("list").out


def case_hidden_phone(system):
    "A phone that looks like a speaker until it is paired is refused then, and its bond removed."
    system.ready(**{"class": "0x240414",
                    "uuids": "0000110a-0000-1000-8000-00805f9b34fb"})
    result = system.ctl("pair")
    assert result.code == 1 and "not a speaker" in result.err, result
    system.bluez.wait(f"gone {SPEAKER}")
    assert system.ctl("list", "--json").json["speakers"] == []
    system.until(lambda: not system.bluez.state()["discovering"], "the inquiry to end")


def case_refused(system):
    "The speaker refuses: PairingRefused, exit code 1, what to do next, nothing kept."
    system.ready(pairing="refuses")
    result = system.ctl("pair", "--json")
    assert result.code == 1 and result.json["code"] == "PairingRefused", result
    assert result.json["advice"]
    nothing_half_done(system)


def case_pin(system):
    "An old speaker with the usual PIN needs no question; one with its own takes --pin."
    system.ready(legacy="on")
    assert system.ctl("pair", "--no-tone").code == 0
    system.bluez.set(SPEAKER, pairing_mode="off")
    system.bluez.speaker(OTHER, "Old Radio", legacy="on", pin="4711")
    result = system.ctl("pair", "old", "--no-tone", "--pin", "4711")
    assert result.code == 0, result


def case_number_to_compare(system):
    "A speaker with a display: our agent confirms the number, for this device only."
    system.ready(displays="on")
    assert system.ctl("pair", "--no-tone").code == 0
    assert system.bluez.count("-> Agent1.RequestConfirmation") == 1


def case_stranger_pairs(system):
    "Nobody gets a bond with us by asking for it, not even while we pair with another one."
    system.ready(pairing="silent", displays="on")
    system.bluez.phone()
    system.bluez.command("pair-with-us", PHONE)
    system.bluez.wait(f"incoming-pairing {PHONE} refused")
    system.bluez.command("time", "bonding_timeout", "60000")
    pair = system.start_ctl("pair", SPEAKER)
    system.bluez.wait(f"link up {SPEAKER}")
    system.bluez.command("pair-with-us", PHONE)
    system.bluez.wait(f"incoming-pairing {PHONE} refused", 2)
    pair.send(signal.SIGINT)
    pair.wait()
    assert not system.bluez.stats(PHONE)["bonded"]


def case_broken_handshake_heals(system):
    "BlueZ 5.66's broken first handshake is healed without the user and without losing the bond."
    system.ready(connect="breaks", connect_times="1")
    result = system.ctl("pair", timeout=60)
    assert result.code == 0 and result.seconds < 15, result
    log = system.bluez.log()
    blocked = log.index(f"set {SPEAKER}.Blocked true")
    assert f"set {SPEAKER}.Blocked false" in log[blocked:]
    assert system.bluez.count("Adapter1.RemoveDevice") == 0
    assert system.bluez.stats()["bonded"] and system.bluez.stats()["packets"] > 10


def case_too_many(system):
    "As many as may be saved are saved: one more is refused before anything is touched."
    system.daemon.configure(General="max_saved_speakers = 1")
    system.paired()
    system.bluez.speaker(OTHER, "Second")
    result = system.ctl("pair", OTHER, "--json")
    assert result.code == 1 and result.json["code"] == "TooManySpeakers", result
    assert system.bluez.count("Device1.Pair") == 1


def case_pair_again(system):
    "Pairing a speaker that is saved and bonded already ends well."
    system.paired()
    result = system.ctl("pair", SPEAKER, "--no-tone")
    assert result.code == 0, result


def case_first_stays(system):
    "The first speaker plays on while a second one is tried and refuses."
    system.paired()
    system.bluez.set(SPEAKER, pairing_mode="off")
    system.bluez.speaker(OTHER, "Second", pairing="refuses")
    tone = system.start_ctl("test-tone", "--ms", "1500")
    result = system.ctl("pair", OTHER)
    assert result.code == 1, result
    try:
        assert tone.wait(20) == 0, tone.errors
    except subprocess.TimeoutExpired as error:
        raise AssertionError("the tone at the first speaker did not end") from error
    assert system.bluez.stats()["sequence_gaps"] == 0
    assert system.bluez.stats()["connected"]


main(globals())
