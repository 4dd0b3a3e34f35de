/* main.c -- `orch-authority`: holds the keys, answers on one socket, knows no network.
 *
 *     orch-authority --home DIR --socket-fd N [--create-root] [--log-level LEVEL]
 *                    [--log-format json|text]
 *
 * Ends with 0 when the peer closes the socket, by no signal but SIGKILL, with 1 when it cannot
 * start or the peer breaks the protocol (protocol.h). --create-root makes the root key when there
 * is none; without it a missing root key is an error, because making a new one would orphan every
 * sealed secret. */
#include "authority/server/confine.h"
#include "authority/server/server.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signals.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *home;
    int socket_fd;
    bool create_root;
    enum log_level log_least;
    bool log_json;
};

static bool parse_fd(const char *text, int *ret)
{
    char *end;
    long fd = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || fd < 3 || fd > 1023)
        return false;
    *ret = (int)fd;
    return true;
}

static bool parse_options(int argc, char **argv, struct options *ret)
{
    static const struct option known[] = {
        {"home", required_argument, NULL, 'h'},       {"socket-fd", required_argument, NULL, 's'},
        {"create-root", no_argument, NULL, 'c'},      {"log-level", required_argument, NULL, 'l'},
        {"log-format", required_argument, NULL, 'm'}, {0},
    };
    bool ok = true;
    int option;

    while (ok && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'h')
            ret->home = optarg;
        else if (option == 'c')
            ret->create_root = true;
        else if (option == 'm')
            ret->log_json = strcmp(optarg, "json") == 0;
        else if (option == 'l')
            ok = log_level_parse(optarg, &ret->log_least);
        else
            ok = option == 's' && parse_fd(optarg, &ret->socket_fd);
    }
    return ok && optind == argc && ret->home != NULL && ret->socket_fd > 0;
}

static bool create_root(const char *home, struct err *e)
{
    struct err why = {0};

    if (keyring_create(home, &why)) {
        log_event(LOG_WARN, "authority.root_created", F_STR("home", home));
        return true;
    }
    if (why.code == ERR_CONFLICT)
        return true;
    *e = why;
    return false;
}

static void log_ready(const struct server *s, const struct confinement *got)
{
    const struct key_public *host = key_secret_public(keyring_key(s->keyring, KEYRING_HOST));
    struct fingerprint id = key_fingerprint(host);
    bool weak = !got->seccomp || got->landlock_abi == 0 || !got->memory_locked;

    log_event(weak ? LOG_WARN : LOG_INFO, "authority.ready", F_STR("host_key", id.text),
              F_INT("trusted_keys", trust_count(s->trust)),
              F_INT("revoked_tokens", revoked_count(s->revoked)), F_INT("seccomp", got->seccomp),
              F_INT("landlock_abi", got->landlock_abi), F_INT("memory_locked", got->memory_locked));
}

static bool run(const struct options *options, struct err *e)
{
    auto_mem char *state_dir = mem_printf("%s/authority", options->home);
    auto_obj(server) server = NULL;
    struct confinement got;

    if (!confine_early(options->socket_fd, e))
        return err_wrap(e, "confine");
    if (options->create_root && !create_root(options->home, e))
        return err_wrap(e, "create the root key");
    if (!server_open(options->home, &server, e))
        return false;
    if (!confine_late((const char *const[]){server->trust_dir, state_dir, NULL}, &got, e))
        return err_wrap(e, "confine");
    log_ready(server, &got);
    return server_run(server, options->socket_fd, e);
}

int main(int argc, char **argv)
{
    struct options options = {.log_least = LOG_INFO, .log_json = !isatty(STDERR_FILENO)};
    struct err e = {0};

    if (!parse_options(argc, argv, &options)) {
        fprintf(stderr, "usage: orch-authority --home DIR --socket-fd N [--create-root]\n");
        return 1;
    }
    log_setup("authority", options.log_least, options.log_json);
    log_own_output();
    signals_pass_over(); /* the host's to answer: what it commits last is still to be signed */
    json_setup();
    if (!run(&options, &e)) {
        log_event(LOG_ERROR, "authority.ended", F_ERR(&e));
        return 1;
    }
    return 0;
}
