/* rig.c -- see rig.h. */
#include "rig.h"

#include "base/mem.h"
#include "model/words/scopes.h"

#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static const struct {
    const char *token, *id;
    uint32_t scopes;
} known[] = {
    {"reader", "01900000-0000-7000-8000-000000000001", SCOPE_READ},
    {"writer", "01900000-0000-7000-8000-000000000002", SCOPE_WRITE},
    {"operator", "01900000-0000-7000-8000-000000000003", SCOPE_ORCH_OPERATE},
    {"nobody", "01900000-0000-7000-8000-000000000004", 0},
};

static void decide(const struct rig *r, const char *token, api_verified_fn done, void *done_arg)
{
    struct err e;

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i].token, token) == 0) {
            done(done_arg,
                 &(struct api_claims){known[i].id, token, "t", known[i].scopes,
                                      time(NULL) + r->expires_in_s},
                 NULL);
            return;
        }
    }
    if (strcmp(token, "down") == 0)
        (void)err_set(&e, ERR_UNAVAILABLE, "the authority is away");
    else
        (void)err_set(&e, ERR_UNAUTHENTICATED, "the token's signature is wrong");
    done(done_arg, NULL, &e);
}

static void verify(void *arg, const char *token, size_t len, api_verified_fn done, void *done_arg)
{
    struct rig *r = arg;

    r->asked++;
    if (!r->late) {
        decide(r, token, done, done_arg);
        return;
    }
    ck_assert(r->waiting == NULL && len < sizeof r->waiting_token);
    memcpy(r->waiting_token, token, len + 1);
    r->waiting = done;
    r->waiting_arg = done_arg;
}

void rig_verdict(struct rig *r)
{
    api_verified_fn done = take(r->waiting);

    ck_assert(done != NULL);
    decide(r, r->waiting_token, done, r->waiting_arg);
}

void rig_open(struct rig *r)
{
    char path[64];
    struct store_options options = {.url = path};
    struct err e;

    *r = (struct rig){.folder = "/tmp/api_rig.XXXXXX", .expires_in_s = 600};
    ck_assert_ptr_nonnull(mkdtemp(r->folder));
    snprintf(path, sizeof path, "%s/store.db", r->folder);
    ck_assert_msg(store_open(&options, &r->store, &e), "%s", e.msg);
    ck_assert_msg(store_reader_open(r->store, &r->reader, &e), "%s", e.msg);
    r->metrics = metrics_new();
    r->auth = (struct api_auth){.arg = r, .verify = verify};
    r->tokens = tokens_new(&r->auth);
    r->tickets = verdicts_new();
}

void rig_close(struct rig *r)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock", ".count"};
    char path[64];

    verdicts_free(r->tickets);
    tokens_free(r->tokens);
    metrics_free(r->metrics);
    store_reader_free(r->reader);
    store_close(r->store);
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        snprintf(path, sizeof path, "%s/store.db%s", r->folder, suffixes[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(r->folder), 0);
}

static void on_committed(void *arg, const struct store_done *done)
{
    int64_t *first = arg;

    ck_assert_ptr_null(done->err);
    *first = done->first_event;
}

int64_t rig_commit(struct rig *r, struct store_batch *batch)
{
    struct pollfd ready = {.fd = store_poll_fd(r->store), .events = POLLIN};
    int64_t first = -1;
    struct err e;

    ck_assert_msg(store_submit_take(r->store, &batch, on_committed, &first, &e), "%s", e.msg);
    while (first < 0) {
        ck_assert_int_eq(poll(&ready, 1, 10000), 1);
        store_turn(r->store);
    }
    return first;
}

int64_t rig_event(struct rig *r, const char *tenant, const char *run_id)
{
    struct store_batch *batch = store_batch_new();

    store_batch_event_append(batch, &(struct store_event){.n = ++r->events,
                                                          .tenant = tenant,
                                                          .run_id = run_id,
                                                          .dag_id = "d",
                                                          .type = "run.updated",
                                                          .status = "running",
                                                          .trace_id = "0",
                                                          .at_us = 1,
                                                          .payload = "{}",
                                                          .prev_hash = zeros,
                                                          .hash = zeros});
    return rig_commit(r, batch);
}

void rig_header(struct http_head *head, enum http_header id, const char *text)
{
    free(head->header[id]);
    head->header[id] = mem_str(text);
}

struct http_head rig_head(enum http_method method, const char *path, const char *query,
                          const char *bearer)
{
    struct http_head head = {.method = method, .path = mem_str(path)};
    struct err e;

    rig_header(&head, HTTP_HEADER_TENANT, "t");
    if (query != NULL)
        ck_assert_msg(http_query_add(&head.query, query, strlen(query), &e), "%s", e.msg);
    if (bearer != NULL) {
        auto_mem char *text = mem_printf("Bearer %s", bearer);

        rig_header(&head, HTTP_HEADER_AUTHORIZATION, text);
    }
    return head;
}
