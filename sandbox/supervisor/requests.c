/* requests.c -- see requests.h. */
#include "sandbox/supervisor/requests.h"

#include "base/fd.h"
#include "base/log.h"
#include "ipc/pack.h"
#include "sandbox/supervisor/hear.h"
#include "sandbox/supervisor/start.h"

#include <string.h>
#include <unistd.h>

enum { ZYGOTES_ASKED_FOR = ZYGOTE_WARM | ZYGOTE_THREADS | ZYGOTE_MATH };

static const struct frame_rule rules[] = {
    {MSG_ZYGOTE_START, "zygote-start", 0, 1, sizeof(uint32_t) * 2, sizeof(uint32_t) * 2 + 64},
    {MSG_ZYGOTE_STOP, "zygote-stop", 0, 0, 0, 0},
    {MSG_ZYGOTE_KILL, "zygote-kill", 0, 0, 0, 0},
    {MSG_SPAWN, "spawn", 3, SPAWN_FDS_MAX, sizeof(struct spawn_request),
     sizeof(struct spawn_request)},
    {MSG_KILL, "kill", 0, 0, 0, 0},
    {MSG_RELEASE, "release", 0, 0, sizeof(uint32_t), sizeof(uint32_t)},
    {MSG_PING, "ping", 0, 0, 0, 0},
    {MSG_AUTHORITY_KILL, "authority-kill", 0, 0, 0, 0},
    {MSG_BRIDGE_KILL, "bridge-kill", 0, 0, 0, 0},
};

static bool may_start(uint32_t flags, int told, int *ret_plugin, struct err *e)
{
    if (((flags & ZYGOTE_WARM) != 0) != (told >= 0))
        return err_set(e, ERR_INVALID, "a warm zygote has a plugin, and no other");
    return told < 0 || files_own_plugin(told, ret_plugin, e);
}

static void zygote_wanted(struct super *s, struct frame_in *in)
{
    struct unpack u = unpack_of(in->frame.payload, in->frame.payload_bytes);
    char digest[DIGEST_TEXT_BYTES];
    uint32_t flags = unpack_u32(&u) & ZYGOTES_ASKED_FOR;
    auto_fd told = frame_take_fd(in, 0);
    auto_fd plugin = -1;
    struct super_zygote *z;
    struct err e = {0};

    unpack_str(&u, digest, sizeof digest);
    if (!unpack_end(&u, &e) || !may_start(flags, told, &plugin, &e) ||
        !start_zygote(s, in->frame.id, flags, &plugin, &z, &e))
        host_tell_zygote_gone(&s->host, in->frame.id, e.code, e.msg);
}

static void on_frame(struct super *s, struct frame_in *in)
{
    struct super_zygote *z;
    uint32_t answer;

    switch (in->frame.type) {
    case MSG_ZYGOTE_START:
        zygote_wanted(s, in);
        break;
    case MSG_ZYGOTE_STOP:
    case MSG_ZYGOTE_KILL:
        z = zygote_find(&s->zygotes, in->frame.id);
        if (z == NULL)
            break;
        hear_stop(z);
        if (in->frame.type == MSG_ZYGOTE_KILL)
            zygote_kill(z);
        break;
    case MSG_SPAWN:
        attempt_spawn(&s->attempts, in);
        break;
    case MSG_PING:
        host_tell(&s->host, MSG_PONG, 0, NULL, 0, -1);
        hangs_beat(&s->hangs);
        break;
    case MSG_AUTHORITY_KILL:
        kept_kill(&s->authority);
        break;
    case MSG_BRIDGE_KILL:
        kept_kill(&s->bridge);
        break;
    case MSG_KILL:
        attempt_kill(&s->attempts, in->frame.id);
        break;
    default:
        memcpy(&answer, in->frame.payload, sizeof answer);
        attempt_release(&s->attempts, in->frame.id, answer != 0);
    }
}

static bool may_be_said(const struct frame *frame, struct err *e)
{
    return frame_permitted(rules, ARRAY_LEN(rules), frame, e);
}

void requests_on_host(struct watch *w)
{
    struct super *s = w->owner;
    struct err e = {0};
    enum frame_recv end = frame_recv_some(w->fd, &s->in, &e);

    for (uint32_t i = 0; i < s->in.count && !s->host.gone; i++) {
        if (!may_be_said(&s->in.in[i].frame, &e)) {
            end = FRAME_BAD;
            break;
        }
        on_frame(s, &s->in.in[i]);
        frame_close_fds(&s->in.in[i]);
    }
    frame_batch_close_fds(&s->in);
    if (end == FRAME_BAD)
        log_event(LOG_ERROR, "supervisor.bad_host_frame", F_ERR(&e));
    s->host.gone = s->host.gone || end != FRAME_NONE;
}
