/* main.c -- `orch-bridge`: what the host itself says to the network, and nothing else.
 *
 *     orch-bridge --socket-fd N [--log-level LEVEL] [--log-format json|text]
 *
 * Ends with 0 when the host closes the socket, by no signal but SIGKILL, with 1 when it cannot
 * start or the host breaks the protocol (wire/protocol.h). It has no key, no store and no plugin.
 */
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signals.h"
#include "bridge/server/confine.h"
#include "bridge/server/server.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    int socket_fd;
    enum log_level log_least;
    bool log_json;
};

static bool parse_options(int argc, char **argv, struct options *ret)
{
    static const struct option known[] = {
        {"socket-fd", required_argument, NULL, 's'},
        {"log-level", required_argument, NULL, 'l'},
        {"log-format", required_argument, NULL, 'm'},
        {0},
    };
    bool ok = true;
    int option;

    while (ok && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 's')
            ret->socket_fd = atoi(optarg);
        else if (option == 'm')
            ret->log_json = strcmp(optarg, "json") == 0;
        else
            ok = option == 'l' && log_level_parse(optarg, &ret->log_least);
    }
    return ok && optind == argc && ret->socket_fd > STDERR_FILENO;
}

static bool run(int socket_fd, struct err *e)
{
    struct bridge_confinement got;

    if (!bridge_confine(socket_fd, &got, e))
        return err_wrap(e, "confine");
    log_event(got.seccomp && got.landlock_abi > 0 ? LOG_INFO : LOG_WARN, "bridge.ready",
              F_INT("seccomp", got.seccomp), F_INT("landlock_abi", got.landlock_abi),
              F_INT("uid", got.uid));
    return bridge_run(socket_fd, e);
}

int main(int argc, char **argv)
{
    struct options options = {.log_least = LOG_INFO, .log_json = !isatty(STDERR_FILENO)};
    struct err e = {0};

    if (!parse_options(argc, argv, &options)) {
        fprintf(stderr, "usage: orch-bridge --socket-fd N\n");
        return 1;
    }
    json_setup();
    log_setup("bridge", options.log_least, options.log_json);
    log_own_output();
    signals_pass_over(); /* the host's to answer: it says last what became of its work */
    if (!run(options.socket_fd, &e)) {
        log_event(LOG_ERROR, "bridge.failed", F_ERR(&e));
        return 1;
    }
    return 0;
}
