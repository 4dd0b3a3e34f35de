/* view_hosts.h -- what a run waits for, in words: which hosts have the plugins of its start
 * (docs/adr/0054) and which of them it lacks where it is. */
#ifndef ORCH_API_ROUTES_VIEW_HOSTS_H
#define ORCH_API_ROUTES_VIEW_HOSTS_H

#include "base/buf.h"
#include "store/reader.h"

/* host, hostAddress: who has the run, or had it last; waitingFor: why one that has not ended does
 * not go on, null: nothing is known that it waits for. in_lane: what this host's lanes know of it;
 * NULL: nothing. The run was read with its bodies; its steps are read where its host lacks a
 * plugin. */
bool view_run_host(struct buf *b, struct store_reader *reader, const struct store_run *run,
                   const struct store_host_list *hosts, const char *in_lane,
                   struct err *e) must_check;

#endif
