/* deadline_test.c -- deadlines of a definition, a node and a request. */
#include "suites.h"

#include "base/mem.h"
#include "model/dag/plan.h"
#include "model/dag/source/deadline.h"
#include "model/dag/source/parse.h"

#include <string.h>

#define CREATED_US 1000000000LL

START_TEST(an_instant_or_a_span_with_a_warning)
{
    auto_done(parsed) p = parse_valid(
        "name: d\ndeadline: {by: '2026-12-01T08:00:00+02:00', warn_before: 60}\n"
        "nodes: {A: {deadline: {within: 1.5, warn_before: 0.5}}, B: {deadline: null}}\n");
    const struct deadline *run = &p.dag->deadline, *node = p.dag->nodes[0].deadline;

    ck_assert(deadline_given(run));
    ck_assert_int_eq(deadline_at_us(run, CREATED_US), 1796104800LL * 1000000);
    ck_assert_int_eq(deadline_warn_us(run, CREATED_US), 1796104740LL * 1000000);
    ck_assert_int_eq(deadline_at_us(node, CREATED_US), CREATED_US + 1500000);
    ck_assert_int_eq(deadline_warn_us(node, CREATED_US), CREATED_US + 1000000);
    ck_assert_ptr_null(p.dag->nodes[1].deadline);
    ck_assert_uint_eq(p.dag->node_deadlines, 1);
}
END_TEST

START_TEST(without_one_nothing_is_said_and_the_hash_stays)
{
    auto_done(parsed) p = parse_valid("dag_id: d\nname: d\nnodes: {A: {}}\n");
    auto_json doc = dag_to_json_owned(p.dag);

    ck_assert(!deadline_given(&p.dag->deadline));
    ck_assert_int_eq(deadline_warn_us(&(struct deadline){.within_s = 1}, CREATED_US), 0);
    ck_assert_ptr_null(json_object_get(doc, "deadline"));
    ck_assert_ptr_null(
        json_object_get(json_object_get(json_object_get(doc, "nodes"), "A"), "deadline"));
}
END_TEST

/* Two that say the same are the same definition; another deadline is another one. */
START_TEST(what_is_written_out_is_read_again_with_the_same_hash)
{
    auto_done(parsed) p =
        parse_valid("dag_id: d\nname: d\ndeadline: {within: 60, warn_before: 5}\n"
                    "nodes: {A: {deadline: {by: '2027-01-01T01:00:00+01:00'}}}\n");
    auto_done(parsed) other =
        parse_valid("dag_id: d\nname: d\ndeadline: {within: 61, warn_before: 5}\n"
                    "nodes: {A: {deadline: {by: '2027-01-01T00:00:00Z'}}}\n");
    auto_json doc = dag_to_json_owned(p.dag);
    auto_obj(dag) again = NULL;
    struct sha256_hex hash;
    struct err e = {0};

    ck_assert_msg(dag_from_json_valid(doc, &again, &e), "%s", e.msg);
    ck_assert_str_eq(again->hash.text, p.dag->hash.text);
    ck_assert_str_ne(other.dag->hash.text, p.dag->hash.text);
    json_object_del(doc, "hash");
    json_object_del(doc, "description");
    json_object_del(doc, "metadata");
    json_object_del(doc, "signature");
    json_object_del(doc, "created_at");
    ck_assert(jcs_sha256(doc, &hash, &e));
    ck_assert_str_eq(hash.text, p.dag->hash.text);
}
END_TEST

START_TEST(each_member_has_its_error)
{
    assert_findings("name: d\ndeadline: soon\nnodes: {A: {}}\n",
                    "bad_field 2:11 deadline must be an object, not 'soon'\n");
    assert_findings("name: d\ndeadline: {by: noon, warn_before: 0}\nnodes: {A: {}}\n",
                    "bad_field 2:16 deadline.by must be an RFC 3339 time, not 'noon'\n"
                    "bad_field 2:35 deadline.warn_before must be a number from 0.001 to 2592000, "
                    "not 0\n");
    assert_findings("name: d\ndeadline: {by: '1969-01-01T00:00:00Z'}\nnodes: {A: {}}\n",
                    "bad_field 2:16 deadline.by must be an RFC 3339 time, not "
                    "'1969-01-01T00:00:00Z'\n");
    assert_findings("name: d\nnodes: {A: {deadline: {within: 5, by: '2026-12-01T08:00:00Z'}}}\n",
                    "bad_field 2:32 Node 'A': deadline.within must be absent where 'by' is given, "
                    "not 5\n");
    assert_findings("name: d\nnodes: {A: {deadline: {within: 5, warn_before: 5}}}\n",
                    "bad_field 2:48 Node 'A': deadline.warn_before must be less than 'within', "
                    "not 5\n");
    assert_findings("name: d\nnodes: {A: {deadline: {at: 5, within: 1}}}\n",
                    "unknown_field 2:24 Node 'A': deadline: unknown field 'at'\n");
    assert_findings("name: d\nnodes: {A: {deadline: {}}}\n",
                    "bad_field 2:23 Node 'A': deadline needs 'by' or 'within'\n");
}
END_TEST

START_TEST(so_many_nodes_have_one)
{
    auto_done(buf) text = {0};
    auto_done(parsed) p = {0};

    buf_adds(&text, "name: d\nnodes:\n");
    for (int i = 0; i <= DEADLINE_NODES_MAX; i++)
        buf_addf(&text, "  n%d: {deadline: {within: 1}}\n", i);
    p = parse(buf_text(&text));
    ck_assert(!p.dag->valid);
    ck_assert_str_eq(p.findings.items[0].message,
                     "101 nodes have a deadline, at most 100 are taken");
}
END_TEST

START_TEST(a_request_is_read_by_the_same_table)
{
    auto_json good = json_pack("{s:i}", "within", 5);
    auto_json bad = json_pack("{s:i}", "within", -5);
    auto_json empty = json_object();
    auto_json text = json_string("x");
    struct deadline deadline;
    struct err e = {0};

    ck_assert(deadline_read(NULL, &deadline, &e) && !deadline_given(&deadline));
    ck_assert(deadline_read(json_null(), &deadline, &e) && !deadline_given(&deadline));
    ck_assert(deadline_read(good, &deadline, &e) && deadline.within_s == 5);
    ck_assert(!deadline_read(bad, &deadline, &e));
    ck_assert_int_eq(e.code, ERR_INVALID);
    ck_assert_str_eq(e.msg, "deadline.within must be a number from 0.001 to 2592000, not -5");
    ck_assert(!deadline_read(empty, &deadline, &e));
    ck_assert_str_eq(e.msg, "deadline needs 'by' or 'within'");
    ck_assert(!deadline_read(text, &deadline, &e));
    ck_assert_str_eq(e.msg, "deadline must be an object, not 'x'");
}
END_TEST

TCase *deadline_cases(void)
{
    TCase *tc = tcase_create("deadline");

    tcase_add_test(tc, an_instant_or_a_span_with_a_warning);
    tcase_add_test(tc, without_one_nothing_is_said_and_the_hash_stays);
    tcase_add_test(tc, what_is_written_out_is_read_again_with_the_same_hash);
    tcase_add_test(tc, each_member_has_its_error);
    tcase_add_test(tc, so_many_nodes_have_one);
    tcase_add_test(tc, a_request_is_read_by_the_same_table);
    return tc;
}
