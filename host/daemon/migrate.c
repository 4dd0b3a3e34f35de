/* migrate.c -- see migrate.h. */
#include "daemon/migrate.h"

#include "config/config.h"
#include "store/cluster_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAILED = 1, USAGE = 2 };

static void tell_step(void *arg unused_arg, const struct store_migration *m)
{
    printf("%-4s %s\n", m->applied != NULL ? "up" : "down", m->file);
    fflush(stdout);
}

static void tell_state(void *arg, const struct store_migration *m)
{
    int *waiting = arg;

    printf("%-20s %s\n", m->applied != NULL ? m->applied : "waits", m->file);
    *waiting += m->applied == NULL;
}

static bool run(const char *verb, const struct store_cluster *cluster, int *ret_waiting,
                struct err *e)
{
    if (strcmp(verb, "status") == 0)
        return store_cluster_status(cluster, tell_state, ret_waiting, e);
    return store_cluster_migrate(cluster,
                                 strcmp(verb, "up") == 0 ? STORE_VERSION_NEWEST
                                                         : STORE_VERSION_BEFORE,
                                 tell_step, NULL, e);
}

static bool is_verb(const char *word)
{
    return strcmp(word, "up") == 0 || strcmp(word, "down") == 0 || strcmp(word, "status") == 0;
}

static int usage(FILE *to, int status)
{
    fputs("usage: orchd migrate up|down|status [--store URL] [--store-schema NAME]\n\n"
          "up      brings the schema of a store in PostgreSQL to this version\n"
          "down    takes the last step back, and what only it has a place for\n"
          "status  lists the steps; 1 when some wait\n",
          to);
    return status;
}

static int fail(const struct err *e, int status)
{
    fprintf(stderr, "orchd migrate: %s\n", e->msg);
    return status;
}

int migrate_main(int argc, char **argv)
{
    auto_obj(config) config = NULL;
    struct store_cluster cluster;
    struct err e = {0};
    bool help;
    int waiting = 0;

    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    if (argc < 2 || !is_verb(argv[1]))
        return usage(stderr, USAGE);
    if (!config_load(argc - 1, argv + 1, getenv, &config, &help, &e))
        return fail(&e, USAGE);
    if (help)
        return usage(stdout, 0);
    cluster.url = config_text(config, CONFIG_STORE);
    cluster.schema = config_text(config, CONFIG_STORE_SCHEMA);
    if (*cluster.url == '\0') {
        err_set(&e, ERR_INVALID,
                "no store is named (--store, ORCH_STORE); that in --home is moved by its start");
        return fail(&e, USAGE);
    }
    if (!run(argv[1], &cluster, &waiting, &e))
        return fail(&e, FAILED);
    return waiting > 0 ? FAILED : 0;
}
