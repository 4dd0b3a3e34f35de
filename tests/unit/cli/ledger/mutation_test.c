/* mutation_test.c -- statements as real hosts signed them. The old ones verify for ever; and
 * whatever is changed in a new one and signed anew by a trusted key is refused, or stands in the
 * list below with the reason why nothing can know better.
 *
 * A lie is told in two ways. Told alone: one value is another. Told with care: what follows from it
 * is made to fit, hashes, subjects, materials and names, as a forger would. */
#include "lies.h"
#include "suites.h"

#include "authority/trust/dsse.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/ledger/verify.h"

#include <string.h>

#define FOLDER SNAPSHOT_DIR "/ledger/statements/"

/* ---- what nothing in a statement can know better ---- */

static const struct free_member {
    const char *path; /* '*': any element; ids of nodes too */
    unsigned how;
    bool careful; /* only when it is told with care */
    const char *why;
} free_members[] = {
    {BUILD "/externalParameters/dagId", OTHER | LESS | MORE, true,
     "a definition's name is in its text, of which the statement has the digest"},
    {BUILD "/externalParameters/dagVersion", OTHER | LESS | MORE, true, "the same of its version"},
    {BUILD "/externalParameters/definitionHash", OTHER, true,
     "the definition is what it is the digest of: who has it compares"},
    {BUILD "/externalParameters/inputsHash", OTHER, false, "who has the input compares"},
    {BUILD "/internalParameters/deterministicMode", OTHER, false,
     "the order of starts that it asks for is allowed without it"},
    {BUILD "/internalParameters/status", OTHER, false,
     "a run may be cancelled or time out when its last node has completed"},
    {BUILD "/internalParameters/tenant", OTHER | LESS | MORE, false,
     "the ledger's export has the run under its tenant"},
    {DETAILS "/builder/version/orch", OTHER | LESS | MORE, false, "the host's own name for itself"},
    {DETAILS "/metadata/invocationId", OTHER, true, "a run is called what its host calls it"},
    {DETAILS "/metadata/startedOn", OTHER | LESS | MORE, false,
     "a run may wait before its first node, and a restart has nodes from before"},
    {DETAILS "/metadata/finishedOn", OTHER | MORE, false,
     "a run may wait behind its last node, for one that failed"},
    {DETAILS "/orch/ledgerHead", OTHER, false, "the ledger's export has the event"},
    {DETAILS "/orch/traceId", OTHER, false, "who has the trace compares"},
    {DETAILS "/orch/restartOf", OTHER, false, "the ledger's export has the start of the run"},
    {DETAILS "/orch/otherNodes", EMPTY, false, "how many nodes there are is in the definition"},
    {DETAILS "/orch/otherNodes/*", OTHER | GONE, false,
     "how a node without a record ended is in the ledger's export"},
    {DETAILS "/byproducts", EMPTY, true, "as above: none may have completed"},
    {DETAILS "/byproducts/*", GONE, true, "as above: nothing is missed that is no one's parent"},
    {RECORD "/node_id", OTHER | LESS | MORE, true, "the names of nodes are in the definition"},
    {RECORD "/agent_id", OTHER | LESS | MORE, true, "and so are their agents"},
    {RECORD "/input_hash", OTHER, true, "who has the parents' outputs makes the input anew"},
    {RECORD "/output_hash", OTHER, true, "who has the output compares"},
    {RECORD "/parents", EMPTY, true, "who is whose parent is in the definition"},
    {RECORD "/parents/*", GONE | OTHER, true, "the same"},
    {RECORD "/attempt_count", OTHER | MORE, true,
     "how often a node may be tried is in the definition, for each resume"},
    {RECORD "/plugin", OTHER | LESS | MORE, true, "a plugin's name is in the bundle of the digest"},
    {RECORD "/plugin_digest", OTHER, true, "who has the bundle compares"},
    {RECORD "/profile", OTHER, true, "an agent's profile is in the bundle's manifest"},
    {RECORD "/isolation", OTHER, true, "cold and exec differ in what no layer tells"},
    {RECORD "/layers/said/*", GONE, true, "an attempt's own word, worth what its plugin is worth"},
    {RECORD "/layers/said", EMPTY, true, "the same"},
};

static bool needed[ARRAY_LEN(free_members)];

static bool path_like(const char *path, const char *pattern)
{
    while (*pattern != '\0') {
        if (*pattern == '*') {
            pattern++;
            path += strcspn(path, "/");
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

static bool is_free(const char *path, enum how how, bool careful)
{
    for (size_t i = 0; i < ARRAY_LEN(free_members); i++) {
        const struct free_member *f = &free_members[i];

        if ((f->how & how) != 0 && (careful || !f->careful) && path_like(path, f->path)) {
            needed[i] = true;
            return true;
        }
    }
    return false;
}

/* ---- signed and verified ---- */

struct signer {
    struct key_secret *key;
    struct trust *trust;
    struct buf lies; /* that verify */
};

static bool verifies(const struct signer *s, const json_t *statement, struct err *e)
{
    auto_done(buf) text = {0};
    auto_done(buf) envelope = {0};
    auto_json facts = NULL;
    const struct key_secret *keys[] = {s->key};

    ck_assert_msg(jcs_write(statement, &text, e), "%s", e->msg);
    dsse_sign(DSSE_TYPE_PROVENANCE, buf_text(&text), text.len, keys, 1, &envelope);
    return verify_envelope(s->trust, buf_text(&envelope), envelope.len, &facts, e);
}

static void check_lie(struct signer *s, const json_t *whole, const char *path, enum how how,
                      bool careful)
{
    auto_json lie = json_deep_copy(whole);
    struct err e = {0};

    if (!lie_tell(lie, path, how))
        return;
    if (careful)
        lie_with_care(lie);
    if (json_equal(lie, whole)) /* it was a lie about what follows from something else */
        return;
    if (verifies(s, lie, &e) && !is_free(path, how, careful))
        buf_addf(&s->lies, "\n%s, how %d%s", path, how, careful ? ", with care" : "");
}

static json_t *payload_of(const char *name)
{
    auto_mem char *path = mem_printf("%s%s", FOLDER, name);
    auto_done(buf) text = {0};
    auto_obj(dsse_envelope) envelope = NULL;
    struct err e = {0};
    json_t *payload;

    ck_assert_msg(file_read(path, 1 << 20, &text, &e), "%s", e.msg);
    ck_assert_msg(dsse_parse(buf_text(&text), text.len, &envelope, &e), "%s", e.msg);
    payload = json_loadb(envelope->payload.data, envelope->payload.len, 0, NULL);
    ck_assert_ptr_nonnull(payload);
    return payload;
}

/* below: one that ended well differs from a restart in what its times may be. */
static const struct {
    const char *name, *below;
} kinds[] = {
    {"v2_restarted.json", "/"},
    {"v2_failed.json", "/"},
    {"v2_completed.json", DETAILS "/metadata/"},
};

static void check_statement(struct signer *s, const char *name, const char *below)
{
    auto_json whole = payload_of(name);
    auto_json paths = json_array();
    struct sha256_hex id = key_id(key_secret_public(s->key));
    struct err e = {0};
    const json_t *path;
    size_t i;

    json_object_set_new(lie_at(whole, DETAILS "/builder"), "id",
                        json_sprintf("orch:host/%s", id.text));
    ck_assert_msg(verifies(s, whole, &e), "%s: %s", name, e.msg);
    lie_add_paths(whole, "", paths);
    ck_assert_uint_gt(json_array_size(paths), 60);
    json_array_foreach(paths, i, path)
    {
        const char *text = json_string_value(path);

        for (int how = 1; how < HOW_END && strncmp(text, below, strlen(below)) == 0; how <<= 1) {
            check_lie(s, whole, text, (enum how)how, false);
            check_lie(s, whole, text, (enum how)how, true);
        }
    }
}

START_TEST(what_is_changed_and_signed_anew_is_refused_or_said_to_be_free)
{
    struct signer s = {key_secret_new(), trust_new(), {0}};
    struct err e = {0};

    ck_assert(trust_add_key(s.trust, key_secret_public(s.key), "host-key", 1u << TRUST_HOST, &e));
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        check_statement(&s, kinds[i].name, kinds[i].below);
    ck_assert_msg(s.lies.len == 0, "lies that verify:%s", buf_text(&s.lies));
    for (size_t i = 0; i < ARRAY_LEN(free_members); i++)
        ck_assert_msg(needed[i], "nothing needs: %s (%s)", free_members[i].path,
                      free_members[i].why);
    key_secret_free(s.key);
    trust_free(s.trust);
    buf_done(&s.lies);
}
END_TEST

/* ---- the museum ---- */

/* Signed by hosts of the past, under their own keys. */
START_TEST(what_a_host_signed_before_verifies)
{
    static const char *const rows[][2] = {
        {"v1_completed.json", "v1_host.pem"}, {"v1_restarted.json", "v1_host.pem"},
        {"v1_failed.json", "v1_host.pem"},    {"v2_completed.json", "v2_host.pem"},
        {"v2_restarted.json", "v2_host.pem"}, {"v2_failed.json", "v2_host.pem"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_mem char *path = mem_printf("%s%s", FOLDER, rows[i][0]);
        auto_mem char *key_path = mem_printf("%s%s", FOLDER, rows[i][1]);
        auto_obj(trust) trust = trust_new();
        auto_done(buf) text = {0};
        auto_json facts = NULL;
        struct key_public key;
        struct err e = {0};

        ck_assert_msg(key_public_load(key_path, &key, &e), "%s", e.msg);
        ck_assert(trust_add_key(trust, &key, "then", 1u << TRUST_HOST, &e));
        ck_assert_msg(file_read(path, 1 << 20, &text, &e), "%s", e.msg);
        ck_assert_msg(verify_envelope(trust, buf_text(&text), text.len, &facts, &e), "%s: %s",
                      rows[i][0], e.msg);
    }
}
END_TEST

TCase *mutation_cases(void)
{
    TCase *tc = tcase_create("mutation");

    tcase_add_test(tc, what_a_host_signed_before_verifies);
    tcase_add_test(tc, what_is_changed_and_signed_anew_is_refused_or_said_to_be_free);
    return tc;
}
