# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

if(ECHOCAST_SANITIZE)
  add_compile_options(-fsanitize=${ECHOCAST_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ECHOCAST_SANITIZE})
  if(ECHOCAST_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
if(ECHOCAST_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
