/* view_hosts.h -- what the store knows of why a run does not go on: which host has it, which have
 * the plugins of its start (docs/adr/0054), and which of them it lacks where it is. */
#ifndef ORCH_API_ROUTES_VIEW_HOSTS_H
#define ORCH_API_ROUTES_VIEW_HOSTS_H

#include "api/routes/view_why.h"

/* Who has the run, or had it last; NULL: nobody that hosts has. */
const struct store_host *view_host_of(const struct store_run *run,
                                      const struct store_host_list *hosts);

/* Appends one reason at most, of a run that has not ended. *ret_alive: its host is, so that what
 * it decides counts. The run was read with its bodies; its steps are read where its host lacks a
 * plugin. */
bool hosts_add_why(json_t *reasons, struct store_reader *reader, const struct store_run *run,
                   const struct store_host_list *hosts, enum why_where where, bool *ret_alive,
                   struct err *e) must_check;

#endif
