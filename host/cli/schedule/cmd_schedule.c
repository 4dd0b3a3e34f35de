/* cmd_schedule.c -- `orch schedule`: the table of its verbs, and when a rule is due, worked out
 * here. */
#include "cli/schedule/cmd_schedule.h"

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/settings.h"
#include "model/schedule/due_words.h"

const struct out_column schedule_times[] = {
    {"DUE", "dueUtc"},
    {"LOCAL", "local"},
    {"NOTE", "note"},
    {NULL, NULL},
};

static bool read_after(const struct cli *cli, int64_t *ret_us, struct err *e)
{
    const char *after = cli_flag_text(cli, "after");

    *ret_us = clock_wall_us();
    return after == NULL || clock_parse(after, ret_us) ||
           err_set(e, ERR_INVALID, "--after: '%s' is no time of RFC 3339", after);
}

/* Of a schedule that the host has: its rule, from there. */
static bool words_of_id(struct cli *cli, const char *id, json_t **ret_kept, struct due_words *ret,
                        struct err *e)
{
    if (!settings_token(cli, e) || !schedule_get(cli, id, ret_kept, e))
        return false;
    *ret = (struct due_words){
        .cron = json_string_value(json_object_get(*ret_kept, "cron")),
        .every = json_string_value(json_object_get(*ret_kept, "every")),
        .at = json_string_value(json_object_get(*ret_kept, "at")),
        .timezone = json_string_value(json_object_get(*ret_kept, "timezone")),
        .dst = json_string_value(json_object_get(*ret_kept, "dstPolicy")),
        .anchor = json_string_value(json_object_get(*ret_kept, "createdUtc")),
    };
    return true;
}

static bool next(struct cli *cli, struct err *e)
{
    struct due_words words = {
        .cron = cli_flag_text(cli, "cron"),
        .every = cli_flag_text(cli, "every"),
        .at = cli_flag_text(cli, "at"),
        .timezone = cli_flag_text(cli, "timezone"),
        .dst = cli_flag_text(cli, "dst"),
        .anchor = cli_flag_text(cli, "anchor"),
    };
    auto_done(due_read) due = {0};
    auto_json kept = NULL;
    auto_json whole = NULL;
    const char *code;
    int64_t after_us;

    if (cli_arg(cli, 0) != NULL && !words_of_id(cli, cli_arg(cli, 0), &kept, &words, e))
        return false;
    if (!read_after(cli, &after_us, e) || !due_words_read(&words, clock_wall_us(), &due, &code, e))
        return false;
    whole = json_pack("{s:o}", "fireTimes",
                      due_list_owned(&due.rule, after_us, cli_flag_int(cli, "count")));
    out_rows(cli, schedule_times, json_object_get(whole, "fireTimes"), whole);
    return true;
}

static const struct cli_flag flags[] = {
    {.name = "cron", .type = FLAG_TEXT, .value = "FIELDS", .help = "five fields, or @daily"},
    {.name = "every", .type = FLAG_TEXT, .value = "TIME", .help = "elapsed time, as 90m or 1d12h"},
    {.name = "at",
     .type = FLAG_TEXT,
     .value = "TIME",
     .help = "once: RFC 3339, or without an offset on the zone's clocks"},
    {.name = "timezone",
     .type = FLAG_TEXT,
     .value = "ZONE",
     .fallback = "UTC",
     .help = "whose clocks, as Europe/Berlin"},
    {.name = "dst",
     .type = FLAG_CHOICE,
     .value = "POLICY",
     .choices = "skip|twice|shift",
     .fallback = "shift",
     .help = "what a time means that a change of the clocks jumps over or repeats"},
    {.name = "anchor", .type = FLAG_TEXT, .value = "TIME", .help = "where --every begins (now)"},
    {.name = "after", .type = FLAG_TEXT, .value = "TIME", .help = "only later times (now)"},
    {.name = "count",
     .type = FLAG_INT,
     .value = "N",
     .fallback = "5",
     .min = 1,
     .max = DUE_COUNT_MAX,
     .help = "how many"},
    {.name = NULL},
};
#define TEXT_FLAG(flag, what, told)                                                                \
    {                                                                                              \
        .name = (flag), .type = FLAG_TEXT, .value = (what), .help = (told)                         \
    }
static const struct cli_flag create_flags[] = {
    TEXT_FLAG("cron", "FIELDS", "five fields, or @daily"),
    TEXT_FLAG("every", "TIME", "elapsed time, as 90m or 1d12h, from its creation"),
    TEXT_FLAG("at", "TIME", "once: RFC 3339, or without an offset on the zone's clocks"),
    TEXT_FLAG("timezone", "ZONE", "whose clocks, as Europe/Berlin (UTC)"),
    TEXT_FLAG("version", "VERSION", "always this one (the newest that is enabled)"),
    {.name = "inputs", .type = FLAG_FILE, .value = "FILE", .help = "the runs' inputs (none)"},
    {.name = "dst",
     .type = FLAG_CHOICE,
     .value = "POLICY",
     .choices = "skip|twice|shift",
     .fallback = "shift",
     .help = "what a time means that a change of the clocks jumps over or repeats"},
    {.name = "missed",
     .type = FLAG_CHOICE,
     .value = "POLICY",
     .choices = "none|last|all",
     .fallback = "last",
     .help = "which of the due times that no host reached are made up for"},
    {.name = "missed-max",
     .type = FLAG_INT,
     .value = "N",
     .fallback = "10",
     .min = 1,
     .max = 1000,
     .help = "of all, the latest so many"},
    {.name = "overlap",
     .type = FLAG_CHOICE,
     .value = "POLICY",
     .choices = "allow|skip|queue|cancel-previous",
     .fallback = "skip",
     .help = "what is done while the run before goes on"},
    {.name = "jitter-seconds",
     .type = FLAG_INT,
     .value = "N",
     .fallback = "0",
     .min = 0,
     .max = 86400,
     .help = "fire up to so much later"},
    {.name = "paused", .type = FLAG_BOOL, .help = "not yet: until orch schedule resume"},
    {.name = NULL},
};
static const struct cli_flag list_flags[] = {
    TEXT_FLAG("dag", "DAG", "only those of this DAG"),
    {.name = NULL},
};
static const struct cli_arg dag_arg[] = {
    {"DAG", true, false, "what its runs execute"},
    {NULL, false, false, NULL},
};
static const struct cli_arg id_arg[] = {
    {"SCHEDULE", true, false, "id, as orch schedule list has it"},
    {NULL, false, false, NULL},
};
static const struct cli_arg next_arg[] = {
    {"SCHEDULE", false, false, "one that the host has, in place of a rule"},
    {NULL, false, false, NULL},
};
static const struct cli_verb verbs[] = {
    {.name = "create",
     .summary = "Start runs of a DAG by the calendar",
     .details = "One of --cron, --every and --at says when. Each due time starts one run, on "
                "whichever host; GET /schedules/{id}/firings tells what became of each.",
     .flags = create_flags,
     .args = dag_arg,
     .needs_server = true,
     .handler = schedule_create},
    {.name = "list",
     .summary = "List schedules, and why one does not fire",
     .flags = list_flags,
     .needs_server = true,
     .handler = schedule_list},
    {.name = "show",
     .summary = "Show a schedule, its policies and its next five times",
     .args = id_arg,
     .needs_server = true,
     .handler = schedule_show},
    {.name = "pause",
     .summary = "Let due times pass by",
     .args = id_arg,
     .needs_server = true,
     .handler = schedule_pause},
    {.name = "resume",
     .summary = "Fire again, from the next due time",
     .args = id_arg,
     .needs_server = true,
     .handler = schedule_resume},
    {.name = "delete",
     .summary = "Remove a schedule; the runs that it started stay",
     .args = id_arg,
     .needs_server = true,
     .handler = schedule_delete},
    {.name = "next",
     .summary = "Show when a schedule or a rule is due next",
     .details = "Of the schedule, or of the rule that one of --cron, --every and --at gives. The "
                "times are worked out with the time zones of this machine; for a rule no host is "
                "asked. NOTE is 'shifted' where the clocks jump over the time, 'first' and "
                "'second' where it comes twice.",
     .flags = flags,
     .args = next_arg,
     .handler = next},
    {.handler = NULL},
};
const struct cli_group cli_group_schedule = {
    .name = "schedule",
    .summary = "Schedules: create, list, pause, and when they are due",
    .verbs = verbs};
