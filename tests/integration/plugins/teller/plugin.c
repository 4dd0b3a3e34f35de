/* teller -- tries to give the secret TOKEN away: as it is, in base64, base64url, hex and percent
 * form, beside other text. The config's member "where" says where to: "output", "log", "error",
 * "stdout" or "stderr". Built with the SDK and nothing else. */
#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>

#include <ctype.h>

enum { SECRET_BYTES_MAX = 256, FORM_BYTES = 4 * SECRET_BYTES_MAX, FORMS = 6 };

struct telling {
    const orch_host *host;
    orch_run *run;
    orch_bytes secret;
    char form[FORMS][FORM_BYTES];
};

static void to_hex(const orch_bytes *in, const char *digits, char *out)
{
    const unsigned char *bytes = (const unsigned char *)in->ptr;

    for (uint64_t i = 0; i < in->len; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

/* Escapes what RFC 3986 does not leave as it is. */
static void to_percent(const orch_bytes *in, char *out)
{
    const unsigned char *bytes = (const unsigned char *)in->ptr;

    for (uint64_t i = 0; i < in->len; i++) {
        bool kept = isalnum(bytes[i]) || strchr("-._~", bytes[i]) != NULL;

        out += snprintf(out, 4, kept ? "%c" : "%%%02X", bytes[i]);
    }
}

/* As in a basic-auth header: behind "user:", so that the groups of three fall elsewhere. */
static void to_base64(const orch_bytes *in, const char *last_two, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char text[SECRET_BYTES_MAX + 8] = "user:";
    uint64_t len = 5 + in->len;

    memcpy(text + 5, in->ptr, in->len);
    for (uint64_t bit = 0; bit < len * 8; bit += 6) {
        unsigned pair = (unsigned)text[bit / 8] << 8 | text[bit / 8 + 1];
        unsigned digit = pair >> (10 - bit % 8) & 63;

        *out++ = digit < 62 ? digits[digit] : last_two[digit - 62];
    }
    *out = '\0';
}

static void make_forms(struct telling *t)
{
    snprintf(t->form[0], FORM_BYTES, "the secret is %.*s.", (int)t->secret.len,
             (const char *)t->secret.ptr);
    to_hex(&t->secret, "0123456789abcdef", t->form[1]);
    to_hex(&t->secret, "0123456789ABCDEF", t->form[2]);
    to_percent(&t->secret, t->form[3]);
    to_base64(&t->secret, "+/", t->form[4]);
    to_base64(&t->secret, "-_", t->form[5]);
}

static orch_status tell_output(struct telling *t)
{
    orch_out out = orch_out_new(t->host, t->run);

    orch_out_mark(&out, '{');
    orch_out_key(&out, "forms");
    orch_out_mark(&out, '[');
    for (int i = 0; i < FORMS; i++)
        orch_out_str(&out, t->form[i]);
    orch_out_mark(&out, ']');
    orch_out_mark(&out, '}');
    return orch_out_emit(&out);
}

/* An empty result: the telling was done elsewhere. */
static orch_status emit_nothing(struct telling *t)
{
    orch_out out = orch_out_new(t->host, t->run);

    orch_out_mark(&out, '{');
    orch_out_mark(&out, '}');
    return orch_out_emit(&out);
}

static orch_status tell_log(struct telling *t)
{
    for (int i = 0; i < FORMS; i++)
        orch_log(t->host, t->run, ORCH_LOG_INFO, "form %d: %s", i, t->form[i]);
    return emit_nothing(t);
}

static orch_status tell_error(struct telling *t)
{
    return orch_fail(t->host, t->run, ORCH_E_FATAL, "TellerError", "%s %s %s %s", t->form[0],
                     t->form[1], t->form[3], t->form[4]);
}

static orch_status tell_stdout(struct telling *t)
{
    for (int i = 0; i < FORMS; i++)
        printf("%s\n", t->form[i]);
    fflush(stdout);
    return emit_nothing(t);
}

static orch_status tell_stderr(struct telling *t)
{
    for (int i = 0; i < FORMS; i++)
        fprintf(stderr, "%s\n", t->form[i]);
    return emit_nothing(t);
}

static const struct {
    const char *where;
    orch_status (*tell)(struct telling *t);
} places[] = {
    {"output", tell_output}, {"log", tell_log},       {"error", tell_error},
    {"stdout", tell_stdout}, {"stderr", tell_stderr},
};

static orch_status get_secret(const orch_host *host, orch_run *run, orch_bytes *ret)
{
    orch_status status = orch_secret(host, run, "TOKEN", ret);

    if (status != ORCH_OK)
        return orch_fail(host, run, status, "TellerError", "no secret TOKEN");
    if (ret->len > SECRET_BYTES_MAX)
        return orch_fail(host, run, ORCH_E_INPUT, "TellerError", "TOKEN is too long to tell");
    return ORCH_OK;
}

static orch_status tell(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    struct telling t = {.host = host, .run = run};
    orch_status status = get_secret(host, run, &t.secret);
    orch_json config, where;

    if (status != ORCH_OK)
        return status;
    if (!orch_json_parse(orch_config(ctx), &config))
        return orch_fail(host, run, ORCH_E_INPUT, "ValueError", "the config is not JSON");
    make_forms(&t);
    where = orch_json_get(config, "where");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (orch_json_is(where, places[i].where))
            return places[i].tell(&t);
    }
    return orch_fail(host, run, ORCH_E_INPUT, "ValueError", "config.where is wrong");
}

static orch_status size(const orch_host *host, orch_run *run, const orch_ctx *ctx)
{
    orch_out out = orch_out_new(host, run);
    orch_bytes secret = {NULL, 0};
    orch_status status = get_secret(host, run, &secret);

    (void)ctx;
    if (status != ORCH_OK)
        return status;
    orch_out_mark(&out, '{');
    orch_out_key(&out, "bytes");
    orch_out_int(&out, (int64_t)secret.len);
    orch_out_mark(&out, '}');
    return orch_out_emit(&out);
}

static const orch_agent tell_agent = {
    .size = sizeof(orch_agent),
    .flags = ORCH_AGENT_IDEMPOTENT,
    .id = "teller.tell",
    .version = "1.0.0",
    .summary = "Tells the secret TOKEN where its config says",
    .profile = "pure",
    .run = tell,
};

static const orch_agent size_agent = {
    .size = sizeof(orch_agent),
    .flags = ORCH_AGENT_PURE | ORCH_AGENT_IDEMPOTENT,
    .id = "teller.size",
    .version = "1.0.0",
    .summary = "Returns how long the secret TOKEN is",
    .profile = "pure",
    .run = size,
};

ORCH_PLUGIN("teller", "1.0.0", NULL, &tell_agent, &size_agent);
