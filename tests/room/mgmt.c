/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * Numbers and layouts are those of BlueZ's doc/mgmt-api.txt; everything is little endian.
 */
#include "mgmt.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <glib-unix.h>
#include <linux/filter.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_INDEX_LIST = 0x0003,
    SET_CONNECTABLE = 0x0007,
    SET_DEV_CLASS = 0x000e,
    DISCONNECT = 0x0014,
    SET_IO_CAPABILITY = 0x0018,
    REMOVE_DEVICE = 0x0034,
    COMMAND_COMPLETE = 0x0001,
    COMMAND_STATUS = 0x0002,
    MONITOR_CONTROL_COMMAND = 16,
    MONITOR_CONTROL_EVENT = 17,
};

typedef struct __attribute__((packed)) {
    uint16_t code;
    uint16_t index;
    uint16_t length;
} Header;

typedef struct __attribute__((packed)) {
    Header header;
    uint16_t opcode;
    uint8_t status;
    uint8_t data[256];
} Answer;

/* What the monitor channel says of a command or an event on somebody's control socket. */
typedef struct __attribute__((packed)) {
    Header header;
    uint32_t cookie;
    uint16_t code;   /* the command's or the event's */
    uint16_t opcode; /* of a completed command; a command's own data begins here */
} Monitored;

typedef struct {
    uint16_t index;
    uint8_t capability;
    bool foreign; /* somebody else is setting another one just now */
} Guard;

static int channel_open(uint16_t channel)
{
    struct sockaddr_hci address = {
        .hci_family = AF_BLUETOOTH, .hci_dev = HCI_DEV_NONE, .hci_channel = channel};
    int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool answer_read(int fd, uint16_t opcode, Answer *answer)
{
    for (;;) {
        ssize_t got = read(fd, answer, sizeof(*answer));
        uint16_t code;

        if (got < (ssize_t)sizeof(Header))
            return false;
        code = le16toh(answer->header.code);
        if ((code == COMMAND_COMPLETE || code == COMMAND_STATUS) &&
            le16toh(answer->opcode) == opcode)
            return true;
    }
}

static bool call(uint16_t index, uint16_t opcode, const void *data, size_t length, Answer *answer)
{
    uint8_t packet[64];
    Header header = {htole16(opcode), htole16(index), htole16(length)};
    int fd = channel_open(HCI_CHANNEL_CONTROL);
    bool done;

    if (fd < 0)
        return false;
    memcpy(packet, &header, sizeof(header));
    memcpy(packet + sizeof(header), data, length);
    done = write(fd, packet, sizeof(header) + length) > 0 && answer_read(fd, opcode, answer);
    close(fd);
    return done && answer->status == 0;
}

int mgmt_count(void)
{
    Answer answer;
    uint16_t count;

    if (!call(HCI_DEV_NONE, READ_INDEX_LIST, "", 0, &answer))
        return -1;
    memcpy(&count, answer.data, sizeof(count));
    return le16toh(count);
}

int mgmt_watch(void)
{
    return channel_open(HCI_CHANNEL_CONTROL);
}

bool mgmt_set_class(uint16_t index, uint8_t major, uint8_t minor)
{
    uint8_t data[] = {major, minor};
    Answer answer;

    return call(index, SET_DEV_CLASS, data, sizeof(data), &answer);
}

bool mgmt_set_connectable(uint16_t index, bool on)
{
    static const uint8_t all_devices[7] = {0};
    uint8_t data = on;
    Answer answer;

    /* The kernel goes on answering the pages of those that bluetoothd has put on its list. */
    if (!on && !call(index, REMOVE_DEVICE, all_devices, sizeof(all_devices), &answer))
        return false;
    return call(index, SET_CONNECTABLE, &data, sizeof(data), &answer);
}

bool mgmt_set_io_capability(uint16_t index, uint8_t capability)
{
    Answer answer;

    return call(index, SET_IO_CAPABILITY, &capability, sizeof(capability), &answer);
}

bool mgmt_disconnect(uint16_t index, const char *address)
{
    struct __attribute__((packed)) {
        bdaddr_t address;
        uint8_t type;
    } data = {.type = 0};
    Answer answer;

    str2ba(address, &data.address);
    return call(index, DISCONNECT, &data, sizeof(data), &answer);
}

/* Else every audio packet in the room would wake us. */
static bool keep_control_only(int fd)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), /* low byte of the little-endian opcode */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MONITOR_CONTROL_COMMAND, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MONITOR_CONTROL_EVENT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0xffff),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog program = {G_N_ELEMENTS(code), code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

static gboolean guard_readable(int fd, GIOCondition condition, gpointer data)
{
    Guard *guard = data;
    union {
        Monitored record;
        uint8_t bytes[512];
    } got = {0};
    uint16_t kind, code;

    if (read(fd, &got, sizeof(got)) < (ssize_t)sizeof(Monitored) - 1)
        return G_SOURCE_CONTINUE;
    kind = le16toh(got.record.header.code);
    code = le16toh(got.record.code);
    if (le16toh(got.record.header.index) != guard->index)
        return G_SOURCE_CONTINUE;
    if (kind == MONITOR_CONTROL_COMMAND && code == SET_IO_CAPABILITY)
        guard->foreign = (got.record.opcode & htole16(0xff)) != htole16(guard->capability);
    /* Only when the kernel has carried theirs out, so that ours is the last. */
    if (kind == MONITOR_CONTROL_EVENT && code == COMMAND_COMPLETE && guard->foreign &&
        le16toh(got.record.opcode) == SET_IO_CAPABILITY) {
        guard->foreign = false;
        mgmt_set_io_capability(guard->index, guard->capability);
    }
    return G_SOURCE_CONTINUE;
}

bool mgmt_guard_io_capability(uint16_t index, uint8_t capability)
{
    int fd = channel_open(HCI_CHANNEL_MONITOR);
    Guard *guard;

    if (fd < 0 || !keep_control_only(fd))
        return false;
    guard = g_new0(Guard, 1);
    guard->index = index;
    guard->capability = capability;
    g_unix_fd_add_full(G_PRIORITY_HIGH, fd, G_IO_IN, guard_readable, guard, g_free);
    return mgmt_set_io_capability(index, capability);
}
