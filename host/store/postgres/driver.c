/* driver.c -- see store/driver.h: an address, and what ties writer and readers to it. */
#include "store/driver.h"

#include "base/mem.h"
#include "store/postgres/conn.h"
#include "store/postgres/herald.h"
#include "store/postgres/read.h"
#include "store/postgres/write.h"

enum { UPKEEP_MS = 25000 };

struct base {
    struct driver_base base; /* first: the store hands it back as this */
    char *url, *schema;
    char *version;
    struct herald *herald;
    struct breaker breaker; /* of all its readers */
};

static void base_close(struct driver_base *base)
{
    struct base *b = (struct base *)base;

    herald_free(b->herald);
    free(b->url);
    free(b->schema);
    free(b->version);
    free(b);
}

static bool driver_open(const struct store_options *options, struct driver_base **ret,
                        struct driver_write **ret_write, struct err *e)
{
    struct base *b = mem_new(struct base);

    b->base.driver = &postgres_driver;
    b->url = mem_str(options->url);
    b->schema = mem_str(options->schema);
    if (!herald_start(b->url, b->schema, &b->herald, e) ||
        !pg_write_open(options, b->herald, &b->breaker, ret_write, e)) {
        base_close(&b->base);
        return false;
    }
    b->base.epoch = pg_write_epoch(*ret_write);
    b->version = mem_str(pg_write_server(*ret_write));
    *ret = &b->base;
    return true;
}

static bool driver_reader_open(struct driver_base *base, struct store_reader **ret, struct err *e)
{
    struct base *b = (struct base *)base;

    return pg_reader_open(b->url, b->schema, &b->breaker, ret, e);
}

static void driver_listen(struct driver_base *base, struct inbox *inbox)
{
    herald_listen(((struct base *)base)->herald, inbox);
}

static void driver_tell(struct driver_base *base, const struct store_news *news)
{
    herald_tell(((struct base *)base)->herald, news);
}

static const char *driver_version(const struct driver_base *base)
{
    return ((const struct base *)base)->version;
}

static bool driver_backup(const struct driver_base *base unused_arg, const char *path unused_arg,
                          struct err *e)
{
    return err_set(e, ERR_UNSUPPORTED, "a store in PostgreSQL is copied with pg_dump");
}

static bool driver_migrate(const char *url unused_arg, int version unused_arg, struct err *e)
{
    return err_set(e, ERR_UNSUPPORTED, "a store in PostgreSQL is migrated with orchd migrate");
}

/* Months ahead get their partitions, and the hours since the last time their summaries: those of a
 * month at most, so that a statement of it has an end. */
static bool driver_upkeep(const struct driver_base *base, struct err *e)
{
    const struct base *b = (const struct base *)base;
    const struct pg_conn_options options = {.url = b->url,
                                            .schema = b->schema,
                                            .part = "upkeep",
                                            .statement_ms = UPKEEP_MS};
    auto_conn conn = NULL;
    auto_result made = NULL;
    auto_result refreshed = NULL;

    return pg_conn_open(&options, &conn, e) &&
           pg_conn_ask(conn, "SELECT make_partitions()", NULL, 0, &made, e) &&
           pg_conn_ask(conn,
                       "SELECT refresh_hourly_node_summaries(greatest(now() - interval '31 days',"
                       " (SELECT max(bucket) - interval '1 hour' FROM hourly_node_summaries)))",
                       NULL, 0, &refreshed, e);
}

/* The server does it. */
static bool nothing_to_tidy(struct driver_write *w unused_arg, bool *ret_done,
                            struct err *e unused_arg)
{
    *ret_done = false;
    return true;
}

static void nothing_to_shed(struct driver_write *w unused_arg)
{
}

static uint64_t no_wal(const struct driver_write *w unused_arg)
{
    return 0;
}

const struct store_driver postgres_driver = {
    .name = "PostgreSQL",
    .away_text = READ_AWAY_TEXT,
    .takes = link_takes,
    .open = driver_open,
    .close = base_close,
    .backup = driver_backup,
    .migrate = driver_migrate,
    .upkeep = driver_upkeep,
    .version = driver_version,
    .listen = driver_listen,
    .tell = driver_tell,
    .commit = pg_write_commit,
    .give_up = pg_write_give_up,
    .tidy = nothing_to_tidy,
    .rest = pg_write_rest,
    .shed = nothing_to_shed,
    .wal_pages = no_wal,
    .write_free = pg_write_free,
    .reader_open = driver_reader_open,
    .reader_free = pg_reader_free,
    .rows = pg_reader_rows,
    .number = pg_reader_number,
};
