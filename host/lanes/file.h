/* file.h -- the lanes that a host has from its start: what its configuration file says of them
 * (LANES.md 2, LANES_KIT.md 2).
 *
 * The file is an object, JSON or YAML: {"lanes": {NAME: {members.h}}}. What operators set later
 * holds over it. Reads bytes of an operator: bounded, and refused as a whole. Pure. */
#ifndef ORCH_LANES_FILE_H
#define ORCH_LANES_FILE_H

#include "base/err.h"

#include <jansson.h>

/* The lanes by name; lane_members_read reads each of them, and lane_work_check has checked it. The
 * caller owns them. ERR_INVALID names the lane and the member. */
bool lane_file_read(const char *text, size_t len, json_t **ret, struct err *e) must_check;

#endif
