/* database_parts.h -- what the database's files share. */
#ifndef ORCH_TESTS_SIM_HOSTS_DATABASE_PARTS_H
#define ORCH_TESTS_SIM_HOSTS_DATABASE_PARTS_H

#include "database.h"

#include "store/news.h"
#include "store/sqlite/group.h"
#include "store/sqlite/read.h"
#include "store/sqlite/write.h"

enum { HOST_NAME_BYTES = 16, READERS_MAX = 16 };

/* A home's row. */
struct seat {
    int64_t epoch, alive; /* the last epoch; the one that is alive, 0: none */
    int64_t heartbeat_us;
};

struct database {
    char *path;
    enum lie lie;
    struct database_sink sink;
    int64_t now_us;
    struct sqlite_write *write; /* of all hosts */
    sqlite3 *admin;
    sqlite3_stmt *find_owner, *find_job, *find_order, *find_statements;
    struct store_reader *reader;
    struct seat seats[HOSTS_MAX];
    struct link *links[HOSTS_MAX];
    struct store_reader *idle[READERS_MAX]; /* connections for whoever opens a reader next */
    size_t idle_count;
};
extern struct database the_database;

void database_broken(const char *what, const char *why) __attribute__((noreturn));
void database_exec(const char *sql);
void database_name(unsigned host, char ret[HOST_NAME_BYTES]);
/* A new opening of the home; its epoch. */
int64_t database_take_seat(unsigned host);
void database_leave_seat(unsigned host, int64_t epoch, enum fact_kind how);

#endif
