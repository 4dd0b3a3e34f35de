/* definition_test.c -- publishing, changing and disabling definitions; the cache of them. */
#include "reads.h"
#include "suites.h"

#include "base/limits.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/catalog/dag_cache.h"
#include "engine/catalog/definitions.h"
#include "engine/evidence/heads.h"

#include <string.h>

static const char chain[] = "{\"name\":\"c\",\"dag_id\":\"c\",\"version\":\"1.0.0\",\"nodes\":{"
                            "\"n\":{\"agent_id\":\"a\"}}}";
static const char other[] = "{\"name\":\"c\",\"dag_id\":\"c\",\"version\":\"1.0.0\",\"nodes\":{"
                            "\"m\":{\"agent_id\":\"a\"}}}";

static struct rig_answer publish(const char *text, enum api_definition_form form,
                                 const json_t *signature, bool generated)
{
    json_t *json = form == API_DEFINITION_TEXT ? json_string(text) : json_loads(text, 0, NULL);
    struct rig_answer a = {0};

    definitions_publish(engine_definitions(rig.engine), &rig_actor,
                        &(struct api_publish){.form = form,
                                              .json = json,
                                              .signature = json_deep_copy(signature),
                                              .dag_id_generated = generated},
                        rig_answered, &a);
    rig_settle(&rig);
    return a;
}

START_TEST(a_version_is_immutable)
{
    struct rig_answer a = publish(chain, API_DEFINITION_JSON, NULL, false);

    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert(a.created);
    a = publish(chain, API_DEFINITION_JSON, NULL, false);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert(!a.created);
    ck_assert_int_eq(publish(other, API_DEFINITION_JSON, NULL, false).code, ERR_CONFLICT);
    a = publish(other, API_DEFINITION_TEXT, NULL, false); /* an import takes the next free one */
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_str_eq(a.version, "1.0.1");
}
END_TEST

START_TEST(a_definition_with_findings_is_refused_with_them)
{
    struct rig_answer a = publish("{\"name\":\"x\",\"dag_id\":\"x\",\"nodes\":{\"n\":{\"agent_id\":"
                                  "\"a\",\"depends_on\":[\"nobody\"]}}}",
                                  API_DEFINITION_TEXT, NULL, false);

    ck_assert_int_eq(a.code, ERR_UNPROCESSABLE);
    ck_assert_str_eq(a.refusal, "DEFINITION_INVALID");
    ck_assert_uint_gt(a.findings, 0);
}
END_TEST

START_TEST(a_new_id_must_be_new)
{
    ck_assert_int_eq(publish(chain, API_DEFINITION_JSON, NULL, true).code, ERR_NONE);
    ck_assert_int_eq(publish(chain, API_DEFINITION_JSON, NULL, true).code, ERR_INVALID);
}
END_TEST

/* The rig's authority believes every envelope: what counts is what is in it. */
static json_t *signature_over(const char *dag_id)
{
    static const char *const unsigned_members[] = {"description", "metadata", "created_at", "hash",
                                                   "signature"};
    auto_done(store_dag_list) rows = {0};
    auto_done(buf) payload = {0}, text = {0};
    auto_json json = NULL;
    struct err e;

    ck_assert(store_read_dag_latest(rig.reader, RIG_TENANT, dag_id, STORE_DAG_LIVE, &rows, &e));
    json = json_loads(rows.rows[0].definition, 0, NULL);
    for (size_t i = 0; i < ARRAY_LEN(unsigned_members); i++)
        json_object_del(json, unsigned_members[i]);
    ck_assert(jcs_write(json, &payload, &e));
    text_add_base64(&text, payload.data, payload.len, false);
    return json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "payloadType", "t", "payload", buf_text(&text),
                     "signatures", "keyid", "k", "sig", "c2ln");
}

/* 1e20 is 4 bytes as it comes and 21 as it is kept. */
START_TEST(a_definition_that_is_too_large_to_be_kept_is_answered)
{
    enum { NUMBERS = 399000 };
    auto_done(buf) text = {0};
    struct rig_answer a;

    buf_adds(&text, "{\"name\":\"c\",\"dag_id\":\"c\",\"version\":\"1.0.0\",\"nodes\":{"
                    "\"n\":{\"agent_id\":\"a\",\"config\":{\"x\":[1e20");
    for (unsigned i = 1; i < NUMBERS; i++)
        buf_adds(&text, ",1e20");
    buf_adds(&text, "]}}}}");
    ck_assert_uint_lt(text.len, DEFINITION_BYTES_MAX);
    a = publish(buf_text(&text), API_DEFINITION_JSON, NULL, false);
    ck_assert_uint_eq(a.told, 1);
    ck_assert_int_eq(a.code, ERR_TOO_LARGE);
    ck_assert_int_eq(publish(chain, API_DEFINITION_JSON, NULL, false).code, ERR_NONE);
}
END_TEST

static void publish_signed(const json_t *signature, struct rig_answer *a)
{
    definitions_publish(engine_definitions(rig.engine), &rig_actor,
                        &(struct api_publish){.form = API_DEFINITION_JSON,
                                              .json = json_loads(chain, 0, NULL),
                                              .signature = json_deep_copy(signature)},
                        rig_answered, a);
    rig_settle(&rig);
}

START_TEST(a_signature_must_be_over_this_definition)
{
    auto_json good = NULL;
    auto_json bad = NULL;
    struct rig_answer a = {0};

    publish(chain, API_DEFINITION_JSON, NULL, false);
    good = signature_over("c");
    publish_chain();
    bad = signature_over("chain");
    publish_signed(good, &a);
    ck_assert_uint_eq(a.told, 0);
    rig_authority_answers(&rig, ERR_NONE);
    ck_assert_msg(a.code == ERR_NONE, "%s", a.msg);
    publish_signed(bad, &a);
    rig_authority_answers(&rig, ERR_NONE);
    ck_assert_int_eq(a.code, ERR_UNPROCESSABLE);
    publish_signed(bad, &a);
    rig_authority_answers(&rig, ERR_DENIED);
    ck_assert_int_eq(a.code, ERR_DENIED);
    rig.authority.attached = false;
    publish_signed(bad, &a);
    ck_assert_int_eq(a.code, ERR_UNAVAILABLE);
    ck_assert_uint_eq(a.told, 4);
}
END_TEST

static struct rig_answer update(const char *dag_id, const char *patch)
{
    struct rig_answer a = {0};

    definitions_update(engine_definitions(rig.engine), &rig_actor, dag_id,
                       json_loads(patch, 0, NULL), rig_answered, &a);
    rig_settle(&rig);
    return a;
}

START_TEST(an_update_makes_a_version_of_the_newest_with_the_patch)
{
    struct rig_answer a;

    publish(chain, API_DEFINITION_JSON, NULL, false);
    a = update("c", "{\"description\":\"d\",\"name\":null,\"nodes\":{\"n\":{\"on_failure\":"
                    "\"skip\"},\"m\":{\"agent_id\":\"a\"}}}");
    ck_assert_msg(a.code == ERR_NONE, "%s", a.msg);
    ck_assert_str_eq(a.version, "1.0.1");
    ck_assert_int_eq(update("c", "{\"nodes\":{\"m\":{\"depends_on\":[\"nobody\"]}}}").code,
                     ERR_UNPROCESSABLE);
    ck_assert_int_eq(update("nowhere", "{}").code, ERR_NOT_FOUND);
    run_of("c");
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "m"));
}
END_TEST

/* The newest entry of the tenant's ledger, as "type data". */
static char *newest_entry(void)
{
    const struct store_event_filter filter = {.tenant = RIG_TENANT};
    auto_done(store_event_list) rows = {0};
    const struct store_event *row;
    int64_t next;
    struct err e;

    ck_assert(store_read_events(rig.reader, &filter, 0, STORE_PAGE_ROWS_MAX, &rows, &next, &e));
    ck_assert_uint_gt(rows.count, 0);
    row = &rows.rows[rows.count - 1];
    ck_assert_int_eq(row->n, 1);
    return mem_printf("%s %s", row->type, row->payload);
}

static void assert_entry(const char *type, const char *what)
{
    auto_mem char *entry = newest_entry();
    auto_mem char *begins = mem_printf("%s {", type);

    ck_assert_msg(strncmp(entry, begins, strlen(begins)) == 0 && strstr(entry, what) != NULL &&
                      strstr(entry, "\"actor\":\"alice\"") != NULL &&
                      strstr(entry, "\"reason\":\"night shift\"") != NULL &&
                      strstr(entry, "\"ticket\":\"OPS-1\"") != NULL,
                  "%s", entry);
}

START_TEST(a_change_of_a_definition_leaves_who_and_why_in_the_ledger)
{
    struct api_actor who = rig_actor;
    struct rig_answer a = {0};

    who.reason = "night shift";
    who.ticket = "OPS-1";
    definitions_publish(engine_definitions(rig.engine), &who,
                        &(struct api_publish){.form = API_DEFINITION_JSON,
                                              .json = json_loads(chain, 0, NULL)},
                        rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    assert_entry("audit.dag_published", "\"version\":\"1.0.0\"");
    definitions_disable(&rig.env, &who, "c", "1.0.0", rig_answered, &a);
    rig_settle(&rig);
    assert_entry("audit.dag_disabled", "\"version\":\"1.0.0\"");
    definitions_delete(&rig.env, &who, "c", rig_answered, &a);
    rig_settle(&rig);
    assert_entry("audit.dag_deleted", "\"dag_id\":\"c\"");
    definitions_delete(&rig.env, &who, "c", rig_answered, &a); /* refused: no entry either */
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NOT_FOUND);
    assert_entry("audit.dag_deleted", "\"dag_id\":\"c\"");
    ck_assert_int_gt(heads_behind(engine_heads(rig.engine)), 0); /* a signed head is due */
}
END_TEST

/* hash, description and metadata: a change of any of them is a change, and is stored or refused. */
START_TEST(a_change_that_the_hash_does_not_show_is_a_change)
{
    static const char described[] = "{\"name\":\"c\",\"dag_id\":\"c\",\"version\":\"1.0.0\","
                                    "\"description\":\"d\",\"nodes\":{\"n\":{\"agent_id\":\"a\"}}}";
    auto_done(store_dag_list) rows = {0};
    struct rig_answer a;
    struct err e;

    publish(chain, API_DEFINITION_JSON, NULL, false);
    ck_assert_int_eq(publish(described, API_DEFINITION_JSON, NULL, false).code, ERR_CONFLICT);
    a = publish(described, API_DEFINITION_TEXT, NULL, false);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert(a.created);
    ck_assert_str_eq(a.version, "1.0.1");
    a = publish(described, API_DEFINITION_TEXT, NULL, false);
    ck_assert(!a.created);
    ck_assert_str_eq(a.version, "1.0.1");
    a = update("c", "{\"metadata\":{\"team\":\"x\"}}");
    ck_assert(a.created);
    ck_assert_str_eq(a.version, "1.0.2");
    ck_assert(!update("c", "{\"metadata\":{\"team\":\"x\"}}").created);
    ck_assert(store_read_dag_latest(rig.reader, RIG_TENANT, "c", STORE_DAG_LIVE, &rows, &e));
    ck_assert_ptr_nonnull(strstr(rows.rows[0].definition, "\"team\":\"x\""));
    ck_assert_str_eq(rows.rows[0].description, "d");
}
END_TEST

/* The k-th import costs what the second did: what it reads is few rows, whatever k is. */
START_TEST(the_next_free_version_is_found_among_many)
{
    char text[200];
    struct rig_answer a;

    for (int i = 0; i < 40; i++) {
        snprintf(text, sizeof text,
                 "{\"name\":\"c\",\"dag_id\":\"c\",\"version\":\"1.0.0\",\"nodes\":{\"n%d\":{"
                 "\"agent_id\":\"a\"}}}",
                 i);
        a = publish(text, API_DEFINITION_TEXT, NULL, false);
        ck_assert(a.created);
        snprintf(text, sizeof text, "1.0.%d", i);
        ck_assert_str_eq(a.version, text);
    }
}
END_TEST

static enum err_code start_of(const char *dag_id, const char *version)
{
    auto_json inputs = json_object();
    struct rig_answer a = {0};

    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = dag_id, .version = version, .inputs = inputs},
                  rig_answered, &a);
    rig_settle(&rig);
    return a.code;
}

static enum err_code restart_of(const char *run_id)
{
    struct rig_answer a = {0};

    control_restart(engine_control(rig.engine), &rig_actor,
                    &(struct api_run_restart){.run_id = run_id}, rig_answered, &a);
    rig_settle(&rig);
    return a.code;
}

START_TEST(a_disabled_version_starts_nothing_and_a_deleted_one_finishes_its_runs)
{
    char id[UUID_TEXT_BYTES];
    struct rig_answer a = {0};

    publish(chain, API_DEFINITION_JSON, NULL, false);
    snprintf(id, sizeof id, "%s", run_of("c"));
    definitions_disable(&rig.env, &rig_actor, "c", "1.0.0", rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(rig_run(&rig, "c", "{}").code, ERR_NOT_FOUND);
    ck_assert_int_eq(start_of("c", "1.0.0"), ERR_CONFLICT);
    definitions_delete(&rig.env, &rig_actor, "c", rig_answered, &a);
    rig_settle(&rig);
    ck_assert_int_eq(a.code, ERR_NONE);
    rig_crash(&rig);
    rig_ok(&rig, "n");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    ck_assert_int_eq(restart_of(id), ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_definition_in_use_stays_when_the_cache_is_dropped)
{
    struct dag_cache *cache = engine_dags(rig.engine);
    const struct dag_key key = {RIG_TENANT, "c", "1.0.0"};
    auto_mem char *version = NULL;
    struct dag_use *one, *two;
    struct reads before;
    struct err e;

    publish(chain, API_DEFINITION_JSON, NULL, false);
    run_of("c");
    ck_assert(dag_cache_get(cache, &key, &one, &e));
    rig_ok(&rig, "n");
    dag_cache_clear(cache);
    ck_assert(dag_cache_has(cache, &key));
    ck_assert(dag_cache_pick(cache, RIG_TENANT, "c", NULL, &version, &e));
    ck_assert_str_eq(version, "1.0.0");
    ck_assert(dag_cache_get(cache, &key, &two, &e));
    ck_assert_ptr_eq(dag_use_dag(one), dag_use_dag(two));
    dag_use_end(one);
    dag_use_end(two);
    before = reads_now();
    dag_cache_clear(cache);
    ck_assert(!dag_cache_has(cache, &key));
    rig_settle(&rig);
    ck_assert_uint_eq(reads_now().freed, before.freed + 1);
    ck_assert_uint_eq(reads_now().freed_on_loop, before.freed_on_loop);
}
END_TEST

TCase *definition_cases(void)
{
    TCase *tc = tcase_create("definition");

    tcase_add_test(tc, a_version_is_immutable);
    tcase_add_test(tc, a_definition_with_findings_is_refused_with_them);
    tcase_add_test(tc, a_new_id_must_be_new);
    tcase_add_test(tc, a_definition_that_is_too_large_to_be_kept_is_answered);
    tcase_add_test(tc, a_signature_must_be_over_this_definition);
    tcase_add_test(tc, an_update_makes_a_version_of_the_newest_with_the_patch);
    tcase_add_test(tc, a_change_of_a_definition_leaves_who_and_why_in_the_ledger);
    tcase_add_test(tc, a_change_that_the_hash_does_not_show_is_a_change);
    tcase_add_test(tc, the_next_free_version_is_found_among_many);
    tcase_add_test(tc, a_disabled_version_starts_nothing_and_a_deleted_one_finishes_its_runs);
    tcase_add_test(tc, a_definition_in_use_stays_when_the_cache_is_dropped);
    return tc;
}
