/* rpc_fuzz.c -- any bytes as a body of JSON-RPC: what is taken is a call with a method and an id or
 * none; what is refused says why; and each answer is JSON that says the id it was asked with. */
#include "api/rpc/envelope.h"
#include "base/json.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_answers(const struct buf *b, const json_t *id, size_t count)
{
    auto_json answers = NULL;
    const json_t *answer;
    struct err e = {0};
    size_t i;

    assert(json_parse(b->data, b->len, &json_limits_default, &answers, NULL, &e));
    assert(json_array_size(answers) == count);
    json_array_foreach(answers, i, answer)
    {
        const json_t *said = json_object_get(answer, "id");

        assert(json_object_size(answer) == 3 && said != NULL);
        assert(id != NULL ? json_same(said, id) : json_is_null(said));
    }
}

static void check_item(const json_t *item)
{
    auto_done(buf) b = {0};
    struct rpc_ask ask;
    struct err e = {0};
    bool taken = rpc_ask_read(item, &ask, &e);

    assert(taken == (e.code == ERR_NONE));
    assert(!taken || (ask.method != NULL && strncmp(ask.method, "rpc.", 4) != 0));
    assert(!taken || ask.params == NULL || json_is_object(ask.params) || json_is_array(ask.params));
    buf_addc(&b, '[');
    rpc_add_error(&b, ask.id,
                  &(struct rpc_error){RPC_REQUEST, taken ? ask.method : e.msg, ask.params});
    rpc_add_result(&b, ask.id, "{}", 1, 1);
    buf_addc(&b, ']');
    check_answers(&b, ask.id, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct json_limits limits = {64 * 1024, 32, 2000};
    auto_json body = NULL;
    struct err e = {0};
    size_t count;

    if (!json_parse((const char *)bytes, len, &limits, &body, NULL, &e))
        return 0;
    if (!rpc_body_read(body, &count, &e)) {
        assert(json_is_array(body) && e.msg[0] != '\0');
        return 0;
    }
    assert(count > 0 && count <= RPC_CALLS_MAX);
    for (size_t i = 0; i < count; i++)
        check_item(json_is_array(body) ? json_array_get(body, i) : body);
    return 0;
}
