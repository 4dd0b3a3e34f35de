/* rows.c -- see rows.h. */
#include "store/rows.h"

#include <assert.h>
#include <string.h>

static const char *const run_words[STORE_RUN_STATUS_COUNT] = {
#define XX(name, text) [STORE_RUN_##name] = text,
    RUN_STATUS_MAP(XX)
#undef XX
};

static const char *const node_words[STORE_NODE_STATUS_COUNT] = {
#define XX(name, text) [STORE_NODE_##name] = text,
    NODE_STATUS_MAP(XX)
#undef XX
};

const char *store_run_status_text(enum store_run_status status)
{
    assert(status > STORE_RUN_INVALID && status < STORE_RUN_STATUS_COUNT);
    return run_words[status];
}

const char *store_node_status_text(enum store_node_status status)
{
    assert(status > STORE_NODE_INVALID && status < STORE_NODE_STATUS_COUNT);
    return node_words[status];
}

enum store_run_status store_run_status_parse(const char *text)
{
    for (int i = STORE_RUN_INVALID + 1; i < STORE_RUN_STATUS_COUNT; i++) {
        if (strcmp(text, run_words[i]) == 0)
            return (enum store_run_status)i;
    }
    return STORE_RUN_INVALID;
}

enum store_node_status store_node_status_parse(const char *text)
{
    for (int i = STORE_NODE_INVALID + 1; i < STORE_NODE_STATUS_COUNT; i++) {
        if (strcmp(text, node_words[i]) == 0)
            return (enum store_node_status)i;
    }
    return STORE_NODE_INVALID;
}
