/* install.c -- `orch plugin install`: a bundle goes into the folder of the host's home, and from
 * there, once the host has verified it, into the store. */
#include "base/fd.h"
#include "base/mem.h"
#include "bundle/bundle.h"
#include "bundle/manifest.h"
#include "cli/plugin/cmd_plugin.h"

#include <string.h>

static bool name_of(const struct buf *bytes, char **ret, struct err *e)
{
    auto_obj(manifest) manifest = NULL;
    auto_done(buf) payload = {0};
    struct bundle_view view;

    if (!bundle_open(bytes->data, bytes->len, &view, e) ||
        !bundle_payload_unverified(&view, &payload, e) ||
        !manifest_parse(payload.data, payload.len, MANIFEST_SIGNED, &manifest, e))
        return false;
    *ret = manifest_bundle_name(manifest);
    return true;
}

/* The same bytes once more are no harm. */
static bool is_there(const char *path, const struct buf *bytes, bool *ret, struct err *e)
{
    auto_done(buf) have = {0};
    struct err why = {0};

    *ret = file_read(path, BUNDLE_BYTES_MAX, &have, &why);
    if (!*ret)
        return why.code == ERR_NOT_FOUND || err_set(e, why.code, "%s", why.msg);
    return (have.len == bytes->len && memcmp(have.data, bytes->data, have.len) == 0) ||
           err_set(
               e, ERR_CONFLICT,
               "'%s' is there with other bytes: versions are immutable, give it another version "
               "or remove that one first",
               path);
}

static bool copy(struct cli *cli, const char *file, struct err *e)
{
    auto_mem char *name = NULL, *path = NULL, *folder = NULL;
    auto_done(buf) bytes = {0};
    bool there;

    if (!file_read(file, BUNDLE_BYTES_MAX, &bytes, e) || !name_of(&bytes, &name, e))
        return err_wrap(e, "'%s'", file);
    folder = mem_printf("%s/plugins", cli->set.home);
    path = mem_printf("%s/%s", folder, name);
    return dir_make(folder, 0700, e) && is_there(path, &bytes, &there, e) &&
           (there || file_write_atomic(path, bytes.data, bytes.len, 0644, e));
}

bool plugin_install(struct cli *cli, struct err *e)
{
    for (size_t i = 0; cli_arg(cli, i) != NULL; i++) {
        if (!copy(cli, cli_arg(cli, i), e))
            return false;
    }
    return plugin_refresh(cli, e);
}
