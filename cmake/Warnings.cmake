# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

add_compile_options(-Wall -Wextra -Wshadow -Wmissing-prototypes -Wswitch-enum -Werror
                    -Wno-unused-parameter)
