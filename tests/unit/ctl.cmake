# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

echocast_unit_test(text ctl)
echocast_unit_test(catalogue ctl)

# The real program against a scripted daemon on a private bus.
echocast_unit_test(ctl ctl base dbus-echocast PkgConfig::JSON util)
target_sources(test-ctl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/child.c
               ${CMAKE_CURRENT_LIST_DIR}/fake-daemon.c)
target_compile_definitions(test-ctl PRIVATE
  CTL_BINARY="$<TARGET_FILE:echocastctl>"
  CTL_COMPLETION="${CMAKE_CURRENT_LIST_DIR}/../../src/ctl/echocastctl.bash")
add_dependencies(test-ctl echocastctl)
