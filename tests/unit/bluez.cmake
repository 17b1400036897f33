# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

echocast_unit_test(errors bluez)

# The fake's adapters and agents have the names of ours: the test sees only its fake_* and private_bus_*.
set(fake_alone ${CMAKE_CURRENT_BINARY_DIR}/fake-bluez-alone.o)
add_custom_command(
  OUTPUT ${fake_alone}
  COMMAND ${CMAKE_LINKER} -r --whole-archive $<TARGET_FILE:fake-bluez> -o ${fake_alone}
  COMMAND ${CMAKE_OBJCOPY} --wildcard --keep-global-symbol=fake_* --keep-global-symbol=private_bus_*
          ${fake_alone}
  DEPENDS fake-bluez
  VERBATIM)
# It brings a probe of its own, since there is no kernel's L2CAP behind the fake.
echocast_unit_test(bluez bluez dbus-bluez)
target_sources(test-bluez PRIVATE ${fake_alone})
target_include_directories(test-bluez PRIVATE ${PROJECT_SOURCE_DIR}/tests/mock)
