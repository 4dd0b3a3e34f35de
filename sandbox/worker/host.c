/* host.c -- what a plugin may call. Everything here runs inside the attempt with the
 * plugin's own rights: it is a convenience and a courtesy, never a wall. What it says leaves
 * through say.c, what it gives through run_finish; secrets are replaced before. */
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "model/words/secrets.h"
#include "sandbox/worker/redact.h"
#include "sandbox/worker/say.h"
#include "sandbox/worker/worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CRASH_WAITS_MAX = 20,
    STOP_POLL_NS = 1000 * 1000,
    ARENA_FIRST_BYTES = 4 * 1024, /* a page that is cleared is a page that is touched */
    ARENA_BLOCK_BYTES = 64 * 1024,
    ARENA_ALIGN = 16
};

struct arena_block {
    struct arena_block *next;
    uint64_t bytes, used;
    uint64_t pad; /* data is aligned as malloc's memory is */
    uint8_t data[];
};

struct secret {
    char *name;
    char *value;
    size_t bytes;
};

struct orch_run {
    struct attempt_input input;
    orch_ctx ctx;
    orch_bytes inputs[1];
    const char *input_names[1];
    pthread_mutex_t lock; /* over everything below: [any] functions come from threads too */
    struct arena_block *arena;
    struct buf output;
    bool emitted;
    char error_class[ATTEMPT_CLASS_BYTES_MAX + 1];
    struct buf message;
    const char *refusal;     /* ours, where the agent gives no message; NULL: none */
    uint64_t output_refused; /* bytes of one over the limit; 0: none since */
    struct say say;
    bool stop;
    int64_t polled_ns;
    struct secret secrets[SECRETS_PER_ATTEMPT_MAX];
    size_t secret_count;
    struct redactor redactor;
};

/* One attempt a process. */
static struct orch_run the_run;

static orch_bytes view(const struct attempt_text *text)
{
    return (orch_bytes){text->text, text->bytes};
}

struct orch_run *run_begin(const struct attempt_input *input)
{
    struct orch_run *run = &the_run;

    run->input = *input;
    run->inputs[0] = view(&input->input);
    run->input_names[0] = "input";
    buf_done(&run->say.waiting); /* a test begins more than one */
    buf_done(&run->say.note);
    say_begin(&run->say, &run->redactor, input->log_bytes_max);
    pthread_mutex_init(&run->lock, NULL);
    run->ctx = (orch_ctx){
        .size = sizeof run->ctx,
        .attempt = input->attempt,
        .agent = view(&input->agent),
        .run_id = view(&input->run_id),
        .node = view(&input->node),
        .idempotency_key = view(&input->idempotency_key),
        .config = view(&input->config),
        .inputs = run->inputs,
        .input_names = run->input_names,
        .n_inputs = 1,
        .deadline_ns = (uint64_t)input->deadline_ns,
        .logical_time_us = input->logical_time_us,
    };
    memcpy(run->ctx.seed, input->seed, sizeof run->ctx.seed);
    return run;
}

const orch_ctx *run_ctx(const struct orch_run *run)
{
    return &run->ctx;
}

/* ---- secrets ---- */

static bool next_field(const char **at, const char *end, size_t most, const char **ret, size_t *len)
{
    uint32_t n;

    if ((size_t)(end - *at) < sizeof n)
        return false;
    memcpy(&n, *at, sizeof n);
    *at += sizeof n;
    if (n > most || n > (size_t)(end - *at))
        return false;
    *ret = *at;
    *len = n;
    *at += n;
    return true;
}

void run_read_secrets(struct orch_run *run, int fd)
{
    size_t most = SECRETS_PER_ATTEMPT_MAX * (SECRET_NAME_BYTES_MAX + SECRET_VALUE_BYTES_MAX + 8);
    struct buf b = {0}; /* the values stay as long as the process */
    const char *at, *end, *name, *value;
    size_t name_len, value_len;

    if (!fd_read_all(fd, most, &b, NULL))
        abort();
    at = b.data;
    end = b.data + b.len;
    while (at < end && run->secret_count < SECRETS_PER_ATTEMPT_MAX) {
        if (!next_field(&at, end, SECRET_NAME_BYTES_MAX, &name, &name_len) ||
            !next_field(&at, end, SECRET_VALUE_BYTES_MAX, &value, &value_len))
            abort();
        run->secrets[run->secret_count++] =
            (struct secret){mem_strn(name, name_len), mem_strn(value, value_len), value_len};
        redact_add(&run->redactor, value, value_len);
    }
    explicit_bzero(b.data, b.len);
    buf_done(&b);
}

static orch_status secret_get(orch_run *run, const char *name, orch_bytes *ret)
{
    for (size_t i = 0; run != NULL && i < run->secret_count; i++)
        if (strcmp(run->secrets[i].name, name) == 0) {
            *ret = (orch_bytes){run->secrets[i].value, run->secrets[i].bytes};
            return ORCH_OK;
        }
    return ORCH_E_INPUT;
}

static const orch_secret_v1 secret_table = {sizeof secret_table, 0, secret_get};

/* ---- what leaves ---- */

static const char *text_of(orch_bytes text, size_t *ret_len)
{
    *ret_len = text.ptr != NULL ? text.len : 0;
    return text.ptr;
}

static void host_log(orch_run *run, int32_t level, orch_bytes utf8)
{
    size_t len;
    const char *text = text_of(utf8, &len);

    if (run == NULL)
        return;
    pthread_mutex_lock(&run->lock);
    say_log(&run->say, level, text, len);
    pthread_mutex_unlock(&run->lock);
}

static void host_progress(orch_run *run, uint64_t done, uint64_t total, orch_bytes note)
{
    struct attempt_progress head = {done, total};
    size_t len;
    const char *text = text_of(note, &len);

    if (run == NULL)
        return;
    pthread_mutex_lock(&run->lock);
    say_progress(&run->say, &head, text, len);
    pthread_mutex_unlock(&run->lock);
}

static void host_heartbeat(orch_run *run)
{
    if (run == NULL)
        return;
    pthread_mutex_lock(&run->lock);
    say_heartbeat(&run->say);
    pthread_mutex_unlock(&run->lock);
}

static orch_status host_emit(orch_run *run, const char *port, orch_bytes value)
{
    if (run == NULL || port == NULL || strcmp(port, ORCH_PORT_RESULT) != 0)
        return ORCH_E_UNSUPPORTED;
    if (run->emitted || (value.ptr == NULL && value.len > 0)) {
        run->refusal = run->emitted ? "a second output was refused: a node has one" : NULL;
        return ORCH_E_INPUT;
    }
    run->output_refused = value.len;
    if (value.len > run->input.output_bytes_max)
        return ORCH_E_INPUT;
    redact_copy(&run->redactor, value.ptr, value.len, run->input.output_bytes_max, &run->output);
    run->emitted = run->output.len <= run->input.output_bytes_max;
    run->output_refused = run->emitted ? 0 : run->output.len;
    if (run->emitted)
        return ORCH_OK;
    buf_clear(&run->output); /* what stands for the secrets is longer than they are */
    return ORCH_E_INPUT;
}

static orch_status host_set_error(orch_run *run, const char *error_class, orch_bytes message)
{
    auto_done(buf) b = {0};
    size_t len;

    if (run == NULL || (message.ptr == NULL && message.len > 0))
        return ORCH_E_UNSUPPORTED;
    if (error_class == NULL)
        error_class = "";
    redact_copy(&run->redactor, error_class, strlen(error_class), ATTEMPT_CLASS_BYTES_MAX, &b);
    len = say_cut(b.data, b.len, ATTEMPT_CLASS_BYTES_MAX);
    snprintf(run->error_class, sizeof run->error_class, "%.*s", (int)len, buf_text(&b));
    buf_clear(&run->message);
    redact_copy(&run->redactor, message.ptr, message.len, ATTEMPT_MESSAGE_BYTES_MAX, &run->message);
    return ORCH_OK;
}

/* ---- the rest of the table ---- */

static const void *host_ext(const orch_host *host, const char *id)
{
    (void)host;
    return id != NULL && strcmp(id, ORCH_EXT_SECRET) == 0 ? &secret_table : NULL;
}

/* Each twice as large as the last, up to a limit. */
static struct arena_block *arena_grow(struct orch_run *run, uint64_t least)
{
    uint64_t last = run->arena != NULL ? run->arena->bytes : ARENA_FIRST_BYTES / 2;
    uint64_t size = last < ARENA_BLOCK_BYTES / 2 ? 2 * last : ARENA_BLOCK_BYTES;
    struct arena_block *block;

    size = size > least ? size : least;
    block = calloc(1, sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->bytes = size;
    block->next = run->arena;
    run->arena = block;
    return block;
}

static void *host_alloc(orch_run *run, uint64_t bytes)
{
    struct arena_block *block = run != NULL ? run->arena : NULL;
    void *p;

    if (run == NULL || bytes > INT64_MAX / 2)
        return NULL;
    bytes = (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (block == NULL || bytes > block->bytes - block->used)
        block = arena_grow(run, bytes);
    if (block == NULL)
        return NULL;
    p = block->data + block->used;
    block->used += bytes;
    return p;
}

/* Asks the channel at most once a millisecond. */
static int32_t host_should_stop(const orch_run *const_run)
{
    struct orch_run *run = &the_run;
    int64_t now = clock_mono_ns();
    struct attempt_head head[8];

    if (const_run == NULL)
        return 0;
    pthread_mutex_lock(&run->lock);
    if (run->input.deadline_ns != 0 && now >= run->input.deadline_ns)
        run->stop = true;
    if (!run->stop && now - run->polled_ns >= STOP_POLL_NS) {
        run->polled_ns = now;
        say_flush(&run->say);
        /* STOP, or the end of the host: either way it is over. */
        if (channel_readable())
            run->stop = read(FD_CHANNEL, head, sizeof head) >= 0;
    }
    pthread_mutex_unlock(&run->lock);
    return run->stop;
}

const orch_host host_table = {
    .size = sizeof host_table,
    .abi_minor = ORCH_ABI_MINOR,
    .features = 0,
    .ext = host_ext,
    .alloc = host_alloc,
    .emit = host_emit,
    .set_error = host_set_error,
    .log = host_log,
    .progress = host_progress,
    .heartbeat = host_heartbeat,
    .should_stop = host_should_stop,
};

/* ---- the end ---- */

static int64_t cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Our words for what we refused, where the agent has none of its own. */
static void explain_refusal(struct orch_run *run, orch_status status)
{
    bool explained = run->message.len > 0 || run->error_class[0] != '\0';

    if (explained && status != ORCH_OK)
        run->output_refused = 0;
    if (!explained && status == ORCH_E_INPUT && run->refusal != NULL)
        buf_adds(&run->message, run->refusal);
}

static bool gives_output(struct orch_run *run, orch_status status)
{
    explain_refusal(run, status);
    return status == ORCH_OK && run->output_refused == 0;
}

void run_finish(struct orch_run *run, orch_status status, uint32_t flags)
{
    bool ok = gives_output(run, status);
    size_t sent, output = ok ? run->output.len : 0;
    auto_done(buf) tail = {0};
    struct attempt_result_head head = {
        .status = status,
        .flags = flags,
        .cpu_ns = (uint64_t)cpu_ns(),
        .output_refused = run->output_refused,
        .output_bytes = (uint32_t)output,
        .output_crc = attempt_crc(0, run->output.data, output),
        .class_bytes = (uint32_t)(ok ? 0 : strlen(run->error_class)),
        .message_bytes = (uint32_t)(ok ? 0
                                       : say_cut(run->message.data, run->message.len,
                                                 ATTEMPT_MESSAGE_BYTES_MAX)),
    };

    pthread_mutex_lock(&run->lock);
    say_finish(&run->say);
    pthread_mutex_unlock(&run->lock);
    buf_add(&tail, run->error_class, head.class_bytes);
    buf_add(&tail, run->message.data, head.message_bytes);
    sent = ATTEMPT_CHUNK_BYTES_MAX - sizeof head - tail.len;
    sent = output < sent ? output : sent;
    buf_add(&tail, run->output.data, sent);
    if (!channel_write(ATTEMPT_RESULT, &head, sizeof head, tail.data, tail.len))
        return;
    while (sent < output) {
        size_t n =
            output - sent < ATTEMPT_CHUNK_BYTES_MAX ? output - sent : ATTEMPT_CHUNK_BYTES_MAX;

        if (!channel_write(ATTEMPT_OUTPUT, NULL, 0, run->output.data + sent, n))
            return;
        sent += n;
    }
}

/* In a signal handler: nothing here takes memory, and what a thread has in its hands stays. */
void run_crashed(struct orch_run *run, const struct attempt_crash *crash)
{
    if (pthread_mutex_trylock(&run->lock) == 0)
        for (int i = 0; i < CRASH_WAITS_MAX && run->say.waiting.len > 0; i++) {
            (void)channel_writable(SAY_WAIT_MS);
            say_flush(&run->say);
        }
    if (channel_writable(SAY_WAIT_MS))
        channel_write(ATTEMPT_CRASHED, crash, sizeof *crash, NULL, 0);
}
