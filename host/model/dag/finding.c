/* finding.c -- see finding.h. */
#include "model/dag/finding.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const type_texts[FINDING_TYPE_COUNT] = {
#define XX(type, text) [FINDING_##type] = text,
    FINDING_MAP(XX)
#undef XX
};

static void finding_done(struct dag_finding *finding)
{
    for (size_t i = 0; i < finding->node_count; i++)
        free(finding->nodes[i]);
    free(finding->nodes);
    free(finding->message);
}

void dag_findings_done(struct dag_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        finding_done(&findings->items[i]);
    free(findings->items);
    *findings = (struct dag_findings){0};
}

bool finding_overflows(struct dag_findings *findings)
{
    if (findings->bytes < FINDINGS_BYTES_MAX)
        return false;
    findings->left_out++;
    return true;
}

static struct dag_finding *append(struct dag_findings *findings)
{
    if (findings->count == findings->cap) {
        findings->cap = findings->cap == 0 ? 8 : findings->cap * 2;
        findings->items = mem_resize(findings->items, findings->cap, sizeof(struct dag_finding));
    }
    return &findings->items[findings->count++];
}

/* Messages quote what came from outside, and people read them on terminals. */
printf_like(1, 0) static char *printable_owned(const char *fmt, va_list args)
{
    auto_done(buf) text = {0};
    auto_mem char *raw = NULL;
    int len = vasprintf(&raw, fmt, args);

    assert(len >= 0); /* memory never fails to its caller: base/mem.h */
    text_add_printable(&text, raw, (size_t)len);
    return buf_take(&text);
}

void finding_add(struct dag_findings *findings, enum finding_type type, struct json_place place,
                 const char *const *nodes, size_t node_count, const char *fmt, ...)
{
    struct dag_finding *finding;
    char *message;
    va_list args;

    if (finding_overflows(findings))
        return;
    va_start(args, fmt);
    message = printable_owned(fmt, args);
    va_end(args);
    finding = append(findings);
    *finding = (struct dag_finding){
        .type = type,
        .message = message,
        .nodes = mem_array(node_count + 1, char *),
        .node_count = node_count,
        .place = place,
        .sequence = findings->count,
    };
    for (size_t i = 0; i < node_count; i++) {
        finding->nodes[i] = mem_str(nodes[i]);
        findings->bytes += strlen(nodes[i]) + sizeof(char *);
    }
    findings->bytes += strlen(finding->message) + sizeof(struct dag_finding);
}

/* The contract's five keep the order in which they were found; ours go by node id. */
static int compare(const void *a_, const void *b_)
{
    const struct dag_finding *a = a_, *b = b_;
    int by_id = 0;

    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->type > FINDING_UNREACHABLE)
        by_id = strcmp(a->node_count > 0 ? a->nodes[0] : "", b->node_count > 0 ? b->nodes[0] : "");
    if (by_id != 0)
        return by_id;
    return a->sequence < b->sequence ? -1 : 1;
}

void findings_finish(struct dag_findings *findings)
{
    size_t left_out = findings->left_out;

    if (findings->count > 1)
        qsort(findings->items, findings->count, sizeof(struct dag_finding), compare);
    if (left_out == 0)
        return;
    findings->bytes = 0; /* room for the last one */
    finding_add(findings, FINDING_TOO_LARGE, (struct json_place){0, 0}, NULL, 0,
                "%zu more findings are not listed: the list holds %u bytes", left_out,
                FINDINGS_BYTES_MAX);
}

const char *finding_type_text(enum finding_type type)
{
    assert(type > FINDING_INVALID && type < FINDING_TYPE_COUNT);
    return type_texts[type];
}

void findings_text(const struct dag_findings *findings, struct buf *b)
{
    for (size_t i = 0; i < findings->count; i++)
        buf_addf(b, "%s%s", i > 0 ? "; " : "", findings->items[i].message);
}

static json_t *finding_json(const struct dag_finding *finding)
{
    json_t *nodes = json_array();
    json_t *item = json_object();

    for (size_t i = 0; i < finding->node_count; i++)
        json_array_append_new(nodes, json_string(finding->nodes[i]));
    json_object_set_new(item, "error_type", json_string(finding_type_text(finding->type)));
    json_object_set_new(item, "message", json_string(finding->message));
    json_object_set_new(item, "nodes", nodes);
    if (finding->place.line > 0) {
        json_object_set_new(item, "line", json_integer(finding->place.line));
        json_object_set_new(item, "column", json_integer(finding->place.column));
    }
    return item;
}

json_t *findings_json_owned(const struct dag_findings *findings)
{
    json_t *list = json_array();

    for (size_t i = 0; i < findings->count; i++)
        json_array_append_new(list, finding_json(&findings->items[i]));
    return list;
}
