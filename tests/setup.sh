# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
#
# What tests/run and tests/demo have in common: installing packages, building, staging. Sourced by
# bash; expects $top (the repository) and $log (a directory for what the tools say).

say() { printf '[%3d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }
complain() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# quietly NAME COMMAND…: the command's output goes to a file; its end is shown if it fails.
quietly() {
    local name=$1 status=0
    shift
    "$@" > "$log/$name.log" 2>&1 < /dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        complain "$name failed; the end of $log/$name.log:"
        tail -n 30 "$log/$name.log" | sed 's/^/    /' >&2
    fi
    return "$status"
}

# What runs in the room keeps time: where we may, it goes before everything else on this machine.
first() {
    if [ "$(id -u)" -eq 0 ]; then nice -n -10 "$@"; else "$@"; fi
}

# Prints the packages named in the files that are not installed, on one line.
missing_packages() {
    local package
    cat "$@" | sort -u | while read -r package; do
        case $package in '' | '#'*) continue ;; esac
        dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null | grep -qx installed ||
            printf '%s ' "$package"
    done
}

# install_packages FILE…: by apt, as root or with sudo, and only what is missing. Nothing that comes
# along may start a service on this machine: policy-rc.d is the distribution's own switch for that.
install_packages() {
    local missing=() root=() policy=/usr/sbin/policy-rc.d status=0
    read -r -a missing <<< "$(missing_packages "$@")"
    if [ ${#missing[@]} -eq 0 ]; then
        say "all packages needed are installed"
        return 0
    fi
    say "missing, will be installed by apt: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo > /dev/null; then
            complain "needs root or sudo for: apt-get install ${missing[*]}"
            return 1
        fi
        root=(sudo)
    fi
    quietly apt-update "${root[@]}" apt-get update ||
        say "apt-get update failed; trying with the lists there are"
    if [ -e "$policy" ]; then
        policy=
    else
        # However this ends, the machine must be able to start services again.
        trap '"${root[@]}" rm -f "$policy"; exit 130' INT TERM HUP
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" > /dev/null
        "${root[@]}" chmod 755 "$policy"
    fi
    quietly apt-install "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y \
        --no-install-recommends -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 "${missing[@]}" || status=$?
    [ -z "$policy" ] || "${root[@]}" rm -f "$policy"
    trap - INT TERM HUP
    return "$status"
}

# build PRESET [TARGET…]. Directories are those of a distribution's package, since the release build
# is tested as it would be installed.
build() {
    local preset=$1 targets=()
    shift
    [ $# -eq 0 ] || targets=(--target "$@")
    say "building $preset"
    (cd "$top" && quietly "configure-$preset" cmake --preset "$preset" \
        -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_SYSCONFDIR=/etc &&
        quietly "build-$preset" cmake --build --preset "$preset" "${targets[@]}")
}

# The release build as it would lie on a board, in build/stage: the room's guest gets this tree.
stage() {
    say "installing the release build into build/stage"
    rm -rf "$top/build/stage"
    quietly stage env DESTDIR="$top/build/stage" cmake --install "$top/build/release"
}

# The room's kernel and its tools.
open_room() {
    say "getting the room's kernel (downloaded once, unpacked, never installed)"
    quietly room-fetch "$top/tests/room/fetch" || return 1
    say "building the room's tools"
    quietly room-tools-configure cmake -S "$top/tests/room" -B "$top/build/room-tools" -G Ninja \
        -DCMAKE_BUILD_TYPE=Release &&
        quietly room-tools cmake --build "$top/build/room-tools"
}
