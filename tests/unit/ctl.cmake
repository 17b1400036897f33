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

# The manual says what the program, the error table and the shipped configuration say.
echocast_unit_test(manual ctl base util)
target_sources(test-manual PRIVATE ${CMAKE_CURRENT_LIST_DIR}/child.c)
target_compile_definitions(test-manual PRIVATE
  CTL_BINARY="$<TARGET_FILE:echocastctl>"
  SOURCE_TREE="${CMAKE_CURRENT_LIST_DIR}/../..")
add_dependencies(test-manual echocastctl)
