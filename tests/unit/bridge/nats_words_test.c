/* nats_words_test.c -- what is called how in JetStream, what a message says, and what the server
 * answers. */
#include "nats_suites.h"

#include "base/mem.h"
#include "bridge/nats/answer.h"
#include "bridge/nats/body.h"
#include "bridge/nats/names.h"

#include <jansson.h>
#include <string.h>

START_TEST(a_token_has_no_character_that_means_something)
{
    struct bridge_queue queue = {"m.l", true};
    auto_done(buf) b = {0};
    char tenant[16];

    nats_add_subject(&b, "a*b c", &queue);
    ck_assert_str_eq(b.data, "orch.tasks.a%2Ab%20c.m%2El.express");
    ck_assert(nats_tenant_of(b.data, tenant, sizeof tenant));
    ck_assert_str_eq(tenant, "a*b c");
    buf_clear(&b);
    nats_add_subject(&b, NULL, &queue);
    ck_assert_str_eq(b.data, "orch.tasks.*.m%2El.express");
    buf_clear(&b);
    nats_add_consumer(&b, &queue);
    ck_assert_str_eq(b.data, "m%2El_express");
    buf_clear(&b);
    nats_add_dlq_subject(&b, "m.l");
    ck_assert_str_eq(b.data, "orch.dlq.m%2El");
}
END_TEST

static const char *const no_tenant[] = {"",
                                        "orch.tasks.x",
                                        "orch.tasks..ml.regular",
                                        "orch.tasks.%FF.ml.regular",
                                        "other.tasks.x.y",
                                        "orch.tasks.longer-than-it-may-be.ml.regular"};

START_TEST(a_subject_without_a_tenant)
{
    char tenant[16];

    ck_assert(!nats_tenant_of(no_tenant[_i], tenant, sizeof tenant));
}
END_TEST

START_TEST(a_delivery_says_how_often_and_which)
{
    struct nats_delivery got;

    ck_assert(nats_delivery_of("$JS.ACK.ORCH_TASKS.ml_regular.2.17.3.1234.0", &got));
    ck_assert_uint_eq(got.deliveries, 2);
    ck_assert_uint_eq(got.sequence, 17);
    ck_assert(nats_delivery_of("$JS.ACK.dom.hash.ORCH_TASKS.ml_regular.3.18.3.1234.0", &got));
    ck_assert_uint_eq(got.deliveries, 3);
    ck_assert(nats_delivery_of("$JS.ACK._.hash.ORCH_TASKS.ml_regular.4.19.3.1234.0.tok", &got));
    ck_assert_uint_eq(got.sequence, 19);
    ck_assert(!nats_delivery_of("$JS.ACK.ORCH_TASKS.ml_regular.x.17.3.1234.0", &got));
    ck_assert(!nats_delivery_of("$JS.ACK.ORCH_TASKS.ml_regular.1.0.3.1234.0", &got));
    ck_assert(!nats_delivery_of("$JS.ACK.a.b.c.d.e.f.g.h", &got));
    ck_assert(!nats_delivery_of("$JS.ACK.a", &got));
    ck_assert(!nats_delivery_of("_INBOX.a", &got));
}
END_TEST

START_TEST(an_id_is_a_sequence)
{
    uint64_t sequence;

    ck_assert(nats_sequence_of("17", &sequence));
    ck_assert_uint_eq(sequence, 17);
    ck_assert(!nats_sequence_of("", &sequence));
    ck_assert(!nats_sequence_of("0", &sequence));
    ck_assert(!nats_sequence_of("-1", &sequence));
    ck_assert(!nats_sequence_of("1-1", &sequence));
    ck_assert(!nats_sequence_of("99999999999999999999999", &sequence));
}
END_TEST

static const struct {
    const char *body, *task_id, *priority, *tenant, *payload, *fault;
} bodies[] = {
    {"{\"task_id\":\"t\",\"payload\":{\"a\": 1.50},\"priority\":15}", "t", "15", "x", "{\"a\":1.5}",
     ""},
    {"{\"task_id\":\"t\",\"payload\":[1],\"priority\":\"9\",\"tenant\":\"y\"}", "t", "9", "y",
     "[1]", ""},
    {"{\"priority\":1.5,\"timestamp\":7}", "", "", "x", "", ""},
    {"{\"task_id\":7,\"payload\":1}", "", "", "x", "1",
     "task_id is no text of fewer than 256 bytes"},
    {"{\"task_id\":\"t\",\"tenant\":[]}", "t", "", "x", "",
     "tenant is no text of fewer than 256 bytes"},
    {"[]", "", "", "x", "", "it is no JSON object"},
};

START_TEST(a_message_says_what_it_says)
{
    auto_done(buf) payload = {0};
    struct bridge_task task;

    nats_read_body("orch.tasks.x.ml.regular", bodies[_i].body, strlen(bodies[_i].body), &payload,
                   &task);
    ck_assert_str_eq(task.task_id, bodies[_i].task_id);
    ck_assert_str_eq(task.priority, bodies[_i].priority);
    ck_assert_str_eq(task.tenant, bodies[_i].tenant);
    ck_assert_uint_eq(task.payload_bytes, strlen(bodies[_i].payload));
    ck_assert_int_eq(memcmp(task.payload, bodies[_i].payload, task.payload_bytes), 0);
    ck_assert_str_eq(task.fault, bodies[_i].fault);
    ck_assert_str_eq(task.timestamp, "");
}
END_TEST

START_TEST(a_message_of_nobody)
{
    auto_done(buf) payload = {0};
    struct bridge_task task;

    nats_read_body("else.where", "{}", 2, &payload, &task);
    ck_assert_str_eq(task.tenant, "");
    ck_assert_str_eq(task.fault, "its subject names no tenant");
    nats_read_body("orch.tasks.x.ml.regular", "", 0, &payload, &task);
    ck_assert_str_ne(task.fault, "");
}
END_TEST

START_TEST(a_payload_has_its_limit)
{
    auto_done(buf) payload = {0}, body = {0};
    struct bridge_task task;

    buf_adds(&body, "{\"task_id\":\"t\",\"payload\":\"");
    for (int i = 0; i <= BRIDGE_PAYLOAD_BYTES_MAX; i++)
        buf_addc(&body, 'x');
    buf_adds(&body, "\",\"timestamp\":\"now\",\"priority\":\"");
    for (int i = 0; i <= BRIDGE_TEXT_BYTES_MAX; i++)
        buf_addc(&body, '1');
    buf_adds(&body, "\"}");
    nats_read_body("orch.tasks.x.ml.regular", body.data, body.len, &payload, &task);
    ck_assert_str_eq(task.fault, "the payload is too large");
    ck_assert_uint_eq(task.payload_bytes, 0);
    ck_assert_str_eq(task.timestamp, "now");
    ck_assert_str_eq(task.priority, "");
}
END_TEST

START_TEST(what_is_written_is_json_whatever_the_task_holds)
{
    auto_done(buf) b = {0};
    struct bridge_task task = {.entry = {{"ml", false}, "7"},
                               .tenant = "\xff",
                               .priority = "99999999999",
                               .payload = "\"\xff",
                               .payload_bytes = 2};
    json_t *letter;

    nats_add_letter(&b, &task);
    letter = json_loadb(b.data, b.len, 0, NULL);
    ck_assert_ptr_nonnull(letter);
    ck_assert_str_eq(json_string_value(json_object_get(letter, "tenant")), "\xef\xbf\xbd");
    ck_assert_str_eq(json_string_value(json_object_get(letter, "priority")), "99999999999");
    ck_assert_str_eq(json_string_value(json_object_get(letter, "payload")), "\"\xef\xbf\xbd");
    json_decref(letter);
    buf_clear(&b);
    task.payload_bytes = 0;
    nats_add_body(&b, &task);
    letter = json_loadb(b.data, b.len, 0, NULL);
    ck_assert_ptr_nonnull(letter);
    json_decref(letter);
}
END_TEST

/* ---- the server's answers ---- */

static const char *const no_answers[] = {
    "", "x", "[]", "{}", "{\"error\":{\"err_code\":10059,\"description\":\"stream not found\"}}",
};

START_TEST(what_is_no_answer_is_none)
{
    const char *text = no_answers[_i];
    size_t bytes = strlen(text);
    struct js_stored stored;
    struct js_stream stream;
    struct js_message m;
    struct err e = {0};
    int code;

    ck_assert(!js_read_stored(text, bytes, &stored, &e));
    ck_assert_str_ne(e.msg, "");
    ck_assert(!js_read_stream(text, bytes, "a", "limits", &stream, &code, &e));
    ck_assert_int_eq(code, _i == 4 ? JS_STREAM_NOT_FOUND : 0);
    ck_assert(!js_read_message(text, bytes, &m, &code, &e));
}
END_TEST

#define CONFIG(subjects, retention)                                                                \
    "{\"config\":{\"name\":\"S\",\"subjects\":" subjects ",\"retention\":\"" retention             \
    "\"},\"created\":\"2026\",\"state\":{\"first_seq\":5}}"

START_TEST(a_stream_has_to_be_as_it_has_to_be)
{
    struct js_stream got;
    struct err e = {0};
    static const char good[] = CONFIG("[\"a.>\"]", "limits"), other[] = CONFIG("[\"b\"]", "limits"),
                      more[] = CONFIG("[\"a.>\",\"b\"]", "limits"),
                      work[] = CONFIG("[\"a.>\"]", "workqueue"),
                      timeless[] = "{\"config\":{\"subjects\":[\"a.>\"],\"retention\":\"limits\"},"
                                   "\"created\":\"1234567890123456789012345678901234567890\"}";

    ck_assert(js_read_stream(good, strlen(good), "a.>", "limits", &got, NULL, &e));
    ck_assert_str_eq(got.created, "2026");
    ck_assert_uint_eq(got.first_sequence, 5);
    ck_assert(!js_read_stream(other, strlen(other), "a.>", "limits", &got, NULL, &e));
    ck_assert_int_eq(e.code, ERR_CONFLICT);
    ck_assert(!js_read_stream(more, strlen(more), "a.>", "limits", &got, NULL, &e));
    ck_assert(!js_read_stream(work, strlen(work), "a.>", "limits", &got, NULL, &e));
    ck_assert(!js_read_stream(timeless, strlen(timeless), "a.>", "limits", &got, NULL, &e));
}
END_TEST

START_TEST(answers_are_read)
{
    static const char stored[] = "{\"stream\":\"S\",\"seq\":7,\"duplicate\":true}",
                      consumer[] = "{\"num_pending\":3,\"num_ack_pending\":4}",
                      many[] = "{\"num_pending\":9000000000}",
                      message[] = "{\"message\":{\"subject\":\"a\",\"seq\":7,\"data\":\"e30=\"}}",
                      broken[] = "{\"message\":{\"subject\":\"a\",\"seq\":7,\"data\":\"e30\"}}",
                      deleted[] = "{\"success\":true}", gone[] = "{\"error\":{\"err_code\":10043}}",
                      refused[] = "{\"error\":{\"err_code\":10039}}";
    auto_done(js_message) m = {0}, none = {0};
    struct js_stored s;
    uint32_t depth;

    ck_assert(js_read_stored(stored, strlen(stored), &s, NULL));
    ck_assert(s.sequence == 7 && s.duplicate);
    ck_assert(js_read_consumer(consumer, strlen(consumer), &depth, NULL, NULL));
    ck_assert_uint_eq(depth, 7);
    ck_assert(js_read_consumer(many, strlen(many), &depth, NULL, NULL));
    ck_assert_uint_eq(depth, UINT32_MAX);
    ck_assert(js_read_message(message, strlen(message), &m, NULL, NULL));
    ck_assert_str_eq(m.data.data, "{}");
    ck_assert(!js_read_message(broken, strlen(broken), &none, NULL, NULL));
    ck_assert(js_read_deleted(deleted, strlen(deleted), NULL));
    ck_assert(js_read_deleted(gone, strlen(gone), NULL));
    ck_assert(!js_read_deleted(refused, strlen(refused), NULL));
}
END_TEST

TCase *nats_words_cases(void)
{
    TCase *c = tcase_create("nats words");

    tcase_add_test(c, a_token_has_no_character_that_means_something);
    tcase_add_loop_test(c, a_subject_without_a_tenant, 0, ARRAY_LEN(no_tenant));
    tcase_add_test(c, a_delivery_says_how_often_and_which);
    tcase_add_test(c, an_id_is_a_sequence);
    tcase_add_loop_test(c, a_message_says_what_it_says, 0, ARRAY_LEN(bodies));
    tcase_add_test(c, a_message_of_nobody);
    tcase_add_test(c, a_payload_has_its_limit);
    tcase_add_test(c, what_is_written_is_json_whatever_the_task_holds);
    tcase_add_loop_test(c, what_is_no_answer_is_none, 0, ARRAY_LEN(no_answers));
    tcase_add_test(c, a_stream_has_to_be_as_it_has_to_be);
    tcase_add_test(c, answers_are_read);
    return c;
}
