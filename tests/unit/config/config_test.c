/* config_test.c -- where a setting comes from, and what is refused. */
#include "base/limits.h"
#include "config/config.h"
#include "config/descriptors.h"
#include "config/password.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const no_env[] = {NULL};
static const char *const *env = no_env;

/* env holds name, value, name, value, NULL. */
static char *get_env(const char *name)
{
    for (const char *const *p = env; *p != NULL; p += 2) {
        if (strcmp(*p, name) == 0)
            return (char *)p[1];
    }
    return NULL;
}

static bool load(const char *const *args, struct config **ret, struct err *e)
{
    int argc = 0;
    bool help;

    while (args[argc] != NULL)
        argc++;
    return config_load(argc, (char **)args, get_env, ret, &help, e);
}

START_TEST(the_default_yields_to_the_environment_and_that_to_a_flag)
{
    static const char *const vars[] = {"ORCH_LISTEN", "127.0.0.1:1", "ORCH_HOME", "/h", NULL};
    auto_obj(config) config = NULL;
    struct err e = {0};

    env = vars;
    ck_assert(
        load((const char *[]){"orchd", "--listen", "127.0.0.1:2", "--dev", NULL}, &config, &e));
    ck_assert_str_eq(config_text(config, CONFIG_LISTEN), "127.0.0.1:2");
    ck_assert_str_eq(config_origin_text(config, CONFIG_LISTEN), "command line");
    ck_assert_str_eq(config_text(config, CONFIG_HOME), "/h");
    ck_assert_str_eq(config_origin_text(config, CONFIG_HOME), "ORCH_HOME");
    ck_assert(config_bool(config, CONFIG_DEV));
    ck_assert_int_eq(config_int(config, CONFIG_RUNS_ACTIVE_MAX), 50);
    ck_assert_str_eq(config_origin_text(config, CONFIG_RUNS_ACTIVE_MAX), "default");
}
END_TEST

static char told[512];

static void note(void *arg unused_arg, const char *name, const char *instead)
{
    size_t len = strlen(told);

    snprintf(told + len, sizeof told - len, "%s: %s\n", name, instead);
}

START_TEST(a_variable_of_the_contract_that_does_nothing_is_told)
{
    static char *const vars[] = {
        (char *)"PATH=/bin",
        (char *)"GL_ORCHESTRATOR_LOG_LEVEL=INFO",
        (char *)"GL_ORCHESTRATOR_DB_POOL_MIN=2",
        (char *)"GL_ORCHESTRATOR_ENABLE_PROVENANCE=false",
        (char *)"GL_ORCHESTRATOR_LOG_LEVELL=INFO",
        NULL,
    };

    told[0] = '\0';
    config_tell_ignored(vars, note, NULL);
    ck_assert_str_eq(told,
                     "GL_ORCHESTRATOR_DB_POOL_MIN: all of --store-readers connect at the start\n"
                     "GL_ORCHESTRATOR_ENABLE_PROVENANCE: provenance is always on\n"
                     "GL_ORCHESTRATOR_LOG_LEVELL: no setting has this name\n");
}
END_TEST

START_TEST(a_variable_that_another_one_overrules_is_told)
{
    static char *const vars[] = {
        (char *)"DATABASE_URL=postgresql://u:secret@three/x",
        (char *)"GL_ORCHESTRATOR_DB_CONNECTION_STRING=postgresql://two/x",
        (char *)"ORCH_STORE=postgresql://two/x",
        (char *)"GL_ORCHESTRATOR_DB_POOL_MAX=10",
        (char *)"GL_ORCHESTRATOR_DB_POOL_SIZE=",
        NULL,
    };

    told[0] = '\0';
    config_tell_ignored(vars, note, NULL);
    ck_assert_str_eq(told, "DATABASE_URL: ORCH_STORE counts\n");
}
END_TEST

START_TEST(the_contract_s_names_of_the_store_are_read_in_their_order)
{
    static const char *const vars[] = {
        "GL_ORCHESTRATOR_DB_POOL_MAX", "10", "GL_ORCHESTRATOR_DB_POOL_SIZE", "20", "DATABASE_URL",
        "postgresql://three/x",        NULL};
    auto_obj(config) config = NULL;
    struct err e = {0};

    env = vars;
    ck_assert(load((const char *[]){"orchd", NULL}, &config, &e));
    ck_assert_str_eq(config_text(config, CONFIG_STORE), "postgresql://three/x");
    ck_assert_str_eq(config_origin_text(config, CONFIG_STORE), "DATABASE_URL");
    ck_assert_int_eq(config_int(config, CONFIG_STORE_READERS), 20);
}
END_TEST

START_TEST(a_password_is_not_shown)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"postgresql://host/db", "postgresql://host/db"},
        {"postgresql://u@host:5432/db", "postgresql://u@host:5432/db"},
        {"postgresql://u:pa%40ss@host/db", "postgresql://u:***@host/db"},
        {"postgresql://u:p@s/s@host:5432/db", "postgresql://u:***@host:5432/db"},
        {"postgresql://h/db?user=u&password=x&sslmode=require",
         "postgresql://h/db?user=u&password=***&sslmode=require"},
        {"host=h password = 'it\\'s one' dbname=d", "host=h password = *** dbname=d"},
        {"host=h password=x sslpassword=y", "host=h password=*** sslpassword=***"},
        {"host=password dbname=passwords", "host=password dbname=passwords"},
        {"host=h password='open", "host=h password=***"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_done(buf) shown = {0};

        password_hide(rows[i][0], &shown);
        ck_assert_str_eq(buf_text(&shown), rows[i][1]);
        ck_assert(password_is_in(rows[i][0]) == (strcmp(rows[i][0], rows[i][1]) != 0));
    }
}
END_TEST

START_TEST(an_address_of_redis_begins_so_and_is_bounded)
{
    static char long_url[REDIS_URL_BYTES_MAX + 1] = "redis://";
    const char *const vars[] = {"REDIS_URL", "redis://:secret@r:1/2", NULL};
    auto_obj(config) config = NULL;
    auto_done(buf) shown = {0};
    struct err e = {0};

    memset(long_url + strlen(long_url), 'a', sizeof long_url - 1 - strlen(long_url));
    ck_assert(!load((const char *[]){"orchd", "--redis-url", "rediss://r", NULL}, &config, &e));
    ck_assert_str_eq(e.msg, "redis-url: command line: the address begins with redis://");
    ck_assert(!load((const char *[]){"orchd", "--redis-url", long_url, NULL}, &config, &e));
    ck_assert_str_eq(e.msg, "redis-url: command line: more than 2047 bytes");
    ck_assert(!load((const char *[]){"orchd", "--redis-url=redis://:secret@r", NULL}, &config, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "write the whole address in ORCH_REDIS_URL"));
    env = vars;
    ck_assert(load((const char *[]){"orchd", NULL}, &config, &e));
    config_add_value(config, CONFIG_REDIS_URL, &shown);
    ck_assert_str_eq(buf_text(&shown), "redis://:***@r:1/2");
}
END_TEST

START_TEST(a_password_is_not_taken_where_others_read_it)
{
    static const char *const vars[] = {"ORCH_STORE", "postgresql://u:secret@h/db", NULL};
    auto_obj(config) config = NULL;
    auto_done(buf) shown = {0};
    struct err e = {0};

    env = no_env;
    ck_assert(!load((const char *[]){"orchd", "--store", "postgresql://u:secret@h/db", NULL},
                    &config, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "PGPASSFILE"));
    ck_assert_ptr_null(strstr(e.msg, "secret"));
    env = vars;
    ck_assert(load((const char *[]){"orchd", NULL}, &config, &e));
    config_add_value(config, CONFIG_STORE, &shown);
    ck_assert_str_eq(buf_text(&shown), "postgresql://u:***@h/db");
}
END_TEST

START_TEST(a_variable_with_our_prefix_that_nobody_reads_is_told_with_the_name_that_was_meant)
{
    static char *const vars[] = {
        (char *)"ORCH_LISTEN=127.0.0.1:1", (char *)"ORCH_URL=http://127.0.0.1:1",
        (char *)"ORCH_LISTN=127.0.0.1:1",  (char *)"ORCH_TOKN=secret",
        (char *)"ORCH_SOMETHING_ELSE=1",   (char *)"ORCHARD=1",
        (char *)"orch_listen=1",           NULL,
    };

    told[0] = '\0';
    config_tell_ignored(vars, note, NULL);
    ck_assert_str_eq(told, "ORCH_LISTN: no setting has this name; did you mean ORCH_LISTEN?\n"
                           "ORCH_TOKN: no setting has this name; did you mean ORCH_TOKEN?\n"
                           "ORCH_SOMETHING_ELSE: no setting has this name\n");
}
END_TEST

START_TEST(the_contract_s_variables_are_read_after_ours)
{
    static const char *const theirs[] = {"GL_ORCHESTRATOR_MAX_CONCURRENT_EXECUTIONS", "25",
                                         "GL_ORCHESTRATOR_ACCEPT_NEW_EXECUTIONS", "False", NULL};
    static const char *const both[] = {"GL_ORCHESTRATOR_MAX_CONCURRENT_EXECUTIONS", "25",
                                       "ORCH_RUNS_ACTIVE_MAX", "7", NULL};
    auto_obj(config) one = NULL;
    auto_obj(config) two = NULL;
    struct err e = {0};

    env = theirs;
    ck_assert(load((const char *[]){"orchd", NULL}, &one, &e));
    ck_assert_int_eq(config_int(one, CONFIG_RUNS_ACTIVE_MAX), 25);
    ck_assert(!config_bool(one, CONFIG_ACCEPT_RUNS));
    env = both;
    ck_assert(load((const char *[]){"orchd", NULL}, &two, &e));
    ck_assert_int_eq(config_int(two, CONFIG_RUNS_ACTIVE_MAX), 7);
}
END_TEST

START_TEST(a_value_that_does_not_fit_names_its_source)
{
    static const char *const bad_env[] = {"ORCH_RUNS_ACTIVE_MAX", "many", NULL};
    static const struct {
        const char *args[4];
        const char *message;
    } rows[] = {
        {{"orchd", "--runs-active-max", "0"}, "--runs-active-max: 0 is not from 1 to 10000"},
        {{"orchd", "--runs-active-max", "12x"}, "not a whole number"},
        {{"orchd", "--dev=perhaps"}, "not true or false"},
        {{"orchd", "--listen"}, "--listen needs a value"},
        {{"orchd", "--lisen=x"}, "did you mean --listen?"},
        {{"orchd", "serve"}, "unexpected argument 'serve'"},
        {{"orchd", "--warm-tenants=acme, test-*,a\nb"}, "warm-tenants: command line: 'a"},
        {{"orchd", "--warm-tenants=../acme"}, "warm-tenants: command line: '../acme'"},
    };
    struct config *config = NULL;
    struct err e = {0};

    env = no_env;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_msg(!load(rows[i].args, &config, &e), "row %zu", i);
        ck_assert_int_eq(e.code, ERR_INVALID);
        ck_assert_msg(strstr(e.msg, rows[i].message) != NULL, "row %zu: %s", i, e.msg);
    }
    env = bad_env;
    ck_assert(!load((const char *[]){"orchd", NULL}, &config, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "ORCH_RUNS_ACTIVE_MAX: 'many'"));
    ck_assert_ptr_null(config);
}
END_TEST

/* Each bound is said once more here: a slip of the table is no setting's new meaning. */
static const struct {
    enum config_key key;
    int64_t min, max;
} bounds[] = {
    {CONFIG_STORE_READERS, 1, 20},
    {CONFIG_LEASE_TTL, 2, 600},
    {CONFIG_HTTP_CONNECTIONS_MAX, 16, 60000},
    {CONFIG_HTTP_ADDRESS_MAX, 0, 60000},
    {CONFIG_HTTP_HEAD_SECONDS, 1, 3600},
    {CONFIG_HTTP_BODY_SECONDS, 1, 86400},
    {CONFIG_HTTP_WAITING_MAX_MIB, 16, 65536},
    {CONFIG_RUNS_ACTIVE_MAX, 1, 10000},
    {CONFIG_RUNS_WAITING_MAX, 0, 1000000},
    {CONFIG_ATTEMPTS_MAX, 0, 4096},
    {CONFIG_WORKERS_PER_TYPE, 0, 1024},
    {CONFIG_TENANT_ATTEMPTS_MAX, 0, 4096},
    {CONFIG_NODE_MEMORY_MAX_MIB, 0, 1048576},
    {CONFIG_NODE_CPU_MAX_S, 1, 86400},
    {CONFIG_NODE_OUTPUT_MAX_KIB, 1, 4096},
    {CONFIG_NODE_LOG_MAX_KIB, 1, 65536},
    {CONFIG_SHED_STORE_BATCHES, 0, 65536},
    {CONFIG_SHED_MEMORY_MIB, 0, 1048576},
    {CONFIG_SHED_DEPTH, 0, 1000000},
    {CONFIG_CANCEL_GRACE_MS, 0, 600000},
    {CONFIG_DRAIN_S, 0, 86400},
    {CONFIG_LEDGER_HEAD_SECONDS, 0, 86400},
    {CONFIG_REDIS_TIMEOUT_MS, 100, 600000},
    {CONFIG_REDIS_BACKOFF_MAX_MS, 100, 600000},
    {CONFIG_REDIS_BLOCK_MS, 10, 60000},
    {CONFIG_NATS_TIMEOUT_MS, 100, 600000},
    {CONFIG_NATS_BACKOFF_MAX_MS, 100, 600000},
    {CONFIG_LANE_ORPHAN_SWEEP_MS, 100, 86400000},
    {CONFIG_LANE_ORPHAN_IDLE_MS, 100, 86400000},
    {CONFIG_LANE_ACK_RETRY_MS, 1, 60000},
    {CONFIG_LANE_AGEING_AFTER_MS, 100, 86400000},
    {CONFIG_LANE_AGEING_STEP_MS, 100, 86400000},
    {CONFIG_SCHEDULE_GRACE_MS, 100, 86400000},
    {CONFIG_SCHEDULE_FIRINGS_DAYS, 1, 3650},
    {CONFIG_SANDBOX_MIN_LEVEL, 1, 4},
};

static void check_value(enum config_key key, int64_t value, bool fits, const char *range)
{
    auto_obj(config) config = NULL;
    struct err e = {0};
    char flag[96];

    snprintf(flag, sizeof flag, "--%s=%lld", config_name(key), (long long)value);
    ck_assert_msg(load((const char *[]){"orchd", flag, NULL}, &config, &e) == fits, "%s", flag);
    if (fits)
        ck_assert_int_eq(config_int(config, key), value);
    else
        ck_assert_msg(strstr(e.msg, range) != NULL, "%s: %s", flag, e.msg);
}

START_TEST(a_number_is_taken_at_its_bounds_and_refused_beyond_them)
{
    enum {
#define KEY_TEXT(...)
#define KEY_BOOL(...)
#define KEY_INT(id, ...) NUMBER_##id,
#include "config/keys.def"
#undef KEY_TEXT
#undef KEY_BOOL
#undef KEY_INT
        NUMBERS
    };
    char range[96];

    env = no_env;
    ck_assert_uint_eq(ARRAY_LEN(bounds), NUMBERS);
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        snprintf(range, sizeof range, "is not from %lld to %lld", (long long)bounds[i].min,
                 (long long)bounds[i].max);
        check_value(bounds[i].key, bounds[i].min - 1, false, range);
        check_value(bounds[i].key, bounds[i].min, true, range);
        check_value(bounds[i].key, bounds[i].max, true, range);
        check_value(bounds[i].key, bounds[i].max + 1, false, range);
    }
}
END_TEST

START_TEST(help_and_print_show_every_key)
{
    auto_obj(config) config = NULL;
    auto_done(buf) help = {0};
    auto_done(buf) print = {0};
    struct err e = {0};
    char name[] = "orchd", flag[] = "--help";
    char *args[] = {name, flag, NULL};
    bool wants_help;

    env = no_env;
    ck_assert(config_load(2, args, get_env, &config, &wants_help, &e));
    ck_assert(wants_help);
    config_help(&help);
    config_add_value(config, CONFIG_DEV, &print);
    buf_adds(&print, config_name(CONFIG_PID_FILE));
    config_add_value(config, CONFIG_PID_FILE, &print);
    ck_assert_ptr_nonnull(strstr(buf_text(&help), "--sandbox-min-level"));
    ck_assert_ptr_nonnull(strstr(buf_text(&help), "GL_ORCHESTRATOR_LOG_LEVEL; default info]"));
    ck_assert_str_eq(buf_text(&print), "falsepid-file");
    ck_assert_str_eq(config_origin_text(config, CONFIG_PID_FILE), "default");
}
END_TEST

START_TEST(descriptors_suffice_for_every_share)
{
    const struct descriptors_share wants[] = {{16, 64, 10000, 64},
                                              {4096, 64, 60000, 64},
                                              {1, 64, 16, 64},
                                              {8, 64, 500, 1}};

    for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
        for (uint32_t limit = DESCRIPTORS_MIN; limit <= DESCRIPTORS_MAX; limit += 17) {
            const struct descriptors_share *want = &wants[i];
            struct descriptors_share got;

            ck_assert(descriptors_share(limit, want, &got, NULL));
            ck_assert_uint_le(80 + (got.attempts + got.spares) * 5 + got.connections + got.probes,
                              limit);
            ck_assert(got.attempts > 0 && got.attempts <= want->attempts);
            ck_assert(got.spares > 0 && got.spares <= want->spares);
            ck_assert(got.connections > 0 && got.connections <= want->connections);
            ck_assert(got.probes > 0 && got.probes <= want->probes);
        }
    }
}
END_TEST

START_TEST(descriptors_enough_are_given_as_wanted)
{
    const struct descriptors_share want = {16, 64, 10000, 64};
    struct descriptors_share got;
    struct err e;

    ck_assert(descriptors_share(20000, &want, &got, NULL));
    ck_assert(got.attempts == 16 && got.spares == 64 && got.connections == 10000 &&
              got.probes == 64);
    ck_assert(!descriptors_share(DESCRIPTORS_MIN - 1, &want, &got, &e));
    ck_assert_int_eq(e.code, ERR_LIMIT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *tc = tcase_create("config");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, the_default_yields_to_the_environment_and_that_to_a_flag);
    tcase_add_test(tc, the_contract_s_variables_are_read_after_ours);
    tcase_add_test(tc, a_variable_of_the_contract_that_does_nothing_is_told);
    tcase_add_test(
        tc, a_variable_with_our_prefix_that_nobody_reads_is_told_with_the_name_that_was_meant);
    tcase_add_test(tc, a_variable_that_another_one_overrules_is_told);
    tcase_add_test(tc, the_contract_s_names_of_the_store_are_read_in_their_order);
    tcase_add_test(tc, a_password_is_not_shown);
    tcase_add_test(tc, an_address_of_redis_begins_so_and_is_bounded);
    tcase_add_test(tc, a_password_is_not_taken_where_others_read_it);
    tcase_add_test(tc, a_value_that_does_not_fit_names_its_source);
    tcase_add_test(tc, a_number_is_taken_at_its_bounds_and_refused_beyond_them);
    tcase_add_test(tc, help_and_print_show_every_key);
    tcase_add_test(tc, descriptors_suffice_for_every_share);
    tcase_add_test(tc, descriptors_enough_are_given_as_wanted);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
