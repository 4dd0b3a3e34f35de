/* sbom.c -- see sbom.h. */
#include "bundle/sbom.h"

#include "base/json.h"

#define EPOCH "1970-01-01T00:00:00Z"
#define PACKAGE_ID "SPDXRef-Package"

static json_t *relation(const char *from, const char *kind, const char *to)
{
    return json_pack("{ss ss ss}", "spdxElementId", from, "relationshipType", kind,
                     "relatedSpdxElement", to);
}

/* The file's element; its id is its place in the list. */
static json_t *file_element(const struct bundle_file *file, const char *id)
{
    return json_pack("{ss ss+ s[{ss ss}] ss ss}", "SPDXID", id, "fileName", "./", file->path,
                     "checksums", "algorithm", "SHA256", "checksumValue",
                     sha256_hex(file->bytes, file->len).text, "licenseConcluded", "NOASSERTION",
                     "copyrightText", "NOASSERTION");
}

static json_t *package_element(const struct manifest *m)
{
    return json_pack("{ss ss ss ss sb ss ss ss}", "SPDXID", PACKAGE_ID, "name", m->id,
                     "versionInfo", m->version, "downloadLocation", "NOASSERTION", "filesAnalyzed",
                     0, "licenseConcluded", "NOASSERTION", "licenseDeclared",
                     m->license != NULL ? m->license : "NOASSERTION", "copyrightText",
                     "NOASSERTION");
}

bool sbom_write(const struct manifest *source, const struct bundle_file *files, size_t count,
                struct buf *ret, struct err *e)
{
    auto_json file_list = json_array();
    auto_json relations = json_array();
    auto_json document = NULL;

    json_array_append_new(relations, relation("SPDXRef-DOCUMENT", "DESCRIBES", PACKAGE_ID));
    for (size_t i = 0; i < count; i++) {
        char id[48];

        snprintf(id, sizeof id, "SPDXRef-File-%zu", i + 1);
        json_array_append_new(file_list, file_element(&files[i], id));
        json_array_append_new(relations, relation(PACKAGE_ID, "CONTAINS", id));
    }
    document =
        json_pack("{ss ss ss ss+++++ ss s{ss s[s]} s[o] sO sO}", "spdxVersion", "SPDX-2.3",
                  "dataLicense", "CC0-1.0", "SPDXID", "SPDXRef-DOCUMENT", "documentNamespace",
                  "https://orch.invalid/spdx/", source->id, "-", source->version, "-",
                  sha256_hex(files[0].bytes, files[0].len).text, "name", source->id, "creationInfo",
                  "created", EPOCH, "creators", "Tool: orch-" ORCH_VERSION, "packages",
                  package_element(source), "files", file_list, "relationships", relations);
    if (document == NULL)
        return err_set(e, ERR_INVALID, "the bill of materials cannot be written");
    return jcs_write(document, ret, e);
}
