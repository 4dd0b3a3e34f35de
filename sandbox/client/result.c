/* result.c -- see result.h. */
#include "sandbox/client/result.h"

#include "base/text.h"
#include "sandbox/client/call.h"
#include "sandbox/wire/signal_text.h"

#include <assert.h>
#include <string.h>

/* The text where no frame gives one. */
static const char *const messages[OUTCOME_COUNT] = {
    [OUTCOME_PLUGIN_TRANSIENT] = "the agent failed and gave no reason",
    [OUTCOME_PLUGIN_FATAL] = "the agent failed and gave no reason",
    [OUTCOME_BAD_INPUT] = "the agent refused its input and gave no reason",
    [OUTCOME_CRASH] = "the agent crashed",
    [OUTCOME_OOM] = "killed over its memory limit",
    [OUTCOME_TIMEOUT] = "killed at its deadline",
    [OUTCOME_CPU_LIMIT] = "killed over its CPU time limit",
    [OUTCOME_PROTOCOL] = "ended without one whole, valid result",
    [OUTCOME_INFRA] = "it ended, and nobody could tell how",
    [OUTCOME_CANCELLED] = "cancelled",
    [OUTCOME_REVOKED] = "its plugin was revoked",
    [OUTCOME_LOST] = "could not be killed in time",
};

static bool frame_speaks(const struct attempt *a)
{
    return a->outcome == OUTCOME_PLUGIN_TRANSIENT || a->outcome == OUTCOME_PLUGIN_FATAL ||
           a->outcome == OUTCOME_BAD_INPUT ||
           (a->outcome == OUTCOME_CANCELLED && a->seen.frame_complete);
}

static void say_crash(const struct attempt *a, struct buf *b)
{
    const struct attempt_crash *crash = &a->reader.crash;

    buf_addf(b, "the agent crashed: %s", signal_text(a->seen.signal).text);
    if (crash->signal == 0 || crash->signal != a->seen.signal)
        return;
    buf_addf(b, " at address 0x%jx", (uintmax_t)crash->address);
    if (crash->in_plugin != 0)
        buf_addf(b, ", instruction plugin+0x%jx", (uintmax_t)crash->offset);
}

static void say_protocol(const struct attempt *a, struct buf *b)
{
    const struct observed *o = &a->seen;

    if (o->frame_complete && o->output_refused)
        buf_addf(b, "the output has %ju bytes, over its limit of %ju (output_bytes)",
                 (uintmax_t)a->reader.result.output_refused, (uintmax_t)a->limits.output_bytes);
    else if (o->killed == KILL_PROTOCOL)
        buf_adds(b, "killed for what it sent: a packet that is not allowed, or too many of them");
    else if (o->exit_known && o->signal == 0 && !o->frame_bad)
        buf_addf(b, "its process ended with exit status %d and without a result", o->exit_code);
    else
        buf_adds(b, messages[OUTCOME_PROTOCOL]);
}

/* What ended it, with the limit; the names are those of a node's fields. */
static bool say_limit(const struct attempt *a, struct buf *b)
{
    switch (a->outcome) {
    case OUTCOME_OOM:
        buf_addf(b, "killed over its memory limit of %ju bytes (memory_bytes)",
                 (uintmax_t)a->limits.memory_bytes);
        return true;
    case OUTCOME_CPU_LIMIT:
        buf_addf(b, "killed over its CPU time limit of %ju ms (cpu_ms)",
                 (uintmax_t)a->limits.cpu_ms);
        return true;
    default:
        return false;
    }
}

static void say_message(const struct attempt *a, struct buf *b)
{
    if (frame_speaks(a) && a->reader.result.message_bytes > 0)
        text_add_utf8(b, a->reader.message, a->reader.result.message_bytes);
    else if (a->outcome == OUTCOME_UNKNOWN_AGENT)
        buf_addf(b, "Agent '%s' not found in registry", a->agent_id);
    else if (a->reason != NULL)
        buf_adds(b, a->reason);
    else if (a->outcome == OUTCOME_INFRA && a->seen.killed == KILL_MASK)
        buf_adds(b, "its process had not all layers that the node needs");
    else if (a->outcome == OUTCOME_INFRA && a->seen.killed == KILL_INFRA)
        buf_adds(b, "its process ended with its zygote");
    else if (a->outcome == OUTCOME_CRASH)
        say_crash(a, b);
    else if (a->outcome == OUTCOME_POLICY_VIOLATION)
        call_say(&a->seen, b);
    else if (a->outcome == OUTCOME_PROTOCOL)
        say_protocol(a, b);
    else if (!say_limit(a, b) && messages[a->outcome] != NULL)
        buf_adds(b, messages[a->outcome]);
}

static void say_class(const struct attempt *a, struct buf *b)
{
    if (frame_speaks(a) && a->reader.error_class[0] != '\0')
        text_add_utf8(b, a->reader.error_class, strlen(a->reader.error_class));
    else
        buf_adds(b, outcome_error_class(a->outcome));
}

void result_of(struct attempt *a, struct buf *error_class, struct buf *message,
               struct attempt_result *ret)
{
    bool ok = a->outcome == OUTCOME_OK, by_itself = a->seen.frame_complete;

    assert(a->outcome > OUTCOME_INVALID && a->outcome < OUTCOME_COUNT);
    say_class(a, error_class);
    say_message(a, message);
    *ret = (struct attempt_result){
        .outcome = a->outcome,
        .status = by_itself ? a->reader.result.status : 0,
        .error_class = buf_text(error_class),
        .error_message = buf_text(message),
        .output = ok ? buf_text(&a->reader.output) : NULL,
        .output_bytes = ok ? a->reader.output.len : 0,
        .output_json = ok ? a->output.value : NULL,
        .output_read = ok ? &a->output : NULL,
        .exit_code = a->seen.exit_known && a->seen.signal == 0 ? a->seen.exit_code : -1,
        .signal = a->seen.signal,
        .isolation = a->started_ns != 0 ? a->isolation : ISOLATION_UNSET,
        .plugins_words = frame_speaks(a),
        .layers = a->layers,
        .layers_said = a->layers_said,
        .level = layer_level(a->layers),
        .wall_ns = a->ended_ns != 0 ? a->ended_ns - a->started_ns : 0,
        .cpu_ns = by_itself ? (int64_t)a->reader.result.cpu_ns : 0,
        .memory_peak = a->memory_peak,
        .log_dropped = a->streams[STREAM_LOG].dropped,
        .stdout_dropped = a->streams[STREAM_STDOUT].dropped,
        .stderr_dropped = a->streams[STREAM_STDERR].dropped,
    };
}
