/* run.c -- `orch plugin run`: builds when it is a project, then runs its golden tests, or
 * one input, each as an attempt in the real sandbox, and says what the sandbox refused.
 *
 * A golden test is tests/golden/NAME.json: {"agent", "input", "config"?} and either "output", or
 * "error": {"class", "message"?}. */
#include "base/fd.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/out.h"
#include "cli/plugin/cmd_plugin.h"
#include "cli/plugin/lab.h"
#include "cli/plugin/project.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define GOLDEN_DIR "tests/golden"
enum { GOLDEN_MAX = 256 };

static bool member_text(const json_t *object, const char *key, struct buf *ret, struct err *e)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL)
        buf_adds(ret, "{}");
    else if (!json_is_object(value))
        return err_set(e, ERR_INVALID, "'%s' must be an object", key);
    else
        json_add_compact(ret, value);
    return true;
}

/* Why the attempt is not what was wanted; appended to why, nothing when it is. */
static void judge(const json_t *golden, const struct lab_result *r, struct buf *why)
{
    const json_t *error = json_object_get(golden, "error");
    const char *class = json_string_value(json_object_get(error, "class"));
    const char *message = json_string_value(json_object_get(error, "message"));
    auto_json output = NULL;

    if (error != NULL) {
        if (r->outcome == OUTCOME_OK)
            buf_addf(why, "it succeeded, an error was wanted");
        else if (class != NULL && strcmp(class, buf_text(&r->error_class)) != 0)
            buf_addf(why, "error %s, %s was wanted", buf_text(&r->error_class), class);
        else if (message != NULL && strcmp(message, buf_text(&r->error_message)) != 0)
            buf_addf(why, "error '%s', '%s' was wanted", buf_text(&r->error_message), message);
        return;
    }
    if (r->outcome != OUTCOME_OK) {
        buf_addf(why, "%s: %s %s", outcome_name(r->outcome), buf_text(&r->error_class),
                 buf_text(&r->error_message));
        return;
    }
    if (!json_parse(buf_text(&r->output), r->output.len, &json_limits_default, &output, NULL,
                    NULL) ||
        !json_same(output, json_object_get(golden, "output")))
        buf_addf(why, "output %s", buf_text(&r->output));
}

static void say_log(const struct cli *cli, const struct lab_result *r)
{
    if (r->log.len > 0)
        cli_say(cli, "%.*s", (int)(r->log.len - 1), buf_text(&r->log));
}

static json_t *row_of(const char *name, const char *agent, const struct lab_result *r,
                      const char *why)
{
    return json_pack("{ss ss ss sI si sb ss}", "test", name, "agent", agent, "outcome",
                     outcome_name(r->outcome), "wall_us", (json_int_t)(r->wall_ns / 1000), "level",
                     r->level, "passed", why[0] == '\0', "detail", why);
}

static bool run_golden(struct cli *cli, struct lab *lab, const char *path, const char *name,
                       json_t *rows, struct err *e)
{
    auto_done(buf) text = {0}, input = {0}, config = {0}, why = {0};
    auto_done(lab_result) result = {.status = 0};
    auto_json golden = NULL;
    const char *agent;

    if (!file_read(path, NODE_INPUT_BYTES_MAX, &text, e) ||
        !json_parse(buf_text(&text), text.len, &json_limits_default, &golden, NULL, e) ||
        !json_get_str(golden, "agent", NULL, &agent, e) ||
        !member_text(golden, "input", &input, e) || !member_text(golden, "config", &config, e))
        return err_wrap(e, "'%s'", path);
    if (agent == NULL ||
        (json_object_get(golden, "output") == NULL) == (json_object_get(golden, "error") == NULL))
        return err_set(e, ERR_INVALID, "'%s': agent, and either output or error are needed", path);
    if (!lab_run(lab, agent, &input, &config, &result, e))
        return err_wrap(e, "'%s'", path);
    judge(golden, &result, &why);
    if (why.len > 0)
        cli_exit(cli, CLI_EXIT_FAILED);
    say_log(cli, &result);
    json_array_append_new(rows, row_of(name, agent, &result, buf_text(&why)));
    return true;
}

static int is_golden(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".json") == 0;
}

static bool run_all_golden(struct cli *cli, struct lab *lab, const char *dir, struct err *e)
{
    static const struct out_column columns[] = {
        {"TEST", "test"},   {"AGENT", "agent"},   {"OUTCOME", "outcome"}, {"MICROS", "wall_us"},
        {"LEVEL", "level"}, {"PASSED", "passed"}, {"DETAIL", "detail"},   {NULL, NULL},
    };
    auto_mem char *folder = mem_printf("%s/" GOLDEN_DIR, dir);
    struct dirent **entries = NULL;
    auto_json rows = json_array();
    bool good = true;
    int count = scandir(folder, &entries, is_golden, alphasort);

    if (count < 0)
        return err_sys(e, "'%s' (or name an --agent and its --input)", folder);
    for (int i = 0; i < count; i++) {
        auto_mem struct dirent *entry = entries[i];
        auto_mem char *path = mem_printf("%s/%s", folder, entry->d_name);

        good = good && i < GOLDEN_MAX && run_golden(cli, lab, path, entry->d_name, rows, e);
    }
    free(entries);
    if (count == 0 || count > GOLDEN_MAX)
        return err_set(e, ERR_INVALID, "'%s' holds %d tests, 1 to %d are needed", folder, count,
                       GOLDEN_MAX);
    if (good)
        out_rows(cli, columns, rows, NULL);
    return good;
}

static bool read_json_flag(const struct cli *cli, const char *flag, struct buf *ret, struct err *e)
{
    const char *path = cli_flag_text(cli, flag);

    if (path != NULL)
        return file_read(path, NODE_INPUT_BYTES_MAX, ret, e);
    buf_adds(ret, "{}");
    return true;
}

static bool run_once(struct cli *cli, struct lab *lab, const char *agent, struct err *e)
{
    auto_done(buf) input = {0}, config = {0};
    auto_done(lab_result) r = {.status = 0};

    if (!read_json_flag(cli, "input", &input, e) || !read_json_flag(cli, "config", &config, e) ||
        !lab_run(lab, agent, &input, &config, &r, e))
        return false;
    say_log(cli, &r);
    cli_say(cli, "%s in %.3f ms, level %d", outcome_name(r.outcome), (double)r.wall_ns / 1e6,
            r.level);
    if (r.outcome == OUTCOME_OK)
        fprintf(cli->out, "%s\n", buf_text(&r.output));
    else
        cli_say(cli, "%s: %s", buf_text(&r.error_class), buf_text(&r.error_message));
    cli_exit(cli, r.outcome == OUTCOME_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED);
    return true;
}

/* A folder is built first: what runs is what is there. */
static bool build_folder(const char *path, struct err *e)
{
    auto_obj(plugin_project) project = NULL;
    struct stat st;

    if (stat(path, &st) < 0)
        return err_sys(e, "'%s'", path);
    if (!S_ISDIR(st.st_mode))
        return true;
    return plugin_project_open(path, &project, e) && plugin_build(project, e);
}

bool plugin_run(struct cli *cli, struct err *e)
{
    const char *path = cli_arg(cli, 0) != NULL ? cli_arg(cli, 0) : ".";
    const char *agent = cli_flag_text(cli, "agent");
    auto_obj(plugin_image) image = NULL;
    auto_obj(lab) lab = NULL;

    if (!build_folder(path, e) || !plugin_image_load(path, &image, e) ||
        !lab_open(image, cli->set.timeout_ms, &lab, e))
        return false;
    return agent != NULL ? run_once(cli, lab, agent, e) : run_all_golden(cli, lab, path, e);
}
