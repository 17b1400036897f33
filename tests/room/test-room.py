#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""The room tests itself, without any Echocast: is what it shows of the world true?

    test-room.py [NAME…]    all tests, or those named; prints the timings of each
"""

import json
import sys
import time

import numpy

import analyse
from room import GuestStopped, Room, RoomTimeout, in_room

TONE = 440
RATE = 44100


def expect(truth, text, *facts):
    if not truth:
        raise AssertionError(f"{text}: {facts}")


def steps_of(result):
    """What the program `source` says: {step: message}."""
    return {step["step"]: step for step in map(json.loads, result.out.splitlines())}


def open_air(room, **speaker):
    """A fresh radio, bluetoothd and one speaker in the running guest."""
    began = time.monotonic()
    room.reset()
    made = room.speaker(**speaker)
    print(f"    reset and speaker ready: {time.monotonic() - began:.1f} s")
    return made


def print_steps(steps):
    print("    " + "  ".join(f"{name} {steps[name]['seconds']:.2f} s" for name in
                             ("found", "pair", "connect", "acquire") if name in steps))


def test_tone(room):
    """A seeded speaker is found, paired, connected and hears a tone, whole and true."""
    speaker = open_air(room)
    result = room.run([room.tool("source"), "--seconds", "3", "--freq", str(TONE)])
    steps = steps_of(result)
    print_steps(steps)
    expect(result.ok, "the source failed", result)
    stats = speaker.stats()
    expect(stats["packets"] > 3 * 68 and stats["lost"] == 0 and stats["gaps"] == 0
           and stats["bad"] == 0, "packets are missing", stats)
    expect(list(stats["histogram"]) == ["5"], "packets are not full", stats)
    recording = speaker.recording("tone")
    expect(len(recording.packets()) == stats["packets"], "the log is not whole", stats)
    heard, rate = analyse.load(recording.wav)
    begin, end = analyse.audible(heard)
    peaks = analyse.peak(heard[begin:end], rate)
    expect(rate == RATE and all(abs(hz - TONE) < 2 for hz in peaks), "not the tone", rate, peaks)
    played = analyse.sine(TONE, 3)
    alike = analyse.compare(played, heard, rate)
    expect(alike.correlation > 0.999 and abs(alike.level_db) < 0.1, "not alike", alike)
    analyse.save(room.results / "played.wav", played, rate)
    exact = analyse.bit_exact(room.results / "played.wav", recording, room.tool("sbc-encode"))
    expect(exact.compared > 1000 and exact.equal == exact.compared, "not bit-exact", exact)
    print(f"    {stats['packets']} packets, peaks {peaks[0]:.2f} and {peaks[1]:.2f} Hz, "
          f"{exact.equal} of {exact.compared} SBC frames bit-exact")


def test_unseeded(room):
    """Unseeded, the first handshake breaks in the way of BlueZ 5.66."""
    speaker = open_air(room, seeded=False)
    result = room.run([room.tool("source"), "--seconds", "1"])
    steps = steps_of(result)
    expect("error" in steps.get("connect", {}), "the handshake did not break", result)
    expect("pair" in steps and "error" not in steps["pair"], "pairing failed", result)
    expect(speaker.stats()["packets"] == 0, "it heard something", speaker.stats())
    log = room.read(room.bluetoothd_log)
    expect("Transaction label doesn't match" in log, "it broke in another way")
    print(f"    {steps['connect']['error']}")


def test_second_connection(room):
    """A bond stays: the second connection needs no discovery and no pairing."""
    speaker = open_air(room)
    for options in ([], ["--no-pair"]):
        result = room.run([room.tool("source"), "--seconds", "0.5", *options])
        expect(result.ok, "the source failed", options, result)
        print_steps(steps_of(result))
    expect(speaker.stats()["gaps"] == 0, "gaps", speaker.stats())


def test_speaker_off(room):
    """Switched off it is not reached, on again it is."""
    speaker = open_air(room)
    expect(room.run([room.tool("source"), "--seconds", "0.2"]).ok, "the first connection failed")
    speaker.off()
    result = room.run([room.tool("source"), "--no-pair"])
    expect("page-timeout" in steps_of(result)["connect"].get("error", ""), "reached", result)
    speaker.on()
    result = room.run([room.tool("source"), "--no-pair", "--seconds", "0.2"])
    expect(result.ok, "not reached after switching on", result)
    speaker.connectable(False)
    result = room.run([room.tool("source"), "--no-pair"])
    expect("page-timeout" in steps_of(result)["connect"].get("error", ""), "reached", result)
    speaker.connectable(True)
    result = room.run([room.tool("source"), "--no-pair", "--seconds", "0.2"])
    expect(result.ok, "not reached after becoming connectable", result)


def test_faults(room):
    """What the speaker is told to do wrong, it does."""
    speaker = open_air(room)
    speaker.reject_configuration()
    result = room.run([room.tool("source")])
    expect("error" in steps_of(result)["connect"], "the configuration was taken", result)
    speaker.wait_event("device-disconnected")
    source = room.start([room.tool("source"), "--no-pair", "--seconds", "30"], name="source")
    speaker.wait_packets(20)
    speaker.suspend()
    speaker.wait_event("state", state="idle")
    source.kill()
    speaker.wait_event("device-disconnected")
    source = room.start([room.tool("source"), "--no-pair", "--seconds", "30"], name="source")
    speaker.wait_packets(speaker.stats()["packets"] + 20)
    speaker.drop_link()
    speaker.wait_event("device-disconnected")
    source.wait()


def test_abort(room):
    """It aborts its stream and stays a speaker."""
    speaker = open_air(room)
    source = room.start([room.tool("source"), "--seconds", "30"], name="source")
    speaker.wait_packets(20)
    speaker.abort()
    speaker.wait_event("released")
    expect("abort_cfm" in room.read(room.bluetoothd_log), "no ABORT was seen")
    source.kill()
    speaker.wait_event("device-disconnected")
    result = room.run([room.tool("source"), "--no-pair", "--seconds", "0.2"])
    expect(result.ok, "it was no speaker any more", result)


def test_bond(room):
    """It refuses a bond when told so, and forgets one when told so."""
    speaker = open_air(room)
    speaker.pairable(False)
    result = room.run([room.tool("source")])
    expect("AuthenticationFailed" in steps_of(result)["pair"].get("error", ""), "paired", result)
    speaker.pairable(True)
    result = room.run([room.tool("source"), "--seconds", "0.2"])
    expect(result.ok, "not paired when pairable again", result)
    speaker.forget()
    result = room.run([room.tool("source"), "--no-pair"])
    expect("error" in steps_of(result)["connect"], "connected without a bond", result)


def test_agent(room):
    """An agent of its own is asked when both sides can show and ask."""
    speaker = open_air(room, agent="DisplayYesNo")
    result = room.run([room.tool("source"), "--seconds", "0.2"])
    expect(result.ok, "not paired", result)
    expect([e["method"] for e in speaker.seen("agent")] == ["RequestConfirmation"],
           "the agent was not asked", speaker.seen("agent"))


def test_knob(room):
    """Its volume knob reaches the source, its buttons are pressed."""
    speaker = open_air(room)
    source = room.start([room.tool("source"), "--seconds", "30"], name="source")
    speaker.wait_packets(20)
    path = room.run("busctl tree --list org.bluez | grep hci0/dev.*/fd", check=True).out.strip()
    speaker.volume(50)
    speaker.wait_event("volume", volume=50)
    speaker.button("volume-up")     # answered after the volume has gone over the same channel
    result = room.run(["busctl", "get-property", "org.bluez", path, "org.bluez.MediaTransport1",
                       "Volume"])
    expect(result.out == "q 50\n", "the volume did not arrive", result)
    expect(not speaker.delay(1000)["ok"], "a delay could be set: tell so in README.md")
    source.kill()


def test_phone(room):
    """A phone offers a source and no sink."""
    open_air(room, phone=True, name="Room Phone")
    result = room.run([room.tool("source")])
    error = steps_of(result)["connect"].get("error", "")
    expect("profile-unavailable" in error, "a phone took the connection", result)


def test_loopback(room):
    """What goes into the loopback comes out of it, bit by bit."""
    sound = analyse.noise(2)
    played, heard = room.results / "loop-played.wav", room.results / "loop-heard.wav"
    # The loopback loses the last milliseconds of what is played when the player closes.
    analyse.save(played, numpy.concatenate([sound, numpy.zeros((RATE // 10, 2))]), RATE)
    capture = room.start(["arecord", "-v", "-D", "hw:Echocast,1,0", "-f", "S16_LE", "-r", str(RATE),
                          "-c", "2", "-d", "5", "/tmp/loop.wav"], name="arecord")
    capture.wait_line("boundary", 20)    # the last line of its set-up: it reads from here on
    room.run(["aplay", "-q", "-D", "hw:Echocast,0,0", played], 20, check=True)
    expect(capture.wait(20).ok, "arecord failed", capture.err())
    room.run(["cp", "/tmp/loop.wav", heard], check=True)
    original, captured = (analyse.load(path)[0] for path in (played, heard))
    original = original[:len(sound)]
    begin = analyse.lag(original, captured)
    expect(begin >= 0 and (captured[begin:begin + len(original)] == original).all(),
           "not bit-exact", begin, len(captured))
    print(f"    {len(original)} frames bit-exact, {begin} frames of silence before")


def test_timeout(room):
    """A wait ends in time and names what was waited for; a process ends with its group."""
    process = room.start("sleep 1000 & echo begun; wait", name="waiter")
    process.wait_line("^begun$", 10)
    try:
        process.wait_line("never", 0.3)
    except RoomTimeout as error:
        expect("never" in str(error) and "begun" in str(error), "unreadable", error)
    else:
        expect(False, "the wait did not end")
    expect(process.kill().code == -9, "not killed", process.code)


def test_user(room):
    """Another user is another user."""
    result = room.run(["id", "-un"], user="nobody", check=True)
    expect(result.out == "nobody\n", "the wrong user", result)


def test_panic(room):
    """A guest that panics is noticed at once. Must be the last: it ends the room."""
    began = time.monotonic()
    try:
        room.run("echo c > /proc/sysrq-trigger", 60)
    except GuestStopped as stopped:
        print(f"    noticed after {time.monotonic() - began:.1f} s")
        expect("sysrq triggered crash" in str(stopped), "not explained", stopped)
    else:
        expect(False, "the panic was not noticed")


TESTS = (test_user, test_timeout, test_loopback, test_tone, test_unseeded, test_second_connection,
         test_speaker_off, test_faults, test_abort, test_bond, test_agent, test_knob,
         test_phone, test_panic)


def chosen():
    names = [f"test_{name.removeprefix('test_')}" for name in sys.argv[1:]]
    unknown = set(names) - {test.__name__ for test in TESTS}
    if unknown:
        sys.exit(f"test-room.py: no such test: {', '.join(sorted(unknown))}")
    return [test for test in TESTS if not names or test.__name__ in names]


def run_all(room):
    print(f"boot {room.boot_seconds:.1f} s", flush=True)
    for test in chosen():
        print(f"{test.__name__}: {test.__doc__.strip()}", flush=True)
        began = time.monotonic()
        test(room)
        print(f"    passed, {time.monotonic() - began:.1f} s", flush=True)


if __name__ == "__main__":
    in_room(run_all, name="test-room")
