/* table_test.c -- the table of verbs holds what parsing, help and completion rely on. */
#include "suites.h"

#include "base/mem.h"
#include "cli/help.h"
#include "cli/parse.h"

#include <string.h>

typedef void row_fn(const struct cli_group *group, const struct cli_verb *verb);

static void each_verb(row_fn *fn)
{
    for (size_t i = 0; cli_groups[i] != NULL; i++) {
        for (const struct cli_verb *verb = cli_groups[i]->verbs; verb->handler != NULL; verb++)
            fn(cli_groups[i], verb);
    }
}

static const char *name_of(const struct cli_verb *verb)
{
    return verb->name != NULL ? verb->name : "";
}

static void verb_is_whole(const struct cli_group *group, const struct cli_verb *verb)
{
    ck_assert_msg(verb->summary != NULL && *verb->summary != '\0', "%s %s has no summary",
                  group->name, name_of(verb));
    ck_assert_msg(verb->summary[strlen(verb->summary) - 1] != '.', "%s %s: full stop", group->name,
                  name_of(verb));
    ck_assert_msg(verb->name != NULL || verb[1].handler == NULL, "%s: a nameless verb among others",
                  group->name);
    if (verb->name != NULL)
        ck_assert_ptr_eq(cli_verb_find(group, verb->name), verb);
}

START_TEST(every_group_and_verb_is_named_once_and_explained)
{
    for (size_t i = 0; cli_groups[i] != NULL; i++) {
        ck_assert_ptr_eq(cli_group_find(cli_groups[i]->name), cli_groups[i]);
        ck_assert(cli_groups[i]->summary != NULL && cli_groups[i]->verbs[0].handler != NULL);
    }
    each_verb(verb_is_whole);
}
END_TEST

static void flag_is_whole(const struct cli_flag *flag)
{
    bool number = flag->type == FLAG_INT;
    int64_t n;

    ck_assert_msg(flag->help != NULL && *flag->help != '\0', "--%s has no help", flag->name);
    ck_assert_msg(flag->help[strlen(flag->help) - 1] != '.', "--%s: full stop", flag->name);
    ck_assert_msg(flag->type > FLAG_INVALID && flag->type < FLAG_TYPE_COUNT, "--%s", flag->name);
    ck_assert_msg((flag->value == NULL) == (flag->type == FLAG_BOOL), "--%s: value name",
                  flag->name);
    ck_assert_msg((flag->choices != NULL) == (flag->type == FLAG_CHOICE), "--%s: choices",
                  flag->name);
    ck_assert_msg(!flag->required || flag->fallback == NULL, "--%s: default", flag->name);
    ck_assert_msg(!number || flag->min < flag->max, "--%s: bounds", flag->name);
    if (flag->fallback == NULL)
        return;
    ck_assert(flag->type != FLAG_CHOICE || parse_choice(flag->choices, flag->fallback));
    ck_assert(!number || parse_int(flag->fallback, flag->min, flag->max, &n, NULL));
    ck_assert(flag->type != FLAG_DURATION || parse_duration(flag->fallback, &n, NULL));
}

static size_t times_named(const struct cli_flag *flags, const struct cli_flag *flag)
{
    size_t times = 0;

    for (; flags != NULL && flags->name != NULL; flags++) {
        bool same_letter = flag->letter != 0 && flag->letter == flags->letter;

        times += strcmp(flags->name, flag->name) == 0 || same_letter ? 1 : 0;
    }
    return times;
}

static void flags_are_whole(const struct cli_group *group, const struct cli_verb *verb)
{
    for (const struct cli_flag *flag = verb->flags; flag != NULL && flag->name != NULL; flag++) {
        flag_is_whole(flag);
        ck_assert_msg(times_named(verb->flags, flag) == 1, "%s %s: --%s twice", group->name,
                      name_of(verb), flag->name);
        ck_assert_msg(times_named(cli_global_flags, flag) == 0, "%s %s: --%s is a global flag",
                      group->name, name_of(verb), flag->name);
    }
}

START_TEST(every_flag_has_help_and_bounds_and_one_meaning)
{
    for (const struct cli_flag *flag = cli_global_flags; flag->name != NULL; flag++) {
        flag_is_whole(flag);
        ck_assert_uint_eq(times_named(cli_global_flags, flag), 1);
    }
    each_verb(flags_are_whole);
}
END_TEST

static void args_are_in_order(const struct cli_group *group, const struct cli_verb *verb)
{
    bool optional = false;

    for (const struct cli_arg *arg = verb->args; arg != NULL && arg->name != NULL; arg++) {
        ck_assert_msg(arg->help != NULL && *arg->help != '\0', "%s %s: %s has no help", group->name,
                      name_of(verb), arg->name);
        ck_assert_msg(!(optional && arg->required), "%s %s: %s behind an optional one", group->name,
                      name_of(verb), arg->name);
        ck_assert_msg(!arg->many || arg[1].name == NULL, "%s %s: %s takes the rest", group->name,
                      name_of(verb), arg->name);
        optional = !arg->required;
    }
}

START_TEST(arguments_that_must_be_given_come_first)
{
    each_verb(args_are_in_order);
}
END_TEST

static void add_help(struct buf *b, const char *group_name, const char *verb_name)
{
    const struct cli_group *group = cli_group_find(group_name);

    help_add(b, group, verb_name != NULL ? cli_verb_find(group, verb_name) : NULL);
}

START_TEST(help_reads_as_it_did)
{
    auto_done(buf) b = {0};

    help_add(&b, NULL, NULL);
    add_help(&b, "dag", NULL);
    add_help(&b, "dag", "plan");
    add_help(&b, "run", NULL);
    add_help(&b, "run", "start");
    add_help(&b, "verify", NULL);
    snapshot_check("help.txt", buf_text(&b));
}
END_TEST

static void verb_is_completed(const struct cli_group *group, const struct cli_verb *verb)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};

    for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
        auto_done(buf) b = {0};

        complete_add(&b, shells[i]);
        ck_assert_ptr_nonnull(strstr(buf_text(&b), group->name));
        ck_assert_ptr_nonnull(strstr(buf_text(&b), name_of(verb)));
        for (const struct cli_flag *flag = verb->flags; flag != NULL && flag->name; flag++)
            ck_assert_msg(strstr(buf_text(&b), flag->name) != NULL, "%s: --%s", shells[i],
                          flag->name);
    }
}

START_TEST(completion_knows_every_verb_and_flag)
{
    each_verb(verb_is_completed);
}
END_TEST

static void verb_is_in_manual(const struct cli_group *group, const struct cli_verb *verb)
{
    auto_mem char *title =
        mem_printf("## orch %s%s%s\n", group->name, verb->name != NULL ? " " : "", name_of(verb));
    auto_done(buf) b = {0};

    man_add(&b);
    ck_assert_msg(strstr(buf_text(&b), title) != NULL, "%s", title);
}

START_TEST(the_manual_has_every_verb)
{
    each_verb(verb_is_in_manual);
}
END_TEST

START_TEST(exit_codes_are_the_contracts)
{
    static const struct {
        enum cli_exit exit;
        int core, fine;
    } rows[] = {
        {CLI_EXIT_OK, 0, 0},       {CLI_EXIT_FAILED, 1, 1},          {CLI_EXIT_USAGE, 1, 2},
        {CLI_EXIT_AUTH, 2, 3},     {CLI_EXIT_NOT_FOUND, 1, 4},       {CLI_EXIT_OFFLINE, 1, 5},
        {CLI_EXIT_TIMEOUT, 1, 7},  {CLI_EXIT_UNVERIFIED, 1, 8},      {CLI_EXIT_TRANSIENT, 1, 10},
        {CLI_EXIT_CONFLICT, 1, 6}, {CLI_EXIT_CANCEL_REJECTED, 3, 6},
    };

    ck_assert_uint_eq(ARRAY_LEN(rows), CLI_EXIT_COUNT);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_int_eq(cli_exit_code(rows[i].exit, false), rows[i].core);
        ck_assert_int_eq(cli_exit_code(rows[i].exit, true), rows[i].fine);
    }
    for (int code = ERR_NONE; code < ERR_CODE_COUNT; code++) {
        bool auth = code == ERR_UNAUTHENTICATED || code == ERR_DENIED;
        int core = code == ERR_NONE ? 0 : auth ? 2 : 1;

        ck_assert_int_eq(cli_exit_code(cli_exit_of((enum err_code)code), false), core);
    }
}
END_TEST

TCase *table_cases(void)
{
    TCase *tc = tcase_create("table");

    tcase_add_test(tc, every_group_and_verb_is_named_once_and_explained);
    tcase_add_test(tc, every_flag_has_help_and_bounds_and_one_meaning);
    tcase_add_test(tc, arguments_that_must_be_given_come_first);
    tcase_add_test(tc, help_reads_as_it_did);
    tcase_add_test(tc, completion_knows_every_verb_and_flag);
    tcase_add_test(tc, the_manual_has_every_verb);
    tcase_add_test(tc, exit_codes_are_the_contracts);
    return tc;
}
