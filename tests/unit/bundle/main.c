#include "suites.h"

#include <stdlib.h>

const char source_manifest[] =
    "{\"id\":\"hello\",\"version\":\"1.2.3\",\"summary\":\"Greets\",\"license\":\"Apache-2.0\","
    "\"agents\":[{\"id\":\"hello.greet\",\"version\":\"1.0.0\",\"profile\":\"pure\",\"pure\":true,"
    "\"input_schema\":\"schemas/greet.json\"}],"
    "\"requests\":{\"profiles\":[\"pure\"],\"network\":[],\"limits\":{\"cpu_ms\":1000}}}";

void packed_make(struct packed *p)
{
    const struct bundle_file files[] = {
        {"lib/hello.so", "\177ELF not really", 15},
        {"schemas/greet.json", "{\"type\":\"object\"}", 17},
    };
    auto_obj(manifest) source = NULL;
    struct err e;

    *p = (struct packed){{0}, {0}};
    ck_assert_msg(manifest_parse(source_manifest, sizeof source_manifest - 1, MANIFEST_SOURCE,
                                 &source, &e),
                  "%s", e.msg);
    ck_assert_msg(bundle_pack(source, files, ARRAY_LEN(files), &p->payload, &p->archive, &e), "%s",
                  e.msg);
}

void packed_done(struct packed *p)
{
    buf_done(&p->payload);
    buf_done(&p->archive);
}

int main(void)
{
    SRunner *runner = srunner_create(bundle_suite());
    int failed;

    srunner_add_suite(runner, manifest_suite());
    srunner_add_suite(runner, archive_suite());
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
