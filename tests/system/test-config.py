#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""The configuration file, the command line of echocastd, and what is on disk."""

import json
import re

from harness import DAEMON, SPEAKER, TOP, main, run


def check(system, text):
    path = system.directory / "tried.conf"
    path.write_text(text)
    return run([DAEMON, "--check-config", "-c", str(path)], system.env)


def case_shipped_file(system):
    "The file we ship is good as it is, and with every key taken out of its comment."
    shipped = (TOP / "conf/echocast.conf").read_text()
    assert check(system, shipped).code == 0
    keys = re.sub(r"^#(\[|[a-z_]+ = )", r"\1", shipped, flags=re.M)
    assert keys.count("\n[") > shipped.count("\n[")
    result = check(system, keys)
    assert result.code == 0, result


def case_errors_have_lines(system):
    "An unknown group or key, a value out of range: refused with the number of its line."
    for line, text in ((2, "[Audio]\nbitpol_max = 40\n"), (1, "[Adio]\n"),
                       (3, "[Audio]\n# ok\nbitpool_max = 99\n"), (2, "[Audio]\nrate_hz = 22050\n"),
                       (2, "[Bluetooth]\npairing_timeout_s = 5\n"),
                       (2, "[Bluetooth]\nautoconnect = perhaps\n"),
                       (2, "[Bluetooth]\nadapter = hci0\n"), (1, "bitpool_max = 40\n"),
                       (3, "[Audio]\nbitpool_max = 40\nbitpool_max = 41\n"),
                       (1, "[Speaker nonsense]\nalias = x\n"), (2, "[Audio]\nno equals sign\n")):
        result = check(system, text)
        assert result.code == 2 and f"tried.conf:{line}:" in result.err, (text, result)
        assert not result.out, result


def case_does_not_start_with_errors(system):
    "echocastd does not start with a configuration that it does not understand."
    system.daemon.configure(Audio="bitpol_max = 40")
    daemon = system.daemon.start(ready=False)
    assert daemon.wait() == 2 and daemon.said(r"echocast.conf:\d+: .*bitpol_max"), daemon.errors


def case_command_line(system):
    "--version and --help work without a bus; what cannot be meant has exit code 2."
    env = {**system.env, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
    assert run([DAEMON, "--version"], env).code == 0
    assert run([DAEMON, "--help"], env).code == 0
    for words in (["--nonsense"], ["stray"], ["--log-level", "loud"]):
        result = run([DAEMON, *words], env)
        assert result.code == 2 and result.err, (words, result)
    result = run([DAEMON, "-c", "/nonexistent/echocast.conf"], env)
    assert result.code == 2 and "/nonexistent/echocast.conf" in result.err, result
    result = run([DAEMON, "-c", str(system.daemon.config)], env)
    assert result.code == 1 and "bus" in result.err, result


def case_settings_take_effect(system):
    "Bitpool, endpoints and alias of the file are what the speaker and bluetoothd get."
    system.daemon.configure(Audio="bitpool_max = 35", Bluetooth="endpoints = 3\nalias = Workshop")
    system.paired()
    assert system.bluez.stats()["configuration"].endswith("23"), system.bluez.stats()
    assert system.bluez.count("endpoint ") == 3
    assert system.status()["adapter_alias"] == "Workshop"


def case_damaged_state(system):
    "A damaged list of speakers is set aside and said; the daemon starts with an empty one."
    system.daemon.state.mkdir()
    (system.daemon.state / "speakers.conf").write_bytes(b"\x00\xff[Speaker " * 50)
    system.bluez.start()
    system.daemon.start()
    assert system.ctl("list", "--json").json["speakers"] == []
    assert list(system.daemon.state.glob("speakers.conf.damaged*"))
    assert system.daemon.process.said("damaged"), system.daemon.process.errors


def case_state_survives_kill(system):
    "What was paired is on the disk when `pair` returns: SIGKILL loses nothing."
    system.paired()
    system.daemon.kill()
    text = (system.daemon.state / "speakers.conf").read_text()
    assert SPEAKER in text, text
    assert (system.daemon.state.stat().st_mode & 0o077) == 0
    system.daemon.start()
    saved = system.ctl("list", "--json").json["speakers"]
    assert [speaker["address"] for speaker in saved] == [SPEAKER], json.dumps(saved)


main(globals())
