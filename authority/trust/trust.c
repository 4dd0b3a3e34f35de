/* trust.c -- the entries and their files; shape.c says what an entry may hold, verify.c
 * judges with them. See trust.h. */
#include "authority/trust/trust.h"

#include "authority/trust/shape.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

struct trust {
    struct trust_entry *entries[TRUST_KEYS_MAX];
    size_t count;
};

static void entry_free(struct trust_entry *entry)
{
    if (entry == NULL)
        return;
    json_decref(entry->json);
    free(entry->file);
    free(entry);
}

struct trust *trust_new(void)
{
    return mem_new(struct trust);
}

void trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    for (size_t i = 0; i < trust->count; i++)
        entry_free(trust->entries[i]);
    free(trust);
}

static unsigned roles_of(const json_t *list)
{
    unsigned roles = 0;
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        for (int role = 0; role < TRUST_ROLE_COUNT; role++) {
            if (strcmp(trust_role_words[role], json_string_value(item)) == 0)
                roles |= 1u << role;
        }
    }
    return roles;
}

static bool entry_fill(struct trust_entry *entry, struct err *e)
{
    const json_t *json = entry->json;
    const json_t *key = json_object_get(json, "public_key");
    const char *name;

    if (!trust_shape_check(json, e))
        return false;
    name = json_string_value(json_object_get(json, "name"));
    if (name[0] == '\0' || !text_copy(entry->name, sizeof entry->name, name))
        return err_set(e, ERR_INVALID, "'name' has 1 to %d bytes", TRUST_NAME_BYTES_MAX);
    if (!key_public_parse(json_string_value(key), json_string_length(key), &entry->key, e))
        return err_wrap(e, "'public_key'");
    entry->key_id = key_id(&entry->key);
    entry->fingerprint = key_fingerprint(&entry->key);
    entry->roles = roles_of(json_object_get(json, "roles"));
    entry->revoked = json_object_get(json, "revoked") != NULL;
    entry->file = mem_printf("%s.json", entry->key_id.text);
    return true;
}

/* Takes json. */
static bool add_json(struct trust *trust, json_t *json, struct trust_entry **ret, struct err *e)
{
    struct trust_entry *entry = mem_new(struct trust_entry);

    entry->json = json;
    if (!entry_fill(entry, e)) {
        entry_free(entry);
        return false;
    }
    if (trust_find(trust, entry->key_id.text) != NULL) {
        err_set(e, ERR_CONFLICT, "key %s is in the trust store already", entry->fingerprint.text);
        entry_free(entry);
        return false;
    }
    if (trust->count == TRUST_KEYS_MAX) {
        entry_free(entry);
        return err_set(e, ERR_LIMIT, "the trust store holds %d keys", TRUST_KEYS_MAX);
    }
    trust->entries[trust->count++] = entry;
    *ret = entry;
    return true;
}

bool trust_add(struct trust *trust, const char *text, size_t len, const struct trust_entry **ret,
               struct err *e)
{
    static const struct json_limits limits = {TRUST_FILE_BYTES_MAX, 8, 0};
    struct trust_entry *entry = NULL;
    json_t *json;

    if (!json_parse(text, len, &limits, &json, NULL, e) || !add_json(trust, json, &entry, e))
        return err_wrap(e, "trust entry");
    *ret = entry;
    return true;
}

bool trust_add_key(struct trust *trust, const struct key_public *key, const char *name,
                   unsigned roles, struct err *e)
{
    auto_done(buf) pem = {0};
    struct trust_entry *entry;
    json_t *words = json_array();

    key_public_pem(key, &pem);
    for (int role = 0; role < TRUST_ROLE_COUNT; role++) {
        if ((roles & 1u << role) != 0)
            json_array_append_new(words, json_string(trust_role_words[role]));
    }
    return add_json(trust,
                    json_pack("{s:s, s:s, s:o, s:[s], s:[s], s:[s], s:[sss], s:[s]}", "name", name,
                              "public_key", pem.data, "roles", words, "tenants", "*", "plugins",
                              "*", "agents", "*", "profiles", "pure", "files", "net", "network",
                              "*"),
                    &entry, e);
}

bool trust_revoke(struct trust *trust, const char *id, const char *reason, int64_t now_us,
                  const struct trust_entry **ret, struct err *e)
{
    char now[CLOCK_TEXT_BYTES];

    if (reason[0] == '\0')
        return err_set(e, ERR_INVALID, "a key is revoked for a reason");
    for (size_t i = 0; i < trust->count; i++) {
        struct trust_entry *entry = trust->entries[i];

        if (strcmp(entry->fingerprint.text, id) != 0 && strcmp(entry->key_id.text, id) != 0)
            continue;
        if (entry->revoked)
            return err_set(e, ERR_CONFLICT, "key %s is revoked already", entry->fingerprint.text);
        clock_text(now_us, now);
        if (json_object_set_new(entry->json, "revoked",
                                json_pack("{s:s, s:s}", "at", now, "reason", reason)) < 0)
            return err_set(e, ERR_INVALID, "the reason is not UTF-8");
        entry->revoked = true;
        *ret = entry;
        return true;
    }
    return err_set(e, ERR_NOT_FOUND, "no key %s in the trust store", id);
}

bool trust_save(const struct trust_entry *entry, const char *dir, struct err *e)
{
    auto_mem char *path = mem_printf("%s/%s", dir, entry->file);
    auto_mem char *text = json_dumps(entry->json, JSON_INDENT(2));

    assert(text != NULL);
    return file_write_atomic(path, text, strlen(text), 0644, e);
}

/* Who can write a trust file decides whom we believe. */
static bool check_file(int fd, struct err *e)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return err_sys(e, "stat");
    if (!S_ISREG(st.st_mode) || (st.st_mode & 0022) != 0 ||
        (st.st_uid != geteuid() && st.st_uid != 0))
        return err_set(e, ERR_DENIED,
                       "must be a regular file that only its owner, us or root, "
                       "may write");
    return true;
}

static bool load_file(struct trust *trust, int dir_fd, const char *name, struct err *e)
{
    auto_fd fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    auto_done(buf) text = {0};
    const struct trust_entry *unused_arg entry;

    if (fd < 0)
        return err_sys(e, "open");
    if (!check_file(fd, e) || !fd_read_all(fd, TRUST_FILE_BYTES_MAX, &text, e) ||
        !trust_add(trust, buf_text(&text), text.len, &entry, e))
        return false;
    free(trust->entries[trust->count - 1]->file);
    trust->entries[trust->count - 1]->file = mem_str(name);
    return true;
}

static void auto_close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

bool trust_load(const char *dir, struct trust **ret, struct err *e)
{
    __attribute__((cleanup(auto_close_dir))) DIR *d = opendir(dir);
    auto_obj(trust) trust = trust_new();
    struct dirent *file;

    if (d == NULL && errno != ENOENT)
        return err_sys(e, "open trust folder '%s'", dir);
    for (errno = 0; d != NULL && (file = readdir(d)) != NULL; errno = 0) {
        if (fnmatch("*.json", file->d_name, FNM_PERIOD) == 0 &&
            !load_file(trust, dirfd(d), file->d_name, e))
            return err_wrap(e, "trust file '%s/%s'", dir, file->d_name);
    }
    if (d != NULL && errno != 0)
        return err_sys(e, "read trust folder '%s'", dir);
    *ret = take(trust);
    return true;
}

bool trust_lists(const struct trust_entry *entry, const char *list, const char *value)
{
    const json_t *patterns = json_object_get(entry->json, list);
    const json_t *pattern;
    size_t i;

    json_array_foreach(patterns, i, pattern)
    {
        if (fnmatch(json_string_value(pattern), value, 0) == 0)
            return true;
    }
    return false;
}

size_t trust_count(const struct trust *trust)
{
    return trust->count;
}

const struct trust_entry *trust_at(const struct trust *trust, size_t index)
{
    assert(index < trust->count);
    return trust->entries[index];
}

const struct trust_entry *trust_find(const struct trust *trust, const char *id)
{
    for (size_t i = 0; i < trust->count; i++) {
        if (strcmp(trust->entries[i]->key_id.text, id) == 0)
            return trust->entries[i];
    }
    return NULL;
}
