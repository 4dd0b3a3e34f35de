/* super.h -- orch-supervisor put together. The process that has the rights: it makes namespaces,
 * uids and cgroups, starts zygotes, relays descriptors to them, kills. One thread, no network, no
 * store, no secret; it opens no file that a plugin names and parses nothing that a plugin wrote but
 * the fixed head of a frame. It lives exactly as long as the host's socket.
 *
 * Each part is its own header's; what is above the line includes this one, what is below knows only
 * the parts that it is given:
 *
 *   main  probe  requests  start  hear
 *   ---------------------------------------------------------------
 *   hangs
 *   attempt (walls, usage)  zygote  kept  init  cgroup  layers  ids  look  limits
 *   host  files  faults  loop
 */
#ifndef ORCH_SANDBOX_SUPERVISOR_SUPER_H
#define ORCH_SANDBOX_SUPERVISOR_SUPER_H

#include "base/log.h"
#include "sandbox/supervisor/attempt.h"
#include "sandbox/supervisor/hangs.h"
#include "sandbox/supervisor/kept.h"

struct super {
    struct loop loop;
    struct host host;
    struct files files;
    struct faults faults;
    struct layers layers;
    struct zygotes zygotes;
    struct attempts attempts;
    struct kept authority, bridge;
    struct hangs hangs;
    enum log_level log_least; /* of whoever started us, and of what is started from here */
    bool log_json;
    const char *worker_path;
    int worker_fd;
    struct frame_batch in; /* the frames that are being read, the host's or a zygote's */
};

#endif
