/* bundles.c -- see bundles.h. */
#include "bundles.h"

#include "base/fd.h"
#include "bundle/archive.h"
#include "bundle/bundle.h"

#include <orch/plugin.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct agents *agents;

void put_bundle(struct packed what)
{
    const struct bundle_file files[] = {{"lib/hello.so", what.so, strlen(what.so)}};
    auto_done(buf) payload = {0}, archive = {0}, envelope = {0}, bytes = {0};
    auto_mem char *folder = mem_printf("%s/plugins", rig.folder);
    auto_mem char *path = mem_printf("%s/%s", folder, what.file);
    auto_mem char *source = mem_printf(
        "{\"id\":\"%s\",\"version\":\"%s\",\"agents\":[{\"id\":\"%s\","
        "\"version\":\"1.0.0\",\"profile\":\"pure\"}],\"requests\":{\"profiles\":[\"pure\"],"
        "\"network\":[],\"limits\":{}}}",
        what.id, what.version, what.agent);
    auto_obj(manifest) manifest = NULL;
    struct bundle_view view;
    struct err e;

    mkdir(folder, 0700);
    ck_assert_msg(manifest_parse(source, strlen(source), MANIFEST_SOURCE, &manifest, &e), "%s",
                  e.msg);
    ck_assert_msg(bundle_pack(manifest, files, 1, &payload, &archive, &e), "%s", e.msg);
    bundle_envelope_unsigned(payload.data, payload.len, &envelope);
    view = (struct bundle_view){envelope.data, envelope.len, archive.data, archive.len};
    bundle_join(&view, &bytes);
    ck_assert(file_write_atomic(path, bytes.data, bytes.len, 0600, &e));
}

void write_bundle(const char *file, const char *version)
{
    put_bundle((struct packed){file, "hello", version, "hello.greet", SO});
}

void remove_bundle(const char *file)
{
    auto_mem char *path = mem_printf("%s/plugins/%s", rig.folder, file);

    ck_assert_int_eq(unlink(path), 0);
}

void scan(void)
{
    agents_scan(agents);
    rig_settle(&rig);
    while (rig.authority.count > 0)
        rig_authority_answers(&rig, ERR_NONE);
}

struct sha256_hex so_digest(void)
{
    return sha256_hex(SO, strlen(SO));
}

/* The library was loaded and says this of itself. */
void says(struct packed what, const char *profile)
{
    struct sha256_hex digest = sha256_hex(what.so, strlen(what.so));
    const struct sandbox_agent agent = {.id = what.agent, .version = "1.0.0", .profile = profile};

    agents_on_ready(agents, &(struct sandbox_plugin_info){.digest = digest.text,
                                                          .id = what.id,
                                                          .version = what.version,
                                                          .abi_major = ORCH_ABI_MAJOR,
                                                          .agents = &agent,
                                                          .n_agents = 1});
    rig_settle(&rig);
}

void ready(const char *version, const char *profile)
{
    says((struct packed){NULL, "hello", version, "hello.greet", SO}, profile);
}

/* "VERDICT: REASON" of the file; "" when it has none. Valid until the next call. */
const char *verdict(const char *file)
{
    static char text[1024];
    auto_json rows = agents_list_owned(agents, RIG_TENANT);
    const json_t *row;
    size_t i;

    text[0] = '\0';
    json_array_foreach(rows, i, row)
    {
        const char *reason = json_string_value(json_object_get(row, "reason"));

        if (strcmp(json_string_value(json_object_get(row, "file")), file) == 0)
            snprintf(text, sizeof text, "%s: %s",
                     json_string_value(json_object_get(row, "verdict")), reason ? reason : "");
    }
    return text;
}

void counts(unsigned loaded, unsigned refused)
{
    unsigned l, r;

    agents_counts(agents, &l, &r);
    ck_assert_uint_eq(l, loaded);
    ck_assert_uint_eq(r, refused);
}

void bundles_begin(void)
{
    agents = agents_new(&rig.env);
}

void bundles_end(void)
{
    agents_free(agents);
}

const struct packed genuine = {"genuine.orchbundle", "hello", "1.0.0", "hello.greet", SO};
const struct packed thief = {"a-thief.orchbundle", "thief", "99.0.0", "hello.greet",
                             "\177ELF the thief's"};

/* What the authority says of this id and version from here on. */
void trusted(struct packed what, const char *key, const char *tenants)
{
    auto_mem char *label = mem_printf("%s@%s", what.id, what.version);
    struct rig_grant *grant = rig.authority.grants;

    while (grant->label[0] != '\0' && strcmp(grant->label, label) != 0)
        grant++;
    *grant = (struct rig_grant){.tenants = tenants, .key = key};
    snprintf(grant->label, sizeof grant->label, "%s", label);
}

void install(struct packed what, const char *key, const char *tenants)
{
    trusted(what, key, tenants);
    put_bundle(what);
    scan();
    says(what, "pure");
}
