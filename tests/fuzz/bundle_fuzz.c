/* bundle_fuzz.c -- a bundle from a stranger: splitting, the envelope, the manifest and, when the
 * manifest vouches for the archive, unpacking. What opens joins again to the same bytes. */
#include "bundle/archive.h"
#include "bundle/bundle.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_done(buf) again = {0}, payload = {0}, so = {0};
    auto_obj(manifest) m = NULL;
    struct bundle_view view;

    if (!bundle_open(bytes, len, &view, NULL))
        return 0;
    bundle_join(&view, &again);
    assert(again.len == len && memcmp(again.data, bytes, len) == 0);
    if (bundle_payload_unverified(&view, &payload, NULL) &&
        manifest_parse(buf_text(&payload), payload.len, MANIFEST_SIGNED, &m, NULL) &&
        bundle_unpack_so(m, view.archive, view.archive_bytes, &so, NULL))
        assert(so.len == manifest_file_find(m, m->library)->size);
    return 0;
}
