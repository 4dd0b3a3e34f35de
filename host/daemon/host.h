/* host.h -- the parts of orchd and who owns what. One loop thread, and beside it those that
 * docs/ARCHITECTURE.md lists; no key is in this process, no plugin is ever loaded in it.
 *
 * Start order (main.c): settings, sandbox (forks, so before everything else), store while the
 * supervisor probes, the supervisor's report, authority's socket, plugins, server, recovery. The
 * server has its port before a run is touched, so that a start which is refused is none of the
 * runs' business; it is turned only when the runs that a crash left are back, so nobody is answered
 * before. How it is stopped: stop.h. */
#ifndef ORCH_DAEMON_HOST_H
#define ORCH_DAEMON_HOST_H

#include "api/api.h"
#include "authority/client/client.h"
#include "base/err.h"
#include "config/config.h"
#include "config/descriptors.h"
#include "daemon/ending.h"
#include "daemon/pulse.h"
#include "engine/env/env.h"
#include "observe/metrics.h"
#include "sandbox/client/client.h"
#include "store/store.h"

#include <uv.h>

struct again;
struct agents;
struct beside;
struct bridge_client;
struct engine;
struct loop;
struct revocations;

struct host {
    const struct config *config;
    const char *home;
    uv_loop_t *uv;
    struct loop *loop;
    struct sandbox *sandbox;
    struct authority_client *authority;
    struct bridge_client *bridge; /* NULL: there is nothing it would speak to */
    struct store *store;
    struct store_reader *reader;
    struct beside *beside;
    struct metrics *metrics;
    struct task_times *task_times;
    struct agents *agents;
    struct revocations *revocations; /* of other hosts */
    struct engine_env env;           /* what the engine is given: the parts above */
    struct engine *engine;
    struct api *api;
    json_t *lanes;                  /* of the file that the settings name; NULL: none */
    struct descriptors_share files; /* what runs and connections may have */
    char box_key[64];               /* base64 of the authority's box key; "" until known */
    char builder_id[160];           /* names the host's signing key in statements */
    struct ending ending;
    struct pulse pulse;
    struct err fatal;    /* code != ERR_NONE: why the host must end */
    bool fenced;         /* another one has followed it, and it begins again */
    struct again *again; /* what one life leaves to the next */
};

/* Remembers the first reason and stops the loop after this turn. */
void host_fail(struct host *host, const struct err *why);

#endif
