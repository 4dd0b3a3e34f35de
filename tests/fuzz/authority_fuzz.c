/* authority_fuzz.c -- bytes as requests: the first says which, the rest is its body. Whatever they
 * are there is one whole reply, and it is an error or has the fields of its kind. The state is one
 * server in a temporary folder. */
#include "authority/client/wire.h"
#include "authority/server/server.h"
#include "base/log.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct server *server;
static char home[] = "/tmp/orch-authority-fuzz-XXXXXX";

static void remove_home(void)
{
    char command[sizeof home + 16];

    server_free(server);
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    if (system(command) != 0)
        fprintf(stderr, "cannot remove %s\n", home);
}

static void open_server(void)
{
    struct err e = {0};
    bool opened;

    log_setup("fuzz", LOG_LEVEL_COUNT, false); /* no line is that high */
    opened = mkdtemp(home) != NULL && keyring_create(home, &e) && server_open(home, &server, &e);
    assert(opened);
    atexit(remove_home);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_done(message) message = {.fd = -1};
    auto_done(buf) reply = {0};
    struct authority_result result = {0};
    struct unpack u;
    uint32_t code;
    bool whole;

    if (server == NULL)
        open_server();
    if (len == 0)
        return 0;
    message.type = MESSAGE_INVALID + 1 + bytes[0] % (MESSAGE_COUNT - 1);
    message.body = bytes + 1;
    message.body_bytes = len - 1;
    if (message.body_bytes > message_bytes_max(message.type))
        return 0; /* authority_recv lets none through */
    if (!server_handle(server, &message, &reply))
        assert(!"without a pipe no reply comes later");
    u = unpack_of(reply.data, reply.len);
    code = unpack_u32(&u);
    assert(code < ERR_CODE_COUNT);
    whole = code != ERR_NONE || client_read(message.type, &u, &result, NULL);
    assert(whole);
    return 0;
}
