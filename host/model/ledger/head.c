/* head.c -- see head.h. */
#include "model/ledger/head.h"

#include "base/json.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

/* Half of what the tree can hold, so that a parsed one can always grow. */
#define TREE_SIZE_MAX (1LL << (MERKLE_LEVELS_MAX - 1))

bool ledger_tree_add(struct merkle *tree, const char *event_hash, struct err *e)
{
    uint8_t hash[SHA256_BYTES], leaf[SHA256_BYTES];

    if (!text_is_sha256(event_hash) ||
        !text_unhex(event_hash, strlen(event_hash), hash, sizeof hash))
        return err_set(e, ERR_CORRUPT, "an event's hash is not SHA-256 in lower-case hex");
    merkle_leaf(hash, sizeof hash, leaf);
    merkle_append(tree, leaf);
    return true;
}

struct sha256_hex ledger_tree_root(const struct merkle *tree)
{
    uint8_t root[SHA256_BYTES];
    struct sha256_hex hex;

    merkle_root(tree, root);
    text_hex(root, sizeof root, hex.text);
    return hex;
}

static bool has_subtree(const struct merkle *tree, int level)
{
    return ((tree->leaves >> level) & 1) != 0;
}

static int64_t time_us(const char *text)
{
    int64_t us;

    return clock_parse(text, &us) ? us : INT64_MIN; /* "" */
}

static int64_t latest_us(const struct ledger_head *head)
{
    int64_t own = time_us(head->timestamp), before = time_us(head->latest);

    return own > before ? own : before;
}

void ledger_head_date(struct ledger_head *head, const struct ledger_head *before, int64_t wall_us)
{
    int64_t latest = before != NULL ? latest_us(before) : INT64_MIN;

    clock_text(wall_us, head->timestamp);
    head->latest[0] = '\0';
    if (latest > time_us(head->timestamp))
        clock_text(latest, head->latest);
}

bool ledger_head_times_follow(const struct ledger_head *smaller, const struct ledger_head *larger,
                              struct err *e)
{
    if (latest_us(larger) >= latest_us(smaller))
        return true;
    return err_set(e, ERR_CORRUPT,
                   "tenant '%s': the head over %llu events has the time %s, an earlier one over "
                   "%llu has %s, and it does not say that the clock was set back",
                   larger->tenant, (unsigned long long)larger->tree.leaves, larger->timestamp,
                   (unsigned long long)smaller->tree.leaves,
                   *smaller->latest != '\0' ? smaller->latest : smaller->timestamp);
}

/* The member names stand in JCS order. */
void ledger_head_write(const struct ledger_head *head, struct buf *b)
{
    const char *separator = "";

    assert(head->tree.leaves > 0 && head->tree.leaves <= TREE_SIZE_MAX);
    buf_adds(b, "{\"frontier\":[");
    for (int level = MERKLE_LEVELS_MAX - 1; level >= 0; level--) {
        char hex[SHA256_HEX_BYTES];

        if (!has_subtree(&head->tree, level))
            continue;
        text_hex(head->tree.subtree[level], SHA256_BYTES, hex);
        buf_addf(b, "%s\"%s\"", separator, hex);
        separator = ",";
    }
    buf_addf(b, "],\"last_seq\":%lld", (long long)head->last_seq);
    if (*head->latest != '\0')
        buf_addf(b, ",\"latest_timestamp\":\"%s\"", head->latest);
    buf_addf(b, ",\"root_hash\":\"%s\",\"tenant\":", ledger_tree_root(&head->tree).text);
    buf_add_json_str(b, head->tenant, strlen(head->tenant));
    buf_addf(b, ",\"timestamp\":\"%s\",\"tree_size\":%llu}", head->timestamp,
             (unsigned long long)head->tree.leaves);
}

static bool parse_frontier(const json_t *frontier, struct merkle *tree, struct err *e)
{
    size_t at = 0;

    for (int level = MERKLE_LEVELS_MAX - 1; level >= 0; level--) {
        const char *hash;

        if (!has_subtree(tree, level))
            continue;
        hash = json_string_value(json_array_get(frontier, at++));
        if (hash == NULL || !text_is_sha256(hash) ||
            !text_unhex(hash, strlen(hash), tree->subtree[level], SHA256_BYTES))
            return err_set(e, ERR_CORRUPT, "frontier[%zu] is not a hash", at - 1);
    }
    if (json_array_size(frontier) != at)
        return err_set(e, ERR_CORRUPT, "frontier has %zu hashes, a tree of %llu events has %zu",
                       json_array_size(frontier), (unsigned long long)tree->leaves, at);
    return true;
}

static bool parse_tree(const json_t *payload, struct merkle *ret, struct err *e)
{
    struct sha256_hex root;
    const char *said;
    int64_t size;

    *ret = (struct merkle){0};
    if (!json_get_int(payload, "tree_size", 0, 1, TREE_SIZE_MAX, &size, e) ||
        !json_get_str(payload, "root_hash", "", &said, e))
        return false;
    if (size < 1)
        return err_set(e, ERR_CORRUPT, "no tree_size");
    ret->leaves = (uint64_t)size;
    if (!parse_frontier(json_object_get(payload, "frontier"), ret, e))
        return false;
    root = ledger_tree_root(ret);
    if (strcmp(root.text, said) != 0)
        return err_set(e, ERR_CORRUPT, "root_hash is '%s', the frontier has root %s", said,
                       root.text);
    return true;
}

/* Where it is not after timestamp it says nothing, and may not be there. */
static bool parse_latest(const json_t *payload, int64_t wall_us, struct ledger_head *ret,
                         struct err *e)
{
    const char *latest;
    int64_t latest_us;

    if (!json_get_str(payload, "latest_timestamp", "", &latest, e))
        return false;
    return (clock_parse(latest, &latest_us) && latest_us > wall_us &&
            text_copy(ret->latest, sizeof ret->latest, latest)) ||
           err_set(e, ERR_CORRUPT, "latest_timestamp is not a time after timestamp");
}

static bool parse_members(const json_t *payload, struct ledger_head *ret, struct err *e)
{
    const char *tenant, *timestamp;
    size_t members = json_object_get(payload, "latest_timestamp") != NULL ? 7 : 6;
    int64_t wall_us;

    if (json_object_size(payload) != members)
        return err_set(e, ERR_CORRUPT, "it has %zu members, not the %zu of a head",
                       json_object_size(payload), members);
    if (!parse_tree(payload, &ret->tree, e) || !json_get_str(payload, "tenant", "", &tenant, e) ||
        !json_get_str(payload, "timestamp", "", &timestamp, e) ||
        !json_get_int(payload, "last_seq", 0, 1, JSON_SAFE_INT_MAX, &ret->last_seq, e))
        return false;
    if (*tenant == '\0' || !text_copy(ret->tenant, sizeof ret->tenant, tenant))
        return err_set(e, ERR_CORRUPT, "tenant is empty or too long");
    if (!clock_parse(timestamp, &wall_us) ||
        !text_copy(ret->timestamp, sizeof ret->timestamp, timestamp))
        return err_set(e, ERR_CORRUPT, "timestamp is not a time");
    if (members == 7 && !parse_latest(payload, wall_us, ret, e))
        return false;
    if ((uint64_t)ret->last_seq < ret->tree.leaves)
        return err_set(e, ERR_CORRUPT, "last_seq %lld is below tree_size %llu",
                       (long long)ret->last_seq, (unsigned long long)ret->tree.leaves);
    return true;
}

bool ledger_head_parse(const char *text, size_t len, struct ledger_head *ret, struct err *e)
{
    static const struct json_limits limits = {LEDGER_HEAD_BYTES_MAX, 4, 0};
    auto_json payload = NULL;
    struct ledger_head head = {0};
    struct err why = {0};

    if (!json_parse(text, len, &limits, &payload, NULL, &why) ||
        !parse_members(payload, &head, &why))
        return err_set(e, ERR_CORRUPT, "ledger head: %s", why.msg);
    *ret = head;
    return true;
}
