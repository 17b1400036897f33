#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""echocastd starts in any order, waits for what is missing, says so, and gets back what went."""

from harness import SPEAKER, main


def adapter_state(system):
    return system.status()["adapter_state"]


def case_no_bluetoothd(system):
    "Without bluetoothd it runs, says so, and goes on when bluetoothd comes."
    system.daemon.start()
    status = system.status()
    assert status["adapter_state"] == "no-bluetoothd" and status["adapter"] == "", status
    assert status["reason"] == "BluezNotRunning" and status["advice"], status
    system.watch()
    system.bluez.start()
    system.until(lambda: adapter_state(system) == "ready", "the adapter to be ready")
    assert system.daemon.process.alive()


def case_no_adapter(system):
    "Without an adapter it waits for one, takes it, loses it, takes it again."
    system.bluez.start(plug=False)
    system.daemon.start()
    system.watch()
    system.until(lambda: adapter_state(system) == "missing", "the adapter to be missing")
    assert system.status()["reason"] == "NoAdapter"
    for _ in range(2):
        system.bluez.command("plug", "hci0", "00:AA:01:00:00:00")
        system.until(lambda: adapter_state(system) == "ready", "the adapter to be ready")
        system.bluez.command("unplug", "hci0")
        system.until(lambda: adapter_state(system) == "missing", "the adapter to be missing")


def case_adapter_off(system):
    "An adapter that nobody powered is powered."
    system.bluez.command("auto-enable", "off")
    system.bluez.start()
    system.daemon.start()
    system.watch()
    system.until(lambda: adapter_state(system) == "ready", "the adapter to be ready")
    assert system.bluez.count("set hci0.Powered true") == 1


def case_adapter_blocked(system):
    "An adapter blocked by rfkill is said to be blocked, with the way out; powered, it is taken."
    system.bluez.start()
    system.bluez.command("block", "hci0", "on")
    system.daemon.start()
    system.watch()
    system.until(lambda: adapter_state(system) == "blocked", "the block to be seen")
    assert system.status()["reason"] == "AdapterBlocked"
    result = system.ctl("pair", "--timeout", "10")
    assert result.code == 1 and "rfkill" in result.err, result
    system.bluez.command("block", "hci0", "off")
    system.bluez.command("power", "hci0", "on")
    system.until(lambda: adapter_state(system) == "ready", "the adapter to be ready")


def case_no_loopback(system):
    "Without the loopback it runs, pairs and plays the tone, and says what is missing."
    system.paired()
    status = system.status()
    assert status["loopback_state"] == "missing", status
    assert system.ctl("test-tone", "--ms", "200").code == 0


def case_registers_before_connecting(system):
    "Agent and endpoints are there before anything connects; Pairable and Discoverable stay off."
    system.bluez.start()
    system.daemon.start()
    system.bluez.wait("endpoint", 2)
    system.bluez.wait("AgentManager1.RegisterAgent")
    assert not any(line.startswith("Device1.") for line in system.bluez.log())
    system.bluez.wait("set hci0.Pairable false")
    assert not system.bluez.count("set hci0.Discoverable true")


def case_second_daemon(system):
    "A second echocastd says that one runs, and the first goes on."
    system.ready()
    first = system.daemon.process
    second = system.daemon.start(ready=False)
    assert second.wait() == 1
    assert second.said("another process"), second.errors
    assert first.alive() and system.ctl("status").code == 0


def case_leaves_cleanly(system):
    "SIGTERM: exit code 0, no link, no discovery, Pairable off, the bond stays."
    system.paired()
    system.start_ctl("scan", "--timeout", "60")
    system.bluez.wait("discovery began", 2)
    assert system.daemon.stop() == 0
    system.bluez.wait("discovery ended", 2)
    assert not system.bluez.state()["discovering"]
    assert system.bluez.stats()["bonded"]


def case_saved_speaker_connects_at_start(system):
    "The speaker that was wanted last is connected at the next start, without a command."
    system.paired()
    assert system.daemon.stop() == 0
    system.bluez.command("lose-link", SPEAKER, "remote")
    system.bluez.set(SPEAKER, pairing_mode="off")
    system.daemon.start()
    system.bluez.wait("stream open", 2)
    system.until_state("connected")


main(globals())
