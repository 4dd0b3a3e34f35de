/* server.h -- the api's own state, shared by the files of this folder and by nobody else. */
#ifndef ORCH_API_HTTP_SERVER_H
#define ORCH_API_HTTP_SERVER_H

#include "api/api.h"
#include "api/auth/tokens.h"
#include "api/auth/verdicts.h"
#include "api/http/rate.h"
#include "api/http/router.h"
#include "api/request/request.h"
#include "api/stream/client.h"
#include "api/stream/ring.h"
#include "observe/metrics.h"
#include "store/reader.h"

#include <sys/queue.h>

#define API_BASE "/api/v1/orchestrator"

LIST_HEAD(request_list, api_request);
LIST_HEAD(client_list, stream_client);

struct net;
struct ticker;

struct api {
    struct api_options opt;
    char *listen_host;
    const struct api_engine *engine;
    struct store_reader *reader;
    struct metrics *metrics;
    struct rate *rate;
    struct tokens *tokens;
    struct idempotency *idempotency;
    struct verdicts *tickets; /* one-time, for browsers */
    struct stream *stream;
    struct request_list requests;
    struct client_list clients;
    uint32_t client_count;
    bool draining;
    struct net *net;
    struct ticker *ticker;
};

extern const struct route_table api_routes;

#endif
