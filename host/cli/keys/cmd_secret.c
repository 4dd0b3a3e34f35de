/* cmd_secret.c -- `orch secret`: values are read from a file or standard input, never from argv,
 * and boxed here for the authority: the host carries what it cannot open (DESIGN.md 2). */
#include "authority/keys/secret.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/out.h"

#include <string.h>

static bool fetch_box_key(struct cli *cli, uint8_t ret[SECRET_BOX_KEY_BYTES], struct err *e)
{
    auto_json reply = NULL;
    auto_done(buf) bytes = {0};
    const char *text;

    if (!client_get(cli, "/secrets/key", &reply, e))
        return false;
    text = json_string_value(json_object_get(reply, "key"));
    if (text == NULL || !text_unbase64(&bytes, text, strlen(text), false, NULL) ||
        bytes.len != SECRET_BOX_KEY_BYTES)
        return err_set(e, ERR_SYSTEM, "the host's box key is not %d bytes of base64",
                       SECRET_BOX_KEY_BYTES);
    memcpy(ret, bytes.data, SECRET_BOX_KEY_BYTES);
    return true;
}

/* One line break at the end belongs to the editor, not to the secret. */
static size_t value_len(const struct cli *cli, const struct buf *value)
{
    bool exact = cli_flag_bool(cli, "exact");

    return !exact && value->len > 0 && value->data[value->len - 1] == '\n' ? value->len - 1
                                                                           : value->len;
}

/* value is wiped by the caller. The tenant is the one the box is bound to: the host's default
 * tenant is not known here. */
static bool put_boxed(struct cli *cli, const char *name, const struct buf *value, json_t **ret,
                      struct err *e)
{
    const char *tenant = cli->set.tenant != NULL ? cli->set.tenant : "default";
    uint8_t key[SECRET_BOX_KEY_BYTES];
    auto_done(buf) box = {0};
    auto_done(buf) text = {0};
    auto_done(buf) path = {0};
    auto_json body = NULL;

    if (!fetch_box_key(cli, key, e) ||
        !secret_box(key, tenant, name, buf_text(value), value_len(cli, value), &box, e))
        return false;
    text_add_base64(&text, box.data, box.len, false);
    body = json_pack("{s:s}", "boxed", buf_text(&text));
    buf_adds(&path, "/secrets");
    client_path_add(&path, name);
    return client_send(cli, "PUT", buf_text(&path), body, ret, e);
}

static bool put(struct cli *cli, const char *done, struct err *e)
{
    const char *name = cli_arg(cli, 0);
    auto_done(buf) value = {0};
    auto_json reply = NULL;
    bool stored;

    if (!file_read(cli_flag_text(cli, "from-file"), SECRET_VALUE_BYTES_MAX + 1, &value, e))
        return false;
    stored = put_boxed(cli, name, &value, &reply, e);
    if (value.data != NULL)
        secret_wipe(value.data, value.cap);
    if (!stored)
        return err_wrap(e, "secret '%s'", name);
    out_id(cli, name, reply);
    cli_say(cli, "%s secret://%s version %lld; its value is never shown again", done, name,
            (long long)json_integer_value(json_object_get(reply, "version")));
    return true;
}

static bool set(struct cli *cli, struct err *e)
{
    return put(cli, "stored", e);
}

/* A new version of a name that is there; a name that is not would be a typing error. */
static bool rotate(struct cli *cli, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json old = NULL;

    buf_adds(&path, "/secrets");
    client_path_add(&path, cli_arg(cli, 0));
    if (!client_get(cli, buf_text(&path), &old, e))
        return err_wrap(e, "secret '%s'", cli_arg(cli, 0));
    return put(cli, "new attempts use", e);
}

static bool list(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {{"SECRET", "name"},
                                                {"VERSION", "version"},
                                                {"CREATED", "createdUtc"},
                                                {NULL, NULL}};
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/secrets");
    client_query_page(cli, &path);
    if (!client_get(cli, buf_text(&path), &reply, e))
        return false;
    client_show_page(cli, columns, "items", reply);
    return true;
}

static bool rm(struct cli *cli, struct err *e)
{
    auto_done(buf) path = {0};
    auto_json reply = NULL;

    buf_adds(&path, "/secrets");
    client_path_add(&path, cli_arg(cli, 0));
    if (!client_send(cli, "DELETE", buf_text(&path), NULL, &reply, e))
        return err_wrap(e, "secret '%s'", cli_arg(cli, 0));
    out_id(cli, cli_arg(cli, 0), reply);
    cli_say(cli, "removed every version of secret://%s", cli_arg(cli, 0));
    return true;
}

static const struct cli_flag put_flags[] = {
    {.name = "from-file",
     .type = FLAG_FILE,
     .value = "FILE",
     .fallback = "-",
     .help = "where the value is (- is standard input)"},
    {.name = "exact", .type = FLAG_BOOL, .help = "keep a line break at the end"},
    {.name = NULL},
};
static const struct cli_arg args[] = {
    {"NAME", true, false, "name, as in secret://NAME"},
    {NULL, false, false, NULL},
};
static const struct cli_verb verbs[] = {
    {.name = "set",
     .summary = "Store a secret's value",
     .details = "The value is sealed on this side for the authority process: the host stores what "
                "it cannot read. It never comes from the command line.",
     .flags = put_flags,
     .args = args,
     .needs_server = true,
     .handler = set},
    {.name = "rotate",
     .summary = "Store a new version of a secret",
     .details = "Attempts that run keep the version they started with; new ones get the new one.",
     .flags = put_flags,
     .args = args,
     .needs_server = true,
     .handler = rotate},
    {.name = "list",
     .summary = "List names and versions; values never leave the authority",
     .needs_server = true,
     .handler = list},
    {.name = "rm", .summary = "Remove a secret", .args = args, .needs_server = true, .handler = rm},
    {.handler = NULL},
};
const struct cli_group cli_group_secret = {.name = "secret",
                                           .summary = "Secrets: set, rotate, list, remove",
                                           .verbs = verbs};
