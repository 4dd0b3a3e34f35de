/* kept.h -- the lanes that operators set: kept in the store, for all hosts that share it, and in
 * effect in the lanes of this one (lanes/lanes.h). Inside the engine only.
 *
 * Of a lane the newest version that was read or written here holds, over what the host was started
 * with; an older one that comes late changes nothing. A lane that this host cannot read, as a newer
 * one wrote it, stays as it is. Loop thread. */
#ifndef ORCH_ENGINE_LANES_KEPT_H
#define ORCH_ENGINE_LANES_KEPT_H

#include "base/err.h"
#include "lanes/members.h"
#include "store/reader.h"

struct engine_env;
struct kept_lanes;
struct store_news;

enum { LANES_MAX = 1000 }; /* of a host */

/* lanes: as they are set from the start; borrowed. */
struct kept_lanes *kept_lanes_new(const struct engine_env *env, struct lanes *lanes) must_check;
/* Told of each lane that is set from here on, of what kept_lanes_begin sets too. */
typedef void kept_lane_fn(void *arg, const char *lane, enum lane_backend backend);
void kept_lanes_watch(struct kept_lanes *kept, kept_lane_fn *fn, void *arg);
void kept_lanes_free(struct kept_lanes *kept); /* accepts NULL */

/* Before anything waits in them. */
bool kept_lanes_begin(struct kept_lanes *kept, struct err *e) must_check;
void kept_lanes_heard(struct kept_lanes *kept, const struct store_news *news);

/* As show.h of attempts says, each with the version that holds, 0 where none was ever kept; the
 * caller owns it. */
json_t *kept_lanes_json_owned(const struct kept_lanes *kept) must_check;

/* What was said of its tasks (lanes/work.h), borrowed; NULL: nothing. */
const json_t *kept_lanes_work(const struct kept_lanes *kept, const char *lane);

/* What is switched off in all of them. */
struct lane_routing kept_lanes_routing(const struct kept_lanes *kept);

bool kept_lanes_has(const struct kept_lanes *kept, const char *lane);
/* What it is and has now; false: there is no such lane. */
bool kept_lanes_see(const struct kept_lanes *kept, const char *lane, struct lane_view *ret);

/* ---- for change.c ---- */

const struct engine_env *kept_lanes_env(const struct kept_lanes *kept);
bool kept_lanes_full(const struct kept_lanes *kept); /* no lane more */
/* What a row says of its lane. */
bool kept_members(const struct store_lane *row, struct lane_members *ret, struct err *e) must_check;
/* This host can keep to it: ERR_INVALID for a backend that it was not told of. */
bool kept_lanes_can(const struct kept_lanes *kept, const struct lane_members *members,
                    struct err *e) must_check;
/* What the lane would be with these members. */
struct lane_spec kept_lanes_spec(const struct kept_lanes *kept, const char *lane,
                                 const struct lane_members *members);
/* It holds from here on, unless a newer one does. */
void kept_lanes_hold(struct kept_lanes *kept, const char *lane, int64_t version,
                     const struct lane_members *members);

#endif
