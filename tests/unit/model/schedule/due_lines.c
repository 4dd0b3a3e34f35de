/* due_lines.c -- for zones_test.py: a line "ZONE|POLICY|CRON|AFTER|COUNT" in, a line of due times
 * out, each as seconds since 1970 and the first letter of its note. */
#include "base/mem.h"
#include "model/schedule/due.h"

#include <stdio.h>
#include <string.h>

static void die(const char *why)
{
    fprintf(stderr, "due_lines: %s\n", why);
    exit(1);
}

static enum due_dst policy_of(const char *word)
{
    for (int i = 0; i < DUE_DST_COUNT; i++) {
        if (strcmp(due_dst_words[i], word) == 0)
            return (enum due_dst)i;
    }
    die(word);
    return DUE_SKIP;
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
        auto_obj(zone) z = NULL;
        struct due_rule rule = {.kind = DUE_CRON};
        struct err e = {0};

        if (sscanf(line, "%127[^|]|%15[^|]|%127[^|]|%lld|%d", zone, policy, cron, &after, &count) !=
                5 ||
            !zone_load(zone, &z, &e) || !cron_parse(cron, strlen(cron), &rule.cron, &e))
            die(e.msg[0] != '\0' ? e.msg : line);
        rule.zone = z;
        rule.dst = policy_of(policy);
        answer(&rule, after, count);
        fflush(stdout);
    }
    return 0;
}
