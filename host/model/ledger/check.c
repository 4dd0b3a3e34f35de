/* check.c -- see check.h. */
#include "model/ledger/check.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/ledger/event.h"
#include "model/ledger/export.h"

#include <string.h>
#include <uthash.h>

enum { RUN_ID_BYTES_MAX = 64 };

struct run_chain {
    struct event_chain chain;
    UT_hash_handle hh;
    char run_id[];
};

enum check_state { AT_FIRST, AT_EVENTS, AT_END };

struct ledger_check {
    ledger_open_fn *open;
    ledger_tree_fn *pass; /* NULL: nobody looks */
    void *open_arg;
    enum check_state state;
    uint64_t lines;
    uint64_t events;
    uint64_t entries;              /* of these, of no run */
    uint64_t since;                /* leaves of the tree before the first event */
    struct ledger_head since_head; /* with since > 0 */
    char tenant[TENANT_BYTES_MAX + 1];
    struct merkle tree;
    struct run_chain *runs;
    struct sha256_stream *sha; /* of the lines before the last */
    struct ledger_head head;
};

struct ledger_check *ledger_check_new(ledger_open_fn *open, void *arg)
{
    struct ledger_check *c = mem_new(struct ledger_check);

    c->open = open;
    c->open_arg = arg;
    c->sha = sha256_stream_new();
    return c;
}

void ledger_check_trees(struct ledger_check *c, ledger_tree_fn *pass)
{
    c->pass = pass;
}

void ledger_check_free(struct ledger_check *c)
{
    uint8_t unused[SHA256_BYTES];
    struct run_chain *run, *next;

    if (c == NULL)
        return;
    HASH_ITER(hh, c->runs, run, next)
    {
        HASH_DEL(c->runs, run);
        free(run);
    }
    if (c->sha != NULL)
        sha256_stream_end(c->sha, unused);
    free(c);
}

static bool text_of(const json_t *line, const char *key, const char **ret, struct err *e)
{
    *ret = json_string_value(json_object_get(line, key));
    return *ret != NULL || err_set(e, ERR_CORRUPT, "'%s' is missing or not a text", key);
}

static bool has_members(const json_t *line, size_t count, const char *what, struct err *e)
{
    return json_object_size(line) == count ||
           err_set(e, ERR_CORRUPT, "%s has %zu members, this has %zu", what, count,
                   json_object_size(line));
}

/* ---- the first line ---- */

static bool open_since(struct ledger_check *c, const json_t *envelope, struct err *e)
{
    struct ledger_head head;

    if (json_is_null(envelope))
        return true;
    if (!c->open(c->open_arg, envelope, &head, e))
        return err_wrap(e, "since");
    if (strcmp(head.tenant, c->tenant) != 0)
        return err_set(e, ERR_CORRUPT, "since is a head of tenant '%s', the export is of '%s'",
                       head.tenant, c->tenant);
    c->tree = head.tree;
    c->since = head.tree.leaves;
    c->since_head = head;
    return c->pass == NULL || c->pass(c->open_arg, c->tenant, &c->tree, e);
}

static bool check_first(struct ledger_check *c, const json_t *line, struct err *e)
{
    const char *format, *tenant;

    if (!has_members(line, 3, "an export's first line", e) ||
        !text_of(line, "export", &format, e) || !text_of(line, "tenant", &tenant, e))
        return false;
    if (strcmp(format, LEDGER_EXPORT_FORMAT) != 0)
        return err_set(e, ERR_CORRUPT, "the format is '%s', not " LEDGER_EXPORT_FORMAT, format);
    if (*tenant == '\0' || !text_copy(c->tenant, sizeof c->tenant, tenant))
        return err_set(e, ERR_CORRUPT, "tenant is empty or too long");
    c->state = AT_EVENTS;
    return open_since(c, json_object_get(line, "since"), e);
}

/* ---- an event ---- */

/* A run's first event in an export that begins behind a head may be any of its chain. */
static void chain_begin(const struct ledger_check *c, struct event_chain *chain, uint64_t n,
                        const char *prev)
{
    event_chain_begin(chain);
    if (c->since == 0 || n <= 1 || !text_is_sha256(prev))
        return;
    chain->n = n - 1;
    memcpy(chain->prev.text, prev, sizeof chain->prev.text);
}

static bool run_of(struct ledger_check *c, const char *run_id, uint64_t n, const char *prev,
                   struct run_chain **ret, struct err *e)
{
    struct run_chain *run;
    size_t len = strlen(run_id);

    HASH_FIND(hh, c->runs, run_id, len, run);
    *ret = run;
    if (run != NULL)
        return true;
    if (len > RUN_ID_BYTES_MAX)
        return err_set(e, ERR_CORRUPT, "run_id has more than %d bytes", RUN_ID_BYTES_MAX);
    if (HASH_COUNT(c->runs) >= LEDGER_RUNS_MAX)
        return err_set(e, ERR_TOO_LARGE, "more than %u runs", LEDGER_RUNS_MAX);
    run = mem_zero(1, sizeof *run + len + 1);
    memcpy(run->run_id, run_id, len + 1);
    chain_begin(c, &run->chain, n, prev);
    HASH_ADD(hh, c->runs, run_id[0], len, run);
    *ret = run;
    return true;
}

static bool check_event(struct ledger_check *c, const json_t *line, struct err *e)
{
    const json_t *data = json_object_get(line, "data");
    auto_done(buf) text = {0};
    struct ledger_event event = {0};
    struct run_chain *run;
    const char *prev, *hash;
    int64_t n;

    if (!has_members(line, 7, "an event", e) || !text_of(line, "run_id", &event.run_id, e) ||
        !text_of(line, "type", &event.type, e) ||
        !text_of(line, "timestamp", &event.timestamp, e) || !text_of(line, "prev", &prev, e) ||
        !text_of(line, "hash", &hash, e) ||
        !json_get_int(line, "n", 0, 1, JSON_SAFE_INT_MAX, &n, e))
        return false;
    if (!json_is_object(data))
        return err_set(e, ERR_CORRUPT, "'data' is missing or not an object");
    if (!jcs_write(data, &text, e) || !run_of(c, event.run_id, (uint64_t)n, prev, &run, e))
        return false;
    event.data = buf_text(&text);
    if (!event_chain_check(&run->chain, &event, (uint64_t)n, prev, hash, e) ||
        !ledger_tree_add(&c->tree, hash, e))
        return false;
    c->events++;
    c->entries += strncmp(event.type, EVENT_ENTRY, strlen(EVENT_ENTRY)) == 0;
    return c->pass == NULL || c->pass(c->open_arg, c->tenant, &c->tree, e);
}

/* ---- the last line ---- */

static bool check_sums(struct ledger_check *c, const json_t *line, struct err *e)
{
    struct sha256_hex sha = sha256_stream_end_hex(take(c->sha));
    const char *said;
    int64_t count;

    if (!json_get_int(line, "count", 0, 0, JSON_SAFE_INT_MAX, &count, e) ||
        !text_of(line, "sha256", &said, e))
        return false;
    if ((uint64_t)count != c->events)
        return err_set(e, ERR_CORRUPT, "count is %lld, there are %llu events", (long long)count,
                       (unsigned long long)c->events);
    if (strcmp(said, sha.text) != 0)
        return err_set(e, ERR_CORRUPT, "sha256 is '%s', the lines before hash to %s", said,
                       sha.text);
    return true;
}

static bool check_head(const struct ledger_check *c, struct err *e)
{
    struct sha256_hex root = ledger_tree_root(&c->tree), said = ledger_tree_root(&c->head.tree);

    if (strcmp(c->head.tenant, c->tenant) != 0)
        return err_set(e, ERR_CORRUPT, "head is of tenant '%s', the export is of '%s'",
                       c->head.tenant, c->tenant);
    if (c->head.last_seq < c->since_head.last_seq)
        return err_set(e, ERR_CORRUPT, "head is older than since");
    if (c->head.tree.leaves != c->tree.leaves)
        return err_set(e, ERR_CORRUPT, "head is of %llu events, with those here there are %llu",
                       (unsigned long long)c->head.tree.leaves, (unsigned long long)c->tree.leaves);
    if (strcmp(root.text, said.text) != 0)
        return err_set(e, ERR_CORRUPT, "head has root %s, the events give %s", said.text,
                       root.text);
    return c->since == 0 || ledger_head_times_follow(&c->since_head, &c->head, e);
}

static bool check_last(struct ledger_check *c, const json_t *line, struct err *e)
{
    const json_t *head = json_object_get(line, "head");

    if (!has_members(line, 3, "an export's last line", e) || !check_sums(c, line, e))
        return false;
    if (!c->open(c->open_arg, head, &c->head, e))
        return err_wrap(e, "head");
    c->state = AT_END;
    return check_head(c, e);
}

/* ---- lines ---- */

static bool is_canonical(const json_t *value, const char *line, size_t len, struct err *e)
{
    auto_done(buf) text = {0};

    if (!jcs_write(value, &text, e))
        return false;
    return (text.len == len && memcmp(buf_text(&text), line, len) == 0) ||
           err_set(e, ERR_CORRUPT, "not in canonical form");
}

static bool check_value(struct ledger_check *c, const json_t *value, struct err *e)
{
    if (!json_is_object(value))
        return err_set(e, ERR_CORRUPT, "not an object");
    if (c->state == AT_FIRST)
        return check_first(c, value, e);
    if (c->state == AT_END)
        return err_set(e, ERR_CORRUPT, "it stands behind the last line");
    if (json_object_get(value, "head") != NULL)
        return check_last(c, value, e);
    return check_event(c, value, e);
}

static bool check_text(struct ledger_check *c, const char *line, size_t len, struct err *e)
{
    static const struct json_limits limits = {LEDGER_LINE_BYTES_MAX, JSON_DEPTH_MAX, 0};
    auto_json value = NULL;

    if (!json_parse(line, len, &limits, &value, NULL, e) || !is_canonical(value, line, len, e) ||
        !check_value(c, value, e))
        return false;
    if (c->sha == NULL)
        return true;
    sha256_stream_add(c->sha, line, len);
    sha256_stream_add(c->sha, "\n", 1);
    return true;
}

bool ledger_check_line(struct ledger_check *c, const char *line, size_t len, struct err *e)
{
    struct err why = {0};

    c->lines++;
    if (check_text(c, line, len, &why))
        return true;
    return err_set(e, why.code == ERR_INVALID ? ERR_CORRUPT : why.code, "line %llu: %s",
                   (unsigned long long)c->lines, why.msg);
}

bool ledger_check_end(const struct ledger_check *c, struct ledger_facts *ret, struct err *e)
{
    if (c->state != AT_END)
        return err_set(e, ERR_CORRUPT, "the last line is missing: the export was cut short");
    *ret = (struct ledger_facts){.head = c->head,
                                 .since = c->since,
                                 .events = c->events,
                                 .runs = HASH_COUNT(c->runs) - c->entries};
    return true;
}
