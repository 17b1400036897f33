#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""A speaker that is paired: losses, returns, refusals, and whatever the speaker does by itself."""

import signal

from harness import ADAPTER, SPEAKER, main


def streams_again(system, count):
    """The stream is open for the count-th time, without a command, and takes a tone."""
    system.bluez.wait("stream open", count, timeout=30)
    system.until_state("connected", timeout=30)
    packets = system.bluez.stats()["packets"]
    result = system.ctl("test-tone", "--ms", "200")
    assert result.code == 0, result
    assert system.bluez.stats()["packets"] > packets


def case_test_tone(system):
    "The tone's frequency, length and channel are those that were asked for; the verdict has numbers."
    system.paired()
    before = system.bluez.stats()["pcm_frames"]
    result = system.ctl("test-tone", "--ms", "500", "--json")
    assert result.code == 0 and result.json["packets"] >= 30, result
    heard = system.bluez.stats()["pcm_frames"] - before
    assert abs(heard - 22050) < 4410, heard
    assert system.bluez.stats()["malformed"] == 0


def case_bluetoothd_restart(system):
    "bluetoothd vanishes while the tone plays and comes back: registered anew, connected anew."
    system.paired()
    tone = system.start_ctl("test-tone", "--ms", "20000")
    system.bluez.wait("first packet")
    system.watch()
    system.bluez.stop()
    system.until(lambda: system.status()["adapter_state"] == "no-bluetoothd", "the loss to be seen")
    assert tone.wait(20) != 0
    assert system.daemon.process.alive()
    endpoints = system.bluez.count("endpoint")
    system.bluez.command("start")
    system.bluez.wait("endpoint", endpoints + 1)
    streams_again(system, 2)


def case_bluetoothd_dies_in_each_call(system):
    "bluetoothd dies in the middle of a call, whichever it is: echocastd lives and gets there."
    system.paired()
    for method in ("AgentManager1.RegisterAgent", "Media1.RegisterEndpoint", "Adapter1.Set.Pairable",
                   "Device1.ConnectProfile", "MediaTransport1.Acquire"):
        system.bluez.stop()
        system.bluez.command("crash", method)
        dead = system.bluez.count("bluetoothd stopped")
        system.bluez.command("start")
        system.bluez.wait("bluetoothd stopped", dead + 1, timeout=30)
        assert system.daemon.process.alive(), method
        opened = system.bluez.count("stream open")
        system.bluez.command("start")
        streams_again(system, opened + 1)


def case_adapter_replugged(system):
    "The adapter is pulled out while the stream is open, and comes back."
    system.paired()
    system.watch()
    system.bluez.command("unplug", "hci0")
    system.until(lambda: system.status()["adapter_state"] == "missing", "the loss to be seen")
    speaker = system.speaker()
    assert speaker["state"] == "waiting" and speaker["reason"] == "NoAdapter", speaker
    system.bluez.command("plug", "hci0", ADAPTER)
    streams_again(system, 2)


def case_killed(system):
    "echocastd is killed with SIGKILL and started again: the speaker is connected by itself."
    system.paired()
    system.daemon.kill()
    system.bluez.wait("transport")
    system.daemon.start()
    streams_again(system, 2)
    assert system.ctl("list", "--json").json["speakers"][0]["address"] == SPEAKER


def case_link_loss(system):
    "The link is lost: said, and made again when the speaker is back."
    system.paired()
    system.bluez.command("set", SPEAKER, "power", "off")
    system.until_state("waiting")
    speaker = system.speaker()
    assert speaker["reason"] in ("LinkLost", "Unreachable") and speaker["advice"], speaker
    system.bluez.command("set", SPEAKER, "power", "on")
    streams_again(system, 2)


def case_policy_races_us(system):
    "bluetoothd's own policy reconnects while we do: nobody gets in the way of the other."
    system.paired()
    system.bluez.command("time", "policy", "5")
    system.bluez.command("time", "connecting", "50")
    system.bluez.command("lose-link", SPEAKER, "timeout")
    streams_again(system, 2)


def case_speaker_connects_to_us(system):
    "A speaker that is saved connects by itself, trusted or not, and is played to."
    system.paired()
    assert system.ctl("disconnect").code == 0
    system.until_state("saved")
    system.bluez.command("connect-to-us", SPEAKER)
    system.bluez.wait("stream open", 2)
    system.until_state("connected")


def case_stranger_connects_to_us(system):
    "A device that is not saved gets no stream."
    system.ready()
    system.bluez.command("connect-to-us", SPEAKER)
    system.bluez.wait(f"service {SPEAKER} refused")
    assert system.bluez.state()["transports"] == 0
    assert not system.bluez.count("stream open")


def case_broken_configuration(system):
    "A configuration with several bits set, as some speakers send it, is refused; a good one is taken."
    system.paired()
    assert system.ctl("disconnect").code == 0
    system.bluez.command("connect-to-us", SPEAKER, "ffff0235")
    system.bluez.wait(f"configuration refused {SPEAKER}")
    system.until(lambda: system.bluez.state()["transports"] == 0, "the transport to go")
    assert system.daemon.process.alive()


def case_speaker_suspends(system):
    "The speaker suspends the stream: it is opened again, and the tone goes through."
    system.paired()
    system.watch()
    system.bluez.command("suspend", SPEAKER)
    system.bluez.wait(f"transport {SPEAKER} active", 2)
    system.until_state("connected")
    result = system.ctl("test-tone", "--ms", "300")
    assert result.code == 0, result
    system.bluez.command("suspend", SPEAKER)
    system.bluez.command("begin", SPEAKER)
    system.bluez.wait(f"transport {SPEAKER} active", 3)
    system.until_state("connected")


def case_speaker_closes(system):
    "The speaker closes the stream and keeps the link: the stream is opened again."
    system.paired()
    system.bluez.command("close", SPEAKER)
    streams_again(system, 2)


def case_start_rejected(system):
    "START is rejected once: tried again. Never: it is said, exit code 1."
    system.paired()
    assert system.ctl("disconnect").code == 0
    system.bluez.set(SPEAKER, start="rejects", start_times="1")
    result = system.ctl("connect")
    assert result.code == 0, result


def case_disconnect_and_connect(system):
    "disconnect leaves it alone until connect; both are idempotent."
    system.paired()
    for _ in range(2):
        result = system.ctl("disconnect", SPEAKER)
        assert result.code == 0, result
    system.until_state("saved")
    assert not system.bluez.stats()["connected"]
    for _ in range(2):
        result = system.ctl("connect")
        assert result.code == 0, result
    assert system.speaker()["state"] in ("connected", "streaming")


def case_disconnected_stays_so(system):
    "After disconnect, neither a restart of the daemon nor of bluetoothd connects it."
    system.paired()
    assert system.ctl("disconnect").code == 0
    system.daemon.stop()
    system.daemon.start()
    system.bluez.stop()
    system.bluez.command("start")
    system.watch()
    system.until(lambda: system.status()["adapter_state"] == "ready", "the adapter to be ready")
    assert system.speaker()["state"] == "saved"
    assert system.bluez.count("Device1.ConnectProfile") == 1


def case_forget(system):
    "forget: disconnected, bond and record gone, and it stays gone."
    system.paired()
    result = system.ctl("forget", SPEAKER)
    assert result.code == 0, result
    assert system.bluez.count("Adapter1.RemoveDevice") == 1
    assert system.ctl("list", "--json").json["speakers"] == []
    system.daemon.stop()
    system.daemon.start()
    assert system.ctl("list", "--json").json["speakers"] == []
    assert system.ctl("forget", SPEAKER).code == 3


def case_stale_bond(system):
    "The speaker has forgotten us: said as such, the bond is not removed, no retries hammer on it."
    system.paired()
    assert system.ctl("disconnect").code == 0
    system.bluez.command("forget-us", SPEAKER)
    result = system.ctl("connect", "--json")
    assert result.code != 0 and result.json["advice"], result
    assert system.bluez.count("Adapter1.RemoveDevice") == 0
    assert system.bluez.count("Device1.Pair ") == 1


def case_slow_speaker(system):
    "A radio that does not get through: the tone fails or is late, the daemon stays, then it recovers."
    system.paired()
    system.bluez.command("set", SPEAKER, "reads", "off")
    tone = system.start_ctl("test-tone", "--ms", "6000")
    tone.wait(30)
    assert system.daemon.process.alive()
    system.bluez.command("set", SPEAKER, "reads", "on")
    result = system.ctl("test-tone", "--ms", "300")
    assert result.code == 0, result


def case_reload(system):
    "SIGHUP reads the configuration again and keeps the stream; a broken file changes nothing."
    system.paired()
    system.daemon.configure(Audio="bitpool_max = 40")
    system.daemon.process.send(signal.SIGHUP)
    system.daemon.configure(Audio="bitpol_max = 40")
    system.daemon.process.send(signal.SIGHUP)
    system.daemon.process.wait_line("bitpol_max")
    assert system.daemon.process.alive()
    assert system.speaker()["state"] in ("connected", "streaming")


main(globals())
