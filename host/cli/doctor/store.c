/* store.c -- where the runs are kept, as the environment of this shell says it. */
#include "cli/doctor/doctor.h"

#include "config/config.h"
#include "store/cluster_schema.h"

#include <stdlib.h>

static void say_link(json_t *rows, const struct store_cluster_facts *facts)
{
    bool open = !facts->local && facts->tls[0] == '\0';

    doctor_say(rows, "store", open ? DOCTOR_WARN : DOCTOR_OK, "PostgreSQL %s, sslmode %s, %s%s",
               facts->server, facts->sslmode,
               facts->tls[0] != '\0' ? facts->tls
               : facts->local        ? "over a socket of this machine"
                                     : "without TLS",
               open ? ": whoever is on the way reads all of it (sslmode=verify-full)" : "");
}

static void say_schema(json_t *rows, const struct store_cluster_facts *facts)
{
    int ours = store_cluster_newest();

    if (facts->version < ours)
        doctor_say(rows, "store schema", DOCTOR_FAIL, "version %d, this program needs %d: %s",
                   facts->version, ours, "orchd migrate up");
    else
        doctor_say(rows, "store schema", DOCTOR_OK, "version %d%s", facts->version,
                   facts->version > ours ? ", made by a newer program" : "");
}

static void say_role(json_t *rows, const struct store_cluster_facts *facts)
{
    const char *is = facts->superuser ? "is a superuser" : facts->bypasses ? "has BYPASSRLS" : NULL;

    if (is != NULL)
        doctor_say(rows, "store role", DOCTOR_WARN,
                   "%s %s: row security does not hold it; a host needs a member of "
                   "orchestrator_app, no more",
                   facts->role, is);
    else
        doctor_say(rows, "store role", DOCTOR_OK, "%s, held by row security", facts->role);
}

void doctor_store(struct cli *cli, json_t *rows)
{
    char name[] = "orchd";
    char *argv[] = {name, NULL};
    auto_obj(config) config = NULL;
    struct store_cluster cluster;
    struct store_cluster_facts facts;
    struct err e = {0};
    bool help;

    (void)cli;
    if (!config_load(1, argv, getenv, &config, &help, &e)) {
        doctor_say(rows, "store", DOCTOR_FAIL, "%s", e.msg);
        return;
    }
    cluster = (struct store_cluster){config_text(config, CONFIG_STORE),
                                     config_text(config, CONFIG_STORE_SCHEMA)};
    if (*cluster.url == '\0') {
        doctor_say(rows, "store", DOCTOR_OK, "SQLite, a file in ORCH_HOME (ORCH_STORE is empty)");
    } else if (!store_cluster_look(&cluster, &facts, &e)) {
        doctor_say(rows, "store", DOCTOR_FAIL, "PostgreSQL: %s", e.msg);
    } else {
        say_link(rows, &facts);
        say_schema(rows, &facts);
        say_role(rows, &facts);
    }
}
