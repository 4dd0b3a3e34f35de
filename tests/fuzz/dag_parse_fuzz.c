/* dag_parse_fuzz.c -- any bytes as a definition. What is taken must be written, exported and read
 * back as the same definition; what is refused must say why. */
#include "model/dag/draw/graph_text.h"
#include "model/dag/plan.h"
#include "model/dag/source/parse.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The hash is the same after a trip through YAML text. */
static void check_round_trip(const struct dag *dag)
{
    auto_done(dag_findings) findings = {0};
    auto_done(buf) yaml = {0};
    auto_obj(dag) again = NULL;

    dag_yaml(dag, &yaml);
    if (!dag_parse(yaml.data, yaml.len, &again, &findings, NULL))
        return; /* libfyaml refuses a few characters that JSON allows, and so says */
    assert(again->valid);
    assert(strcmp(dag->hash.text, again->hash.text) == 0);
}

static void check_graphs(const struct dag *dag)
{
    auto_done(buf) text = {0};

    for (int format = DAG_GRAPH_MERMAID; format < DAG_GRAPH_FORMAT_COUNT; format++) {
        if (dag->valid || format != DAG_GRAPH_ASCII)
            dag_graph(dag, (enum dag_graph_format)format, &text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_done(dag_findings) findings = {0};
    auto_obj(dag) dag = NULL;
    struct err e = {0};
    bool read = dag_parse((const char *)bytes, len, &dag, &findings, &e);

    assert(read == (dag != NULL));
    assert(read ? dag->valid == (findings.count == 0) : findings.count == 1 && e.code != ERR_NONE);
    json_decref(dag_plan_json_owned(dag, &findings));
    if (read)
        check_graphs(dag);
    if (read && dag->valid)
        check_round_trip(dag);
    return 0;
}
