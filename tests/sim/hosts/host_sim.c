/* host_sim.c -- random worlds of several hosts on one database, with faults:
 * `host_sim [--seeds A..B] [--lie NAME]`.
 *
 * The first breach ends the program with the seed that shows it. Every tenth world runs twice and
 * must leave the same history. A campaign of some length asserts that each kind of fault had its
 * effect in it. With a lie the database breaks its own contract, and the program wants the breach
 * to be found. */
#include "hosts_world.h"

#include "../seeds.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/testing.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { CAMPAIGN_MIN = 40 };

extern const struct store_driver sim_driver;

static const char *const lies[LIE_COUNT] = {
    [LIE_FENCE] = "fence", [LIE_CLAIM] = "claim", [LIE_ACK] = "ack", [LIE_HOLD] = "hold"};

static const char *const faults[FAULT_COUNT] = {
#define XX(name, text) [FAULT_##name] = (text),
    FAULT_MAP(XX)
#undef XX
};

/* ---- random numbers of the programs' own ---- */

static const char *random_name(void)
{
    return "simulator";
}

static uint32_t random_word(void)
{
    return (uint32_t)rng_u64(&rig_random);
}

static void random_bytes(void *const bytes, const size_t len)
{
    uint8_t *to = bytes;

    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)random_word();
}

static struct randombytes_implementation from_the_seed = {.implementation_name = random_name,
                                                          .random = random_word,
                                                          .buf = random_bytes};

/* ---- worlds ---- */

/* False: it is wrong. The history is the caller's. */
static bool one(uint64_t seed, enum lie lie, const char *folder, struct tally *t,
                struct history *ret)
{
    auto_mem struct hosts_world *w = mem_new(struct hosts_world);
    bool ok = hosts_world_run(w, seed, lie, folder, t);

    if (!ok && lie == LIE_NONE)
        history_print(&w->history, w->at);
    if (!ok && lie == LIE_NONE)
        fprintf(stderr, "seed %" PRIu64 ": %s\nagain: host_sim --seeds %" PRIu64 "..%" PRIu64 "\n",
                seed, w->wrong, seed, seed);
    else if (!ok)
        printf("seed %" PRIu64 ": %s\n", seed, w->wrong);
    *ret = w->history;
    w->history = (struct history){0};
    hosts_world_done(w);
    return ok;
}

static bool run_seed(uint64_t seed, enum lie lie, const char *folder, struct tally *t)
{
    auto_done(history) first = {0};
    auto_done(history) second = {0};
    size_t at;

    if (!one(seed, lie, folder, t, &first))
        return false;
    if (lie != LIE_NONE || seed % 10 != 0)
        return true;
    if (!one(seed, lie, folder, t, &second))
        return false;
    at = history_same(&first, &second);
    if (at == first.count && at == second.count)
        return true;
    fprintf(stderr, "seed %" PRIu64 ": fact %zu of %zu is another one the second time\n", seed, at,
            first.count);
    history_print(&first, at);
    history_print(&second, at);
    return false;
}

static bool all_occurred(const struct tally *t)
{
    bool all = true;

    for (int i = 0; i < FAULT_COUNT; i++) {
        if (t->faults[i] > 0)
            continue;
        fprintf(stderr, "none of these: %s\n", faults[i]);
        all = false;
    }
    for (int s = RUN_COMPLETED; s <= RUN_CANCELLED; s++)
        all = all && t->ends[s] > 0;
    return all;
}

static void print(const struct tally *t, double seconds)
{
    printf("%" PRIu64 " worlds, %" PRIu64 " runs, %" PRIu64 " facts, %.1f s\n", t->worlds, t->runs,
           t->facts, seconds);
    for (unsigned s = RUN_COMPLETED; s < RUN_STATE_COUNT; s++)
        printf("  %" PRIu64 " %s\n", t->ends[s], run_state_text((enum run_state)s));
    for (int i = 0; i < FAULT_COUNT; i++)
        printf("  %" PRIu64 " %s\n", t->faults[i], faults[i]);
}

/* ---- the command line ---- */

static enum lie lie_of(int *argc, char **argv)
{
    if (*argc < 3 || strcmp(argv[*argc - 2], "--lie") != 0)
        return LIE_NONE;
    *argc -= 2;
    for (int i = LIE_NONE + 1; i < LIE_COUNT; i++) {
        if (strcmp(lies[i], argv[*argc + 1]) == 0)
            return (enum lie)i;
    }
    fprintf(stderr, "no lie is called '%s'\n", argv[*argc + 1]);
    exit(2);
}

static char *make_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = mem_printf("%s/orch-hosts-XXXXXX", base != NULL ? base : "/tmp");
    auto_mem char *path = NULL;

    if (mkdtemp(folder) == NULL)
        abort();
    path = mem_printf("%s/template.db", folder);
    database_make_template(path);
    return folder;
}

static void remove_folder(char *folder)
{
    auto_mem char *command = mem_printf("rm -rf '%s'", folder);

    if (system(command) != 0)
        fprintf(stderr, "the folder stays: %s\n", folder);
    free(folder);
}

int main(int argc, char **argv)
{
    int64_t began = clock_mono_ns();
    enum lie lie = lie_of(&argc, argv);
    struct tally t = {0};
    uint64_t from, to;
    bool ok = true;
    char *folder;

    if (!seeds_parse(argc, argv, 100, &from, &to))
        return 2;
    json_setup();
    randombytes_set_implementation(&from_the_seed);
    seeds_use_memory();
    log_setup("host_sim", LOG_LEVEL_COUNT, false);
    folder = make_folder();
    store_testing_set_driver(&sim_driver);
    for (uint64_t seed = from; seed <= to && ok; seed++)
        ok = run_seed(seed, lie, folder, &t);
    remove_folder(folder);
    print(&t, (double)(clock_mono_ns() - began) / 1e9);
    if (lie != LIE_NONE)
        return ok ? 1 : 0;
    return ok && (to - from < CAMPAIGN_MIN || all_occurred(&t)) ? 0 : 1;
}
