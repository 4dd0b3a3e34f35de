/* routes.h -- the table of all routes: for the server, the documents and the tests. Constant. */
#ifndef ORCH_API_ROUTES_ROUTES_H
#define ORCH_API_ROUTES_ROUTES_H

#include "api/http/router.h"

extern const struct route_table api_routes;

#endif
