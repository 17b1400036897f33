/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Fd: a file descriptor that closes itself at the end of its scope. */
#pragma once

#include <unistd.h>

typedef int Fd;

static inline int fd_steal(Fd *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}

static inline void fd_clear(Fd *fd)
{
    if (*fd >= 0)
        close(fd_steal(fd));
}

#define fd_auto __attribute__((cleanup(fd_clear))) Fd
