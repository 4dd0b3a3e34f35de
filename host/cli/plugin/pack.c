/* pack.c -- `orch plugin pack|sign|verify|keygen`: bundles and the keys that sign them. No
 * plugin code runs here. */
#include "authority/keys/key.h"
#include "authority/trust/dsse.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "bundle/archive.h"
#include "cli/ledger/verify.h"
#include "cli/out.h"
#include "cli/out_file.h"
#include "cli/plugin/cmd_plugin.h"
#include "cli/plugin/project.h"
#include "model/dag/source/parse.h"

#include <string.h>

enum { SCHEMA_BYTES_MAX = 1024 * 1024, PACK_FILES_MAX = MANIFEST_FILES_MAX - 1 };

/* What goes into the archive; owns the bytes. */
struct parts {
    struct bundle_file files[PACK_FILES_MAX];
    struct buf bytes[PACK_FILES_MAX];
    char *library_path;
    size_t count;
};

static void parts_done(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        buf_done(&parts->bytes[i]);
    free(parts->library_path);
}
DEFINE_AUTO_DONE(parts)

static bool parts_have(const struct parts *parts, const char *path)
{
    for (size_t i = 0; i < parts->count; i++)
        if (strcmp(parts->files[i].path, path) == 0)
            return true;
    return false;
}

/* path NULL, or one that is there already, adds nothing: agents may share a schema. */
static bool add_file(struct parts *parts, const char *dir, const char *path, struct err *e)
{
    auto_mem char *from = NULL;
    auto_done(buf) bytes = {0};

    if (path == NULL || parts_have(parts, path))
        return true;
    if (parts->count == PACK_FILES_MAX)
        return err_set(e, ERR_LIMIT, "a bundle holds %d files at most", PACK_FILES_MAX);
    from = mem_printf("%s/%s", dir, path);
    if (!file_read(from, SCHEMA_BYTES_MAX, &bytes, e))
        return false;
    parts->bytes[parts->count] = bytes;
    parts->files[parts->count] = (struct bundle_file){path, bytes.data, bytes.len};
    bytes = (struct buf){0};
    parts->count++;
    return true;
}

/* A schema that no reader of JSON Schema would take is found here, not by whoever installs it. */
static bool check_schema(const struct parts *parts, const char *path, struct err *e)
{
    auto_json schema = NULL;

    for (size_t i = 0; path != NULL && i < parts->count; i++) {
        if (strcmp(parts->files[i].path, path) != 0)
            continue;
        if (!json_parse(parts->files[i].bytes, parts->files[i].len, &json_limits_default, &schema,
                        NULL, e))
            return err_wrap(e, "schema '%s'", path);
        return json_is_object(schema) || json_is_boolean(schema) ||
               err_set(e, ERR_INVALID, "schema '%s': a schema is an object, true or false, not %s",
                       path, json_type_name(schema));
    }
    return true;
}

/* The policies are those of a node, and so are judged as a node's. */
static bool check_policies(const struct manifest_agent *agent, struct err *e)
{
    static const char *const known[] = {"retry_policy", "timeout_policy"};
    auto_json node = json_object();
    auto_json doc = json_pack("{s:{s:O}}", "nodes", "agent", node);
    auto_done(dag_findings) findings = {0};
    auto_done(buf) text = {0};
    auto_obj(dag) dag = NULL;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)agent->policies, key, value)
    {
        if (strcmp(key, known[0]) != 0 && strcmp(key, known[1]) != 0)
            return err_set(e, ERR_INVALID, "agent '%s': policies has %s and %s, not '%.64s'",
                           agent->id, known[0], known[1], key);
        json_object_set(node, key, value);
    }
    if (!dag_from_json(doc, &dag, &findings, e))
        return false;
    findings_text(&findings, &text);
    return findings.count == 0 || err_set(e, ERR_INVALID, "policies: %s", buf_text(&text));
}

static bool check_agents(const struct manifest *m, const struct parts *parts, struct err *e)
{
    for (size_t i = 0; i < m->agent_count; i++) {
        if (!check_schema(parts, m->agents[i].input_schema, e) ||
            !check_schema(parts, m->agents[i].output_schema, e) ||
            !check_policies(&m->agents[i], e))
            return false;
    }
    return true;
}

static bool parts_gather(const struct plugin_project *project, struct plugin_image *image,
                         struct parts *parts, struct err *e)
{
    const struct manifest *m = project->manifest;

    parts->library_path = mem_printf("lib/%s.so", m->id);
    parts->bytes[0] = image->so;
    image->so = (struct buf){0};
    parts->files[0] =
        (struct bundle_file){parts->library_path, parts->bytes[0].data, parts->bytes[0].len};
    parts->count = 1;
    for (size_t i = 0; i < m->agent_count; i++)
        if (!add_file(parts, project->dir, m->agents[i].input_schema, e) ||
            !add_file(parts, project->dir, m->agents[i].output_schema, e))
            return false;
    return true;
}

/* The .so of --so, or the folder's own, through the load gate and against the manifest. */
static bool image_of(const struct cli *cli, const struct plugin_project *project,
                     struct plugin_image **ret, struct err *e)
{
    const char *so = cli_flag_text(cli, "so");
    auto_obj(plugin_image) image = NULL;

    if (!plugin_image_load(so != NULL ? so : project->dir, &image, e))
        return false;
    if (strcmp(image->facts.id, project->manifest->id) != 0 ||
        strcmp(image->facts.version, project->manifest->version) != 0)
        return err_set(e, ERR_UNPROCESSABLE, "'%s' is %s %s, the manifest says %s %s", so,
                       image->facts.id, image->facts.version, project->manifest->id,
                       project->manifest->version);
    *ret = take(image);
    return true;
}

static bool write_bundle(const char *path, const char *envelope, size_t envelope_bytes,
                         const void *archive, size_t archive_bytes, struct err *e)
{
    const struct bundle_view parts = {envelope, envelope_bytes, archive, archive_bytes};
    auto_done(buf) file = {0};

    if (envelope_bytes > BUNDLE_ENVELOPE_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the envelope has %zu bytes, %u are the most",
                       envelope_bytes, BUNDLE_ENVELOPE_BYTES_MAX);
    bundle_join(&parts, &file);
    return out_file_write(path, file.data, file.len, 0644, e);
}

bool plugin_pack(struct cli *cli, struct err *e)
{
    const char *out = cli_flag_text(cli, "out");
    auto_obj(plugin_project) project = NULL;
    auto_obj(plugin_image) image = NULL;
    auto_done(parts) parts = {.count = 0};
    auto_done(buf) payload = {0}, archive = {0}, envelope = {0};
    auto_mem char *name = NULL;

    if (!plugin_project_open(cli_arg(cli, 0), &project, e) || !image_of(cli, project, &image, e) ||
        !parts_gather(project, image, &parts, e) || !check_agents(project->manifest, &parts, e) ||
        !bundle_pack(project->manifest, parts.files, parts.count, &payload, &archive, e))
        return false;
    name = out != NULL ? mem_str(out) : manifest_bundle_name(project->manifest);
    bundle_envelope_unsigned(payload.data, payload.len, &envelope);
    if (!write_bundle(name, envelope.data, envelope.len, archive.data, archive.len, e))
        return false;
    out_id(cli, name, NULL);
    cli_say(cli, "packed into %zu bytes; not signed yet", archive.len);
    return true;
}

static bool sign_file(struct cli *cli, const char *path, const struct key_secret *key,
                      struct err *e)
{
    const struct key_secret *const keys[] = {key};
    auto_obj(bundle_file_in) file = NULL;
    auto_done(buf) envelope = {0};

    if (!bundle_file_load(path, &file, e))
        return false;
    dsse_sign(DSSE_TYPE_BUNDLE, file->payload.data, file->payload.len, keys, 1, &envelope);
    if (!write_bundle(path, envelope.data, envelope.len, file->view.archive,
                      file->view.archive_bytes, e))
        return false;
    out_id(cli, path, NULL);
    cli_say(cli, "signed %s %s", file->manifest->id, file->manifest->version);
    return true;
}

bool plugin_sign(struct cli *cli, struct err *e)
{
    auto_obj(key_secret) key = NULL;

    if (!key_secret_load(cli_flag_text(cli, "key"), &key, e))
        return false;
    for (size_t i = 0; i < cli->arg_count; i++)
        if (!sign_file(cli, cli_arg(cli, i), key, e))
            return false;
    cli_say(cli, "with key %s", key_fingerprint(key_secret_public(key)).text);
    return true;
}

/* The signature and trust first, then everything inside; all of the same bytes. */
static bool verify_whole(const struct trust *trust, const char *tenant, const char *path,
                         json_t **ret, struct err *e)
{
    auto_obj(bundle_file_in) file = NULL;
    auto_obj(plugin_image) image = NULL;
    auto_json facts = NULL;

    if (!bundle_file_load(path, &file, e) ||
        !verify_bundle(trust, tenant, file->bytes.data, file->bytes.len, &facts, e) ||
        !plugin_image_unpack(file, &image, e))
        return false;
    json_object_set_new(facts, "file", json_string(path));
    json_object_set_new(facts, "files", json_integer((json_int_t)image->manifest->file_count));
    *ret = take(facts);
    return true;
}

bool plugin_verify(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {
        {"FILE", "file"},   {"SUBJECT", "subject"}, {"SIGNER", "signer"},
        {"FILES", "files"}, {"DETAIL", "detail"},   {NULL, NULL},
    };
    const char *tenant = cli->set.tenant != NULL ? cli->set.tenant : "default";
    auto_obj(trust) trust = NULL;
    auto_json facts = NULL;

    if (!verify_trust_open(cli, cli_flag_text(cli, "trust"), &trust, e))
        return false;
    if (!verify_whole(trust, tenant, cli_arg(cli, 0), &facts, e)) {
        cli_exit(cli, CLI_EXIT_UNVERIFIED);
        return false;
    }
    out_object(cli, columns, facts);
    return true;
}

bool plugin_keygen(struct cli *cli, struct err *e)
{
    auto_mem char *secret_path = mem_printf("%s.pem", cli_arg(cli, 0));
    auto_mem char *public_path = mem_printf("%s.pub.pem", cli_arg(cli, 0));
    auto_obj(key_secret) key = key_secret_new();
    auto_done(buf) pem = {0};

    if (!key_secret_save(key, secret_path, e))
        return false;
    key_public_pem(key_secret_public(key), &pem);
    if (!out_file_write(public_path, pem.data, pem.len, 0644, e))
        return false;
    out_id(cli, key_fingerprint(key_secret_public(key)).text, NULL);
    cli_say(cli, "keep %s to yourself; %s is for those who trust you", secret_path, public_path);
    return true;
}
