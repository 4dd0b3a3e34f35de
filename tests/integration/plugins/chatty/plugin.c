/* chatty -- says what its config tells it to, in pieces and often, and ends in each of the ways
 * that an agent can end badly. Built with the SDK and nothing else.
 *
 *   chatty.say   {"to": "log|stdout|stderr", "hex": BYTES, "times": N, "numbered": true}
 *   chatty.end   {"how": "message|output|unmapped|call|exit|silent", "bytes": N} */
#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

struct asked {
    const orch_host *host;
    orch_run *run;
    orch_json config;
    char *bytes;
    uint64_t len;
};

static orch_status emit_nothing(const struct asked *a)
{
    orch_out out = orch_out_new(a->host, a->run);

    orch_out_mark(&out, '{');
    orch_out_mark(&out, '}');
    return orch_out_emit(&out);
}

static int64_t number(const struct asked *a, const char *key, int64_t otherwise)
{
    orch_json_int(orch_json_get(a->config, key), &otherwise);
    return otherwise;
}

static bool is(const struct asked *a, const char *key, const char *text)
{
    return orch_json_is(orch_json_get(a->config, key), text);
}

static char digit(char c)
{
    return (char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static bool read_config(struct asked *a, const orch_ctx *ctx)
{
    orch_bytes hex = {NULL, 0};

    if (!orch_json_parse(orch_config(ctx), &a->config))
        return false;
    if (!orch_json_text(a->host, a->run, orch_json_get(a->config, "hex"), &hex))
        return true;
    a->len = hex.len / 2;
    a->bytes = a->host->alloc(a->run, a->len + 1);
    for (uint64_t i = 0; i < a->len; i++)
        a->bytes[i] = (char)(digit(((const char *)hex.ptr)[2 * i]) << 4 |
                             digit(((const char *)hex.ptr)[2 * i + 1]));
    return true;
}

static void say_once(const struct asked *a, int64_t n)
{
    if (!is(a, "to", "log"))
        (void)!write(is(a, "to", "stdout") ? 1 : 2, a->bytes, a->len);
    else if (a->len == 0)
        orch_log(a->host, a->run, ORCH_LOG_INFO, "line %ld", (long)n);
    else
        a->host->log(a->run, ORCH_LOG_INFO, (orch_bytes){a->bytes, a->len});
}

static orch_status say(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    struct asked a = {.host = host, .run = run};

    if (!read_config(&a, ctx))
        return orch_fail(host, run, ORCH_E_INPUT, "ValueError", "the config is not JSON");
    for (int64_t i = 0; i < number(&a, "times", 1); i++)
        say_once(&a, i);
    return emit_nothing(&a);
}

/* N characters of two bytes. */
static orch_status end_with_message(const struct asked *a)
{
    uint64_t characters = (uint64_t)number(a, "bytes", 0) / 2;
    char *text = a->host->alloc(a->run, characters * 2 + 1);

    for (uint64_t i = 0; i < characters; i++)
        memcpy(text + 2 * i, "\xc3\xa9", 2);
    return orch_fail(a->host, a->run, ORCH_E_FATAL, "ValueError", "%s", text);
}

/* A JSON text of N bytes. */
static orch_status end_with_output(const struct asked *a)
{
    uint64_t len = (uint64_t)number(a, "bytes", 0) - 2;
    char *text = a->host->alloc(a->run, len + 1);
    orch_out out = orch_out_new(a->host, a->run);

    memset(text, 'x', len);
    orch_out_str(&out, text);
    return orch_out_emit(&out);
}

static orch_status end(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    struct asked a = {.host = host, .run = run};

    if (!read_config(&a, ctx))
        return orch_fail(host, run, ORCH_E_INPUT, "ValueError", "the config is not JSON");
    if (is(&a, "how", "message"))
        return end_with_message(&a);
    if (is(&a, "how", "output"))
        return end_with_output(&a);
    if (is(&a, "how", "unmapped")) /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): so */
        *(volatile int *)(uintptr_t)number(&a, "bytes", 0) = 1;
    if (is(&a, "how", "call"))
        syscall(number(&a, "bytes", SYS_socket), 0, 0, 0);
    if (is(&a, "how", "exit"))
        _exit((int)number(&a, "bytes", 1));
    return is(&a, "how", "silent") ? (orch_status)number(&a, "bytes", ORCH_E_FATAL)
                                   : emit_nothing(&a);
}

static const orch_agent say_agent = {
    .size = sizeof(orch_agent),
    .flags = ORCH_AGENT_IDEMPOTENT,
    .id = "chatty.say",
    .version = "1.0.0",
    .summary = "Writes what its config says to where it says",
    .profile = "pure",
    .run = say,
};

static const orch_agent end_agent = {
    .size = sizeof(orch_agent),
    .flags = ORCH_AGENT_IDEMPOTENT,
    .id = "chatty.end",
    .version = "1.0.0",
    .summary = "Ends the way its config says",
    .profile = "pure",
    .run = end,
};

ORCH_PLUGIN("chatty", "1.0.0", NULL, &say_agent, &end_agent);
