/* layer.c -- see layer.h. */
#include "sandbox/wire/layer.h"

#include <string.h>

static const struct {
    const char *name;
    const char *consequence;
} layers[LAYER_COUNT] = {
#define XX(code, name, consequence) [LAYER_BIT_##code] = {name, consequence},
    LAYER_MAP(XX)
#undef XX
};

/* A level is reached when of each row at least one bit is set. */
#define LEVEL_ROWS_MAX 12
static const uint32_t needs[LAYER_LEVEL_MAX + 1][LEVEL_ROWS_MAX] = {
    [1] = {LAYER_SECCOMP, LAYER_NO_NEW_PRIVS, LAYER_FDS, LAYER_RLIMITS},
    [2] = {LAYER_CAPS, LAYER_LANDLOCK | LAYER_MNTNS, LAYER_DUMPABLE},
    [3] = {LAYER_PIDNS | LAYER_SCOPE | LAYER_UID, LAYER_LANDLOCK | LAYER_PIDNS},
    /* USERNS is a means: whoever has an own uid got the namespaces from root. */
    [4] = {LAYER_UID | LAYER_USERNS, LAYER_MNTNS, LAYER_PIDNS, LAYER_NETNS, LAYER_IPCNS,
           LAYER_LANDLOCK, LAYER_SCOPE, LAYER_MEMORY, LAYER_PIDS},
};

int layer_level(uint32_t mask)
{
    for (int level = 1; level <= LAYER_LEVEL_MAX; level++)
        for (int row = 0; row < LEVEL_ROWS_MAX && needs[level][row] != 0; row++)
            if ((mask & needs[level][row]) == 0)
                return level - 1;
    return LAYER_LEVEL_MAX;
}

const char *layer_name(enum layer_bit bit)
{
    return bit < LAYER_COUNT ? layers[bit].name : "invalid";
}

const char *layer_consequence(enum layer_bit bit)
{
    return bit < LAYER_COUNT ? layers[bit].consequence : "";
}

enum layer_bit layer_bit_of(const char *name)
{
    for (int i = 0; i < LAYER_COUNT; i++)
        if (strcmp(layers[i].name, name) == 0)
            return (enum layer_bit)i;
    return LAYER_COUNT;
}

static const char *const state_names[] = {
    [LAYER_ENFORCED] = "enforced",
    [LAYER_DEGRADED] = "degraded",
    [LAYER_ABSENT] = "absent",
};

void layer_report_json(const struct layer_report *report, struct buf *b)
{
    buf_addf(b, "{\"level\":%d,\"landlock_abi\":%u,\"landlock_errata\":%u,\"layers\":[",
             report->level, report->landlock_abi, report->landlock_errata);
    for (int i = 0; i < LAYER_COUNT; i++) {
        enum layer_state state = report->layers[i].state;

        buf_addf(b, "%s{\"name\":\"%s\",\"state\":\"%s\",\"errno\":%d,\"consequence\":",
                 i > 0 ? "," : "", layers[i].name, state_names[state], report->layers[i].sys_errno);
        if (state == LAYER_ENFORCED)
            buf_adds(b, "null");
        else
            buf_add_json_str(b, layers[i].consequence, strlen(layers[i].consequence));
        buf_addc(b, '}');
    }
    buf_adds(b, "]}");
}
