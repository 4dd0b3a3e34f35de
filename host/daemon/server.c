/* server.c -- see server.h. */
#include "daemon/server.h"

#include "api/api.h"
#include "daemon/again.h"
#include "daemon/host.h"
#include "daemon/loop.h"
#include "daemon/service.h"

#include <stdlib.h>
#include <string.h>

/* "127.0.0.1:8080", "[::1]:8080" */
static bool parse_listen(const char *text, char *host, size_t host_bytes, uint16_t *ret_port,
                         struct err *e)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    char *end;
    long port;

    if (len == 0 || len >= host_bytes)
        return err_set(e, ERR_INVALID, "listen: '%s' is not ADDRESS:PORT", text);
    port = strtol(colon + 1, &end, 10);
    if (colon[1] == '\0' || *end != '\0' || port < 0 || port > 65535)
        return err_set(e, ERR_INVALID, "listen: '%s' is not a port", colon + 1);
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    *ret_port = (uint16_t)port;
    return true;
}

bool server_start(struct host *host, struct err *e)
{
    char address[256];
    struct api_options options = {
        .loop = host->uv,
        .store = host->store,
        .reader = host->reader,
        .metrics = host->metrics,
        .task_times = host->task_times,
        .engine = service_engine(host),
        .auth = service_auth(host),
        .turn = loop_request,
        .turn_arg = host->loop,
        .listen_host = address,
        .admin_loopback = config_bool(host->config, CONFIG_ADMIN_LOOPBACK),
        .dev = config_bool(host->config, CONFIG_DEV),
        .connections_max = host->files.connections,
        .probe_connections = host->files.probes,
        .connections_peer_max = (uint32_t)config_int(host->config, CONFIG_HTTP_ADDRESS_MAX),
        .read_threads = (uint32_t)config_int(host->config, CONFIG_STORE_READERS),
        .head_timeout_s = (uint32_t)config_int(host->config, CONFIG_HTTP_HEAD_SECONDS),
        .body_timeout_s = (uint32_t)config_int(host->config, CONFIG_HTTP_BODY_SECONDS),
        .waiting_mib_max = (uint32_t)config_int(host->config, CONFIG_HTTP_WAITING_MAX_MIB),
    };

    if (!parse_listen(config_text(host->config, CONFIG_LISTEN), address, sizeof address,
                      &options.listen_port, e))
        return false;
    if (options.listen_port == 0)
        options.listen_port = host->again->port;
    return api_open(&options, &host->api, e);
}
