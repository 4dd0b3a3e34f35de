/* identity.c -- see identity.h. */
#include "api/auth/identity.h"

#include "base/names.h"
#include "base/text.h"
#include "model/words/scopes.h"

#include <string.h>
#include <strings.h>

#define READS (SCOPE_READ | SCOPE_WRITE | SCOPE_ADMIN | SCOPE_ORCH_READ | SCOPE_ORCH_OPERATE)

/* Which scopes give a right outright; orch:operate gives the last two for a stated reason. */
static const struct {
    uint32_t scopes;
    uint32_t scopes_with_reason;
    const char *wanted;
} rights[NEED_COUNT] = {
    [NEED_READ] = {READS, 0, "orchestrator:read or orch:read"},
    [NEED_WRITE] = {SCOPE_WRITE | SCOPE_ADMIN, SCOPE_ORCH_OPERATE,
                    "orchestrator:write or orch:operate"},
    [NEED_ADMIN] = {SCOPE_ADMIN, SCOPE_ORCH_OPERATE, "orchestrator:admin or orch:operate"},
    [NEED_BACKFILL] = {SCOPE_ADMIN | SCOPE_ORCH_BACKFILL, 0, "orchestrator:admin or orch:backfill"},
    [NEED_BACKFILL_READ] = {READS | SCOPE_ORCH_BACKFILL, 0,
                            "orchestrator:read, orch:read or orch:backfill"},
    [NEED_QUOTA] = {SCOPE_ADMIN | SCOPE_ORCH_QUOTA, 0, "orchestrator:admin or orch:quota"},
};

const struct claims claims_loopback = {.subject = "loopback",
                                       .tenant = "default",
                                       .scopes = SCOPE_ADMIN};

const char *bearer_token(const struct http_head *head)
{
    const char *value = http_header(head, HTTP_HEADER_AUTHORIZATION);

    if (strncasecmp(value, "Bearer ", 7) != 0)
        return NULL;
    value += 7 + strspn(value + 7, " ");
    return *value != '\0' ? value : NULL;
}

/* The one value of the three headers, NULL when none was sent. */
static bool tenant_of_headers(const struct http_head *head, const char **ret, const char **ret_code,
                              struct err *e)
{
    static const enum http_header names[] = {HTTP_HEADER_TENANT, HTTP_HEADER_TENANT_OPS,
                                             HTTP_HEADER_TENANT_ID};

    *ret = NULL;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = head->header[names[i]];

        if (value == NULL || *value == '\0') /* nothing is no name, and names nobody else */
            continue;
        if (*ret != NULL && strcmp(*ret, value) != 0) {
            *ret_code = "TENANT_MISMATCH";
            return err_set(e, ERR_INVALID, "the tenant headers name different tenants");
        }
        if (!name_check_tenant(value, e)) {
            *ret_code = "TENANT_INVALID";
            return false;
        }
        *ret = value;
    }
    return true;
}

static bool tenant_decide(const struct http_head *head, const struct claims *claims, bool dev,
                          struct identity *out, const char **ret_code, struct err *e)
{
    const char *tenant;

    if (!tenant_of_headers(head, &tenant, ret_code, e))
        return false;
    if (tenant == NULL && !dev) {
        *ret_code = "TENANT_REQUIRED";
        return err_set(e, ERR_DENIED, "the header X-Stella-Tenant is missing");
    }
    if (tenant == NULL)
        tenant = *claims->tenant != '\0' ? claims->tenant : "default";
    if (strcmp(tenant, claims->tenant) != 0) {
        *ret_code = "TENANT_MISMATCH";
        return err_set(e, ERR_DENIED, "the token is not for tenant '%s'", tenant);
    }
    return text_copy(out->tenant, sizeof out->tenant, tenant) ||
           err_set(e, ERR_INVALID, "the tenant is too long");
}

/* Either spelling; two that differ are refused, so that the audit entry says one thing. */
static bool either_header(const struct http_head *head, enum http_header a, enum http_header b,
                          char *out, size_t out_bytes, struct err *e)
{
    const char *first = head->header[a], *second = head->header[b];

    if (first != NULL && second != NULL && strcmp(first, second) != 0)
        return err_set(e, ERR_INVALID, "two reason or ticket headers differ");
    if (first == NULL)
        first = second != NULL ? second : "";
    if (!http_text_clean(first, strlen(first)) || !text_copy(out, out_bytes, first))
        return err_set(e, ERR_INVALID, "a reason or ticket header is too long or not text");
    return true;
}

bool identity_may(const struct identity *who, enum route_need need, const char **ret_code,
                  struct err *e)
{
    if ((who->claims.scopes & rights[need].scopes) != 0)
        return true;
    if ((who->claims.scopes & rights[need].scopes_with_reason) == 0) {
        *ret_code = "ERR_SCOPE_MISMATCH";
        return err_set(e, ERR_DENIED, "needs the scope %s", rights[need].wanted);
    }
    if (*who->reason == '\0' || *who->ticket == '\0') {
        *ret_code = "REASON_REQUIRED";
        return err_set(e, ERR_DENIED,
                       "orch:operate needs the headers X-Stella-Reason and X-Stella-Ticket");
    }
    return true;
}

bool identity_decide(const struct http_head *head, const struct claims *claims,
                     enum route_need need, bool dev, struct identity *ret, const char **ret_code,
                     struct err *e)
{
    *ret_code = NULL;
    ret->claims = *claims;
    return tenant_decide(head, claims, dev, ret, ret_code, e) &&
           either_header(head, HTTP_HEADER_REASON, HTTP_HEADER_OPERATOR_REASON, ret->reason,
                         sizeof ret->reason, e) &&
           either_header(head, HTTP_HEADER_TICKET, HTTP_HEADER_OPERATOR_TICKET, ret->ticket,
                         sizeof ret->ticket, e) &&
           identity_may(ret, need, ret_code, e);
}
