# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

# echocast_dbus(TARGET PREFIX NAMESPACE XML...): C by gdbus-codegen from interface descriptions, as a
# static library. The generated code is not ours: it is compiled without our warnings.
find_program(GDBUS_CODEGEN gdbus-codegen REQUIRED)

function(echocast_dbus target prefix namespace)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${target})
  add_custom_command(
    OUTPUT ${out}.c ${out}.h
    COMMAND ${GDBUS_CODEGEN} --interface-prefix ${prefix} --c-namespace ${namespace}
            --generate-c-code ${target} --c-generate-object-manager --c-generate-autocleanup all
            --output-directory ${CMAKE_CURRENT_BINARY_DIR} ${ARGN}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    DEPENDS ${ARGN}
    COMMENT "gdbus-codegen ${target}"
    VERBATIM)
  add_library(${target} STATIC ${out}.c ${out}.h)
  target_include_directories(${target} SYSTEM PUBLIC ${CMAKE_CURRENT_BINARY_DIR})
  target_compile_options(${target} PRIVATE -w)
  target_link_libraries(${target} PUBLIC PkgConfig::GIO)
endfunction()
