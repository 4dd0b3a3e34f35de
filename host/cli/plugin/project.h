/* project.h -- what the plugin verbs work on: a project folder (manifest.json and sources),
 * a built .so, or a bundle. A project owns its texts; images own their bytes. Nothing here runs
 * code of a plugin. */
#ifndef ORCH_CLI_PLUGIN_PROJECT_H
#define ORCH_CLI_PLUGIN_PROJECT_H

#include "base/buf.h"
#include "base/err.h"
#include "bundle/bundle.h"
#include "bundle/manifest.h"
#include "sandbox/image/elf_gate.h"

enum {
    PROJECT_SOURCES_MAX = 64,
    PLUGIN_SO_BYTES_MAX = 32 * 1024 * 1024,
};

struct plugin_project {
    char *dir;
    char *so; /* DIR/ID.so, there or not */
    struct manifest *manifest;
};

/* dir NULL means ".". */
bool plugin_project_open(const char *dir, struct plugin_project **ret, struct err *e) must_check;
void plugin_project_free(struct plugin_project *project);
DEFINE_AUTO(plugin_project)

/* Compiles every *.c and *.cpp of the folder to project->so, with the SDK's flags. */
bool plugin_build(const struct plugin_project *project, struct err *e) must_check;

/* The SDK beside this program: installed, or staged in a build folder. Release with free. */
struct sdk_paths {
    char *include; /* holds orch/plugin.h */
    char *share;   /* holds plugin.map and templates/ */
};
bool sdk_find(struct sdk_paths *ret, struct err *e) must_check;
void sdk_paths_done(struct sdk_paths *paths);
DEFINE_AUTO_DONE(sdk_paths)

/* A plugin's bytes with what is known of them: they passed the load gate; manifest is the signed
 * or the author's one, NULL for a bare .so. Where both are there, note and manifest agree. */
struct plugin_image {
    struct buf so;
    struct elf_facts facts;
    struct manifest *manifest;
};

/* path: a project folder (its built .so), a .so or a bundle (its signature is not looked at). */
bool plugin_image_load(const char *path, struct plugin_image **ret, struct err *e) must_check;
void plugin_image_free(struct plugin_image *image);
DEFINE_AUTO(plugin_image)

/* A bundle's file, split, and its manifest, whose archive hash holds. Signatures not looked at. */
struct bundle_file_in {
    struct buf bytes;
    struct bundle_view view;
    struct buf payload;
    struct manifest *manifest;
};
bool bundle_file_load(const char *path, struct bundle_file_in **ret, struct err *e) must_check;
void bundle_file_in_free(struct bundle_file_in *file);
DEFINE_AUTO(bundle_file_in)

/* The image of a bundle; takes its manifest. */
bool plugin_image_unpack(struct bundle_file_in *file, struct plugin_image **ret,
                         struct err *e) must_check;

#endif
