/* server.h -- the api's own state, shared by the files of this folder and by nobody else. */
#ifndef ORCH_API_HTTP_SERVER_H
#define ORCH_API_HTTP_SERVER_H

#include "api/api.h"
#include "api/auth/tokens.h"
#include "api/auth/verdicts.h"
#include "api/http/rate.h"
#include "api/http/router.h"
#include "api/request/request.h"
#include "api/stream/server.h"
#include "observe/metrics.h"
#include "store/reader.h"

#include <sys/queue.h>

LIST_HEAD(request_list, api_request);

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
    struct stream_server *stream;
    struct request_list requests;
    bool draining;
    struct net *net;
    struct ticker *ticker;
};

extern const struct route_table api_routes;

#endif
