/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* echocastctl: parse -> open -> run -> say how it ended. */

#include "ctl/command.h"
#include "ctl/failure.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static const Command *const commands[] = {
    &command_status,  &command_list,       &command_scan, &command_pair,   &command_cancel,
    &command_connect, &command_disconnect, &command_info, &command_forget, &command_test_tone,
    &command_monitor, &command_names,      NULL,
};

static int fail(const Options *options, const GError *error)
{
    g_auto(Failure) failure = {0};
    failure_init(&failure, error);
    if (options->verbose)
        fprintf(stderr, "echocastctl: error as it came: %s\n", error->message);
    return failure_print(&failure, options->json);
}

static int print_help(const Options *options)
{
    g_autofree char *page = options_help(commands, options->command);
    fputs(page, stdout);
    return EXIT_SUCCESS;
}

static int run(const Command *command, const Options *options)
{
    g_autoptr(Client) client = client_new();
    g_autoptr(GError) error = NULL;
    if (command->limit_s > 0)
        client_limit(client, options->timeout_s > 0 ? options->timeout_s : command->limit_s);
    if (!client_open(client, &error) || !command->run(client, options, &error))
        return fail(options, error);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    g_auto(Options) options = {0};
    g_autoptr(GError) error = NULL;
    setlocale(LC_ALL, "");
    if (!options_parse(&options, commands, (const char *const *)argv, &error))
        return fail(&options, error);
    if (options.help)
        return print_help(&options);
    if (options.version) {
        puts("echocastctl " ECHOCAST_VERSION);
        return EXIT_SUCCESS;
    }
    return run(options.command ? options.command : &command_status, &options);
}
