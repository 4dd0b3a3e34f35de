/* server.c -- `pg_server [--durable]`: a cluster (cluster.h) for tests that are no C: prints what
 * libpq takes for its superuser, then does what it reads, a line each: `halt SIGNAL`, `resume`,
 * `pid`; answers each in a line, and ends the cluster with its standard input. */
#include "cluster.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool obey(const struct cluster *c, const char *line, struct err *e)
{
    if (strncmp(line, "halt ", 5) == 0)
        return cluster_halt(c, atoi(line + 5), e);
    if (strcmp(line, "resume\n") == 0)
        return cluster_resume(c, e);
    return strcmp(line, "pid\n") == 0 || err_set(e, ERR_INVALID, "halt, resume or pid");
}

int main(int argc, char **argv)
{
    bool durable = argc > 1 && strcmp(argv[1], "--durable") == 0;
    auto_obj(cluster) c = NULL;
    auto_mem char *url = NULL;
    struct err e = {0};
    char line[64];

    if (!cluster_start(durable ? CLUSTER_DURABLE : CLUSTER_LAZY, &c, &e)) {
        fprintf(stderr, "%s\n", e.msg);
        return 1;
    }
    url = cluster_url(c, "postgres", "postgres");
    printf("%s\n", url);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (obey(c, line, &e))
            printf("%d\n", (int)cluster_pid(c));
        else
            printf("%s\n", e.msg);
        fflush(stdout);
    }
    return 0;
}
