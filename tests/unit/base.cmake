# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

echocast_unit_test(address base)
echocast_unit_test(error base)

find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(check_arrows ${CMAKE_CURRENT_LIST_DIR}/../check-arrows)
add_test(NAME unit.arrows COMMAND Python3::Interpreter ${check_arrows})
add_test(NAME unit.arrows-self-test COMMAND Python3::Interpreter ${check_arrows} --self-test)
set_tests_properties(unit.arrows unit.arrows-self-test PROPERTIES LABELS unit TIMEOUT 60)
