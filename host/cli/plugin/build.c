/* build.c -- one run of the compiler, with the flags that the load gate asks for; the same
 * as the SDK's pkg-config file and CMake package give. Of the environment what make takes counts
 * here too: CC, CXX, CPPFLAGS, CFLAGS, CXXFLAGS, LDFLAGS, LDLIBS, words between blanks. */
#include "cli/plugin/project.h"

#include "base/mem.h"
#include "base/program.h"

#include <dirent.h>
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

enum { WORDS_MAX = 256, ARGV_MAX = PROJECT_SOURCES_MAX + WORDS_MAX + 48 };

/* Where the SDK lies, seen from the folder of this program. */
static const struct {
    const char *include, *share;
} places[] = {
    {"../include", "../share/orch-sdk"},                                   /* installed */
    {"../plugin-sdk/stage/include", "../plugin-sdk/stage/share/orch-sdk"}, /* a build folder */
};

void sdk_paths_done(struct sdk_paths *paths)
{
    free(paths->include);
    free(paths->share);
}

bool sdk_find(struct sdk_paths *ret, struct err *e)
{
    auto_mem char *dir = program_dir();

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        auto_done(sdk_paths) found = {mem_printf("%s/%s", dir, places[i].include),
                                      mem_printf("%s/%s", dir, places[i].share)};
        auto_mem char *map = mem_printf("%s/plugin.map", found.share);
        auto_mem char *header = mem_printf("%s/orch/plugin.h", found.include);

        if (access(map, R_OK) != 0 || access(header, R_OK) != 0)
            continue;
        *ret = (struct sdk_paths){take(found.include), take(found.share)};
        return true;
    }
    return err_set(e, ERR_NOT_FOUND, "the plugin SDK is not installed beside '%s'", dir);
}

struct command {
    char *argv[ARGV_MAX + 1];
    size_t count;
    bool cpp;
};

static void command_done(struct command *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->argv[i]);
}
DEFINE_AUTO_DONE(command)

static void add(struct command *c, const char *text)
{
    if (c->count < ARGV_MAX)
        c->argv[c->count++] = mem_str(text);
}

static const char *suffix_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL && dot != name ? dot : "";
}

static int is_source(const struct dirent *entry)
{
    const char *suffix = suffix_of(entry->d_name);

    return strcmp(suffix, ".c") == 0 || strcmp(suffix, ".cpp") == 0;
}

/* Sorted by name, so that the same folder gives the same bytes. */
static bool add_sources(struct command *c, const char *dir, struct err *e)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, is_source, alphasort);

    if (count < 0)
        return err_sys(e, "'%s'", dir);
    for (int i = 0; i < count; i++) {
        auto_mem struct dirent *entry = entries[i];
        auto_mem char *path = mem_printf("%s/%s", dir, entry->d_name);

        c->cpp = c->cpp || strcmp(suffix_of(entry->d_name), ".cpp") == 0;
        if (i < PROJECT_SOURCES_MAX)
            add(c, path);
    }
    free(entries);
    if (count == 0 || count > PROJECT_SOURCES_MAX)
        return err_set(e, ERR_INVALID, "'%s' holds %d *.c and *.cpp files, 1 to %d are needed", dir,
                       count, PROJECT_SOURCES_MAX);
    return true;
}

static void add_flags(struct command *c, const struct sdk_paths *sdk)
{
    static const char *const flags[] = {
        "-O2",
        "-g",
        "-Wall",
        "-Wextra",
        "-fPIC",
        "-fvisibility=hidden",
        "-shared",
        "-static-libgcc",
        "-Wl,-z,now,-z,relro,-z,noexecstack,-z,defs",
        "-Wl,--exclude-libs,ALL",
    };
    auto_mem char *include = mem_printf("-I%s", sdk->include);
    auto_mem char *map = mem_printf("-Wl,--version-script=%s/plugin.map", sdk->share);

    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        add(c, flags[i]);
    add(c, include);
    add(c, map);
    if (c->cpp)
        add(c, "-static-libstdc++");
}

/* The words of a variable, behind ours: the last of two flags that differ counts. */
static bool add_words(struct command *c, const char *variable, struct err *e)
{
    static const char blanks[] = " \t\n";
    const char *at = getenv(variable);

    for (size_t words = 0; at != NULL && *(at += strspn(at, blanks)) != '\0'; words++) {
        size_t len = strcspn(at, blanks);
        auto_mem char *word = mem_strn(at, len);

        if (words == WORDS_MAX / 5)
            return err_set(e, ERR_LIMIT, "%s has more than %d words", variable, WORDS_MAX / 5);
        add(c, word);
        at += len;
    }
    return true;
}

static bool add_of_environment(struct command *c, struct err *e)
{
    return add_words(c, "CPPFLAGS", e) && add_words(c, c->cpp ? "CXXFLAGS" : "CFLAGS", e) &&
           add_words(c, "LDFLAGS", e) && add_words(c, "LDLIBS", e);
}

/* The mathematical functions are the C library's to everybody but the linker; one that needs none
 * of them does not name the library. */
static void add_libm(struct command *c)
{
    add(c, "-Wl,--push-state,--as-needed");
    add(c, "-lm");
    add(c, "-Wl,--pop-state");
}

static bool run_command(struct command *c, struct err *e)
{
    int status, failed;
    pid_t pid;

    failed = posix_spawnp(&pid, c->argv[0], NULL, NULL, c->argv, environ);
    if (failed != 0) {
        errno = failed;
        return err_sys(e, "compiler '%s'", c->argv[0]);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(e, "wait for '%s'", c->argv[0]);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(e, ERR_UNPROCESSABLE, "'%s' did not compile it", c->argv[0]);
    return true;
}

bool plugin_build(const struct plugin_project *project, struct err *e)
{
    auto_done(command) c = {{NULL}, 0, false};
    auto_done(sdk_paths) sdk = {NULL, NULL};
    const char *chosen;

    if (!sdk_find(&sdk, e))
        return false;
    add(&c, "");
    if (!add_sources(&c, project->dir, e))
        return false;
    chosen = getenv(c.cpp ? "CXX" : "CC");
    free(c.argv[0]);
    c.argv[0] = mem_str(chosen != NULL && chosen[0] != '\0' ? chosen : c.cpp ? "c++" : "cc");
    add_flags(&c, &sdk);
    if (!add_of_environment(&c, e))
        return false;
    add_libm(&c);
    add(&c, "-o");
    add(&c, project->so);
    return run_command(&c, e);
}
