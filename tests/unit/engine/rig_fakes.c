/* rig_fakes.c -- the rig's sandbox, agents and authority. See rig.h. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/ledger/statement.h"
#include "rig_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
        .isolation = spec->isolation,
        .limits = spec->limits,
        .secret_fd = pipe_fds[0],
    };
    memcpy(a->seed, spec->seed, sizeof a->seed);
    memcpy(a->run_id, spec->run_id, sizeof a->run_id);
    snprintf(a->digest.text, sizeof a->digest.text, "%s", spec->digest);
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

/* Those that were handed over would have one. */
static pid_t attempt_pid(struct sandbox *sb, uint64_t id)
{
    const struct rig_attempt *a = by_id(sb, id);

    return a != NULL && a->open ? (pid_t)(1000 + id) : 0;
}

static struct rig_plugin *rig_plugin_find(struct sandbox *sb, const char *digest)
{
    for (size_t i = 0; i < ARRAY_LEN(sb->loaded); i++) {
        if (strcmp(sb->loaded[i].digest.text, digest) == 0)
            return &sb->loaded[i];
    }
    return NULL;
}

static bool plugin_add(struct sandbox *sb, const struct sandbox_plugin *plugin, struct err *e)
{
    struct rig_plugin *free = rig_plugin_find(sb, "");

    if (sb->refuse_plugins || free == NULL || rig_plugin_find(sb, plugin->digest) != NULL)
        return err_set(e, ERR_CONFLICT, "it is there already");
    snprintf(free->digest.text, sizeof free->digest.text, "%s", plugin->digest);
    free->warm = plugin->warm_granted;
    sb->plugins++;
    return true;
}

void rig_plugin_gone(struct sandbox *sb, const char *digest)
{
    struct rig_plugin *plugin = rig_plugin_find(sb, digest);

    if (plugin != NULL)
        *plugin = (struct rig_plugin){0};
}

static void plugin_revoke(struct sandbox *sb, const char *digest, const char *why)
{
    if (rig_plugin_find(sb, digest) == NULL)
        return;
    rig_plugin_gone(sb, digest);
    sb->revoked++;
    snprintf(sb->revoked_why, sizeof sb->revoked_why, "%s", why);
}

void rig_attempt_done(struct rig_attempt *a)
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

/* ---- agents: every id but those that begin with "missing", "awaited" or "withdrawn" ---- */

bool rig_awaited_came;
char rig_serves = 'a';
char rig_lacks;

bool rig_agent_awaited(const struct agents *agents unused_arg, const char *tenant unused_arg,
                       const char *agent_id, const char *digest, struct err *ret)
{
    if (digest != NULL)
        return !err_set(ret, ERR_UNAVAILABLE, "the plugin of its start is not here: %s", digest);
    if (strncmp(agent_id, "awaited", 7) != 0)
        return false;
    err_set(ret, ERR_UNAVAILABLE, "agent '%s' is not there: its bundle is damaged", agent_id);
    return true;
}

bool rig_agent_withdrawn(const struct agents *agents unused_arg, const char *tenant unused_arg,
                         const char *agent_id, const char *digest unused_arg, struct err *ret)
{
    if (strncmp(agent_id, "withdrawn", 9) != 0)
        return false;
    err_set(ret, ERR_UNPROCESSABLE, "agent '%s' cannot run: its key was revoked", agent_id);
    return true;
}

const struct agent *rig_agent_find(const struct agents *agents unused_arg,
                                   const char *tenant unused_arg, const char *agent_id,
                                   const char *digest)
{
    static struct agent agent = {
        .version = "1.0.0",
        .plugin_id = "rig",
        .plugin_version = "1.0.0",
        .plugin = "rig@1.0.0",
        .profile = PROFILE_PURE,
    };

    memset(agent.digest.text, digest != NULL ? *digest : rig_serves, sizeof agent.digest.text - 1);
    agent.id = agent_id;
    agent.idempotent = strncmp(agent_id, "once", 4) != 0;
    agent.warm = strncmp(agent_id, "warm", 4) == 0;
    if ((strncmp(agent_id, "awaited", 7) == 0 && !rig_awaited_came) ||
        *agent.digest.text == rig_lacks)
        return NULL;
    return strncmp(agent_id, "missing", 7) == 0 || strncmp(agent_id, "withdrawn", 9) == 0 ? NULL
                                                                                          : &agent;
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

/* Whatever a test is about: no host asks for a signature under what does not verify. */
static void must_verify(const struct authority_sign_item *item)
{
    auto_json statement = NULL;
    struct statement_facts facts;
    struct err e = {0};

    if (item->purpose != PURPOSE_PROVENANCE)
        return;
    statement = json_loadb(item->payload, item->len, 0, NULL);
    if (statement_verify(statement, &facts, &e))
        return;
    fprintf(stderr, "a statement to sign: %s\n%.*s\n", e.msg, (int)item->len,
            (const char *)item->payload);
    abort();
}

static bool sign(struct authority_client *c, const struct authority_sign_item *items,
                 unsigned count, struct authority_reply reply, struct err *e)
{
    struct rig_request *r;

    if (c->too_large > 0) {
        c->too_large--;
        return err_set(e, ERR_TOO_LARGE, "too large to sign");
    }
    r = ask(c, RIG_SIGN, reply, e);
    if (r == NULL)
        return false;
    r->count = count;
    for (unsigned i = 0; i < count; i++) {
        must_verify(&items[i]);
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

void rig_request_done(struct rig_request *r)
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

static void grant(const struct authority_client *c, const char *payload,
                  struct authority_result *result)
{
    auto_json json = json_loads(payload, 0, NULL);
    const char *id = json_string_value(json_object_get(json, "id"));
    const char *version = json_string_value(json_object_get(json, "version"));
    auto_mem char *label =
        mem_printf("%s@%s", id != NULL ? id : "", version != NULL ? version : "");
    const char *tenants = c->tenants, *key = c->key;

    for (size_t i = 0; i < ARRAY_LEN(c->grants); i++) {
        if (strcmp(c->grants[i].label, label) != 0)
            continue;
        tenants = c->grants[i].tenants;
        key = c->grants[i].key;
    }
    result->verified.tenants = (struct authority_bytes){tenants, strlen(tenants)};
    result->verified.warm = c->warm;
    snprintf(result->verified.key, sizeof result->verified.key, "%s", key);
    snprintf(result->verified.signer, sizeof result->verified.signer, "%s", key);
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
        grant(c, payload, result);
        result->verified.payload = (struct authority_bytes){payload, strlen(payload)};
    } else if (r->kind == RIG_SEAL) {
        result->blob = (struct authority_bytes){"sealed", 6};
    }
    r->reply.done(r->reply.arg, result, NULL);
    for (unsigned i = 0; i < r->count; i++)
        free(envelopes[i]);
}

void rig_authority_tells(struct rig *rig, enum err_code code)
{
    struct authority_client *c = &rig->authority;
    struct rig_request r = c->requests[0];
    struct err e;

    if (c->count == 0)
        rig_broken("the authority was asked nothing", NULL);
    c->count--;
    memmove(&c->requests[0], &c->requests[1], c->count * sizeof c->requests[0]);
    if (code == ERR_NONE) {
        give(c, &r);
    } else {
        err_set(&e, code, "the authority says no");
        r.reply.done(r.reply.arg, NULL, &e);
    }
    rig_request_done(&r);
}

void rig_authority_answers(struct rig *rig, enum err_code code)
{
    rig_authority_tells(rig, code);
    rig_settle(rig);
}

/* ---- as the engine is given them ---- */

struct engine_sandbox rig_sandbox(struct rig *rig)
{
    return (struct engine_sandbox){&rig->sandbox, attempt_start, attempt_cancel,  attempt_kill,
                                   attempt_pid,   plugin_add,    rig_plugin_gone, plugin_revoke};
}

struct engine_authority rig_authority(struct rig *rig)
{
    return (struct engine_authority){&rig->authority, attached, sign,  verify_dag,
                                     verify_bundle,   seal,     unseal};
}
