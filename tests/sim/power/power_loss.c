/* power_loss.c -- cuts the power of a disk under the store at every place of its log, again and
 * again, and looks whether what was told is there, whole.
 *
 *     power_loss [--points N] [--seed S] [--jobs J] [--every N] [--point ID]
 *                [--open-all] [--lie wal|store|names]
 *
 * A schedule is a few lives of one store (life.h), each on what a power loss or a kill has left of
 * the one before. Behind every change of the disk some images are made of what a power loss there
 * could leave (crash.h), each is a point. Of each:
 *   - the product opens it, with its own checks, and takes one batch more;
 *   - every batch that was told is there (0 lost);
 *   - every batch that is there is there with all its rows, behind all before it (0 torn);
 *   - the hash chain of each run's events verifies.
 * Images of one state (state.h) are opened once, and one in 100 of the rest too; --open-all: all.
 *
 * --every takes one place of N, and those where something was told: more lives for as many points.
 *
 * A point's id is SCHEDULE-LIFE-PLACE-IMAGE. A failure prints seed and id; with both the same is
 * done again, and that point alone looked at. With --lie some syncs do nothing: then a failure has
 * to be found, and not finding it is one. */
#include "calls.h"
#include "crash.h"
#include "life.h"
#include "state.h"

#include "base/mem.h"
#include "base/rng.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { POINTS = 100000, JOBS = 2, JOBS_MAX = 64, LIVES = 4, IMAGES = 6, OPEN_ONE_OF = 100 };

struct options {
    uint64_t points, seed, jobs, every;
    bool open_all, one;
    unsigned schedule, life, place, image; /* the one point */
    enum disk_lie lie;
};

struct tally {
    uint64_t points, states, opened, lives, told, digest;
    bool failed;
};

struct schedule {
    const struct options *o;
    struct tally *tally;
    struct states *states;
    unsigned number, life;
    uint64_t seed; /* of the life */
};

static uint64_t mix(uint64_t seed, uint64_t what)
{
    struct rng r = rng_of(seed ^ (what * 0xA0761D6478BD642Fu));

    return rng_u64(&r) | 1;
}

static void tell_failure(const struct schedule *s, size_t place, unsigned image,
                         const struct err *e)
{
    s->tally->failed = true;
    printf("power_loss: --seed %" PRIu64 " --point %u-%u-%zu-%u: %s\n", s->o->seed, s->number,
           s->life, place, image, e->msg);
}

/* ---- a point ---- */

static bool is_asked(const struct schedule *s, size_t place, unsigned image)
{
    const struct options *o = s->o;

    return !o->one || (s->life == o->life && place == o->place && image == o->image);
}

static bool open_image(struct schedule *s, struct disk *image, uint64_t seed, uint32_t *ret_found,
                       struct err *e)
{
    uint64_t state = state_of(image);
    bool known = states_find(s->states, state, ret_found), ok = true;

    if (!known || s->o->open_all || seed % OPEN_ONE_OF == 1) {
        s->tally->opened++;
        ok = life_after(image, seed, ret_found, e);
    }
    if (ok && !known)
        states_add(s->states, state, *ret_found);
    return ok;
}

static bool check_promise(const struct promise *p, uint32_t found, struct err *e)
{
    if (found >= p->told && found <= p->submitted)
        return true;
    return err_set(e, ERR_CORRUPT, "%u batches are there; %u were told, %u submitted", found,
                   p->told, p->submitted);
}

static bool look_at_point(struct schedule *s, const struct platter *platter, const struct life *l,
                          size_t place, unsigned number)
{
    uint64_t seed = mix(mix(s->seed, place), number);
    auto_obj(disk) image = NULL;
    struct err e = {0};
    uint32_t found = 0;

    if (!is_asked(s, place, number))
        return true;
    image = platter_image(platter, seed);
    s->tally->points++;
    if (open_image(s, image, seed, &found, &e) && check_promise(life_at(l, place), found, &e))
        return true;
    tell_failure(s, place, number, &e);
    return false;
}

static bool look_at_place(struct schedule *s, const struct platter *platter, const struct life *l,
                          size_t place)
{
    unsigned images = platter_pending(platter) ? IMAGES : 1;

    bool asked = s->o->one || life_at(l, place)->from == place ||
                 place % s->o->every == s->seed / 2 % s->o->every;

    if (!asked || s->tally->points >= s->o->points / s->o->jobs + 1)
        return true;
    for (unsigned i = 0; i < images; i++) {
        if (!look_at_point(s, platter, l, place, i))
            return false;
    }
    return true;
}

/* ---- a life ---- */

/* What a life begins with: files, and what of them is not synced. */
struct start {
    struct disk *disk;       /* as synced */
    const struct disk *then; /* whose log is not synced up to `until`; NULL: all is */
    size_t until;
    struct promise promised;
};

/* The disk at the log's place, as of a power loss that keeps nothing in the cache or as of a kill,
 * which keeps all; what is there is what is promised from now on. */
static bool end_life(struct schedule *s, const struct platter *platter, const struct life *l,
                     size_t place, struct disk **ret, struct promise *ret_promise)
{
    uint64_t seed = mix(s->seed, 7);
    auto_obj(disk) image = platter_image(platter, seed);
    auto_obj(disk) looked = disk_go_on(image, NULL, 0);
    struct err e = {0};
    uint32_t found;

    if (!life_after(looked, seed, &found, &e) || !check_promise(life_at(l, place), found, &e)) {
        tell_failure(s, place, IMAGES, &e);
        return false;
    }
    *ret_promise = (struct promise){0, found, found};
    *ret = take(image);
    return true;
}

static void digest(struct tally *t, const struct disk_op *op)
{
    t->digest = hash_bytes(t->digest, &op->change, sizeof op->change);
    t->digest = hash_bytes(t->digest, &op->at, sizeof op->at);
    if (op->data != NULL)
        t->digest = hash_bytes(t->digest, op->data, op->bytes);
}

/* Goes through the log of a life from `first` on, and ends it somewhere. */
static bool cut_power(struct schedule *s, const struct disk *before, const struct disk *d,
                      const struct life *l, size_t first, struct disk **ret,
                      struct promise *ret_promise)
{
    auto_obj(platter) platter = platter_new(before);
    size_t end = first + mix(s->seed, 3) % (d->op_count - first + 1);

    for (size_t i = 0; i <= d->op_count; i++) {
        if (i > first && !look_at_place(s, platter, l, i))
            return false;
        if (i == end && *ret == NULL && !end_life(s, platter, l, i, ret, ret_promise))
            return false;
        if (i < d->op_count) {
            digest(s->tally, &d->ops[i]);
            platter_take(platter, &d->ops[i]);
        }
    }
    return true;
}

/* Mostly between a write and its sync: what the next life then finds is in the cache alone. */
static size_t kill_place(const struct schedule *s, const struct disk *d)
{
    size_t place = mix(s->seed, 4) % (d->op_count + 1);
    size_t end = mix(s->seed, 8) % 4 == 0 ? place : d->op_count;

    for (size_t i = place > 0 ? place : 1; i < end; i++) {
        if (d->ops[i - 1].change == DISK_WRITE && d->ops[i].change == DISK_SYNC)
            return i;
    }
    return place;
}

/* A life after a kill: the cache is as it was, and so is what is not synced. */
static bool live_on(struct schedule *s, const struct disk *before, const struct disk *d,
                    const struct life *l, struct disk **ret, struct promise *ret_promise)
{
    size_t place = kill_place(s, d);
    auto_obj(disk) again = disk_go_on(before, d->ops, place);
    auto_done(life) more = {0};
    const struct promise *p = life_at(l, place);
    struct err e = {0};

    again->lie = s->o->lie;
    s->seed = mix(s->seed, 5);
    s->life++;
    life_promise(&more, 0, p->told, p->submitted);
    if (!life_run(&more, again, s->seed, &e)) {
        tell_failure(s, place, IMAGES, &e);
        return false;
    }
    return cut_power(s, before, again, &more, place, ret, ret_promise);
}

/* One life, and in half of the cases another on the same cache; *disk becomes what is left. */
static bool live(struct schedule *s, struct disk **disk, struct promise *promise)
{
    auto_obj(disk) before = take(*disk);
    auto_obj(disk) d = disk_go_on(before, NULL, 0);
    auto_done(life) l = {0};
    struct err e = {0};

    d->lie = s->o->lie;
    life_promise(&l, 0, promise->told, promise->submitted);
    if (!life_run(&l, d, s->seed, &e)) {
        tell_failure(s, 0, IMAGES, &e);
        return false;
    }
    s->tally->lives++;
    s->tally->told += l.promises[l.count - 1].told;
    if (!cut_power(s, before, d, &l, 0, disk, promise))
        return false;
    if (mix(s->seed, 6) % 2 == 0)
        return true;
    disk_free(take(*disk));
    return live_on(s, before, d, &l, disk, promise);
}

static bool run_schedule(const struct options *o, struct tally *tally, unsigned number)
{
    auto_obj(states) states = states_new();
    struct schedule s = {.o = o, .tally = tally, .states = states, .number = number};
    auto_obj(disk) disk = disk_new();
    struct promise promise = {0};
    bool ok = true;

    for (int i = 0; ok && i < LIVES; i++) {
        s.seed = mix(mix(o->seed, number), (uint64_t)i);
        ok = live(&s, &disk, &promise);
        s.life++;
    }
    tally->states += states_count(states);
    return ok;
}

/* ---- all of them ---- */

static void run_job(const struct options *o, struct tally *tally, unsigned job)
{
    unsigned number = o->one ? o->schedule : job;
    uint64_t points = o->one ? 1 : o->points / o->jobs + 1;

    do {
        if (!run_schedule(o, tally, number))
            return;
        number += (unsigned)o->jobs;
    } while (tally->points < points && !o->one);
}

static bool parse_lie(const char *text, enum disk_lie *ret)
{
    static const char *const words[] = {"none", "wal", "store", "names"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(text, words[i]) == 0)
            *ret = (enum disk_lie)i;
    }
    return *ret != LIE_NONE;
}

static bool parse_one(struct options *o, const char *name, const char *value)
{
    if (strcmp(name, "--points") == 0)
        return sscanf(value, "%" SCNu64, &o->points) == 1 && o->points > 0;
    if (strcmp(name, "--seed") == 0)
        return sscanf(value, "%" SCNu64, &o->seed) == 1;
    if (strcmp(name, "--jobs") == 0)
        return sscanf(value, "%" SCNu64, &o->jobs) == 1 && o->jobs > 0 && o->jobs <= JOBS_MAX;
    if (strcmp(name, "--every") == 0)
        return sscanf(value, "%" SCNu64, &o->every) == 1 && o->every > 0;
    if (strcmp(name, "--lie") == 0)
        return parse_lie(value, &o->lie);
    o->one = true;
    o->jobs = 1;
    return strcmp(name, "--point") == 0 &&
           sscanf(value, "%u-%u-%u-%u", &o->schedule, &o->life, &o->place, &o->image) == 4;
}

static bool parse(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--open-all") == 0)
            o->open_all = true;
        else if (i + 1 == argc || !parse_one(o, argv[i], argv[i + 1]))
            return false;
        else
            i++;
    }
    return true;
}

static bool wait_for_jobs(uint64_t jobs)
{
    bool ok = true;
    int status;

    for (uint64_t i = 0; i < jobs; i++)
        ok = wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && ok;
    return ok;
}

static struct tally sum_of(const struct tally *tallies, uint64_t jobs)
{
    struct tally sum = {0};

    for (uint64_t i = 0; i < jobs; i++) {
        sum.points += tallies[i].points;
        sum.states += tallies[i].states;
        sum.opened += tallies[i].opened;
        sum.lives += tallies[i].lives;
        sum.told += tallies[i].told;
        sum.digest ^= tallies[i].digest;
        sum.failed = sum.failed || tallies[i].failed;
    }
    return sum;
}

int main(int argc, char **argv)
{
    struct options o = {.points = POINTS, .seed = 1, .jobs = JOBS, .every = 1};
    struct tally *tallies, sum;

    if (!parse(argc, argv, &o)) {
        fprintf(stderr,
                "usage: %s [--points N] [--seed S] [--jobs J] [--point ID] [--open-all]"
                " [--lie wal|store|names]\n",
                argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    tallies = mmap(NULL, JOBS_MAX * sizeof *tallies, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < o.jobs; i++) {
        if (fork() != 0)
            continue;
        run_job(&o, &tallies[i], i);
        exit(0);
    }
    if (!wait_for_jobs(o.jobs)) {
        printf("power_loss: seed %" PRIu64 ": a job died\n", o.seed);
        return 1;
    }
    sum = sum_of(tallies, o.jobs);
    printf("power_loss: seed %" PRIu64 ", %" PRIu64 " points in %" PRIu64 " lives, %" PRIu64
           " states, %" PRIu64 " opened, %" PRIu64 " batches told; log %016" PRIx64 "; %s\n",
           o.seed, sum.points, sum.lives, sum.states, sum.opened, sum.told, sum.digest,
           sum.failed ? "FAILED" : "0 lost, 0 torn");
    return sum.failed == (o.lie != LIE_NONE) ? 0 : 1;
}
