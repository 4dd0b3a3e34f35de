/* export_test.c -- an exported ledger proves itself, and names what was done to it. The heads here
 * stand in the file bare: signatures are cli/verify's. */
#include "model/ledger/check.h"
#include "model/ledger/export.h"

#include "base/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

TCase *export_cases(void);

enum { LINES_MAX = 64, RUNS = 3 };

/* A ledger as the host keeps it: chains, tree, and the lines of an export of all of it. */
struct ledger {
    struct event_chain runs[RUNS];
    struct ledger_head head;
    struct ledger_export x;
    struct buf text;
};

static bool open_bare(void *arg, const json_t *envelope, struct ledger_head *ret, struct err *e)
{
    auto_done(buf) text = {0};

    ck_assert_ptr_null(arg);
    if (!json_is_object(envelope))
        return err_set(e, ERR_INVALID, "not an envelope");
    return jcs_write(envelope, &text, e) && ledger_head_parse(buf_text(&text), text.len, ret, e);
}

static json_t *head_json(const struct ledger_head *head)
{
    auto_done(buf) text = {0};

    ledger_head_write(head, &text);
    return json_loads(buf_text(&text), 0, NULL);
}

static void ledger_done(struct ledger *l)
{
    ledger_export_done(&l->x);
    buf_done(&l->text);
}
DEFINE_AUTO_DONE(ledger)

static void begin(struct ledger *l, const struct ledger_head *since)
{
    auto_json envelope = since != NULL ? head_json(since) : NULL;
    struct err e = {0};

    memset(l, 0, sizeof *l);
    strcpy(l->head.tenant, "acme");
    strcpy(l->head.timestamp, "2026-11-22T10:00:00.000000Z");
    for (size_t i = 0; i < RUNS; i++)
        event_chain_begin(&l->runs[i]);
    ck_assert_msg(ledger_export_begin(&l->x, "acme", envelope, &l->text, &e), "%s", e.msg);
}

static void add_event(struct ledger *l, struct event_chain *chain, const char *id, const char *type,
                      bool exported)
{
    auto_mem char *data = mem_printf("{\"n\":%u,\"text\":\"a\\\"b\"}", (unsigned)chain->n + 1);
    struct ledger_event event = {id, type, "2026-11-22T10:00:00.000000Z", data};
    struct sha256_hex prev;

    event_chain_add(chain, &event, &prev);
    ck_assert(ledger_tree_add(&l->head.tree, chain->prev.text, NULL));
    l->head.last_seq += 2;
    if (exported)
        ledger_export_event(&l->x, &event, chain->n, prev.text, chain->prev.text, &l->text);
}

/* The next event of the run; kept out of the lines when the export begins behind it. */
static void add(struct ledger *l, unsigned run, bool exported)
{
    static const char *const ids[RUNS] = {"r-0", "r-1", ""};

    add_event(l, &l->runs[run], ids[run], "step.updated", exported);
}

static void end(struct ledger *l)
{
    auto_json envelope = head_json(&l->head);
    struct err e = {0};

    ck_assert_msg(ledger_export_end(&l->x, envelope, &l->text, &e), "%s", e.msg);
}

/* Three runs, their events in turns. */
static void whole(struct ledger *l, unsigned events)
{
    begin(l, NULL);
    for (unsigned i = 0; i < events; i++)
        add(l, i % RUNS, true);
    end(l);
}

/* Feeds the text line by line; an empty line is one too. */
static bool check(const char *text, struct ledger_facts *facts, struct err *e)
{
    auto_obj(ledger_check) c = ledger_check_new(open_bare, NULL);

    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        if (!ledger_check_line(c, text, len, e))
            return false;
        text += len + (text[len] == '\n');
    }
    return ledger_check_end(c, facts, e);
}

static void is_refused(const char *text, const char *why)
{
    struct ledger_facts facts;
    struct err e = {0};

    ck_assert_msg(!check(text, &facts, &e), "taken, '%s' was meant: %s", why, text);
    ck_assert_msg(e.code == ERR_CORRUPT || e.code == ERR_TOO_LARGE, "%d %s", e.code, e.msg);
    ck_assert_msg(strstr(e.msg, why) != NULL, "'%s' lacks '%s'", e.msg, why);
}

START_TEST(a_whole_export_proves_itself)
{
    for (unsigned events = 1; events <= 40; events++) {
        auto_done(ledger) l = {0};
        struct ledger_facts facts;
        struct err e = {0};

        whole(&l, events);
        ck_assert_msg(check(buf_text(&l.text), &facts, &e), "%s", e.msg);
        ck_assert_uint_eq(facts.events, events);
        ck_assert_uint_eq(facts.runs, events < RUNS ? events : RUNS);
        ck_assert_uint_eq(facts.since, 0);
        ck_assert_uint_eq(facts.head.tree.leaves, events);
        ck_assert_str_eq(facts.head.tenant, "acme");
    }
}
END_TEST

START_TEST(an_entry_of_the_audit_is_an_event_of_no_run)
{
    auto_done(ledger) l = {0};
    struct event_chain entry;
    struct ledger_facts facts;
    struct err e = {0};

    begin(&l, NULL);
    add(&l, 0, true);
    event_chain_begin(&entry);
    add_event(&l, &entry, "e-1", EVENT_ENTRY "token", true);
    add(&l, 1, true);
    end(&l);
    ck_assert_msg(check(buf_text(&l.text), &facts, &e), "%s", e.msg);
    ck_assert_uint_eq(facts.events, 3);
    ck_assert_uint_eq(facts.runs, 2);
}
END_TEST

START_TEST(an_export_behind_any_head_proves_itself)
{
    for (unsigned skipped = 1; skipped <= 20; skipped++) {
        auto_done(ledger) before = {0};
        auto_done(ledger) l = {0};
        struct ledger_facts facts;
        struct err e = {0};

        whole(&before, skipped);
        begin(&l, &before.head);
        for (unsigned i = 0; i < 20; i++)
            add(&l, i % RUNS, i >= skipped);
        end(&l);
        ck_assert_msg(check(buf_text(&l.text), &facts, &e), "%s", e.msg);
        ck_assert_uint_eq(facts.since, skipped);
        ck_assert_uint_eq(facts.events, 20 - skipped);
    }
}
END_TEST

/* ---- what is done to a file ---- */

struct lines {
    char *line[LINES_MAX];
    size_t count;
};

static void lines_done(struct lines *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->line[i]);
}
DEFINE_AUTO_DONE(lines)

static void split(const struct buf *text, struct lines *ret)
{
    for (const char *at = buf_text(text); *at != '\0'; at += strcspn(at, "\n") + 1)
        ret->line[ret->count++] = mem_strn(at, strcspn(at, "\n"));
}

static char *join(const struct lines *l)
{
    struct buf text = {0};

    for (size_t i = 0; i < l->count; i++)
        buf_addf(&text, "%s\n", l->line[i]);
    return buf_take(&text);
}

static void drop(struct lines *l, size_t at)
{
    free(l->line[at]);
    memmove(&l->line[at], &l->line[at + 1], (--l->count - at) * sizeof l->line[0]);
}

static void swap(struct lines *l, size_t a, size_t b)
{
    char *line = l->line[a];

    l->line[a] = l->line[b];
    l->line[b] = line;
}

/* The last line anew over what stands before it, as whoever changed the file would. */
static void reseal(struct lines *l)
{
    auto_json last = json_loads(l->line[l->count - 1], 0, NULL);
    struct lines before = *l;
    auto_mem char *text = NULL;
    auto_done(buf) line = {0};
    struct err e = {0};

    before.count--;
    text = join(&before);
    json_object_set_new(last, "count", json_integer((json_int_t)l->count - 2));
    json_object_set_new(last, "sha256", json_string(sha256_hex(text, strlen(text)).text));
    ck_assert(jcs_write(last, &line, &e));
    free(l->line[l->count - 1]);
    l->line[l->count - 1] = buf_take(&line);
}

static void lines_refused(const struct lines *l, const char *why)
{
    auto_mem char *text = join(l);

    is_refused(text, why);
}

/* Of the last line the head is the signature's to protect. */
START_TEST(no_byte_before_the_last_line_can_be_changed)
{
    auto_done(ledger) l = {0};
    size_t bytes;

    whole(&l, 7);
    bytes = (size_t)(strstr(buf_text(&l.text), "{\"count\"") - l.text.data);
    for (size_t i = 0; i < bytes; i++) {
        struct ledger_facts facts;
        struct err e = {0};
        char byte = l.text.data[i];

        l.text.data[i] = byte == '1' ? '2' : '1';
        ck_assert_msg(!check(buf_text(&l.text), &facts, &e), "byte %zu", i);
        l.text.data[i] = byte;
    }
}
END_TEST

START_TEST(a_changed_event_is_named_with_its_line)
{
    auto_done(ledger) l = {0};
    char *text;

    whole(&l, 7);
    text = strstr(strstr(buf_text(&l.text), "\"run_id\":\"r-1\"") + 1, "step.updated");
    text[0] = 'S';
    is_refused(buf_text(&l.text), "line 3: run r-1: event 1 says hash");
}
END_TEST

START_TEST(a_dropped_line_is_named)
{
    for (size_t at = 0; at < 9; at++) {
        auto_done(ledger) l = {0};
        auto_done(lines) lines = {0};

        whole(&l, 7);
        split(&l.text, &lines);
        ck_assert_uint_eq(lines.count, 9);
        drop(&lines, at);
        lines_refused(&lines, at == 0   ? "line 1: an export's first line"
                              : at == 8 ? "the last line is missing"
                              : at < 5  ? "follows event"
                                        : "count is 7, there are 6 events");
    }
}
END_TEST

START_TEST(reordered_lines_are_named)
{
    auto_done(ledger) l = {0};
    auto_done(lines) same_run = {0};
    auto_done(lines) two_runs = {0};
    auto_done(lines) resealed = {0};

    whole(&l, 7);
    split(&l.text, &same_run);
    swap(&same_run, 1, 4);
    lines_refused(&same_run, "line 2: run r-0: event 2 follows event 0");
    split(&l.text, &two_runs);
    swap(&two_runs, 1, 2);
    lines_refused(&two_runs, "line 9: sha256 is");
    split(&l.text, &resealed);
    swap(&resealed, 1, 2);
    reseal(&resealed);
    lines_refused(&resealed, "line 9: head has root");
}
END_TEST

START_TEST(a_last_line_made_anew_does_not_hide_a_dropped_event)
{
    auto_done(ledger) l = {0};
    auto_done(lines) lines = {0};

    whole(&l, 7);
    split(&l.text, &lines);
    drop(&lines, 7);
    reseal(&lines);
    lines_refused(&lines, "line 8: head is of 7 events, with those here there are 6");
}
END_TEST

START_TEST(lines_of_another_form_are_refused)
{
    static const struct {
        size_t at;
        const char *line;
        const char *why;
    } rows[] = {
        {0, "{\"export\":\"orch.ledger/2\",\"since\":null,\"tenant\":\"acme\"}", "the format"},
        {0, "{\"export\":\"orch.ledger/1\",\"since\":null,\"tenant\":\"\"}", "tenant"},
        {0, "{\"export\":\"orch.ledger/1\",\"since\":7,\"tenant\":\"acme\"}", "since: not an"},
        {0, "{\"export\":\"orch.ledger/1\",\"since\":null,\"tenant\":\"b\"}", "head is of tenant"},
        {1, "", "line 2"},
        {1, "[]", "not an object"},
        {1, "{\"data\": {}}", "not in canonical form"},
        {1, "{\"data\":{}}", "an event has 7 members, this has 1"},
        {1,
         "{\"data\":1,\"hash\":\"\",\"n\":1,\"prev\":\"\",\"run_id\":\"\",\"timestamp\":\"\","
         "\"type\":\"\"}",
         "'data'"},
        {1,
         "{\"data\":{},\"hash\":\"\",\"n\":0,\"prev\":\"\",\"run_id\":\"\",\"timestamp\":\"\","
         "\"type\":\"\"}",
         "'n'"},
        {1,
         "{\"data\":{},\"hash\":\"\",\"n\":1,\"prev\":\"\",\"run_id\":7,\"timestamp\":\"\","
         "\"type\":\"\"}",
         "'run_id'"},
        {1,
         "{\"data\":{},\"hash\":\"\",\"n\":1,\"prev\":\"\",\"run_id\":\"0123456789012345678901"
         "2345678901234567890123456789012345678901234567890\",\"timestamp\":\"\",\"type\":\"\"}",
         "run_id has more than"},
        {8, "{\"count\":7,\"head\":{}}", "an export's last line has 3 members"},
        {8, "{\"count\":7,\"head\":{},\"sha256\":7}", "'sha256'"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_done(ledger) l = {0};
        auto_done(lines) lines = {0};

        whole(&l, 7);
        split(&l.text, &lines);
        free(lines.line[rows[i].at]);
        lines.line[rows[i].at] = mem_str(rows[i].line);
        if (rows[i].at == 0)
            reseal(&lines);
        lines_refused(&lines, rows[i].why);
    }
}
END_TEST

START_TEST(nothing_may_stand_behind_the_last_line_and_no_line_is_endless)
{
    auto_done(ledger) l = {0};
    auto_done(buf) endless = {0};

    is_refused("", "the last line is missing");
    whole(&l, 7);
    buf_adds(&l.text, "{}\n");
    is_refused(buf_text(&l.text), "line 10: it stands behind the last line");
    for (size_t i = 0; i <= LEDGER_LINE_BYTES_MAX; i++)
        buf_addc(&endless, ' ');
    is_refused(buf_text(&endless), "line 1: JSON text has");
}
END_TEST

/* Two signed heads of one tenant, the older one given as the newer. */
START_TEST(a_head_that_is_older_than_since_is_refused)
{
    auto_done(ledger) before = {0};
    auto_done(ledger) l = {0};

    whole(&before, 10);
    begin(&l, &before.head);
    add(&l, 0, false);
    end(&l);
    is_refused(buf_text(&l.text), "head is older than since");
}
END_TEST

TCase *export_cases(void)
{
    TCase *tc = tcase_create("export");

    tcase_add_test(tc, a_whole_export_proves_itself);
    tcase_add_test(tc, an_entry_of_the_audit_is_an_event_of_no_run);
    tcase_add_test(tc, an_export_behind_any_head_proves_itself);
    tcase_add_test(tc, no_byte_before_the_last_line_can_be_changed);
    tcase_add_test(tc, a_changed_event_is_named_with_its_line);
    tcase_add_test(tc, a_dropped_line_is_named);
    tcase_add_test(tc, reordered_lines_are_named);
    tcase_add_test(tc, a_last_line_made_anew_does_not_hide_a_dropped_event);
    tcase_add_test(tc, lines_of_another_form_are_refused);
    tcase_add_test(tc, nothing_may_stand_behind_the_last_line_and_no_line_is_endless);
    tcase_add_test(tc, a_head_that_is_older_than_since_is_refused);
    return tc;
}
