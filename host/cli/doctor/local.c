/* local.c -- what this machine gives: kernel layers, libraries, folder modes, the disk. */
#include "cli/doctor/doctor.h"

#include "authority/trust/trust.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/program.h"
#include "cli/curl.h"
#include "sandbox/client/client.h"
#include "sandbox/wire/super_wire.h"
#include "store/store.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <openssl/crypto.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

enum {
    SYNCS = 32,
    SYNC_BYTES = 4096,
    DISK_WARN_MIB = 1024,
};

/* ---- the kernel, by doing ---- */

/* Those of the enforced layers that somebody vouches for: the supervisor, or our own code. */
static void say_part(json_t *rows, const char *check, const char *who, uint32_t mask)
{
    auto_done(buf) names = {0};

    for (int bit = 0; bit < LAYER_COUNT; bit++) {
        if ((mask & 1u << bit) == 0)
            continue;
        buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", layer_name((enum layer_bit)bit));
    }
    doctor_say(rows, check, DOCTOR_OK, "%s: %s", who, names.len > 0 ? buf_text(&names) : "none");
}

static void say_parts(json_t *rows, uint32_t mask)
{
    say_part(rows, "layers outside", "seen by the supervisor at every attempt",
             mask & OUTER_LAYERS);
    say_part(rows, "layers inside", "said by our own code before the plugin's first instruction",
             mask & INNER_LAYERS & ~OUTER_LAYERS);
    doctor_say(rows, "isolation", DOCTOR_OK,
               "cold unless more is asked: an attempt loads its plugin behind its own walls; warm, "
               "whose attempts are not separated from each other, only where the tenant's policy "
               "and the publisher's grant both allow it, and never with secrets");
}

static void say_layers(json_t *rows, const struct layer_report *report)
{
    doctor_say(rows, "sandbox", report->level >= LAYER_LEVEL_DEFAULT ? DOCTOR_OK : DOCTOR_FAIL,
               "level %d of %d, Landlock ABI %u", report->level, LAYER_LEVEL_MAX,
               report->landlock_abi);
    say_parts(rows, report->mask);
    for (int bit = 0; bit < LAYER_COUNT; bit++) {
        int error = report->layers[bit].sys_errno;

        if (report->layers[bit].state == LAYER_ENFORCED)
            continue;
        doctor_say(rows, layer_name((enum layer_bit)bit), DOCTOR_WARN, "%s: %s%s%s",
                   report->layers[bit].state == LAYER_ABSENT ? "absent" : "degraded",
                   layer_consequence((enum layer_bit)bit), error != 0 ? "; the kernel said: " : "",
                   error != 0 ? strerror(error) : "");
    }
}

void doctor_sandbox(struct cli *cli, json_t *rows)
{
    auto_mem char *dir = program_libexec(getenv("ORCH_LIBEXEC"));
    auto_mem char *supervisor = mem_printf("%s/orch-supervisor", dir);
    auto_mem char *worker = mem_printf("%s/orch-worker", dir);
    struct sandbox_options options = {.supervisor_path = supervisor, .worker_path = worker};
    struct sandbox_events events = {0};
    auto_obj(sandbox) sandbox = NULL;
    struct utsname name;
    struct err e = {0};

    (void)cli;
    if (uname(&name) == 0)
        doctor_say(rows, "kernel", DOCTOR_OK, "%s %s %s", name.sysname, name.release, name.machine);
    if (sandbox_start(&options, &events, NULL, &sandbox, &e))
        say_layers(rows, sandbox_layers(sandbox));
    else
        doctor_say(rows, "sandbox", DOCTOR_FAIL, "%s", e.msg);
}

/* ---- libraries ---- */

void doctor_libraries(struct cli *cli, json_t *rows)
{
    bool reset_bug = store_driver_has_reset_bug();
    struct err e = {0};

    (void)cli;
    doctor_say(rows, "sqlite", reset_bug ? DOCTOR_WARN : DOCTOR_OK, "%s%s", store_driver_version(),
               reset_bug ? " has the WAL-reset bug; mitigated: one writing connection, which does "
                           "every checkpoint (orch explain sqlite-wal-reset)"
                         : "");
    if (!curl_load(&e))
        doctor_say(rows, "libraries", DOCTOR_FAIL, "%s", e.msg);
    else
        doctor_say(rows, "libraries", DOCTOR_OK,
                   "libsodium %s, %s, libcurl %s, jansson %s, libfyaml %s", sodium_version_string(),
                   OpenSSL_version(OPENSSL_VERSION), curl_version_info(CURLVERSION_NOW)->version,
                   jansson_version_str(), fy_library_version());
}

/* ---- ORCH_HOME ---- */

/* A path that must be ours and closed to others; absent is fine unless must_exist. */
static void check_private(json_t *rows, const char *check, const char *path, mode_t mode_max)
{
    struct stat st;
    mode_t mode;

    if (lstat(path, &st) < 0) {
        doctor_say(rows, check, errno == ENOENT ? DOCTOR_WARN : DOCTOR_FAIL, "%s: %s", path,
                   strerror(errno));
        return;
    }
    mode = st.st_mode & 07777;
    if ((mode & ~mode_max) != 0)
        doctor_say(rows, check, DOCTOR_FAIL, "%s has mode %04o; chmod %04o it", path,
                   (unsigned)mode, (unsigned)mode_max);
    else
        doctor_say(rows, check, DOCTOR_OK, "%s, mode %04o", path, (unsigned)mode);
}

void doctor_home(struct cli *cli, json_t *rows)
{
    static const struct {
        const char *check, *name;
        mode_t mode_max;
    } files[] = {{"home", "", 0755}, {"root key", "/root.key", 0600}, {"token", "/token", 0600}};
    auto_mem char *trust_dir = mem_printf("%s/trust", cli->set.home);
    auto_obj(trust) trust = NULL;
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        auto_mem char *path = mem_printf("%s%s", cli->set.home, files[i].name);

        check_private(rows, files[i].check, path, files[i].mode_max);
    }
    if (!trust_load(trust_dir, &trust, &e))
        doctor_say(rows, "trust", DOCTOR_FAIL, "%s", e.msg);
    else
        doctor_say(rows, "trust", trust_count(trust) > 0 ? DOCTOR_OK : DOCTOR_WARN,
                   "%zu trusted keys in %s", trust_count(trust), trust_dir);
}

/* ---- the disk ---- */

static int order_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* The median of some synced writes to a file without a name; negative with errno when one fails. */
static int64_t sync_ns(const char *dir)
{
    auto_fd fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    char block[SYNC_BYTES] = {0};
    int64_t took[SYNCS];

    if (fd < 0)
        return -1;
    for (int i = 0; i < SYNCS; i++) {
        int64_t start = clock_mono_ns();

        if (pwrite(fd, block, sizeof block, 0) != (ssize_t)sizeof block || fdatasync(fd) < 0)
            return -1;
        took[i] = clock_mono_ns() - start;
    }
    qsort(took, SYNCS, sizeof took[0], order_i64);
    return took[SYNCS / 2];
}

void doctor_disk(struct cli *cli, json_t *rows)
{
    const char *dir = access(cli->set.home, F_OK) == 0 ? cli->set.home : ".";
    struct statvfs fs;
    int64_t ns, free_mib;

    if (statvfs(dir, &fs) < 0) {
        doctor_say(rows, "disk", DOCTOR_FAIL, "%s: %s", dir, strerror(errno));
        return;
    }
    free_mib = (int64_t)(fs.f_bavail * fs.f_frsize / (1024 * 1024));
    ns = sync_ns(dir);
    if (ns < 0)
        doctor_say(rows, "disk", DOCTOR_WARN, "%lld MiB free; a synced write fails: %s",
                   (long long)free_mib, strerror(errno));
    else
        doctor_say(rows, "disk", free_mib < DISK_WARN_MIB ? DOCTOR_WARN : DOCTOR_OK,
                   "%lld MiB free, 4 KiB fdatasync %.2f ms", (long long)free_mib, (double)ns / 1e6);
}
