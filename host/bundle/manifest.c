/* manifest.c -- the struct over a manifest's JSON; see manifest.h. */
#include "bundle/manifest.h"

#include "base/mem.h"
#include "base/text.h"
#include "bundle/bundle.h"
#include "bundle/manifest_schema.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static uint64_t int_of(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static bool agent_read(const json_t *json, enum manifest_kind kind, struct manifest_agent *a,
                       struct err *e)
{
    const char *profile;

    if (!manifest_members_check(json, IN_AGENT, kind, e))
        return false;
    profile = text_of(json, "profile");
    *a = (struct manifest_agent){
        .id = text_of(json, "id"),
        .version = text_of(json, "version"),
        .summary = text_of(json, "summary"),
        .profile = profile != NULL ? profile : "pure",
        .pure = json_is_true(json_object_get(json, "pure")),
        .idempotent = json_is_true(json_object_get(json, "idempotent")),
        .input_schema = text_of(json, "input_schema"),
        .output_schema = text_of(json, "output_schema"),
        .policies = json_object_get(json, "policies"),
    };
    if (!manifest_id_valid(a->id) || !manifest_version_valid(a->version))
        return err_set(e, ERR_INVALID, "agent '%.128s' version '%.64s': not an id or no version",
                       a->id, a->version);
    if (!manifest_profile_valid(a->profile))
        return err_set(e, ERR_INVALID, "agent '%s': no profile is called '%.32s'", a->id,
                       a->profile);
    if ((a->input_schema != NULL && !manifest_path_valid(a->input_schema)) ||
        (a->output_schema != NULL && !manifest_path_valid(a->output_schema)))
        return err_set(e, ERR_INVALID, "agent '%s': a schema's path is not a plain path", a->id);
    return true;
}

static bool agents_read(struct manifest *m, enum manifest_kind kind, struct err *e)
{
    const json_t *agents = json_object_get(m->json, "agents");
    size_t count = json_array_size(agents);

    if (count == 0 || count > MANIFEST_AGENTS_MAX)
        return err_set(e, ERR_INVALID, "a manifest lists 1 to %d agents, not %zu",
                       MANIFEST_AGENTS_MAX, count);
    m->agents = mem_array(count, struct manifest_agent);
    for (size_t i = 0; i < count; i++) {
        if (!agent_read(json_array_get(agents, i), kind, &m->agents[i], e))
            return false;
        if (manifest_agent_find(m, m->agents[i].id) != NULL)
            return err_set(e, ERR_INVALID, "agent '%s' is listed twice", m->agents[i].id);
        m->agent_count++;
    }
    return true;
}

static bool profile_requested(const struct manifest *m, const char *profile)
{
    const json_t *item;
    size_t i;

    json_array_foreach(m->profiles, i, item)
    {
        if (strcmp(json_string_value(item), profile) == 0)
            return true;
    }
    return false;
}

static bool requests_read(struct manifest *m, enum manifest_kind kind, struct err *e)
{
    const json_t *requests = json_object_get(m->json, "requests");
    const json_t *item;
    size_t i;

    if (!manifest_members_check(requests, IN_REQUESTS, kind, e))
        return false;
    m->profiles = json_object_get(requests, "profiles");
    m->network = json_object_get(requests, "network");
    m->limits = json_object_get(requests, "limits");
    if (m->limits != NULL && !manifest_members_check(m->limits, IN_LIMITS, kind, e))
        return false;
    json_array_foreach(m->profiles, i, item)
    {
        if (!json_is_string(item) || !manifest_profile_valid(json_string_value(item)))
            return err_set(e, ERR_INVALID, "requests.profiles: pure, files and net are known");
    }
    for (i = 0; i < m->agent_count; i++)
        if (!profile_requested(m, m->agents[i].profile))
            return err_set(e, ERR_INVALID, "agent '%s': requests.profiles does not list '%s'",
                           m->agents[i].id, m->agents[i].profile);
    if (json_array_size(m->network) > MANIFEST_NETWORK_MAX)
        return err_set(e, ERR_INVALID, "requests.network: more than %d", MANIFEST_NETWORK_MAX);
    json_array_foreach(m->network, i, item)
    {
        if (!json_is_string(item) || strchr(json_string_value(item), ':') == NULL)
            return err_set(e, ERR_INVALID, "requests.network: a list of host:port is needed");
    }
    return true;
}

static bool file_read_member(const json_t *json, enum manifest_kind kind, struct manifest_file *f,
                             struct err *e)
{
    if (!manifest_members_check(json, IN_FILE, kind, e))
        return false;
    *f = (struct manifest_file){
        .path = text_of(json, "path"),
        .sha256 = text_of(json, "sha256"),
        .size = int_of(json, "size"),
    };
    if (!manifest_path_valid(f->path))
        return err_set(e, ERR_INVALID, "files[]: '%.128s' is not a plain path", f->path);
    if (!text_is_sha256(f->sha256) || f->size > BUNDLE_BYTES_MAX)
        return err_set(e, ERR_INVALID, "file '%s': no SHA-256, or over %u bytes", f->path,
                       BUNDLE_BYTES_MAX);
    return true;
}

static bool files_read(struct manifest *m, enum manifest_kind kind, struct err *e)
{
    const json_t *files = json_object_get(m->json, "files");
    size_t count = json_array_size(files);
    uint64_t bytes = 0;

    if (count == 0 || count > MANIFEST_FILES_MAX)
        return err_set(e, ERR_INVALID, "a manifest lists 1 to %d files, not %zu",
                       MANIFEST_FILES_MAX, count);
    m->files = mem_array(count, struct manifest_file);
    for (size_t i = 0; i < count; i++) {
        if (!file_read_member(json_array_get(files, i), kind, &m->files[i], e))
            return false;
        if (manifest_file_find(m, m->files[i].path) != NULL)
            return err_set(e, ERR_INVALID, "file '%s' is listed twice", m->files[i].path);
        m->file_count++;
        bytes += m->files[i].size;
    }
    if (bytes > BUNDLE_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the files have %ju bytes, %u are the most",
                       (uintmax_t)bytes, BUNDLE_BYTES_MAX);
    if (manifest_file_find(m, m->library) == NULL)
        return err_set(e, ERR_INVALID, "library '%.128s' is not among the files", m->library);
    for (size_t i = 0; i < m->agent_count; i++) {
        const struct manifest_agent *a = &m->agents[i];

        if ((a->input_schema != NULL && manifest_file_find(m, a->input_schema) == NULL) ||
            (a->output_schema != NULL && manifest_file_find(m, a->output_schema) == NULL))
            return err_set(e, ERR_INVALID, "agent '%s': its schema is not among the files", a->id);
    }
    return true;
}

/* What packing added. */
static bool built_read(struct manifest *m, enum manifest_kind kind, struct err *e)
{
    const json_t *abi = json_object_get(m->json, "abi");
    const json_t *archive = json_object_get(m->json, "archive");

    if (!manifest_members_check(abi, IN_ABI, kind, e))
        return false;
    m->abi_major = (uint32_t)int_of(abi, "major");
    m->abi_minor = (uint32_t)int_of(abi, "minor");
    m->arch = text_of(m->json, "arch");
    m->library = text_of(m->json, "library");
    if (strcmp(text_of(m->json, "os"), "linux") != 0 || !manifest_id_valid(m->arch))
        return err_set(e, ERR_INVALID, "os must be linux, and arch its machine's name");
    if (!files_read(m, kind, e))
        return false;
    if (kind != MANIFEST_SIGNED)
        return true;
    if (!manifest_members_check(archive, IN_ARCHIVE, kind, e))
        return false;
    m->archive_sha256 = text_of(archive, "sha256");
    m->archive_size = int_of(archive, "size");
    if (!text_is_sha256(m->archive_sha256))
        return err_set(e, ERR_INVALID, "archive.sha256 is not a SHA-256");
    return true;
}

static bool manifest_read(struct manifest *m, enum manifest_kind kind, struct err *e)
{
    if (!manifest_members_check(m->json, IN_MANIFEST, kind, e))
        return false;
    m->id = text_of(m->json, "id");
    m->version = text_of(m->json, "version");
    m->summary = text_of(m->json, "summary");
    m->license = text_of(m->json, "license");
    if (!manifest_id_valid(m->id))
        return err_set(e, ERR_INVALID, "id '%.128s': lower-case letters, digits and ._- only",
                       m->id);
    if (!manifest_version_valid(m->version))
        return err_set(e, ERR_INVALID, "version '%.64s' is not MAJOR.MINOR.PATCH", m->version);
    return agents_read(m, kind, e) && requests_read(m, kind, e) &&
           (kind == MANIFEST_SOURCE || built_read(m, kind, e));
}

bool manifest_parse(const char *text, size_t len, enum manifest_kind kind, struct manifest **ret,
                    struct err *e)
{
    static const struct json_limits limits = {MANIFEST_BYTES_MAX, 32, 0};
    auto_obj(manifest) m = mem_new(struct manifest);

    if (!json_parse(text, len, &limits, &m->json, NULL, e) || !manifest_read(m, kind, e))
        return err_wrap(e, "manifest");
    *ret = take(m);
    return true;
}

void manifest_free(struct manifest *m)
{
    if (m == NULL)
        return;
    free(m->agents);
    free(m->files);
    json_decref(m->json);
    free(m);
}

const struct manifest_file *manifest_file_find(const struct manifest *m, const char *path)
{
    for (size_t i = 0; i < m->file_count; i++)
        if (strcmp(m->files[i].path, path) == 0)
            return &m->files[i];
    return NULL;
}

const struct manifest_agent *manifest_agent_find(const struct manifest *m, const char *id)
{
    for (size_t i = 0; i < m->agent_count; i++)
        if (strcmp(m->agents[i].id, id) == 0)
            return &m->agents[i];
    return NULL;
}

const char *manifest_arch(void)
{
#if defined(__x86_64__)
    return "x86_64";
#elif defined(__aarch64__)
    return "aarch64";
#else
#error "name this machine's architecture as uname -m does"
#endif
}

char *manifest_bundle_name(const struct manifest *m)
{
    return mem_printf("%s-%s-linux-%s" BUNDLE_SUFFIX, m->id, m->version,
                      m->arch != NULL ? m->arch : manifest_arch());
}

bool manifest_archive_matches(const struct manifest *m, const void *archive, size_t len,
                              struct err *e)
{
    struct sha256_hex hash;

    if (len != m->archive_size)
        return err_set(e, ERR_CORRUPT, "the archive has %zu bytes, the manifest says %ju", len,
                       (uintmax_t)m->archive_size);
    hash = sha256_hex(archive, len);
    if (strcmp(hash.text, m->archive_sha256) != 0)
        return err_set(e, ERR_CORRUPT, "the archive's SHA-256 is %s, the manifest says %s",
                       hash.text, m->archive_sha256);
    return true;
}
