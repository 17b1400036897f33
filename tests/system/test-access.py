#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""Who may do what: everybody may read, root and the group audio may change something."""

from harness import SPEAKER, main, run

MANAGER = "/org/echocast"
CHANGES = (("StartScan", "{}"), ("StopScan",), ("Pair", "", "{}"), ("CancelPairing",),
           ("Connect", ""), ("Disconnect", ""), ("Forget", SPEAKER), ("TestTone", "", "{}"))


def speaker_path():
    return f"{MANAGER}/speaker/{SPEAKER.replace(':', '_')}"


def case_nobody_reads(system):
    "A user without the group reads everything: status, list, info, counters, monitor."
    system.paired()
    for words in (["status"], ["list"], ["info", SPEAKER]):
        result = system.ctl(*words, user="nobody")
        assert result.code == 0 and "Virtual Speaker" in result.out, (words, result)
    counters = system.call(speaker_path(), "org.echocast.Stream1.GetCounters", user="nobody")
    assert counters.code == 0 and "packets" in counters.out, counters
    monitor = system.start_ctl("monitor", user="nobody")
    monitor.wait_line("is here")
    assert system.ctl("disconnect").code == 0
    monitor.wait_line("saved")


def case_nobody_changes_nothing(system):
    "Every method that changes something answers AccessDenied to it, and names itself and the group."
    system.paired()
    calls = [(MANAGER, f"org.echocast.Manager1.{method}", *arguments)
             for method, *arguments in CHANGES]
    calls += [(speaker_path(), f"org.echocast.Speaker1.{method}")
              for method in ("Connect", "Disconnect", "Forget")]
    before = len(system.bluez.log())
    for path, method, *arguments in calls:
        result = system.call(path, method, *arguments, user="nobody")
        assert result.code != 0 and "org.echocast.Error.AccessDenied" in result.err, result
        assert "group audio" in result.err and method.split(".")[-1] in result.err, result
    assert len(system.bluez.log()) == before, system.bluez.log()[before:]
    assert system.speaker()["state"] in ("connected", "streaming")


def case_exit_code(system):
    "echocastctl: exit code 6, and how to get into the group."
    system.ready()
    for words in (["pair"], ["scan", "--timeout", "1"], ["cancel"], ["connect"], ["disconnect"],
                  ["forget", SPEAKER], ["test-tone"]):
        result = system.ctl(*words, user="nobody")
        assert result.code == 6, (words, result)
        assert "usermod -aG audio" in result.err, result
        found = system.ctl(*words, "--json", user="nobody")
        assert found.code == 6 and found.json["code"] == "AccessDenied", found


def case_group_audio(system):
    "A user of the group audio does all of it."
    system.ready()
    assert system.ctl("pair", "--no-tone", user="nobody+audio").code == 0
    assert system.ctl("test-tone", "--ms", "100", user="nobody+audio").code == 0
    assert system.ctl("disconnect", user="nobody+audio").code == 0
    assert system.ctl("forget", SPEAKER, user="nobody+audio").code == 0


def case_name_is_protected(system):
    "The shipped policy lets nobody own the name, and root."
    call = ["gdbus", "call", "--address", system.address, "--dest", "org.freedesktop.DBus",
            "--object-path", "/org/freedesktop/DBus", "--method", "org.freedesktop.DBus.RequestName",
            "org.echocast", "0"]
    denied = run(call, system.env, user="nobody")
    assert denied.code != 0 and "AccessDenied" in denied.err, denied
    assert run(call, system.env).code == 0


main(globals())
