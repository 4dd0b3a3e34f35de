/* log.h -- one line an event: a name that never changes and typed fields. Lines go to standard
 * error as JSON (the service manager keeps them) or, on a terminal, as level=... text. Values are
 * quoted in one place, so no peer can forge a line. Secrets are never passed here.
 *
 * Who reads the lines may be slow, but stops nobody: a line waits LOG_WAIT_MS for room, and none
 * does while its predecessor found none. Lines that are lost are counted, and the next that finds
 * room has "log.lost" before it, which says how many.
 *
 *     log_event(LOG_WARN, "attempt.failed", F_STR("runId", id), F_INT("attempt", n), F_ERR(e));
 */
#ifndef ORCH_BASE_LOG_H
#define ORCH_BASE_LOG_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVEL_COUNT };

struct log_field {
    const char *key;
    const char *text; /* NULL: number holds the value */
    int64_t number;
};

#define F_STR(k, v) ((struct log_field){(k), (v) != NULL ? (v) : "", 0})
#define F_INT(k, v) ((struct log_field){(k), NULL, (int64_t)(v)})
#define F_ERR(e) ((struct log_field){"error", (e)->msg, 0})

/* process: "orchd", "supervisor", ...; json: false gives key=value text. Not thread-safe: called
 * once, before threads start. */
void log_setup(const char *process, enum log_level least, bool json);
/* For a process that must go on whatever happens to its standard error: makes it this process's own
 * and not blocking, where that can be done. Without it a line still waits only as long as it says
 * above, unless another process takes the same room at the same moment. */
void log_own_output(void);
enum { LOG_WAIT_MS = 50 };
bool log_level_parse(const char *text, enum log_level *ret) must_check;

/* What log_setup was told, as a program that is started here wants it. */
const char *log_level_text(void);
const char *log_format_text(void);

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count);
#define log_event(level, event, ...)                                                               \
    log_fields(level, event, (const struct log_field[]){__VA_ARGS__},                              \
               sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

#endif
