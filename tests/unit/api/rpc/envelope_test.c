/* envelope_test.c -- JSON-RPC as values and bytes: what is a call, and how one is answered. */
#include "suites.h"

#include "api/rpc/envelope.h"
#include "base/json.h"

#include <string.h>

static json_t *parsed_owned(const char *text)
{
    json_t *value = NULL;
    struct err e = {0};

    ck_assert_msg(json_parse(text, strlen(text), &json_limits_default, &value, NULL, &e), "%s: %s",
                  text, e.msg);
    return value;
}

START_TEST(a_call_has_a_method_and_may_have_params_and_an_id)
{
    static const struct {
        const char *text, *id; /* NULL: a notification */
    } good[] = {
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":7}", "7"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":-7,\"params\":{}}", "-7"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":\"x\",\"params\":[]}", "\"x\""},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"\",\"id\":null}", "null"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"rpc\"}", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        auto_json item = parsed_owned(good[i].text);
        auto_done(buf) id = {0};
        struct rpc_ask ask;
        struct err e = {0};

        ck_assert_msg(rpc_ask_read(item, &ask, &e), "%s: %s", good[i].text, e.msg);
        ck_assert_ptr_nonnull(ask.method);
        ck_assert_int_eq(ask.id == NULL, good[i].id == NULL);
        if (ask.id != NULL)
            json_add_compact(&id, ask.id);
        ck_assert_str_eq(buf_text(&id), good[i].id != NULL ? good[i].id : "");
    }
}
END_TEST

START_TEST(what_is_no_call_is_refused_with_the_id_where_that_is_one)
{
    static const struct {
        const char *text, *says;
        bool has_id;
    } bad[] = {
        {"7", "not number", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":7}", "'method'", true},
        {"{\"jsonrpc\":\"1.0\",\"method\":\"m\",\"id\":7}", "'jsonrpc'", true},
        {"{\"method\":\"m\",\"id\":7}", "'jsonrpc'", true},
        {"{\"jsonrpc\":2.0,\"method\":\"m\",\"id\":7}", "'jsonrpc'", true},
        {"{\"jsonrpc\":\"2.0\",\"method\":7,\"id\":7}", "'method'", true},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"rpc.x\",\"id\":7}", "'rpc.'", true},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":\"x\",\"id\":7}", "not string", true},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":null,\"id\":7}", "not null", true},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"parms\":{},\"id\":7}", "no more", true},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1.5}", "'id'", false},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":1.0}", "'id'", false},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":10000000000000000}", "'id'", false},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":true}", "'id'", false},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":[1]}", "'id'", false},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":{}}", "'id'", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct json_limits limits = {1000, 10, 0};
        auto_json item = NULL;
        struct rpc_ask ask;
        struct err e = {0};

        ck_assert(json_parse(bad[i].text, strlen(bad[i].text), &limits, &item, NULL, &e));
        ck_assert_msg(!rpc_ask_read(item, &ask, &e), "%s", bad[i].text);
        ck_assert_msg(strstr(e.msg, bad[i].says) != NULL, "%s: %s", bad[i].text, e.msg);
        ck_assert_msg((ask.id != NULL) == bad[i].has_id, "%s", bad[i].text);
    }
}
END_TEST

START_TEST(an_id_has_at_most_its_bytes)
{
    auto_json item = NULL;
    auto_done(buf) text = {0};
    struct rpc_ask ask;
    struct err e = {0};

    for (size_t i = 0; i < RPC_ID_BYTES_MAX; i++)
        buf_addc(&text, 'x');
    item = json_pack("{s:s, s:s, s:s}", "jsonrpc", "2.0", "method", "m", "id", buf_text(&text));
    ck_assert(rpc_ask_read(item, &ask, &e));
    buf_addc(&text, 'x');
    json_object_set_new(item, "id", json_string(buf_text(&text)));
    ck_assert(!rpc_ask_read(item, &ask, &e));
    ck_assert_ptr_null(ask.id);
}
END_TEST

START_TEST(a_body_is_one_call_or_1_to_100_of_them)
{
    auto_json batch = json_array();
    auto_json one = json_integer(1);
    struct err e = {0};
    size_t count;

    ck_assert(rpc_body_read(one, &count, &e) && count == 1);
    ck_assert(!rpc_body_read(batch, &count, &e));
    for (size_t i = 1; i <= RPC_CALLS_MAX; i++) {
        json_array_append(batch, one);
        ck_assert(rpc_body_read(batch, &count, &e) && count == i);
    }
    json_array_append(batch, one);
    ck_assert(!rpc_body_read(batch, &count, &e));
}
END_TEST

START_TEST(an_answer_says_its_id_and_one_of_two)
{
    auto_json seven = json_integer(7);
    auto_json data = json_pack("{s:i}", "n", 1);
    const struct rpc_error error = {RPC_PARAMS, "a \"word\"\n and \xff", data};
    auto_done(buf) b = {0};

    buf_addc(&b, '[');
    rpc_add_result(&b, seven, "{\"x\":1}", 1500000, 1796000000000000);
    rpc_add_error(&b, NULL, &error);
    rpc_add_error(&b, seven, &(struct rpc_error){RPC_METHOD, "no", NULL});
    buf_addc(&b, ']');
    ck_assert_str_eq(buf_text(&b),
                     "[{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"data\":{\"x\":1},\"metadata\":"
                     "{\"execution_time\":0.0015,\"timestamp\":\"2026-11-30T00:53:20.000000Z\"}}},"
                     "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32602,\"message\":"
                     "\"a \\\"word\\\"\\\\x0a and \xef\xbf\xbd\",\"data\":{\"n\":1}}},"
                     "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32601,\"message\":\"no\"}}"
                     "]");
}
END_TEST

START_TEST(every_error_has_a_code_and_a_status)
{
    static const struct {
        enum rpc_code code;
        int status;
    } known[] = {{RPC_NONE, 200},   {RPC_PARSE, 400},      {RPC_REQUEST, 400}, {RPC_METHOD, 200},
                 {RPC_PARAMS, 200}, {RPC_RATE, 429},       {RPC_TOKEN, 401},   {RPC_SCOPE, 403},
                 {RPC_AGENT, 200},  {RPC_VALIDATION, 200}, {RPC_INTERNAL, 200}};

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        ck_assert_int_eq(rpc_http_status(known[i].code), known[i].status);
    ck_assert_int_eq(rpc_code_of(ERR_INVALID), RPC_PARAMS);
    ck_assert_int_eq(rpc_code_of(ERR_NOT_FOUND), RPC_PARAMS);
    ck_assert_int_eq(rpc_code_of(ERR_CONFLICT), RPC_VALIDATION);
    ck_assert_int_eq(rpc_code_of(ERR_LIMIT), RPC_RATE);
    ck_assert_int_eq(rpc_code_of(ERR_UNAVAILABLE), RPC_AGENT);
    ck_assert_int_eq(rpc_code_of(ERR_UNAUTHENTICATED), RPC_TOKEN);
    ck_assert_int_eq(rpc_code_of(ERR_DENIED), RPC_SCOPE);
    ck_assert_int_eq(rpc_code_of(ERR_CORRUPT), RPC_INTERNAL);
    ck_assert_int_eq(rpc_code_of(ERR_SYSTEM), RPC_INTERNAL);
}
END_TEST

TCase *envelope_cases(void)
{
    TCase *cases = tcase_create("envelope");

    tcase_add_test(cases, a_call_has_a_method_and_may_have_params_and_an_id);
    tcase_add_test(cases, what_is_no_call_is_refused_with_the_id_where_that_is_one);
    tcase_add_test(cases, an_id_has_at_most_its_bytes);
    tcase_add_test(cases, a_body_is_one_call_or_1_to_100_of_them);
    tcase_add_test(cases, an_answer_says_its_id_and_one_of_two);
    tcase_add_test(cases, every_error_has_a_code_and_a_status);
    return cases;
}
