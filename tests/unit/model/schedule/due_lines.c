/* due_lines.c -- for zones_test.py: a line "ZONE|POLICY|CRON|AFTER|COUNT" in, a line of due times
 * out, each as seconds since 1970 and the first letter of its note. */
#include "base/mem.h"
#include "model/schedule/due_words.h"

#include <stdio.h>
#include <string.h>

static void die(const char *why)
{
    fprintf(stderr, "due_lines: %s\n", why);
    exit(1);
}

static void answer(const struct due_rule *rule, int64_t after_s, int count)
{
    int64_t at_us = after_s * 1000000;
    struct due d;

    for (int i = 0; i < count && due_next(rule, at_us, &d); i++, at_us = d.utc_us) {
        const char *note = due_note_text(d.note);

        printf("%s%lld%c", i > 0 ? " " : "", (long long)(d.utc_us / 1000000),
               note != NULL ? note[1] : '-');
    }
    printf("\n");
}

int main(void)
{
    char line[512], zone[128], policy[16], cron[128];
    long long after;
    int count;

    while (fgets(line, sizeof line, stdin) != NULL) {
        const struct due_words words = {.cron = cron, .timezone = zone, .dst = policy};
        auto_done(due_read) due = {0};
        struct err e = {0};
        const char *code;

        if (sscanf(line, "%127[^|]|%15[^|]|%127[^|]|%lld|%d", zone, policy, cron, &after, &count) !=
            5)
            die(line);
        if (!due_words_read(&words, 0, &due, &code, &e))
            die(e.msg);
        answer(&due.rule, after, count);
        fflush(stdout);
    }
    return 0;
}
