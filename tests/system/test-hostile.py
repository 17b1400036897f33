#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""Clients and devices that do what nobody should: nothing of it brings echocastd down."""

import signal

from harness import OTHER, SPEAKER, main

MANAGER = "/org/echocast"


def case_arguments(system):
    "Arguments out of their range or of the wrong type are InvalidArguments or NotFound, at once."
    system.ready(pairing_mode="off")
    for method, *arguments in (
            ("Pair", "''", "{'timeout': <uint32 0>}"), ("Pair", "''", "{'timeout': <uint32 9999>}"),
            ("Pair", "''", "{'timeout': <'soon'>}"), ("Pair", "''", "{'pin': <uint32 1>}"),
            ("Pair", "''", "{'pin': <'12345678901234567'>}"), ("Pair", "''", "{'nonsense': <1>}"),
            ("TestTone", "''", "{'frequency': <uint32 1>}"),
            ("TestTone", "''", "{'duration': <uint32 4000000000>}"),
            ("TestTone", "''", "{'channels': <'rear'>}"),
            ("StartScan", "{'timeout': <'long'>}"),
            ("Connect", "'" + "x" * 5000 + "'"), ("Connect", "'\\n\\t%s%n'"), ("Connect", "'/'"),
            ("Connect", "'/org/echocast/speaker/zz'"), ("Forget", "''")):
        result = system.call(MANAGER, f"org.echocast.Manager1.{method}", *arguments)
        assert result.code != 0, (method, arguments, result)
        assert "InvalidArguments" in result.err or "NotFound" in result.err, (method, arguments, result)
    assert system.daemon.process.alive()
    assert not system.bluez.state()["discovering"]


def case_names(system):
    "Names with everything in them: listed, chosen by address, neither a crash nor a broken terminal."
    system.ready(name="a\tb\n\x1b[2J\x7f" + "ü" * 100)
    system.bluez.speaker(OTHER, "../../etc/passwd]\n[x]\nkey=1")
    assert system.ctl("pair", SPEAKER, "--no-tone").code == 0
    system.bluez.set(SPEAKER, pairing_mode="off")
    assert system.ctl("pair", OTHER, "--no-tone").code == 0
    before = {speaker["address"]: speaker["name"]
              for speaker in system.ctl("list", "--json").json["speakers"]}
    assert set(before) == {SPEAKER, OTHER}, before
    system.daemon.kill()
    system.daemon.start()
    after = {speaker["address"]: speaker["name"]
             for speaker in system.ctl("list", "--json").json["speakers"]}
    assert before == after
    assert "\x1b" not in system.ctl("list").out


def case_many_clients(system):
    "Twenty clients that ask and are killed while they wait leave nothing behind."
    system.ready(pairing_mode="off")
    clients = [system.start_ctl("scan", "--timeout", "60") for _ in range(20)]
    for client in clients:
        client.wait_line("ADDRESS|Search", timeout=30)
    for client in clients:
        client.send(signal.SIGKILL)
    system.until(lambda: not system.bluez.state()["discovering"], "the inquiry to end")
    assert not system.status()["scanning"]


def case_terminated_while_pairing(system):
    "SIGTERM in the middle of a pairing: it is cancelled, Pairable is off, exit code 0."
    system.ready(pairing="silent")
    system.bluez.command("time", "bonding_timeout", "60000")
    pair = system.start_ctl("pair")
    system.bluez.wait("link up")
    assert system.daemon.stop() == 0
    assert pair.wait() in (1, 5), pair.errors
    system.bluez.wait("pairing failed")
    system.bluez.wait("set hci0.Pairable false", 2)
    assert not system.bluez.stats()["bonded"]


def case_bluetoothd_says_nothing(system):
    "A bluetoothd that does not answer ConnectProfile: Ctrl-C works, and so does disconnect."
    system.paired()
    assert system.ctl("disconnect").code == 0
    system.bluez.command("swallow", "Device1.ConnectProfile", "1")
    connect = system.start_ctl("connect")
    system.bluez.wait("Device1.ConnectProfile", 2)
    connect.send(signal.SIGINT)
    assert connect.wait() == 1, connect.errors
    assert system.ctl("status").code == 0


def case_flapping(system):
    "A speaker that throws us out again and again is not hammered: a handful of attempts in 5 s."
    system.paired()
    system.bluez.set(SPEAKER, connect="aborts")
    before = system.bluez.count("Device1.ConnectProfile")
    system.bluez.command("lose-link", SPEAKER, "remote")
    assert system.never(lambda: system.bluez.count("Device1.ConnectProfile") - before > 6, 5)
    assert system.bluez.count("Device1.ConnectProfile") > before


main(globals())
