/* cgroup_folder.h -- where the groups of this supervisor are: one folder "orch-PID-START" a kind,
 * made below our own group or below the root of the hierarchy. Folders of supervisors that are no
 * more are swept when one is made.
 *
 * Owns nothing: a folder's name is the caller's. Called by cgroup.c alone. NULL with errno where
 * there is none. */
#ifndef ORCH_SANDBOX_SUPERVISOR_CGROUP_FOLDER_H
#define ORCH_SANDBOX_SUPERVISOR_CGROUP_FOLDER_H

#include <stdbool.h>

char *cgroup_folder_v1(const char *controller);
char *cgroup_folder_v2(const char *controller);
/* The same where the hierarchy and our group in it are known. */
char *cgroup_folder_v2_at(const char *mount, const char *own, const char *controller);
/* Kills what is in it. */
void cgroup_folder_remove(const char *folder);

bool cgroup_file_put(const char *folder, const char *name, const char *text);

#endif
