/* client.h -- the HTTP side of the CLI, over libcurl: http on any address that is given, https with
 * verification; never a proxy for loopback, never chunked, no Expect (USERS.md 3.1); requests carry
 * the tenant, the token and the traceparent of cli->set. One connection is kept for one command.
 *
 * A reply that is not 2xx becomes *e: the host's message, its code and, with --verbose, the trace
 * id. The code maps back from the HTTP status. */
#ifndef ORCH_CLI_CLIENT_H
#define ORCH_CLI_CLIENT_H

#include "base/buf.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/cli.h"

enum { CLIENT_LINE_BYTES_MAX = 8 * 1024 * 1024 };

struct client;
void client_free(struct client *client); /* accepts NULL */

/* The JSON of a file that a flag names, to be sent; what, as "inputs", says in an error what the
 * file is. */
bool client_read_json(const char *path, size_t bytes_max, const char *what, json_t **ret,
                      struct err *e) must_check;

/* Appends "/segment", percent-encoded. */
void client_path_add(struct buf *path, const char *segment);
/* Appends "?key=value" or "&key=value", percent-encoded; nothing when value is NULL. */
void client_query_add(struct buf *path, const char *key, const char *value);
/* page_size and page_token of the settings. */
void client_query_page(const struct cli *cli, struct buf *path);

/* path is below /api/v1/orchestrator when it does not begin with "!/" ("!/healthz" is the root).
 * body may be NULL (an empty body). *ret is owned; NULL when the reply has no body. */
bool client_get(struct cli *cli, const char *path, json_t **ret, struct err *e) must_check;
bool client_send(struct cli *cli, const char *method, const char *path, const json_t *body,
                 json_t **ret, struct err *e) must_check;
/* The reply's bytes as they are, whatever their type. */
bool client_get_bytes(struct cli *cli, const char *path, struct buf *ret, struct err *e) must_check;

/* Prints a reply that is one page of a list: its rows are the member `rows`, and the person is told
 * how to get the next page. */
struct out_column;
void client_show_page(struct cli *cli, const struct out_column *columns, const char *rows,
                      const json_t *reply);

/* Called for each complete line of a stream, without its line break. Return false to stop. */
typedef bool client_line_fn(void *arg, const char *line, size_t len);
/* Reads an NDJSON reply until it ends (true), on_line stops it (true) or the connection is lost
 * (false, ERR_UNAVAILABLE). idle_ms: silence that counts as a lost connection. */
bool client_stream(struct cli *cli, const char *path, int64_t idle_ms, client_line_fn *on_line,
                   void *arg, struct err *e) must_check;

#endif
