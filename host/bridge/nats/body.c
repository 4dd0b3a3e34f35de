/* body.c -- see body.h. */
#include "bridge/nats/body.h"

#include "base/json.h"
#include "base/text.h"
#include "bridge/nats/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ours ---- */

static void add_text(struct buf *b, const char *key, const char *text)
{
    auto_done(buf) clean = {0};

    text_add_utf8(&clean, text, strlen(text));
    buf_addf(b, ",\"%s\":", key);
    buf_add_json_str(b, buf_text(&clean), clean.len);
}

static void add_priority(struct buf *b, const char *priority)
{
    char *end;
    long number = strtol(priority, &end, 10);

    if (end != priority && *end == '\0' && labs(number) <= 1000000)
        buf_addf(b, ",\"priority\":%ld", number);
    else
        add_text(b, "priority", priority);
}

/* Whatever it is. */
static void add_payload(struct buf *b, const struct bridge_task *task)
{
    auto_done(buf) clean = {0};

    buf_adds(b, ",\"payload\":");
    if (json_scan(task->payload_bytes > 0 ? task->payload : "", task->payload_bytes,
                  &json_limits_default, NULL, NULL)) {
        buf_add(b, task->payload, task->payload_bytes);
        return;
    }
    if (task->payload_bytes > 0)
        text_add_utf8(&clean, task->payload, task->payload_bytes);
    buf_add_json_str(b, buf_text(&clean), clean.len);
}

static void add_members(struct buf *b, const struct bridge_task *task)
{
    buf_adds(b, "{\"type\":");
    buf_add_json_str(b, task->entry.queue.lane, strlen(task->entry.queue.lane));
    add_text(b, "task_id", task->task_id);
    add_payload(b, task);
    add_priority(b, task->priority);
    add_text(b, "timestamp", task->timestamp);
    add_text(b, "tenant", task->tenant);
}

void nats_add_body(struct buf *b, const struct bridge_task *task)
{
    add_members(b, task);
    buf_addc(b, '}');
}

void nats_add_letter(struct buf *b, const struct bridge_task *task)
{
    auto_done(buf) subject = {0};

    nats_add_subject(&subject, task->tenant, &task->entry.queue);
    add_members(b, task);
    add_text(b, "source_stream", NATS_TASKS_STREAM);
    add_text(b, "source_subject", buf_text(&subject));
    add_text(b, "message_id", task->entry.id);
    add_text(b, "consumer", task->consumer);
    add_text(b, "error", task->fault);
    buf_addf(b, ",\"retry_count\":%u", task->retries);
    add_text(b, "failed_at", task->failed_at);
    buf_addc(b, '}');
}

/* ---- anybody's ---- */

static void fault(struct bridge_task *task, const char *what)
{
    if (task->fault[0] == '\0')
        snprintf(task->fault, sizeof task->fault, "%s", what);
}

/* A text that has to be one, if it is there. */
static void take_text(struct bridge_task *task, const json_t *body, const char *key, char *ret)
{
    const json_t *value = json_object_get(body, key);
    char what[64];

    if (value == NULL)
        return;
    if (!json_is_string(value) ||
        !text_copy(ret, BRIDGE_TEXT_BYTES_MAX, json_string_value(value))) {
        snprintf(what, sizeof what, "%s is no text of fewer than %d bytes", key,
                 BRIDGE_TEXT_BYTES_MAX);
        fault(task, what);
    }
}

/* One that says nothing leaves the default to the host. */
static void take_priority(struct bridge_task *task, const json_t *body)
{
    const json_t *value = json_object_get(body, "priority");

    if (json_is_integer(value))
        snprintf(task->priority, sizeof task->priority, "%lld", json_integer_value(value));
    else if (json_is_string(value) &&
             !text_copy(task->priority, sizeof task->priority, json_string_value(value)))
        task->priority[0] = '\0';
}

static void take_payload(struct bridge_task *task, const json_t *body, struct buf *payload)
{
    const json_t *value = json_object_get(body, "payload");

    if (value == NULL)
        return;
    json_add_compact(payload, value);
    if (payload->len > BRIDGE_PAYLOAD_BYTES_MAX) {
        buf_clear(payload);
        fault(task, "the payload is too large");
    }
    task->payload = buf_text(payload);
    task->payload_bytes = payload->len;
}

void nats_read_body(const char *subject, const char *data, size_t bytes, struct buf *payload,
                    struct bridge_task *ret)
{
    auto_json body = NULL;
    struct err e = {0};

    *ret = (struct bridge_task){.payload = ""};
    if (!nats_tenant_of(subject, ret->tenant, sizeof ret->tenant)) {
        ret->tenant[0] = '\0';
        fault(ret, "its subject names no tenant");
    }
    if (!json_parse(bytes > 0 ? data : "", bytes, &json_limits_default, &body, NULL, &e)) {
        fault(ret, e.msg);
        return;
    }
    if (!json_is_object(body)) {
        fault(ret, "it is no JSON object");
        return;
    }
    take_text(ret, body, "tenant", ret->tenant);
    take_text(ret, body, "task_id", ret->task_id);
    take_priority(ret, body);
    if (json_is_string(json_object_get(body, "timestamp")))
        take_text(ret, body, "timestamp", ret->timestamp);
    take_payload(ret, body, payload);
}
