/* events.h -- what the turn has to tell the caller, in the order it happened. Lower parts append;
 * client.c alone delivers, once a turn, so that no callback of the caller's runs inside of a part
 * that is at work.
 *
 * Owns the texts and descriptors in the list until event_free. What bounds it: each part takes a
 * bounded amount from each descriptor a turn (PACKETS_A_TURN, READS_A_TURN), and no text is longer
 * than its stream's cap. That an attempt began or is done is not here: those lists are in
 * attempt.h, because they are told after everything else. */
#ifndef ORCH_SANDBOX_CLIENT_EVENTS_H
#define ORCH_SANDBOX_CLIENT_EVENTS_H

#include "base/buf.h"
#include "sandbox/client/client.h"

#include <sys/queue.h>

struct plugin_info;

enum event_kind {
    EVENT_TEXT,
    EVENT_PROGRESS,
    EVENT_HEARTBEAT,
    EVENT_PLUGIN_READY,
    EVENT_PLUGIN_FAILED,
    EVENT_PLUGIN_QUARANTINED,
    EVENT_AUTHORITY,
    EVENT_BRIDGE,
};

struct event {
    STAILQ_ENTRY(event) link;
    enum event_kind kind;
    uint64_t attempt;
    enum attempt_stream stream; /* of TEXT */
    int32_t level;              /* of TEXT */
    uint64_t done, total;       /* of PROGRESS */
    struct buf text;            /* of TEXT and PROGRESS: valid UTF-8 */
    char *digest;               /* of PLUGIN_* */
    struct plugin_info *info;   /* of PLUGIN_READY */
    struct err *why;            /* of PLUGIN_FAILED and PLUGIN_QUARANTINED */
    int fd;                     /* of AUTHORITY and BRIDGE; -1: taken */
};

struct events {
    STAILQ_HEAD(event_list, event) list;
};

void events_init(struct events *events);
void events_done(struct events *events);

/* Both take the text and leave an empty one. */
void events_text(struct events *events, uint64_t attempt, enum attempt_stream stream, int32_t level,
                 struct buf *text);
void events_progress(struct events *events, uint64_t attempt, uint64_t done, uint64_t total,
                     struct buf *note);
void events_heartbeat(struct events *events, uint64_t attempt);
/* Takes info. */
void events_plugin_ready(struct events *events, const char *digest, struct plugin_info *info);
void events_plugin_failed(struct events *events, const char *digest, const struct err *why);
void events_plugin_quarantined(struct events *events, const char *digest, const struct err *why);
/* AUTHORITY or BRIDGE. Takes fd. */
void events_socket(struct events *events, enum event_kind kind, int fd);

/* The oldest, out of the list; NULL: there is none. */
struct event *events_next(struct events *events);
void event_free(struct event *event);
DEFINE_AUTO(event)

#endif
