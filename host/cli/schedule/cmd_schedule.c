/* cmd_schedule.c -- `orch schedule`: worked out here, no host is asked. */
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "model/schedule/due_words.h"

static const struct out_column columns[] = {
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

static bool next(struct cli *cli, struct err *e)
{
    const struct due_words words = {
        .cron = cli_flag_text(cli, "cron"),
        .every = cli_flag_text(cli, "every"),
        .at = cli_flag_text(cli, "at"),
        .timezone = cli_flag_text(cli, "timezone"),
        .dst = cli_flag_text(cli, "dst"),
        .anchor = cli_flag_text(cli, "anchor"),
    };
    auto_done(due_read) due = {0};
    auto_json whole = NULL;
    const char *code;
    int64_t after_us;

    if (!read_after(cli, &after_us, e) || !due_words_read(&words, clock_wall_us(), &due, &code, e))
        return false;
    whole = json_pack("{s:o}", "fireTimes",
                      due_list_owned(&due.rule, after_us, cli_flag_int(cli, "count")));
    out_rows(cli, columns, json_object_get(whole, "fireTimes"), whole);
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
static const struct cli_verb verbs[] = {
    {.name = "next",
     .summary = "Show when a rule is due next",
     .details = "One of --cron, --every and --at says when. The times are worked out with the time "
                "zones of this machine; no host is asked. NOTE is 'shifted' where the clocks jump "
                "over the time, 'first' and 'second' where it comes twice.",
     .flags = flags,
     .handler = next},
    {.handler = NULL},
};
const struct cli_group cli_group_schedule = {.name = "schedule",
                                             .summary = "When schedules are due",
                                             .verbs = verbs};
