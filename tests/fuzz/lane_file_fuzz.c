/* lane_file_fuzz.c -- any bytes as a host's file of lanes: each lane of one that is taken is read
 * as the host reads it; one that is refused says why. */
#include "base/json.h"
#include "base/text.h"
#include "lanes/file.h"
#include "lanes/members.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_json lanes = NULL;
    struct err e = {0};
    const char *name;
    json_t *lane;

    if (!lane_file_read((const char *)bytes, len, &lanes, &e)) {
        assert(e.code != ERR_NONE && e.msg[0] != '\0');
        assert(text_utf8_valid(e.msg, strlen(e.msg)));
        return 0;
    }
    json_object_foreach(lanes, name, lane)
    {
        auto_done(lane_members) members = {0};
        bool reads = lane_members_read(name, lane, &members, &e);

        assert(reads);
    }
    return 0;
}
