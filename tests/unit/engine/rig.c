/* rig.c -- see rig.h. */
#include "rig.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/catalog/definitions.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN_WALL_US 1700000000000000LL

int64_t rig_mono_ns, rig_wall_us;
struct rng rig_random;

const struct api_actor rig_actor = {
    .tenant = RIG_TENANT,
    .subject = "alice",
    .reason = "",
    .ticket = "",
    .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
    .traceparent = "",
};

static void broken_rig(const char *what, const struct err *e)
{
    fprintf(stderr, "rig: %s: %s\n", what, e != NULL ? e->msg : "");
    abort();
}

static int64_t mono_ns(void)
{
    return rig_mono_ns;
}

static int64_t wall_us(void)
{
    return rig_wall_us;
}

void rig_pass(int64_t ns)
{
    rig_mono_ns += ns;
    rig_wall_us += ns / 1000;
}

static void random_bytes(void *bytes, size_t len)
{
    uint8_t *to = bytes;

    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)rng_u64(&rig_random);
}

/* ---- sandbox ---- */

static bool attempt_start(struct sandbox *sb, const struct attempt_spec *spec, uint64_t *ret_id,
                          int *ret_secret_fd, struct err *e)
{
    struct rig_attempt *a;
    int pipe_fds[2] = {-1, -1};

    if (sb->full)
        return err_set(e, ERR_LIMIT, "full");
    if (sb->refuse != ERR_NONE)
        return err_set(e, sb->refuse, "refused");
    if (spec->input_bytes > NODE_INPUT_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "an input of %zu bytes", spec->input_bytes);
    if (sb->count == sb->cap) {
        sb->cap = sb->cap * 2 + 16;
        sb->attempts = mem_resize(sb->attempts, sb->cap, sizeof *sb->attempts);
    }
    if (spec->has_secrets && pipe(pipe_fds) != 0)
        return err_sys(e, "pipe");
    a = &sb->attempts[sb->count++];
    *a = (struct rig_attempt){
        .id = ++sb->next_id,
        .open = true,
        .node_id = mem_str(spec->node_id),
        .agent_id = mem_str(spec->agent_id),
        .tenant = mem_str(spec->tenant),
        .input = mem_strn(spec->input_json, spec->input_bytes),
        .config = mem_strn(spec->config_json, spec->config_bytes),
        .key = mem_str(spec->idempotency_key),
        .attempt = spec->attempt,
        .logical_time_us = spec->logical_time_us,
        .deadline_ns = spec->deadline_ns,
        .min_level = spec->min_level,
        .profile = spec->profile,
        .limits = spec->limits,
        .secret_fd = pipe_fds[0],
    };
    memcpy(a->seed, spec->seed, sizeof a->seed);
    memcpy(a->run_id, spec->run_id, sizeof a->run_id);
    *ret_id = a->id;
    if (spec->has_secrets)
        *ret_secret_fd = pipe_fds[1];
    if (sb->on_start != NULL)
        sb->on_start(sb->arg, spec, *ret_id);
    return true;
}

static struct rig_attempt *by_id(struct sandbox *sb, uint64_t id)
{
    for (size_t i = 0; i < sb->count; i++) {
        if (sb->attempts[i].id == id)
            return &sb->attempts[i];
    }
    return NULL;
}

static void attempt_cancel(struct sandbox *sb, uint64_t id)
{
    struct rig_attempt *a = by_id(sb, id);

    if (a != NULL)
        a->cancelled = true;
    if (sb->on_stop != NULL)
        sb->on_stop(sb->arg, id, false);
}

static void attempt_kill(struct sandbox *sb, uint64_t id)
{
    struct rig_attempt *a = by_id(sb, id);

    if (a != NULL)
        a->killed = true;
    if (sb->on_stop != NULL)
        sb->on_stop(sb->arg, id, true);
}

static bool plugin_add(struct sandbox *sb, const struct sandbox_plugin *plugin unused_arg,
                       struct err *e)
{
    if (sb->refuse_plugins)
        return err_set(e, ERR_CONFLICT, "it is there already");
    sb->plugins++;
    return true;
}

static void attempt_done(struct rig_attempt *a)
{
    free(a->node_id);
    free(a->agent_id);
    free(a->tenant);
    free(a->input);
    free(a->config);
    free(a->key);
    if (a->secret_fd >= 0)
        close(a->secret_fd);
}

/* ---- agents: every id but those that begin with "missing" ---- */

static const struct agent *agent_find(const struct agents *agents unused_arg, const char *agent_id)
{
    static struct agent agent = {
        .version = "1.0.0",
        .plugin_id = "rig",
        .plugin_version = "1.0.0",
        .plugin = "rig@1.0.0",
        .profile = PROFILE_PURE,
    };

    memset(agent.digest.text, 'a', sizeof agent.digest.text - 1);
    agent.id = agent_id;
    return strncmp(agent_id, "missing", 7) == 0 ? NULL : &agent;
}

/* ---- authority ---- */

static bool attached(const struct authority_client *client)
{
    return client->attached;
}

static struct rig_request *ask(struct authority_client *c, enum rig_request_kind kind,
                               struct authority_reply reply, struct err *e)
{
    if (!c->attached || c->refuse || c->count == ARRAY_LEN(c->requests)) {
        err_set(e, ERR_UNAVAILABLE, "no authority is attached");
        return NULL;
    }
    c->requests[c->count] = (struct rig_request){.kind = kind, .reply = reply};
    return &c->requests[c->count++];
}

static bool sign(struct authority_client *c, const struct authority_sign_item *items,
                 unsigned count, struct authority_reply reply, struct err *e)
{
    struct rig_request *r = ask(c, RIG_SIGN, reply, e);

    if (r == NULL)
        return false;
    r->count = count;
    for (unsigned i = 0; i < count; i++) {
        r->payloads[i] = mem_strn(items[i].payload, items[i].len);
        r->types[i] = items[i].type;
    }
    return true;
}

static bool verify_dag(struct authority_client *c, const char *tenant unused_arg,
                       const void *envelope, size_t len, struct authority_reply reply,
                       struct err *e)
{
    struct rig_request *r = ask(c, RIG_DAG, reply, e);

    if (r == NULL)
        return false;
    r->payloads[0] = mem_strn(envelope, len);
    r->count = 1;
    return true;
}

static bool verify_bundle(struct authority_client *c, const char *tenant unused_arg,
                          const void *envelope, size_t len, const char *archive unused_arg,
                          struct authority_reply reply, struct err *e)
{
    struct rig_request *r = ask(c, RIG_BUNDLE, reply, e);

    if (r == NULL)
        return false;
    r->payloads[0] = mem_strn(envelope, len);
    r->count = 1;
    return true;
}

static bool seal(struct authority_client *c, const struct secret_name *name,
                 const void *box unused_arg, size_t len unused_arg, struct authority_reply reply,
                 struct err *e)
{
    struct rig_request *r = ask(c, RIG_SEAL, reply, e);

    if (r != NULL)
        snprintf(r->names[0], sizeof r->names[0], "%s@%u", name->name, name->version);
    return r != NULL;
}

static bool unseal(struct authority_client *c, const char *tenant unused_arg,
                   const struct authority_secret_ref *refs, unsigned count, int *pipe_fd,
                   struct authority_reply reply, struct err *e)
{
    struct rig_request *r = ask(c, RIG_UNSEAL, reply, e);

    close(*pipe_fd);
    *pipe_fd = -1;
    for (unsigned i = 0; r != NULL && i < count; i++)
        snprintf(r->names[i], sizeof r->names[i], "%s=%s@%u", refs[i].env_name, refs[i].name,
                 refs[i].version);
    if (r != NULL)
        r->count = count;
    return r != NULL;
}

static void request_done(struct rig_request *r)
{
    for (unsigned i = 0; i < r->count; i++)
        free(r->payloads[i]);
}

/* A DSSE envelope with a signature that is none: nobody checks it here. */
static char *envelope_of(const char *type, const char *payload)
{
    auto_done(buf) text = {0};
    uint8_t signature[64] = {1};

    buf_addf(&text, "{\"payloadType\":\"%s\",\"payload\":\"", type);
    text_add_base64(&text, payload, strlen(payload), false);
    buf_adds(&text, "\",\"signatures\":[{\"keyid\":\"rig\",\"sig\":\"");
    text_add_base64(&text, signature, sizeof signature, false);
    buf_adds(&text, "\"}]}");
    return buf_take(&text);
}

/* The payload of the envelope that was to be verified: whoever made it is believed. */
static char *payload_in(const char *envelope)
{
    auto_json json = json_loads(envelope, 0, NULL);
    const char *text = json_string_value(json_object_get(json, "payload"));
    auto_done(buf) payload = {0};
    struct err e;

    if (text == NULL || !text_unbase64(&payload, text, strlen(text), false, &e))
        return mem_str("");
    return buf_take(&payload);
}

static void give(struct authority_client *c, const struct rig_request *r)
{
    auto_mem struct authority_result *result = mem_new(struct authority_result);
    auto_mem char *payload = NULL;
    char *envelopes[AUTHORITY_SIGN_MAX] = {0};

    if (r->kind == RIG_SIGN) {
        for (unsigned i = 0; i < r->count; i++) {
            envelopes[i] = envelope_of(r->types[i], r->payloads[i]);
            result->signatures.envelopes[i] =
                (struct authority_bytes){envelopes[i], strlen(envelopes[i])};
        }
        result->signatures.count = r->count;
        c->signed_count += r->count;
    } else if (r->kind == RIG_DAG || r->kind == RIG_BUNDLE) {
        payload = payload_in(r->payloads[0]);
        result->verified.payload = (struct authority_bytes){payload, strlen(payload)};
    } else if (r->kind == RIG_SEAL) {
        result->blob = (struct authority_bytes){"sealed", 6};
    }
    r->reply.done(r->reply.arg, result, NULL);
    for (unsigned i = 0; i < r->count; i++)
        free(envelopes[i]);
}

void rig_authority_answers(struct rig *rig, enum err_code code)
{
    struct authority_client *c = &rig->authority;
    struct rig_request r = c->requests[0];
    struct err e;

    if (c->count == 0)
        broken_rig("the authority was asked nothing", NULL);
    c->count--;
    memmove(&c->requests[0], &c->requests[1], c->count * sizeof c->requests[0]);
    if (code == ERR_NONE) {
        give(c, &r);
    } else {
        err_set(&e, code, "the authority says no");
        r.reply.done(r.reply.arg, NULL, &e);
    }
    request_done(&r);
    rig_settle(rig);
}

/* ---- the stream and the end ---- */

static void publish(void *arg, const struct api_event *events, size_t count)
{
    struct rig *rig = arg;

    for (size_t i = 0; i < count; i++) {
        const struct api_event *from = &events[i];
        struct rig_event *to;

        if (rig->event_count == rig->event_cap) {
            rig->event_cap = rig->event_cap * 2 + 64;
            rig->events = mem_resize(rig->events, rig->event_cap, sizeof *rig->events);
        }
        to = &rig->events[rig->event_count++];
        *to = (struct rig_event){.seq = from->seq, .attempt = from->attempt};
        snprintf(to->run_id, sizeof to->run_id, "%s", from->run_id);
        snprintf(to->type, sizeof to->type, "%s", from->type);
        snprintf(to->status, sizeof to->status, "%s", from->status);
        snprintf(to->step, sizeof to->step, "%s", from->step_id != NULL ? from->step_id : "");
        if (rig->on_event != NULL)
            rig->on_event(rig->arg, from);
    }
}

static void fatal(void *arg, const struct err *why)
{
    struct rig *rig = arg;

    if (rig->fatal.code == ERR_NONE)
        rig->fatal = *why;
    engine_fail(rig->engine);
}

/* ---- the rig ---- */

static uint32_t or_100(uint32_t value)
{
    return value > 0 ? value : 100;
}

void rig_start(struct rig *rig)
{
    const struct store_options options = {.path = rig->path,
                                          .check = STORE_CHECK_NONE,
                                          .queue_batches_max = rig->options.queue_batches_max};
    struct err e;

    if (!store_open(&options, &rig->store, &e) || !store_reader_open(rig->store, &rig->reader, &e))
        broken_rig("store", &e);
    rig->metrics = metrics_new();
    rig->env = (struct engine_env){
        .store = rig->store,
        .reader = rig->reader,
        .metrics = rig->metrics,
        .clock = {mono_ns, wall_us},
        .sandbox = {&rig->sandbox, attempt_start, attempt_cancel, attempt_kill, plugin_add},
        .authority = {&rig->authority, attached, sign, verify_dag, verify_bundle, seal, unseal},
        .set = {.home = rig->folder,
                .runs_active_max = or_100(rig->options.runs_active_max),
                .runs_waiting_max = or_100(rig->options.runs_waiting_max),
                .attempts_max = or_100(rig->options.attempts_max),
                .cancel_grace_ns = 5 * RIG_S,
                .head_interval_ns = rig->options.head_interval_ns,
                .min_level = 2},
        .builder_id = "orch:host/rig",
        .random = random_bytes,
        .agent_find = agent_find,
        .arg = rig,
        .publish = publish,
        .fatal = fatal,
    };
    rig->engine = engine_new(&rig->env);
    if (!engine_recover(rig->engine, &rig->recovered, &e))
        broken_rig("recover", &e);
    engine_accept(rig->engine, !rig->options.closed);
    rig_settle(rig);
}

void rig_open(struct rig *rig, struct rig_options options)
{
    const char *base = getenv("TMPDIR");

    *rig = (struct rig){.options = options, .authority.attached = true};
    rig_mono_ns = 1000 * RIG_S;
    rig_wall_us = BEGIN_WALL_US;
    rig_random = rng_of(1);
    log_setup("rig", LOG_LEVEL_COUNT, false);
    rig->folder = mem_printf("%s/orch-engine-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(rig->folder) == NULL)
        broken_rig("no folder", NULL);
    rig->path = mem_printf("%s/orch.db", rig->folder);
    rig_start(rig);
}

void rig_die(struct rig *rig)
{
    struct err gone;

    err_set(&gone, ERR_UNAVAILABLE, "the authority is gone");
    engine_stop(rig->engine);
    for (size_t i = 0; i < rig->authority.count; i++) {
        struct rig_request *r = &rig->authority.requests[i];

        r->reply.done(r->reply.arg, NULL, &gone);
        request_done(r);
    }
    rig->authority.count = 0;
    store_reader_free(take(rig->reader));
    store_close(take(rig->store));
    engine_free(take(rig->engine));
    metrics_free(take(rig->metrics));
    for (size_t i = 0; i < rig->sandbox.count; i++)
        rig->sandbox.attempts[i].open = false;
    rig->fatal = (struct err){0};
}

void rig_crash(struct rig *rig)
{
    rig_die(rig);
    rig_start(rig);
}

void rig_forget(struct rig *rig)
{
    for (size_t i = 0; i < rig->sandbox.count; i++)
        attempt_done(&rig->sandbox.attempts[i]);
    rig->sandbox.count = 0;
    rig->event_count = 0;
}

void rig_close(struct rig *rig)
{
    auto_mem char *remove_all = mem_printf("rm -rf '%s'", rig->folder);

    rig_die(rig);
    rig_forget(rig);
    free(rig->sandbox.attempts);
    free(rig->events);
    if (system(remove_all) != 0)
        broken_rig("the folder stays", NULL);
    free(rig->path);
    free(rig->folder);
}

/* ---- time ---- */

static void wait_for_writer(struct rig *rig)
{
    struct pollfd p = {.fd = store_poll_fd(rig->store), .events = POLLIN};

    if (store_pending(rig->store) > 0 && poll(&p, 1, 10000) == 0)
        broken_rig("the store's writer does not answer", NULL);
}

void rig_settle(struct rig *rig)
{
    do {
        wait_for_writer(rig);
        engine_store_turn(rig->engine);
        engine_turn(rig->engine, rig_mono_ns);
    } while (store_pending(rig->store) > 0 || engine_next_timer(rig->engine) <= rig_mono_ns);
}

void rig_drain(struct rig *rig)
{
    while (store_pending(rig->store) > 0) {
        wait_for_writer(rig);
        store_turn(rig->store);
    }
}

void rig_refuse(struct rig *rig)
{
    struct err e;
    bool taken = true;

    store_testing_hold(rig->store, true);
    while (taken) {
        struct store_batch *batch = store_batch_new();

        taken = store_submit_take(rig->store, &batch, NULL, NULL, &e);
        store_batch_free(batch);
    }
}

void rig_take_again(struct rig *rig)
{
    store_testing_hold(rig->store, false);
    rig_drain(rig);
}

/* ---- calls ---- */

void rig_answered(void *arg, const struct api_outcome *outcome)
{
    struct rig_answer *a = arg;

    a->told++;
    a->code = outcome->e != NULL ? outcome->e->code : ERR_NONE;
    snprintf(a->msg, sizeof a->msg, "%s", outcome->e != NULL ? outcome->e->msg : "");
    snprintf(a->refusal, sizeof a->refusal, "%s", outcome->code != NULL ? outcome->code : "");
    snprintf(a->run_id, sizeof a->run_id, "%s", outcome->run_id != NULL ? outcome->run_id : "");
    snprintf(a->version, sizeof a->version, "%s", outcome->version != NULL ? outcome->version : "");
    a->created = outcome->created;
    a->count = outcome->count;
    a->skipped = json_array_size(outcome->skipped);
    a->remaining = json_array_size(outcome->remaining);
    a->findings = json_array_size(outcome->findings);
}

void rig_publish(struct rig *rig, const char *text)
{
    struct rig_answer a = {0};
    struct err e;

    definitions_publish(&rig->env, &rig_actor,
                        &(struct api_publish){.form = API_DEFINITION_TEXT,
                                              .text = text,
                                              .text_len = strlen(text)},
                        rig_answered, &a);
    rig_settle(rig);
    if (a.told != 1 || a.code != ERR_NONE) {
        err_set(&e, a.code, "%s", a.msg);
        broken_rig("publish", &e);
    }
}

struct rig_answer rig_run(struct rig *rig, const char *dag_id, const char *inputs)
{
    auto_json json = json_loads(inputs, 0, NULL);
    struct rig_answer a = {0};

    control_start(engine_control(rig->engine), &rig_actor,
                  &(struct api_run_start){.dag_id = dag_id,
                                          .inputs = json,
                                          .checkpoint_enabled = true,
                                          .deterministic_mode = true},
                  rig_answered, &a);
    rig_settle(rig);
    return a;
}

/* ---- attempts ---- */

struct rig_attempt *rig_open_attempt(struct rig *rig, const char *node_id)
{
    for (size_t i = rig->sandbox.count; i > 0; i--) {
        struct rig_attempt *a = &rig->sandbox.attempts[i - 1];

        if (a->open && strcmp(a->node_id, node_id) == 0)
            return a;
    }
    return NULL;
}

size_t rig_open_count(const struct rig *rig)
{
    size_t count = 0;

    for (size_t i = 0; i < rig->sandbox.count; i++)
        count += rig->sandbox.attempts[i].open;
    return count;
}

void rig_begin(struct rig *rig, struct rig_attempt *a)
{
    engine_on_attempt_started(rig->engine, a->id, 0x7f, 3);
    rig_settle(rig);
}

void rig_tell_end(struct rig *rig, struct rig_attempt *a, enum outcome outcome, const char *output)
{
    auto_json json = output != NULL ? json_loads(output, JSON_DECODE_ANY, NULL) : NULL;
    struct attempt_result result = {
        .outcome = outcome,
        .error_class = outcome_error_class(outcome),
        .error_message = outcome == OUTCOME_OK ? "" : "it went wrong",
        .output = output,
        .output_json = json,
        .layers = 0x7f,
        .level = 3,
    };

    a->open = false;
    engine_on_attempt_done(rig->engine, a->id, &result);
}

void rig_end(struct rig *rig, struct rig_attempt *a, enum outcome outcome, const char *output)
{
    rig_tell_end(rig, a, outcome, output);
    rig_settle(rig);
}

static struct rig_attempt *must_be_open(struct rig *rig, const char *node_id)
{
    struct rig_attempt *a = rig_open_attempt(rig, node_id);

    if (a == NULL) {
        fprintf(stderr, "rig: no attempt of '%s' is open\n", node_id);
        abort();
    }
    return a;
}

void rig_ok(struct rig *rig, const char *node_id)
{
    rig_end(rig, must_be_open(rig, node_id), OUTCOME_OK, "{\"done\":true}");
}

void rig_fails(struct rig *rig, const char *node_id, enum outcome outcome)
{
    rig_end(rig, must_be_open(rig, node_id), outcome, NULL);
}

/* ---- the store ---- */

enum store_run_status rig_status(struct rig *rig, const char *run_id)
{
    auto_done(store_run_list) rows = {0};
    struct err e;

    return store_read_run(rig->reader, RIG_TENANT, run_id, &rows, &e) ? rows.rows[0].status
                                                                      : STORE_RUN_INVALID;
}

enum store_node_status rig_node_status(struct rig *rig, const char *run_id, const char *node_id)
{
    auto_done(store_node_list) rows = {0};
    struct err e;

    return store_read_node(rig->reader, RIG_TENANT, run_id, node_id, &rows, &e)
               ? rows.rows[0].status
               : STORE_NODE_INVALID;
}

size_t rig_statements(struct rig *rig, const char *run_id)
{
    auto_done(store_statement_list) rows = {0};
    struct err e;

    return store_read_statement(rig->reader, RIG_TENANT, run_id, &rows, &e) ? rows.count : 0;
}
