/* cmd_plugin.c -- the verbs of `orch plugin`. */
#include "cli/plugin/cmd_plugin.h"

#include "cli/out.h"
#include "cli/plugin/project.h"

static bool build(struct cli *cli, struct err *e)
{
    auto_obj(plugin_project) project = NULL;

    if (!plugin_project_open(cli_arg(cli, 0), &project, e) || !plugin_build(project, e))
        return false;
    out_id(cli, project->so, NULL);
    return true;
}

static const struct cli_flag new_flags[] = {
    {.name = "lang",
     .type = FLAG_CHOICE,
     .value = "LANG",
     .fallback = "c",
     .choices = "c|cpp",
     .help = "the language of the template"},
    {.name = NULL},
};
static const struct cli_arg new_args[] = {
    {"NAME", true, false, "the plugin's id and the new folder's name"},
    {NULL, false, false, NULL},
};

static const struct cli_arg project_args[] = {
    {"DIR", false, false, "the project's folder (default: this one)"},
    {NULL, false, false, NULL},
};
static const struct cli_arg plugin_args[] = {
    {"PLUGIN", false, false, "a project's folder, a .so or an .orchbundle (default: this folder)"},
    {NULL, false, false, NULL},
};

static const struct cli_flag pack_flags[] = {
    {.name = "so",
     .type = FLAG_FILE,
     .value = "FILE",
     .help = "the built plugin (default DIR/ID.so)"},
    {.name = "out",
     .type = FLAG_FILE,
     .value = "FILE",
     .help = "the bundle to write (default ID-VERSION-linux-ARCH.orchbundle here)"},
    {.name = NULL},
};

static const struct cli_flag sign_flags[] = {
    {.name = "key",
     .type = FLAG_FILE,
     .required = true,
     .value = "FILE",
     .help = "the publisher's secret key (PEM, readable by you alone)"},
    {.name = NULL},
};
static const struct cli_arg bundles_args[] = {
    {"BUNDLE", true, true, "what `orch plugin pack` wrote; signed in place"},
    {NULL, false, false, NULL},
};
static const struct cli_arg bundle_args[] = {
    {"BUNDLE", true, false, "the .orchbundle"},
    {NULL, false, false, NULL},
};

static const struct cli_flag verify_flags[] = {
    {.name = "trust",
     .type = FLAG_FILE,
     .value = "PATH",
     .help = "a public key (PEM) or a folder of trust entries (default ORCH_HOME/trust)"},
    {.name = NULL},
};

static const struct cli_flag run_flags[] = {
    {.name = "agent",
     .type = FLAG_TEXT,
     .value = "ID",
     .help = "run this agent once instead of the golden tests"},
    {.name = "input", .type = FLAG_FILE, .value = "FILE", .help = "its input, JSON (default {})"},
    {.name = "config", .type = FLAG_FILE, .value = "FILE", .help = "its config, JSON (default {})"},
    {.name = NULL},
};

static const struct cli_arg keygen_args[] = {
    {"NAME", true, false, "writes NAME.pem (secret, mode 0600) and NAME.pub.pem"},
    {NULL, false, false, NULL},
};

static const struct cli_arg install_args[] = {
    {"BUNDLE", true, true, "a signed .orchbundle"},
    {NULL, false, false, NULL},
};

static const struct cli_arg release_args[] = {
    {"DIGEST", true, false, "the library's SHA-256, from orch plugin list -o json"},
    {NULL, false, false, NULL},
};

static const struct cli_verb verbs[] = {
    {.name = "new",
     .summary = "Start a plugin from a template",
     .flags = new_flags,
     .args = new_args,
     .handler = plugin_new},
    {.name = "build",
     .summary = "Compile a project's folder to ID.so",
     .details =
         "Compiles every *.c and *.cpp of the folder in one go, with $CC or $CXX (default cc "
         "and c++) and the flags that the load gate asks for.",
     .args = project_args,
     .handler = build},
    {.name = "check",
     .summary = "Check a plugin: the file, then a load in the sandbox",
     .details = "First the load gate over the bytes (ELF layout, exports, libraries, ABI note), "
                "then a load in a confined process, where the plugin's agents must be those of its "
                "manifest.",
     .args = plugin_args,
     .handler = plugin_check},
    {.name = "run",
     .summary = "Build a plugin and run its tests in the sandbox",
     .details = "Runs every tests/golden/*.json of the project, each as one attempt in the real "
                "sandbox: {\"agent\", \"input\", \"config\"} and the wanted \"output\" or "
                "\"error\". With --agent it runs that agent once and prints its output.",
     .flags = run_flags,
     .args = plugin_args,
     .handler = plugin_run},
    {.name = "pack",
     .summary = "Make a bundle of a built plugin",
     .details = "The same files always give the same bytes. The bundle is not signed yet.",
     .flags = pack_flags,
     .args = project_args,
     .handler = plugin_pack},
    {.name = "sign",
     .summary = "Sign bundles with a publisher's key",
     .flags = sign_flags,
     .args = bundles_args,
     .handler = plugin_sign},
    {.name = "verify",
     .summary = "Verify a bundle: signature, trust, every file",
     .flags = verify_flags,
     .args = bundle_args,
     .handler = plugin_verify},
    {.name = "keygen",
     .summary = "Make a publisher's key",
     .args = keygen_args,
     .handler = plugin_keygen},
    {.name = "list",
     .summary = "List every bundle of the host's plugins folder with its verdict",
     .details = "ready, or why not: conflict names who has the id already, refused and revoked the "
                "reason, quarantined what failed. allowed says whether the tenant's runs may use "
                "it.",
     .needs_server = true,
     .handler = plugin_installed_list},
    {.name = "refresh",
     .summary = "Have the host read trust and the plugins folder again, now",
     .details = "What is new is loaded, what is not trusted any more ends with its attempts. Waits "
                "until every bundle has its verdict; exits 1 when one is not ready.",
     .needs_server = true,
     .handler = plugin_refresh},
    {.name = "install",
     .summary = "Install bundles on every host of the store",
     .details =
         "Copies them into ORCH_HOME/plugins and has the host of that home verify, load and "
         "store them; the other hosts fetch them from there. Returns when they are ready and "
         "durable; exits 1 when one is not.",
     .args = install_args,
     .needs_server = true,
     .handler = plugin_install},
    {.name = "remove",
     .summary = "Take a plugin away from every host of the store",
     .details = "Its attempts end. Its file stays beside, as BUNDLE.removed, where it was copied.",
     .args = release_args,
     .needs_server = true,
     .handler = plugin_installed_remove},
    {.name = "release",
     .summary = "Try a quarantined plugin again",
     .args = release_args,
     .needs_server = true,
     .handler = plugin_release},
    {.handler = NULL},
};
const struct cli_group cli_group_plugin = {.name = "plugin",
                                           .summary = "Write, sign and install plugins",
                                           .verbs = verbs};
