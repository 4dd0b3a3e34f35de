/* probe.h -- which layers this host has, found by doing: namespaces are made, a real zygote
 * confines itself and reports. Never by version numbers, and a layer that did not answer in time is
 * a failed start, not a lower level (SANDBOX.md 2.7). Runs once, before the host is listened to. */
#ifndef ORCH_SANDBOX_SUPERVISOR_PROBE_H
#define ORCH_SANDBOX_SUPERVISOR_PROBE_H

#include "sandbox/supervisor/super.h"

/* Fills s->layers. */
bool probe_layers(struct super *s, struct err *e) must_check;

#endif
