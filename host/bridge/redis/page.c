/* page.c -- see page.h. */
#include "bridge/redis/page.h"

#include "base/text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool is_array(const redisReply *reply, size_t least)
{
    return reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements >= least;
}

static bool is_string(const redisReply *reply)
{
    return reply != NULL && reply->type == REDIS_REPLY_STRING;
}

bool page_is_error(const redisReply *reply, const char *code)
{
    return reply != NULL && reply->type == REDIS_REPLY_ERROR &&
           strncmp(reply->str, code, strlen(code)) == 0;
}

bool page_of_range(const redisReply *reply, struct page *ret)
{
    if (!is_array(reply, 0))
        return false;
    *ret = (struct page){.entries = reply->element, .count = reply->elements};
    return true;
}

size_t page_streams(const redisReply *reply)
{
    return is_array(reply, 0) ? reply->elements : 0;
}

bool page_of_stream(const redisReply *reply, size_t i, struct page *ret)
{
    const redisReply *stream = reply->element[i];

    if (!is_array(stream, 2) || !is_string(stream->element[0]) ||
        !page_of_range(stream->element[1], ret))
        return false;
    ret->key = stream->element[0]->str;
    ret->key_bytes = (size_t)stream->element[0]->len;
    return true;
}

/* ---- an entry ---- */

static const struct field {
    const char *name;
    size_t at; /* of its BRIDGE_TEXT_BYTES_MAX in a bridge_task */
} fields[] = {
    {"task_id", offsetof(struct bridge_task, task_id)},
    {"priority", offsetof(struct bridge_task, priority)},
    {"timestamp", offsetof(struct bridge_task, timestamp)},
    {"tenant", offsetof(struct bridge_task, tenant)},
};

static bool is_named(const redisReply *reply, const char *name)
{
    return (size_t)reply->len == strlen(name) && memcmp(reply->str, name, strlen(name)) == 0;
}

static void find_fault(struct bridge_task *task, const char *name, const char *what)
{
    if (task->fault[0] == '\0')
        snprintf(task->fault, sizeof task->fault, "%s %s", name, what);
}

static void take_text(struct bridge_task *task, const struct field *field, const redisReply *value)
{
    char *to = (char *)task + field->at;
    size_t len = (size_t)value->len;

    *to = '\0';
    if (len >= BRIDGE_TEXT_BYTES_MAX)
        find_fault(task, field->name, "is longer than 255 bytes");
    else if (memchr(value->str, '\0', len) != NULL || !text_utf8_valid(value->str, len))
        find_fault(task, field->name, "is no text in UTF-8");
    else
        memcpy(to, value->str, len + 1);
}

static void take_payload(struct bridge_task *task, const redisReply *value)
{
    bool fits = (size_t)value->len <= BRIDGE_PAYLOAD_BYTES_MAX;

    task->payload = fits ? value->str : NULL;
    task->payload_bytes = fits ? (size_t)value->len : 0;
    if (!fits)
        find_fault(task, "payload", "is longer than 1 MiB");
}

static void take_field(struct bridge_task *task, const redisReply *name, const redisReply *value)
{
    if (is_named(name, "payload"))
        take_payload(task, value);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        if (is_named(name, fields[i].name))
            take_text(task, &fields[i], value);
}

bool page_entry(const redisReply *reply, struct stream_id *ret_id, struct bridge_task *ret)
{
    const redisReply *words;
    struct stream_id id;

    if (!is_array(reply, 2) || !is_string(reply->element[0]) || !is_array(reply->element[1], 0) ||
        !stream_id_parse(reply->element[0]->str, (size_t)reply->element[0]->len, &id))
        return false;
    words = reply->element[1];
    for (size_t i = 0; i < words->elements; i++)
        if (!is_string(words->element[i]))
            return false;
    *ret_id = id;
    *ret = (struct bridge_task){.entry = ret->entry};
    for (size_t i = 0; i + 1 < words->elements; i += 2)
        take_field(ret, words->element[i], words->element[i + 1]);
    return true;
}

/* ---- what is pending ---- */

bool page_pending(const redisReply *reply, struct page_pending *ret)
{
    const redisReply *one;

    if (!is_array(reply, 0))
        return false;
    *ret = (struct page_pending){.is = reply->elements > 0};
    if (!ret->is)
        return true;
    one = reply->element[0];
    if (!is_array(one, 4) || !is_string(one->element[1]) ||
        one->element[2]->type != REDIS_REPLY_INTEGER ||
        one->element[3]->type != REDIS_REPLY_INTEGER)
        return false;
    snprintf(ret->consumer, sizeof ret->consumer, "%.*s", (int)one->element[1]->len,
             one->element[1]->str);
    ret->idle_ms = one->element[2]->integer > 0 ? (uint64_t)one->element[2]->integer : 0;
    ret->deliveries = (uint32_t)one->element[3]->integer;
    return true;
}
