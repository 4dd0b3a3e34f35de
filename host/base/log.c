/* log.c -- see log.h. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char *const level_names[LOG_LEVEL_COUNT] = {"debug", "info", "warn", "error"};

static struct {
    const char *process;
    enum log_level least;
    bool json;
} setup = {"orch", LOG_INFO, false};

void log_setup(const char *process, enum log_level least, bool json)
{
    setup.process = process;
    setup.least = least;
    setup.json = json;
}

bool log_level_parse(const char *text, enum log_level *ret)
{
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strcasecmp(text, level_names[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    if (strcasecmp(text, "warning") == 0) {
        *ret = LOG_WARN;
        return true;
    }
    return false;
}

static void add_member(struct buf *b, const char *key, const char *text)
{
    if (b->len > 1)
        buf_addc(b, setup.json ? ',' : ' ');
    if (setup.json)
        buf_addf(b, "\"%s\":", key);
    else
        buf_addf(b, "%s=", key);
    buf_add_json_str(b, text, strlen(text));
}

static void add_field(struct buf *b, const struct log_field *f)
{
    if (f->text != NULL) {
        add_member(b, f->key, f->text);
        return;
    }
    if (setup.json)
        buf_addf(b, ",\"%s\":%lld", f->key, (long long)f->number);
    else
        buf_addf(b, " %s=%lld", f->key, (long long)f->number);
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count)
{
    auto_done(buf) line = {0};
    char now[CLOCK_TEXT_BYTES];
    ssize_t unused_arg written;

    if (level < setup.least)
        return;
    clock_text(clock_wall_us(), now);
    if (setup.json)
        buf_addc(&line, '{');
    add_member(&line, "timestamp", now);
    add_member(&line, "level", level_names[level]);
    add_member(&line, "process", setup.process);
    add_member(&line, "event", event);
    for (size_t i = 0; i < count; i++)
        add_field(&line, &fields[i]);
    buf_adds(&line, setup.json ? "}\n" : "\n");
    written = write(STDERR_FILENO, line.data, line.len); /* a lost log line stops nobody */
}
