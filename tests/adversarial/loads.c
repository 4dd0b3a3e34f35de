/* loads.c -- see loads.h. */
#include "loads.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define MARK "ATLOAD-ORDERS:"

static void write_order(uint8_t *at, size_t bytes, const char *text)
{
    if (text == NULL)
        return;
    ck_assert_uint_lt(strlen(text), bytes);
    memcpy(at, text, strlen(text));
}

/* The layout of struct orders. */
void load_bytes(const struct load *load, struct buf *b)
{
    uint8_t *at;

    file_bytes(ATLOAD_PLUGIN, b);
    at = memmem(b->data, b->len, MARK, sizeof MARK);
    ck_assert_ptr_nonnull(at);
    write_order(at + 16, 32, load->attack);
    write_order(at + 48, 16, load->where != NULL ? load->where : "constructor");
    write_order(at + 64, 16, load->when);
    write_order(at + 80, 80, load->word);
}

void load_add(struct world *w, const struct load *load)
{
    auto_done(buf) b = {0};

    load_bytes(load, &b);
    world_add_bytes(w, b.data, b.len);
}

enum isolation class_of(int i)
{
    static const enum isolation classes[CLASSES] = {ISOLATION_COLD, ISOLATION_EXEC, ISOLATION_WARM};

    return classes[i];
}

void loads_start(struct world *w, const struct sandbox_options *options)
{
    world_start(w, options);
    w->warm_granted = true;
}

struct answer *run_case(struct world *w, const char *name, enum isolation isolation)
{
    auto_mem char *config = mem_printf("{\"case\":\"%s\"}", name);
    struct request r = {.config = config, .isolation = isolation};

    return attempt_run(w, &r);
}

static bool note_is_refusal(const char *note)
{
    return strstr(note, "done") == NULL && strcmp(note, "(nothing)") != 0 && note[0] != '\0' &&
           strstr(note, "no such attack") == NULL;
}

void expect_refusals(struct world *w, const struct load *load, enum isolation isolation,
                     struct buf *bad)
{
    const char *where = load->where != NULL ? load->where : "constructor";
    struct answer *a;

    load_add(w, load);
    if (w->plugin_failed) {
        if (strstr(w->plugin_error.msg, "SIGSYS") == NULL)
            buf_addf(bad, "\n  %s in %s: %s", load->attack, where, w->plugin_error.msg);
        return;
    }
    a = run_case(w, "note", isolation);
    if (a->outcome != OUTCOME_POLICY_VIOLATION &&
        (a->outcome != OUTCOME_OK || !note_is_refusal(said(a))))
        buf_addf(bad, "\n  %s in %s: %s, said %s", load->attack, where, outcome_name(a->outcome),
                 a->outcome == OUTCOME_OK ? said(a) : a->message);
    if (!w->quarantined)
        sandbox_plugin_remove(w->sb, w->digest);
    w->quarantined = 0;
}

void loads_done(struct world *w)
{
    world_add(w, HOSTILE_PLUGIN);
    ck_assert_msg(w->plugin_ready, "%s", w->plugin_error.msg);
    world_done(w);
}
