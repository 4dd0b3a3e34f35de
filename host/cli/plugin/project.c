/* project.c -- opening what the plugin verbs are given; see project.h. */
#include "cli/plugin/project.h"

#include "base/fd.h"
#include "base/mem.h"
#include "bundle/archive.h"

#include <string.h>

bool plugin_project_open(const char *dir, struct plugin_project **ret, struct err *e)
{
    auto_obj(plugin_project) project = mem_new(struct plugin_project);
    auto_mem char *path = NULL;
    auto_done(buf) text = {0};

    project->dir = mem_str(dir != NULL ? dir : ".");
    path = mem_printf("%s/manifest.json", project->dir);
    if (!file_read(path, MANIFEST_BYTES_MAX, &text, e) ||
        !manifest_parse(buf_text(&text), text.len, MANIFEST_SOURCE, &project->manifest, e))
        return err_wrap(e, "'%s'", path);
    project->so = mem_printf("%s/%s.so", project->dir, project->manifest->id);
    *ret = take(project);
    return true;
}

void plugin_project_free(struct plugin_project *project)
{
    if (project == NULL)
        return;
    free(project->dir);
    free(project->so);
    manifest_free(project->manifest);
    free(project);
}

void bundle_file_in_free(struct bundle_file_in *file)
{
    if (file == NULL)
        return;
    buf_done(&file->bytes);
    buf_done(&file->payload);
    manifest_free(file->manifest);
    free(file);
}

bool bundle_file_load(const char *path, struct bundle_file_in **ret, struct err *e)
{
    auto_obj(bundle_file_in) file = mem_new(struct bundle_file_in);

    if (!file_read(path, BUNDLE_BYTES_MAX, &file->bytes, e))
        return false;
    if (!bundle_open(file->bytes.data, file->bytes.len, &file->view, e) ||
        !bundle_payload_unverified(&file->view, &file->payload, e) ||
        !manifest_parse(buf_text(&file->payload), file->payload.len, MANIFEST_SIGNED,
                        &file->manifest, e) ||
        !manifest_archive_matches(file->manifest, file->view.archive, file->view.archive_bytes, e))
        return err_wrap(e, "'%s'", path);
    *ret = take(file);
    return true;
}

void plugin_image_free(struct plugin_image *image)
{
    if (image == NULL)
        return;
    buf_done(&image->so);
    manifest_free(image->manifest);
    free(image);
}

static bool has_suffix(const char *text, const char *suffix)
{
    size_t len = strlen(text), suffix_len = strlen(suffix);

    return len > suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

/* The note is inside the bytes that run, the manifest is what people signed: they must agree. */
static bool note_agrees(const struct plugin_image *image, struct err *e)
{
    const struct manifest *m = image->manifest;

    if (m == NULL ||
        (strcmp(m->id, image->facts.id) == 0 && strcmp(m->version, image->facts.version) == 0))
        return true;
    return err_set(e, ERR_UNPROCESSABLE, "the plugin says it is %s %s, its manifest says %s %s",
                   image->facts.id, image->facts.version, m->id, m->version);
}

static bool image_check(struct plugin_image *image, struct err *e)
{
    return elf_gate_check(image->so.data, image->so.len, &image->facts, e) && note_agrees(image, e);
}

bool plugin_image_unpack(struct bundle_file_in *file, struct plugin_image **ret, struct err *e)
{
    auto_obj(plugin_image) image = mem_new(struct plugin_image);

    image->manifest = take(file->manifest);
    if (!bundle_unpack_so(image->manifest, file->view.archive, file->view.archive_bytes, &image->so,
                          e) ||
        !image_check(image, e))
        return false;
    *ret = take(image);
    return true;
}

static bool load_project(const char *path, struct plugin_image *image, struct err *e)
{
    auto_obj(plugin_project) project = NULL;

    if (!plugin_project_open(path, &project, e))
        return false;
    if (!file_read(project->so, PLUGIN_SO_BYTES_MAX, &image->so, e))
        return err_wrap(e, "not built yet? see `orch plugin build`");
    image->manifest = take(project->manifest);
    return true;
}

static bool load_bundle(const char *path, struct plugin_image **ret, struct err *e)
{
    auto_obj(bundle_file_in) file = NULL;

    return bundle_file_load(path, &file, e) &&
           (plugin_image_unpack(file, ret, e) || err_wrap(e, "'%s'", path));
}

bool plugin_image_load(const char *path, struct plugin_image **ret, struct err *e)
{
    auto_obj(plugin_image) image = NULL;
    bool loaded;

    if (has_suffix(path, BUNDLE_SUFFIX))
        return load_bundle(path, ret, e);
    image = mem_new(struct plugin_image);
    loaded = has_suffix(path, ".so") ? file_read(path, PLUGIN_SO_BYTES_MAX, &image->so, e)
                                     : load_project(path, image, e);
    if (!loaded)
        return false;
    if (!image_check(image, e))
        return err_wrap(e, "'%s'", path);
    *ret = take(image);
    return true;
}
