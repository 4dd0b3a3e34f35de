/* inside.h -- what the engine is made of: for turn.c, which lets it work, and parts.c, which hands
 * out what others ask for. Inside host/engine itself only. */
#ifndef ORCH_ENGINE_INSIDE_H
#define ORCH_ENGINE_INSIDE_H

#include "engine/chores.h"
#include "engine/control/control.h"
#include "engine/engine.h"
#include "engine/env/env.h"
#include "engine/lanes/follow.h"

struct gates;

struct engine {
    const struct engine_env *env;
    struct engine_mode mode;
    struct runs *runs;
    struct commits *commits;
    struct attempts *attempts;
    struct dag_cache *dags;
    struct definitions *definitions;
    struct statements *statements;
    struct chores chores;
    struct follow follow;   /* of lanes whose slots the host sets */
    struct gates *gates;    /* what runs wait at */
    struct control control; /* of the parts above, and its own */
    int64_t hold_ns;        /* when store_hold is asked next, while there is something to lose */
};

#endif
