/* abi_text.c -- names the members once more, on purpose: a member that the header gains and this
 * list does not have shows in the struct's size. */
#include "abi_text.h"

#include <orch/plugin.h>

#include <stdint.h>

struct member {
    const char *name;
    size_t offset, size;
};

#define M(type, name)                                                                              \
    {                                                                                              \
#name, offsetof(type, name), sizeof(((type *)0)->name)                                     \
    }

static const struct member bytes_members[] = {M(orch_bytes, ptr), M(orch_bytes, len)};
static const struct member host_members[] = {M(orch_host, size),       M(orch_host, abi_minor),
                                             M(orch_host, features),   M(orch_host, ext),
                                             M(orch_host, alloc),      M(orch_host, emit),
                                             M(orch_host, set_error),  M(orch_host, log),
                                             M(orch_host, progress),   M(orch_host, heartbeat),
                                             M(orch_host, should_stop)};
static const struct member ctx_members[] = {M(orch_ctx, size),        M(orch_ctx, attempt),
                                            M(orch_ctx, agent),       M(orch_ctx, run_id),
                                            M(orch_ctx, node),        M(orch_ctx, idempotency_key),
                                            M(orch_ctx, config),      M(orch_ctx, inputs),
                                            M(orch_ctx, input_names), M(orch_ctx, n_inputs),
                                            M(orch_ctx, deadline_ns), M(orch_ctx, logical_time_us),
                                            M(orch_ctx, seed)};
static const struct member secret_members[] = {M(orch_secret_v1, size), M(orch_secret_v1, reserved),
                                               M(orch_secret_v1, get)};
static const struct member agent_members[] = {
    M(orch_agent, size),         M(orch_agent, flags),         M(orch_agent, id),
    M(orch_agent, version),      M(orch_agent, summary),       M(orch_agent, profile),
    M(orch_agent, input_schema), M(orch_agent, output_schema), M(orch_agent, policies),
    M(orch_agent, run)};
static const struct member plugin_members[] = {
    M(orch_plugin, size),      M(orch_plugin, abi_major),
    M(orch_plugin, abi_minor), M(orch_plugin, min_host_minor),
    M(orch_plugin, flags),     M(orch_plugin, n_agents),
    M(orch_plugin, id),        M(orch_plugin, version),
    M(orch_plugin, agents),    M(orch_plugin, prepare),
    M(orch_plugin, ext)};
static const struct member note_members[] = {
    M(orch_note, owner_bytes),    M(orch_note, desc_bytes), M(orch_note, type),
    M(orch_note, owner),          M(orch_note, abi_major),  M(orch_note, abi_minor),
    M(orch_note, min_host_minor), M(orch_note, flags),      M(orch_note, id),
    M(orch_note, version)};

#define STRUCT(type, members)                                                                      \
    {                                                                                              \
#type, sizeof(type), members, ARRAY_LEN(members)                                           \
    }
static const struct {
    const char *name;
    size_t size;
    const struct member *members;
    size_t count;
} structs[] = {
    STRUCT(orch_bytes, bytes_members), STRUCT(orch_host, host_members),
    STRUCT(orch_ctx, ctx_members),     STRUCT(orch_secret_v1, secret_members),
    STRUCT(orch_agent, agent_members), STRUCT(orch_plugin, plugin_members),
    STRUCT(orch_note, note_members),
};

#define C(name)                                                                                    \
    {                                                                                              \
#name, (long)(name)                                                                        \
    }
static const struct {
    const char *name;
    long value;
} constants[] = {
    C(ORCH_ABI_MAJOR),     C(ORCH_ABI_MINOR),       C(ORCH_OK),
    C(ORCH_E_TRANSIENT),   C(ORCH_E_FATAL),         C(ORCH_E_INPUT),
    C(ORCH_E_UNSUPPORTED), C(ORCH_E_CANCELLED),     C(ORCH_E_INTERNAL),
    C(ORCH_LOG_DEBUG),     C(ORCH_LOG_INFO),        C(ORCH_LOG_WARN),
    C(ORCH_LOG_ERROR),     C(ORCH_AGENT_PURE),      C(ORCH_AGENT_IDEMPOTENT),
    C(ORCH_NOTE_PLUGIN),   C(ORCH_NOTE_DESC_BYTES), C(ORCH_ID_BYTES),
    C(ORCH_VERSION_BYTES),
};

#define T(name)                                                                                    \
    {                                                                                              \
#name, name                                                                                \
    }
static const struct {
    const char *name, *text;
} texts[] = {T(ORCH_PORT_RESULT), T(ORCH_EXT_SECRET), T(ORCH_NOTE_OWNER)};

void abi_text(struct buf *b)
{
    for (size_t i = 0; i < ARRAY_LEN(structs); i++) {
        buf_addf(b, "%s %zu\n", structs[i].name, structs[i].size);
        for (size_t k = 0; k < structs[i].count; k++)
            buf_addf(b, "  %3zu %3zu %s\n", structs[i].members[k].offset,
                     structs[i].members[k].size, structs[i].members[k].name);
    }
    for (size_t i = 0; i < ARRAY_LEN(constants); i++)
        buf_addf(b, "%s %ld\n", constants[i].name, constants[i].value);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        buf_addf(b, "%s \"%s\"\n", texts[i].name, texts[i].text);
}
