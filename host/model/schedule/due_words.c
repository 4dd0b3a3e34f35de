/* due_words.c -- see due_words.h. */
#include "model/schedule/due_words.h"

#include "base/clock.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

static bool dst_of(const char *word, enum due_dst *ret, struct err *e)
{
    static const char *const words[DUE_DST_COUNT] = {"skip", "twice", "shift"};

    for (int i = 0; i < DUE_DST_COUNT; i++) {
        if (strcmp(words[i], word) == 0) {
            *ret = (enum due_dst)i;
            return true;
        }
    }
    return err_set(e, ERR_INVALID, "dstPolicy: '%.32s' is not skip, twice or shift", word);
}

static bool read_cron(const struct due_words *w, struct due_rule *ret, const char **ret_code,
                      struct err *e)
{
    ret->kind = DUE_CRON;
    *ret_code = "CRON_INVALID";
    return cron_parse(w->cron, strlen(w->cron), &ret->cron, e);
}

static bool read_every(const struct due_words *w, int64_t now_us, struct due_rule *ret,
                       struct err *e)
{
    ret->kind = DUE_EVERY;
    ret->anchor_us = now_us;
    if (w->anchor != NULL && !clock_parse(w->anchor, &ret->anchor_us))
        return err_set(e, ERR_INVALID, "anchor: '%.64s' is no time of RFC 3339", w->anchor);
    return due_every_parse(w->every, &ret->every_us, e);
}

static bool read_when(const struct due_words *w, int64_t now_us, struct due_rule *ret,
                      const char **ret_code, struct err *e)
{
    if ((w->cron != NULL) + (w->every != NULL) + (w->at != NULL) != 1)
        return err_set(e, ERR_INVALID, "one of cron, every and at is needed, and only one");
    if (w->cron != NULL)
        return read_cron(w, ret, ret_code, e);
    if (w->every != NULL)
        return read_every(w, now_us, ret, e);
    ret->kind = DUE_AT;
    return due_at_parse(w->at, ret->zone, ret->dst, &ret->at_us, e);
}

bool due_words_read(const struct due_words *words, int64_t now_us, struct due_read *ret,
                    const char **ret_code, struct err *e)
{
    auto_obj(zone) zone = NULL;
    struct due_rule rule = {0};

    *ret_code = NULL;
    if (!dst_of(words->dst != NULL ? words->dst : "shift", &rule.dst, e))
        return false;
    if (!zone_load(words->timezone != NULL ? words->timezone : "UTC", &zone, e)) {
        *ret_code = "TIMEZONE_INVALID";
        return false;
    }
    rule.zone = zone;
    if (!read_when(words, now_us, &rule, ret_code, e))
        return false;
    *ret = (struct due_read){rule, take(zone)};
    return true;
}

void due_read_done(struct due_read *read)
{
    zone_free(take(read->zone));
}

bool due_kept_read(const char *kind, const char *rule, const char *timezone, const char *dst,
                   int64_t anchor_us, struct due_read *ret, struct err *e)
{
    const struct due_words words = {
        .cron = strcmp(kind, "cron") == 0 ? rule : NULL,
        .every = strcmp(kind, "every") == 0 ? rule : NULL,
        .at = strcmp(kind, "at") == 0 ? rule : NULL,
        .timezone = timezone,
        .dst = dst,
    };
    const char *code;

    return due_words_read(&words, anchor_us, ret, &code, e);
}

int64_t due_jitter_us(const char *name, int64_t due_us, int64_t jitter_s)
{
    char text[128];
    uint8_t digest[SHA256_BYTES];
    uint64_t drawn;

    if (jitter_s == 0)
        return due_us;
    snprintf(text, sizeof text, "%.80s %lld", name, (long long)due_us);
    sha256(text, strlen(text), digest);
    memcpy(&drawn, digest, sizeof drawn);
    return due_us + (int64_t)(drawn % ((uint64_t)jitter_s * 1000000 + 1));
}

json_t *due_list_owned(const struct due_rule *rule, int64_t after_us, int64_t count)
{
    json_t *list = json_array();
    struct due d;

    for (int64_t i = 0; i < count && due_next(rule, after_us, &d); i++, after_us = d.utc_us) {
        char utc[DUE_TEXT_BYTES], local[DUE_TEXT_BYTES];

        due_utc_text(&d, utc);
        due_local_text(&d, local);
        json_array_append_new(list, json_pack("{s:s, s:s, s:s?}", "dueUtc", utc, "local", local,
                                              "note", due_note_text(d.note)));
    }
    return list;
}
