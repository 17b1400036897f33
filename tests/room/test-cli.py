#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""echocastctl against the real thing: the right exit code and a next step, whatever is missing."""

import json

from scenario import BUS, CONFIG, MANAGER, get, pair, run

INT = 2
ADAPTER = "/org/bluez/hci0"


def told(figures, what, result, code, *words):
    """A command that fails has this exit code, says these words, and a next step."""
    text = " ".join((result.out + result.err).split())
    missing = [word for word in words if word.lower() not in text.lower()]
    step = "next:" in result.err
    figures.add(what, f"exit {code}, a next step, says {', '.join(words) or 'why'}",
                f"exit {result.code}: {text[-200:]}", result.code == code and step and not missing)


def works(figures, what, result, *words):
    missing = [word for word in words if word.lower() not in result.out.lower()]
    figures.add(what, "exit 0 " + " ".join(words), f"exit {result.code} {result.err.strip()}"
                + (f"; said {result.out}" if missing else ""), result.ok and not missing)


def no_daemon(room, figures):
    for command in ("status", "list", "pair", "scan", "monitor"):
        if command != "monitor":
            told(figures, f"{command} without a daemon", room.ctl(command), 5, "echocastd")
    reply = room.ctl("--json", "status")
    figures.add("status --json without a daemon", "one object with a code",
                reply.out.strip(), reply.code == 5 and json.loads(reply.out)["code"])


def no_bluetoothd(room, figures):
    works(figures, "status without bluetoothd", room.ctl("status"), "bluetoothd")
    told(figures, "pair without bluetoothd", room.ctl("pair"), 1, "bluetoothd")


def no_adapter(room, figures):
    wait_adapter(room, "missing")
    works(figures, "status without an adapter", room.ctl("status"), "adapter")
    told(figures, "pair without an adapter", room.ctl("pair"), 1, "adapter")


def wait_adapter(room, state, timeout=30):
    """Waits by signal for Manager1.AdapterState."""
    watch = room.start(["gdbus", "monitor", "--system", "-d", BUS, "-o", MANAGER], name="watch")
    try:
        watch.wait_line("owned by", 20)
        if get(room, MANAGER, "Manager1", "AdapterState") != state:
            watch.wait_line(f"'AdapterState': <'{state}'>", timeout)
    finally:
        watch.kill()


def nobody_there(room, figures):
    told(figures, "connect of an unknown name", room.ctl("connect", "Nowhere"), 3, "Nowhere")
    told(figures, "info of an unknown address", room.ctl("info", "11:22:33:44:55:66"), 3)
    result = room.ctl("pair", "--timeout", "10")
    told(figures, "pair with nobody there", result, 3, "button")
    result = room.ctl("-t", "3", "pair")
    told(figures, "pair with nobody there and -t 3", result, 4)
    not_searching(room, figures, "after a timeout")
    result = room.ctl("frobnicate")
    figures.add("an unknown command", "exit 2", f"exit {result.code}", result.code == 2)
    works(figures, "scan with nobody there", room.ctl("scan", "--timeout", "5"))


def not_searching(room, figures, when):
    """Discovery is off and our adapter knows no half-made friend."""
    searching = room.run(["busctl", "get-property", "org.bluez", ADAPTER, "org.bluez.Adapter1",
                          "Discovering"]).out.strip()
    figures.add(f"discovery {when}", "b false", searching, searching == "b false")
    pairable = room.run(["busctl", "get-property", "org.bluez", ADAPTER, "org.bluez.Adapter1",
                         "Pairable"]).out.strip()
    figures.add(f"pairable {when}", "b false", pairable, pairable == "b false")
    bonds = room.run("cat /var/lib/bluetooth/00:AA:01:00:00:00/*/info 2>/dev/null | "
                     "grep -c LinkKey").out.strip()
    figures.add(f"bonds {when}", "0", bonds, bonds == "0")


def interrupted(room, figures):
    process = room.start(["echocastctl", "pair"], name="pair")
    process.wait_line(".")
    process.signal(INT)
    result = process.wait(20)
    figures.add("Ctrl-C in the middle of pair", "exit 1, says cancelled",
                f"exit {result.code}: {result.err.strip()}",
                result.code == 1 and "cancel" in (result.out + result.err).lower())
    not_searching(room, figures, "after Ctrl-C")
    state = get(room, MANAGER, "Manager1", "Pairing")
    figures.add("the daemon after Ctrl-C", "not pairing", state, state is False)


def killed(room, figures):
    process = room.start(["echocastctl", "pair"], name="pair")
    process.wait_line(".")
    process.kill()
    room.ctl("status", check=True)
    works(figures, "scan after the client of a pairing was killed",
          room.ctl("scan", "--timeout", "3"))
    not_searching(room, figures, "after the client was killed")


def a_phone(room, figures):
    phone = room.speaker(phone=True, name="Pocket Phone", seeded=False)
    told(figures, "pair of a phone", room.ctl("pair", phone.address), 1, "speaker")
    not_searching(room, figures, "after a phone")
    told(figures, "pair with only a phone in reach", room.ctl("pair", "--timeout", "10"), 3)
    phone.process.kill()


def a_speaker(room, figures):
    speaker = room.speaker(2)
    works(figures, "scan finds it", room.ctl("scan", "--timeout", "6"), speaker.name,
          speaker.address)
    pair(room)
    works(figures, "status", room.ctl("status"), speaker.name, "a2dp-source")
    works(figures, "list", room.ctl("list"), speaker.name, speaker.address)
    works(figures, "info by a name's beginning", room.ctl("info", "room"), speaker.address)
    works(figures, "test-tone", room.ctl("test-tone", "--ms", "500"))
    works(figures, "disconnect", room.ctl("disconnect"))
    works(figures, "connect by a name's beginning", room.ctl("connect", "room"))
    room.ctl("disconnect", check=True)
    speaker.off()
    told(figures, "connect while the speaker is off", room.ctl("connect", "room"), 1, "off")
    speaker.on()
    works(figures, "connect when it is on again", room.ctl("connect"))
    works(figures, "forget", room.ctl("forget", speaker.address))
    works(figures, "list after forget", room.ctl("list"))
    figures.add("saved after forget", "nobody", room.ctl("list").out.strip(),
                speaker.address not in room.ctl("list").out)
    not_searching(room, figures, "after forget")


def two_speakers(room, figures):
    room.speaker(2, name="Kitchen left")
    room.speaker(3, name="Kitchen right")
    result = room.ctl("pair", "--timeout", "15")
    told(figures, "pair with two in reach", result, 3, "Kitchen left", "Kitchen right")
    told(figures, "pair of an ambiguous beginning", room.ctl("pair", "Kitchen"), 3)
    not_searching(room, figures, "after an ambiguous pair")


def scenario(room, figures):
    room.run("systemctl --version >/dev/null; true")
    no_daemon(room, figures)
    room.daemon(CONFIG)
    no_bluetoothd(room, figures)
    room.bluetoothd()
    no_adapter(room, figures)
    room.btvirt(4)
    wait_adapter(room, "ready")
    nobody_there(room, figures)
    interrupted(room, figures)
    killed(room, figures)
    a_phone(room, figures)
    a_speaker(room, figures)
    room.reset(4)
    room.daemon(CONFIG)
    two_speakers(room, figures)


run(scenario)
