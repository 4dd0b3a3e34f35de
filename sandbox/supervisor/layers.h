/* layers.h -- which layers this host has. probe.c fills it before the host hears HELLO; from then
 * on nobody changes it, and what zygotes and attempts get follows from it. */
#ifndef ORCH_SANDBOX_SUPERVISOR_LAYERS_H
#define ORCH_SANDBOX_SUPERVISOR_LAYERS_H

#include "sandbox/supervisor/cgroup.h"
#include "sandbox/supervisor/limits.h"
#include "sandbox/wire/layer.h"

struct layers {
    uint32_t without; /* LAYER_* switched off by an argument, before the probe */
    struct layer_report report;
    bool root;              /* uids and namespaces without a user namespace */
    uint64_t clone_flags;   /* CLONE_NEW* */
    uint32_t outer;         /* OUTER_LAYERS of every zygote */
    uint32_t inner;         /* INNER_LAYERS that a zygote must report */
    enum limits_way limits; /* INSIDE: not ours to set, processes set their own */
    int own_filters;        /* that we stand behind ourselves; -1: this kernel does not say */
    struct cgroups *cgroups;
    int filters; /* sealed struct filter_set */
};

#endif
