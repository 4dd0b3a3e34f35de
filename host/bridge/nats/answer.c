/* answer.c -- see answer.h. */
#include "bridge/nats/answer.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

enum {
    ANSWER_BYTES_MAX = 96 * 1024 * 1024
}; /* a message of 64 MiB, the most of a server, in base64 */
static const struct json_limits limits = {.bytes_max = ANSWER_BYTES_MAX, .depth_max = 32};

static bool read_answer(const char *data, size_t bytes, json_t **ret, int *ret_code, struct err *e)
{
    auto_json answer = NULL;
    const json_t *error;

    if (ret_code != NULL)
        *ret_code = 0;
    if (!json_parse(bytes > 0 ? data : "", bytes, &limits, &answer, NULL, e))
        return err_wrap(e, "JetStream's answer");
    error = json_object_get(answer, "error");
    if (error != NULL) {
        if (ret_code != NULL)
            *ret_code = (int)json_integer_value(json_object_get(error, "err_code"));
        return err_set(e, ERR_UNAVAILABLE, "JetStream: %.200s", json_text_of(error, "description"));
    }
    *ret = take(answer);
    return true;
}

static uint64_t number_of(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));

    return number > 0 ? (uint64_t)number : 0;
}

bool js_read_stored(const char *data, size_t bytes, struct js_stored *ret, struct err *e)
{
    auto_json answer = NULL;

    if (!read_answer(data, bytes, &answer, NULL, e))
        return false;
    ret->sequence = number_of(answer, "seq");
    ret->duplicate = json_is_true(json_object_get(answer, "duplicate"));
    return ret->sequence > 0 ||
           err_set(e, ERR_UNAVAILABLE, "JetStream says no sequence of what it stored");
}

bool js_read_stream(const char *data, size_t bytes, const char *subjects, const char *retention,
                    struct js_stream *ret, int *ret_code, struct err *e)
{
    auto_json answer = NULL;
    const json_t *config, *list;
    const char *first;

    if (!read_answer(data, bytes, &answer, ret_code, e))
        return false;
    config = json_object_get(answer, "config");
    list = json_object_get(config, "subjects");
    first = json_string_value(json_array_get(list, 0));
    if (json_array_size(list) != 1 || first == NULL || strcmp(first, subjects) != 0)
        return err_set(e, ERR_CONFLICT, "the stream %.60s is there with other subjects than %s",
                       json_text_of(config, "name"), subjects);
    if (strcmp(json_text_of(config, "retention"), retention) != 0)
        return err_set(e, ERR_CONFLICT, "the stream %.60s is there with another retention than %s",
                       json_text_of(config, "name"), retention);
    ret->first_sequence = number_of(json_object_get(answer, "state"), "first_seq");
    return text_copy(ret->created, sizeof ret->created, json_text_of(answer, "created")) ||
           err_set(e, ERR_UNAVAILABLE, "JetStream says no time of the stream");
}

bool js_read_consumer(const char *data, size_t bytes, uint32_t *ret_depth, int *ret_code,
                      struct err *e)
{
    auto_json answer = NULL;
    uint64_t depth;

    if (!read_answer(data, bytes, &answer, ret_code, e))
        return false;
    depth = number_of(answer, "num_pending") + number_of(answer, "num_ack_pending");
    *ret_depth = depth < UINT32_MAX ? (uint32_t)depth : UINT32_MAX;
    return true;
}

void js_message_done(struct js_message *m)
{
    free(m->subject);
    buf_done(&m->data);
    *m = (struct js_message){0};
}

static struct js_message message_taken(struct js_message *m)
{
    struct js_message taken = *m;

    *m = (struct js_message){0};
    return taken;
}

bool js_read_message(const char *data, size_t bytes, struct js_message *ret, int *ret_code,
                     struct err *e)
{
    auto_json answer = NULL;
    auto_done(js_message) m = {0};
    const json_t *message;
    const char *text;

    if (!read_answer(data, bytes, &answer, ret_code, e))
        return false;
    message = json_object_get(answer, "message");
    m.sequence = number_of(message, "seq");
    m.subject = mem_str(json_text_of(message, "subject"));
    text = json_text_of(message, "data");
    if (m.sequence == 0 || !text_unbase64(&m.data, text, strlen(text), false, e))
        return err_set(e, ERR_UNAVAILABLE, "JetStream says no message");
    *ret = message_taken(&m);
    return true;
}

bool js_read_deleted(const char *data, size_t bytes, struct err *e)
{
    auto_json answer = NULL;
    int code;

    return read_answer(data, bytes, &answer, &code, e) || code == JS_SEQUENCE_NOT_FOUND ||
           code == JS_DELETE_FAILED || code == JS_NO_MESSAGE;
}
