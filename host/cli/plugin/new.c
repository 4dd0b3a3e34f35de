/* new.c -- `orch plugin new`: a copy of a template folder with the name put in. */
#include "cli/out.h"
#include "cli/plugin/cmd_plugin.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/plugin/project.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define PLACEHOLDER "@NAME@"
enum { TEMPLATE_BYTES_MAX = 64 * 1024, TEMPLATE_DEPTH_MAX = 4 };

static void put_name(struct buf *to, const char *text, const char *name)
{
    const char *at;

    while ((at = strstr(text, PLACEHOLDER)) != NULL) {
        buf_add(to, text, (size_t)(at - text));
        buf_adds(to, name);
        text = at + sizeof PLACEHOLDER - 1;
    }
    buf_adds(to, text);
}

static bool copy_file(const char *from, const char *to, const char *name, struct err *e)
{
    auto_done(buf) text = {0}, filled = {0};

    if (!file_read(from, TEMPLATE_BYTES_MAX, &text, e))
        return false;
    put_name(&filled, buf_text(&text), name);
    return file_write_atomic(to, filled.data, filled.len, 0644, e);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool copy_folder(struct cli *cli, const char *from, const char *to, const char *name,
                        int depth, struct err *e);

static bool copy_entry(struct cli *cli, const char *from, const char *to, const char *name,
                       int depth, struct err *e)
{
    struct stat st;

    if (stat(from, &st) < 0)
        return err_sys(e, "'%s'", from);
    if (S_ISDIR(st.st_mode))
        return copy_folder(cli, from, to, name, depth + 1, e);
    cli_say(cli, "created %s", to);
    return copy_file(from, to, name, e);
}

static bool copy_folder(struct cli *cli, const char *from, const char *to, const char *name,
                        int depth, struct err *e)
{
    struct dirent **entries = NULL;
    bool good = true;
    int count;

    if (depth > TEMPLATE_DEPTH_MAX)
        return err_set(e, ERR_CORRUPT, "template '%s' is too deep", from);
    if (mkdir(to, 0755) < 0)
        return err_sys(e, "make folder '%s'", to);
    count = scandir(from, &entries, not_hidden, alphasort);
    if (count < 0)
        return err_sys(e, "template '%s'", from);
    for (int i = 0; i < count; i++) {
        auto_mem struct dirent *entry = entries[i];
        auto_mem char *from_path = mem_printf("%s/%s", from, entry->d_name);
        auto_mem char *to_path = mem_printf("%s/%s", to, entry->d_name);

        good = good && copy_entry(cli, from_path, to_path, name, depth, e);
    }
    free(entries);
    return good;
}

bool plugin_new(struct cli *cli, struct err *e)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    const char *name = cli_arg(cli, 0);
    auto_done(sdk_paths) sdk = {NULL, NULL};
    auto_mem char *from = NULL;

    if (strspn(name, chars) != strlen(name) || name[0] == '-' || name[0] == '_' ||
        strlen(name) > 64)
        return err_set(e, ERR_INVALID,
                       "'%s': a plugin's name is lower-case letters, digits, _ and -", name);
    if (!sdk_find(&sdk, e))
        return false;
    from = mem_printf("%s/templates/%s", sdk.share, cli_flag_text(cli, "lang"));
    if (!copy_folder(cli, from, name, name, 0, e))
        return false;
    out_id(cli, name, NULL);
    cli_say(cli, "next: cd %s && orch plugin run", name);
    return true;
}
