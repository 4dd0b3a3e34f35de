/* tell.c -- what all files of this room say to the host and ask of the server. See inside.h. */
#include "bridge/nats/inside.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TICK_MS_MAX = 100 };

/* ---- to the host ---- */

void nats_tell(const struct nats_tasks *t, enum bridge_message type, struct buf *body)
{
    if (t->ending)
        buf_done(body);
    else
        bridge_tell(&t->teller, type, body);
}

void nats_tell_state(struct nats_tasks *t, bool up, const char *why)
{
    struct bridge_state state = {.backend = BRIDGE_NATS, .up = up};
    struct buf body = {0};

    if (up && t->told_up)
        return;
    t->told_up = up;
    snprintf(state.why, sizeof state.why, "%s", why);
    bridge_state_pack(&body, &state);
    nats_tell(t, BRIDGE_STATE, &body);
}

void nats_tell_entry(const struct nats_tasks *t, enum bridge_message type,
                     const struct bridge_queue *queue, uint64_t sequence)
{
    struct bridge_entry entry = {.queue = *queue};
    struct buf body = {0};

    snprintf(entry.id, sizeof entry.id, "%" PRIu64, sequence);
    bridge_entry_pack(&body, &entry);
    nats_tell(t, type, &body);
}

void nats_tell_counted(const struct nats_tasks *t, enum bridge_message type,
                       const struct bridge_queue *queue, uint64_t sequence, uint32_t count)
{
    struct bridge_counted counted = {.entry.queue = *queue, .count = count};
    struct buf body = {0};

    snprintf(counted.entry.id, sizeof counted.entry.id, "%" PRIu64, sequence);
    bridge_counted_pack(&body, &counted);
    nats_tell(t, type, &body);
}

bool nats_ask_api(struct nats_tasks *t, nats_answer_fn *fn, void *arg, const char *body,
                  const char *format, ...)
{
    auto_done(buf) subject = {0};
    char rest[NATS_NAME_BYTES_MAX + 64];
    va_list args;

    va_start(args, format);
    vsnprintf(rest, sizeof rest, format, args);
    va_end(args);
    buf_addf(&subject, "$JS.API.%s", rest);
    return nats_ask(t->link,
                    &(struct nats_message){.subject = subject.data,
                                           .data = body,
                                           .bytes = strlen(body)},
                    fn, arg);
}

/* ---- time, lanes ---- */

void nats_tick(struct nats_tasks *t)
{
    uint32_t ms = t->setup.ack_retry_ms;

    ms = ms < 1 ? 1 : ms > TICK_MS_MAX ? TICK_MS_MAX : ms;
    if (!t->ending && !uv_is_active((uv_handle_t *)&t->tick))
        uv_timer_start(&t->tick, t->on_tick, ms, ms);
}

void nats_lane_free(struct nats_lane *lane)
{
    for (int half = 0; half < 2; half++) {
        free(lane->queues[half].consumer);
        free(lane->queues[half].filter);
    }
    free(lane);
}

bool nats_lane_answered(struct nats_lane *lane)
{
    lane->asked--;
    if (!lane->left)
        return true;
    if (lane->asked == 0)
        nats_lane_free(lane);
    return false;
}
