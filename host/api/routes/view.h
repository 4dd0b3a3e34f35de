/* view.h -- rows as the two families of clients see them: GreenLang's snake_case and StellaOps'
 * camelCase, of the same objects. Each appends one JSON value to the buffer, as a member when key
 * is not NULL. Contract: greenlang.md 6, stellaops.md 1. */
#ifndef ORCH_API_ROUTES_VIEW_H
#define ORCH_API_ROUTES_VIEW_H

#include "api/request/reply.h"
#include "base/buf.h"
#include "store/reader.h"

/* GreenLang's twelve workflow fields and hash, enabled. */
bool view_dag(struct buf *b, const char *key, const struct store_dag *row,
              struct err *e) must_check;
/* The same of a row that was read without its definition: nodes and metadata are null. */
void view_dag_head(struct buf *b, const char *key, const struct store_dag *row);
/* A version in a list. */
void view_dag_version(struct buf *b, const char *key, const struct store_dag *row);
void view_dag_version_members(struct buf *b, const struct store_dag *row);
/* A version with steps[], edges[], metadata and signature. */
bool view_dag_full(struct buf *b, const char *key, const struct store_dag *row,
                   struct err *e) must_check;

/* The members of a trace without node_traces, into an object that is open: those of a list, and
 * those that a row has which was read with its bodies. */
void view_execution_members(struct buf *b, const struct store_run *run);
void view_execution_bodies(struct buf *b, const struct store_run *run);
void view_node_trace(struct buf *b, const char *key, const struct store_node *node);

/* "running" also for what waits or is paused: StellaOps knows four words. */
const char *view_run_status(enum store_run_status status);
void view_run_members(struct buf *b, const struct store_run *run);
/* Of a run that has some; options: of its row. One of the whole run stands under "deadline". */
struct deadline_words {
    const char *nodes, *warn_at, *warned_at, *missed_at;
};
extern const struct deadline_words deadline_words_snake, deadline_words_camel;
void view_deadlines(struct buf *b, const char *options, const struct deadline_words *words);
/* statementState: none (it has not ended), waiting, refused, signed; and statementError. */
void view_statement_state(struct buf *b, const struct store_run *run);
void view_step_members(struct buf *b, const struct store_node *node);
void view_step(struct buf *b, const char *key, const struct store_node *node);

/* ---- what several handlers read ---- */

/* page_size (1 to 500) and page_token of the query. */
bool query_page(const struct api_request *req, struct store_page *ret, struct err *e) must_check;
/* RFC 3339 in the query; 0 when absent. */
bool query_time(const struct api_request *req, const char *name, int64_t *ret,
                struct err *e) must_check;
/* "true" or "false" in the query; as given when absent. */
bool query_bool(const struct api_request *req, const char *name, bool absent, bool *ret,
                struct err *e) must_check;
/* As query_page, also in the gateway's words: limit, continuationToken (contract/stellaops.md 0).
 */
bool query_gateway_page(const struct api_request *req, struct store_page *ret,
                        struct err *e) must_check;
void view_next_page(struct buf *b, const char *token);
/* Appends one row, as fn's arg says. */
typedef bool view_row_fn(struct buf *b, const void *row, void *arg, struct err *e);
/* {"items": [...], "next_page_token"?} of a page of rows. */
bool view_items(struct buf *b, const struct store_list *list, size_t row_bytes, view_row_fn *fn,
                void *arg, struct err *e) must_check;
#define VIEW_ITEMS(b, l, fn, arg, e) view_items(b, &(l)->list, sizeof *(l)->rows, fn, arg, e)

/* ---- beside the loop (request/made.h) ---- */

/* What a making reads with, and whose tenant it asks for. */
struct view_source {
    struct store_reader *reader;
    const char *tenant;
};

/* One page of a run's nodes, the callee's to take; false: these are enough. */
typedef bool nodes_fn(void *arg, struct store_node_list *nodes);
/* From page to page, until fn has enough. */
bool read_nodes_each(struct store_reader *reader, const struct store_node_filter *filter,
                     nodes_fn *fn, void *arg, struct err *e) must_check;

typedef void (*view_node_fn)(struct buf *b, const char *key, const struct store_node *node);
/* All nodes of a run as the member `key`: an array, or an object by node id with their outputs. */
bool view_nodes(const struct view_source *from, const char *run_id, const char *key, char open,
                view_node_fn each, struct buf *b, struct err *e) must_check;
/* 404 with the given text, and *ret_code. */
bool read_run(const struct view_source *from, const char *run_id, const char *missing,
              struct store_run_list *ret, const char **ret_code, struct err *e) must_check;
bool read_run_head(const struct view_source *from, const char *run_id, const char *missing,
                   struct store_run_list *ret, const char **ret_code, struct err *e) must_check;

#endif
