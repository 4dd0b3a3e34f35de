/* migrations.h -- the files of schema/, embedded at build time. Private to host/store. */
#ifndef ORCH_STORE_POSTGRES_MIGRATIONS_H
#define ORCH_STORE_POSTGRES_MIGRATIONS_H

#include <stdint.h>

struct pg_migration {
    int version;
    const char *file; /* "V021__workflows.sql" */
    const char *up;
    const char *down;
};

/* By version. */
extern const struct pg_migration pg_migrations[];
extern const int pg_migration_count;

/* The newest, which a host wants at least; held against the files at build time. */
enum { PG_SCHEMA_VERSION = 39 };

#define PG_MIGRATIONS_MAX 64

/* Flyway's: CRC-32 over the lines without their ends. */
int32_t pg_migration_checksum(const char *text);

#endif
