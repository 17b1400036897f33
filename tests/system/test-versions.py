#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""Older and newer BlueZ: what one version has and another has not is never needed."""

from harness import SPEAKER, Bluez, main


def life(system, version):
    """Pair, lose the link, get it back, disconnect, forget."""
    system.bluez.process.end()
    system.bluez = Bluez(system, version)
    system.ready()
    result = system.ctl("pair", "--json")
    assert result.code == 0, result
    assert system.bluez.stats()["packets"] > 0
    system.bluez.command("lose-link", SPEAKER, "timeout")
    system.bluez.wait("stream open", 2)
    system.until_state("connected")
    assert system.ctl("disconnect").code == 0
    system.bluez.command("forget-us", SPEAKER)
    stale = system.ctl("connect", "--json")
    assert stale.code != 0, stale
    if version >= 583:
        assert stale.json["code"] == "StaleBond", stale
    assert system.ctl("forget", SPEAKER).code == 0
    system.until(lambda: not system.bluez.state()["discovering"], "the inquiry to end")


def case_5_50(system):
    "BlueZ 5.50: no Bonded."
    life(system, 550)


def case_5_66(system):
    "BlueZ 5.66: Debian 12."
    life(system, 566)


def case_5_72(system):
    "BlueZ 5.72."
    life(system, 572)


def case_5_79(system):
    "BlueZ 5.79: PowerState, Connectable, Delay from the start."
    life(system, 579)


def case_5_83(system):
    "BlueZ 5.83: Disconnected with a reason, br-connection-key-missing."
    life(system, 583)


def case_5_87(system):
    "BlueZ 5.87: dies of a UUID filter that matches; fd numbers come back; its own profile error."
    life(system, 587)


main(globals())
