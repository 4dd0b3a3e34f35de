/* play.c -- see play.h. */
#include "play.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "ipc/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- start, end ---- */

/* The stand-in inherits standard input: its line to the test. Returns the test's end. */
static int standard_input_becomes_a_line(int *ret_saved)
{
    struct err e;
    int ends[2];

    ck_assert(frame_pair(ends, &e));
    *ret_saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    ck_assert_int_eq(dup2(ends[1], STDIN_FILENO), STDIN_FILENO);
    close(ends[1]);
    return ends[0];
}

static void standard_input_is_restored(int saved)
{
    close(STDIN_FILENO);
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
        close(saved);
    } else {
        ck_assert_int_eq(open("/dev/null", O_RDONLY), STDIN_FILENO);
    }
}

void play_start(struct play *s, const struct sandbox_options *given)
{
    struct sandbox_options options = {.spares_max = 1};
    struct err e = {0};
    int saved;

    memset(s, 0, sizeof *s);
    s->authority_fd = -1;
    s->spare = (struct process){0, 0, -1, -1, -1, -1, -1, -1, {0}};
    if (given != NULL)
        options = *given;
    options.supervisor_path = FAKE_SUPER;
    options.worker_path = "hello";
    s->keeper = standard_input_becomes_a_line(&saved);
    ck_assert_msg(sandbox_start(&options, &play_events, s, &s->sb, &e), "%s", e.msg);
    standard_input_is_restored(saved);
    ck_assert_int_eq(frame_recv(s->keeper, &s->frame, &e), FRAME_GOT);
    snprintf(s->args, sizeof s->args, "%.*s", (int)s->frame.frame.payload_bytes,
             (const char *)s->frame.frame.payload);
    s->link = frame_take_fd(&s->frame, 0);
    ck_assert(s->link >= 0 && fd_set_nonblock(s->link, &e));
    ck_assert_int_eq(frame_recv(s->keeper, &s->frame, &e), FRAME_GOT);
    s->now_ns = clock_mono_ns() + 1000 * 1000 * 1000 * MS_NS;
    turn(s);
}

void play_stop(struct play *s)
{
    if (s->link >= 0)
        close(s->link);
    if (s->keeper >= 0)
        close(s->keeper);
    process_close(&s->spare);
    sandbox_free(s->sb);
    frame_close_fds(&s->frame);
    if (s->authority_fd >= 0)
        close(s->authority_fd);
    buf_done(&s->told);
}

void play_start_fails(const char *mode, const char *words)
{
    struct sandbox_options options = {.supervisor_path = FAKE_SUPER, .worker_path = mode};
    struct sandbox *sb;
    struct err e;

    ck_assert(!sandbox_start(&options, &play_events, NULL, &sb, &e));
    ck_assert_msg(strstr(e.msg, words) != NULL, "'%s' says not '%s'", e.msg, words);
}

/* ---- turns ---- */

void turn_after(struct play *s, int64_t ms)
{
    s->now_ns += ms * MS_NS;
    sandbox_turn(s->sb, s->now_ns);
}

void turn(struct play *s)
{
    turn_after(s, 0);
}

void expect_told(struct play *s, const char *lines)
{
    ck_assert_str_eq(buf_text(&s->told), lines);
    buf_done(&s->told);
    s->told = (struct buf){0};
}

/* ---- the supervisor ---- */

uint32_t heard_u32(const struct play *s)
{
    uint32_t value;

    ck_assert_uint_ge(s->frame.frame.payload_bytes, sizeof value);
    memcpy(&value, s->frame.frame.payload, sizeof value);
    return value;
}

/* What is due: a caller's loop has a turn before it waits. */
static void settle(struct play *s)
{
    if (sandbox_next_timer(s->sb) <= s->now_ns)
        turn(s);
}

uint64_t hear(struct play *s, enum super_message type)
{
    struct err e;

    settle(s);
    frame_close_fds(&s->frame);
    ck_assert_msg(frame_recv(s->link, &s->frame, &e) == FRAME_GOT, "no frame, wanted %d", type);
    ck_assert_int_eq(s->frame.frame.type, type);
    return s->frame.frame.id;
}

void hear_nothing(struct play *s)
{
    struct err e;

    settle(s);
    frame_close_fds(&s->frame);
    ck_assert_msg(frame_recv(s->link, &s->frame, &e) == FRAME_NONE, "frame %d",
                  s->frame.frame.type);
}

unsigned count_heard(struct play *s, enum super_message type)
{
    unsigned count = 0;
    struct err e;

    settle(s);
    frame_close_fds(&s->frame);
    while (frame_recv(s->link, &s->frame, &e) == FRAME_GOT) {
        count += s->frame.frame.type == type;
        frame_close_fds(&s->frame);
    }
    return count;
}

void hear_all(struct play *s)
{
    (void)count_heard(s, MSG_HELLO);
}

void say(struct play *s, enum super_message type, uint64_t id, const void *payload, size_t bytes)
{
    struct frame frame = {.type = (uint16_t)type,
                          .id = id,
                          .payload = payload,
                          .payload_bytes = (uint32_t)bytes};
    struct err e;

    ck_assert_msg(frame_send(s->link, &frame, &e), "%s", e.msg);
}

void say_text(struct play *s, enum super_message type, uint64_t id, const char *text)
{
    say(s, type, id, text, strlen(text));
}

void say_gone(struct play *s, uint64_t zygote, enum err_code code, const char *text)
{
    auto_done(buf) b = {0};

    pack_u32(&b, code);
    pack_str(&b, text);
    say(s, MSG_ZYGOTE_GONE, zygote, b.data, b.len);
}

void say_exited(struct play *s, const struct process *p, int wait_status)
{
    say(s, MSG_EXITED, p->id, &wait_status, sizeof wait_status);
}

/* ---- plugins ---- */

void zygote_up(struct play *s)
{
    s->zygote = hear(s, MSG_ZYGOTE_START);
    ck_assert_uint_eq(s->frame.frame.fd_count, 0);
    ck_assert_uint_eq(s->frame.frame.payload_bytes, 8);
    ck_assert_int_eq(memcmp(s->frame.frame.payload, "\0\0\0\0\0\0\0\0", 8), 0); /* no plugin */
    say(s, MSG_ZYGOTE_READY, s->zygote, NULL, 0);
    turn(s);
}

void give_plugin(struct play *s, const struct sandbox_plugin *given, const char *bytes)
{
    struct sandbox_plugin plugin = {0};
    struct err e;

    if (given != NULL)
        plugin = *given;
    memcpy(s->digest, sha256_hex(bytes, strlen(bytes)).text, sizeof s->digest);
    plugin.digest = s->digest;
    ck_assert(memfd_sealed("plugin", bytes, strlen(bytes), true, &plugin.so_fd, &e));
    ck_assert_msg(sandbox_plugin_add(s->sb, &plugin, &e), "%s", e.msg);
    close(plugin.so_fd);
}

struct process add_plugin(struct play *s, const struct sandbox_plugin *given, const char *bytes)
{
    give_plugin(s, given, bytes);
    if (s->zygote == 0)
        zygote_up(s);
    return hear_spawn(s);
}

void pack_words(struct buf *b, const char *id, const char *version)
{
    static const char *const agent[] = {"agent", "1", "says", "pure", "{}", "{}", ""};

    pack_u32(b, 1);
    pack_u32(b, 0);
    pack_str(b, id);
    pack_str(b, version);
    pack_u32(b, 1);
    pack_u32(b, 0);
    for (size_t i = 0; i < ARRAY_LEN(agent); i++)
        pack_str(b, agent[i]);
}

void process_describes(struct play *s, struct process *p, const char *id, const char *version)
{
    auto_done(buf) words = {0};

    pack_words(&words, id, version);
    say_spawned(s, p);
    process_says(p, ATTEMPT_ABOUT, words.data, 7);
    process_says(p, ATTEMPT_ABOUT_END, words.data + 7, words.len - 7);
    process_exits(s, p, 0);
}

void load_plugin_of(struct play *s, const struct sandbox_plugin *given, const char *bytes)
{
    struct process p = add_plugin(s, given, bytes);

    ck_assert_uint_eq(p.request.flags, SPAWN_LOAD | SPAWN_DESCRIBE);
    process_describes(s, &p, "fixture", "1.0.0");
    expect_told(s, "ready fixture 1.0.0 agents 1\n");
    ck_assert_uint_eq(hear(s, MSG_RELEASE), p.id);
    hear_nothing(s);
}

void load_plugin(struct play *s)
{
    load_plugin_of(s, NULL, "the bytes of a plugin");
}

/* ---- attempts ---- */

struct attempt_spec spec_of(const struct play *s)
{
    return (struct attempt_spec){.digest = s->digest,
                                 .agent_id = "agent",
                                 .tenant = "acme",
                                 .attempt = 1};
}

uint64_t attempt_start(struct play *s, const struct attempt_spec *spec, int *ret_secret_fd)
{
    struct attempt_spec plain = spec_of(s);
    uint64_t id;
    struct err e;

    ck_assert_msg(sandbox_attempt_start(s->sb, spec != NULL ? spec : &plain, &id, ret_secret_fd,
                                        &e),
                  "%s", e.msg);
    return id;
}

static bool has(const struct process *p, uint32_t flag)
{
    return (p->request.flags & flag) != 0;
}

struct process hear_spawn(struct play *s)
{
    struct process p = {.id = hear(s, MSG_SPAWN), .pidfd = -1};
    uint32_t count;

    ck_assert_uint_eq(s->frame.frame.payload_bytes, sizeof p.request);
    memcpy(&p.request, s->frame.frame.payload, sizeof p.request);
    p.zygote = p.request.zygote;
    p.channel = frame_take_fd(&s->frame, 0);
    p.out = frame_take_fd(&s->frame, 1);
    p.err = frame_take_fd(&s->frame, 2);
    count = 3;
    p.secrets = has(&p, SPAWN_SECRETS) ? frame_take_fd(&s->frame, count++) : -1;
    p.plugin = has(&p, SPAWN_LOAD) ? frame_take_fd(&s->frame, count++) : -1;
    ck_assert_uint_eq(s->frame.frame.fd_count, count);
    return p;
}

void say_spawned(struct play *s, struct process *p)
{
    say_spawned_with(s, p, ((1u << LAYER_COUNT) - 1) & ~(uint32_t)LAYER_EXIT_INFO);
}

void say_spawned_with(struct play *s, struct process *p, uint32_t layers)
{
    struct frame frame = {.type = MSG_SPAWNED,
                          .id = p->id,
                          .payload = &layers,
                          .payload_bytes = sizeof layers,
                          .fd_count = 1};
    struct err e;
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    frame.fds = &ends[0];
    ck_assert(frame_send(s->link, &frame, &e));
    close(ends[0]);
    p->pidfd = ends[1];
    turn(s);
}

void process_says(struct process *p, enum attempt_message type, const void *bytes, size_t len)
{
    struct attempt_packet packet = {.head = {type, (uint32_t)len}};

    memcpy(packet.bytes, bytes, len);
    ck_assert_int_eq(send(p->channel, &packet, sizeof packet.head + len, MSG_NOSIGNAL),
                     (int)(sizeof packet.head + len));
}

void process_ready(struct process *p, uint32_t inner_layers)
{
    struct attempt_ready ready = {inner_layers};

    process_says(p, ATTEMPT_READY, &ready, sizeof ready);
}

void process_logs(struct process *p, int32_t level, const char *text)
{
    struct {
        struct attempt_log log;
        char text[4096];
    } packet = {.log = {.level = level}};

    ck_assert_uint_lt(strlen(text), sizeof packet.text);
    memcpy(packet.text, text, strlen(text));
    process_says(p, ATTEMPT_LOG, &packet, sizeof packet.log + strlen(text));
}

void process_result(struct process *p, int32_t status, const char *output)
{
    struct attempt_result_head head = {.status = status,
                                       .output_bytes = (uint32_t)strlen(output),
                                       .output_crc = attempt_crc(0, output, strlen(output))};
    auto_done(buf) b = {0};

    if (status != 0) {
        head.class_bytes = 10;
        head.message_bytes = 9;
    }
    buf_add(&b, &head, sizeof head);
    buf_adds(&b, status != 0 ? "ValueErrorit is bad" : "");
    buf_adds(&b, output);
    process_says(p, ATTEMPT_RESULT, b.data, b.len);
}

size_t process_hears(struct process *p, enum attempt_message type,
                     uint8_t bytes[ATTEMPT_CHUNK_BYTES_MAX])
{
    struct attempt_packet packet;
    ssize_t n = recv(p->channel, &packet, sizeof packet, MSG_DONTWAIT);

    ck_assert_msg(n >= (ssize_t)sizeof packet.head, "no packet, wanted %d", type);
    ck_assert_int_eq(packet.head.type, type);
    ck_assert_int_eq(n, (int)(sizeof packet.head + packet.head.bytes));
    memcpy(bytes, packet.bytes, packet.head.bytes);
    return packet.head.bytes;
}

void process_hears_nothing(struct process *p)
{
    char byte;

    ck_assert_int_eq(recv(p->channel, &byte, 1, MSG_DONTWAIT), -1);
    ck_assert_int_eq(errno, EAGAIN);
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void process_close(struct process *p)
{
    close_end(&p->channel);
    close_end(&p->out);
    close_end(&p->err);
    close_end(&p->secrets);
    close_end(&p->plugin);
    close_end(&p->pidfd);
}

void process_exits(struct play *s, struct process *p, int wait_status)
{
    process_close(p);
    say_exited(s, p, wait_status);
    turn(s);
}

struct process attempt_running(struct play *s, const struct attempt_spec *spec, uint64_t *ret_id,
                               int *ret_secret_fd)
{
    uint8_t bytes[ATTEMPT_CHUNK_BYTES_MAX];
    uint64_t id = attempt_start(s, spec, ret_secret_fd);
    struct process p;

    p = hear_spawn(s);
    if (!has(&p, SPAWN_SECRETS))
        s->spare = hear_spawn(s);
    say_spawned(s, &p);
    process_ready(&p, INNER_LAYERS);
    turn(s);
    ck_assert_uint_gt(process_hears(&p, ATTEMPT_INPUT_END, bytes), 0);
    expect_told(s, "started level 4 cold\n");
    if (ret_id != NULL)
        *ret_id = id;
    return p;
}

/* ---- spares ---- */

const struct sandbox_options one_spare = {.spares_max = 1, .load_ms = 300};

void keep_a_spare(struct play *s, const struct attempt_spec *given)
{
    struct attempt_spec spec = given != NULL ? *given : spec_of(s);
    struct err e;

    ck_assert_msg(sandbox_warm(s->sb, &spec, 1, &e), "%s", e.msg);
}

struct process spare_loading(struct play *s)
{
    struct process p = hear_spawn(s);

    say_spawned(s, &p);
    return p;
}

void expect_pause(struct play *s, int64_t ms)
{
    hear_all(s);
    turn_after(s, ms - 1);
    hear_nothing(s);
    turn_after(s, 1);
}
