# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

echocast_unit_test(wish service)
echocast_unit_test(notify service)
target_compile_definitions(test-notify PRIVATE G_LOG_DOMAIN="service")
echocast_unit_test(config service)
target_compile_definitions(test-config PRIVATE
                           SHIPPED_CONFIG="${CMAKE_CURRENT_LIST_DIR}/../../conf/echocast.conf")
echocast_unit_test(record-file service)
echocast_unit_test(store service)
echocast_unit_test(service service)
# The same on a bus with the policy as shipped, and clients that are not root.
echocast_unit_test(access service)
target_compile_definitions(test-access PRIVATE
                           SHIPPED_POLICY="${CMAKE_CURRENT_LIST_DIR}/../../conf/org.echocast.conf")

# The pages in docs/ say what the XML and the shipped configuration say.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_test(NAME unit.pages COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/check-pages
                                 ${CMAKE_CURRENT_LIST_DIR}/../..)
set_tests_properties(unit.pages PROPERTIES LABELS unit)

# What other programs read of ours, they are asked about: systemd, sysusers, the bus, ALSA.
add_test(NAME unit.installed COMMAND ${CMAKE_CURRENT_LIST_DIR}/check-installed ${CMAKE_BINARY_DIR})
set_tests_properties(unit.installed PROPERTIES LABELS unit SKIP_RETURN_CODE 77)
