"""A token is for one tenant and for named rights; another tenant's runs do not exist for it.

Rooms: host/api/auth, host/api/routes, host/cli/keys, authority/token, authority/keys.
"""
import base64
import json
import time

import pytest

from host import chain, claims_of

READ, WRITE, ADMIN = "orchestrator:read", "orchestrator:write", "orchestrator:admin"
SKEW_S = 30  # authority/token/token.h


@pytest.fixture(scope="module")
def mine(host):
    """A completed run of tenant default."""
    host.publish(chain("mine", 1))
    return host.complete("mine")["execution_id"]


@pytest.fixture
def short_lived(host):
    """(token, time of its end with the clock skew that is allowed)."""
    token = host.mint(READ, ttl="1s")
    host.http("GET", "/runs", token=token, expect=200)
    return token, time.monotonic() + 1 + SKEW_S


def forged(token, **claims):
    """The token with other claims under its old signature."""
    head, _, signature = token.split(".")
    text = json.dumps(claims_of(token) | claims).encode()
    return ".".join((head, base64.urlsafe_b64encode(text).decode().rstrip("="), signature))


def unsigned(token):
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


def test_no_token_is_401(host):
    answer = host.http("GET", "/runs", token="", expect=401)
    assert answer.code == "TOKEN_REQUIRED" and answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "Digest x"])
def test_another_kind_of_authorization_is_401(host, header):
    assert host.http("GET", "/runs", token="", Authorization=header, expect=401).code == "TOKEN_REQUIRED"


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "é" * 3, "A" * 3000, "eyJhbGciOiJub25lIn0.e30."])
def test_garbage_for_a_token_is_401(host, token):
    answer = host.http("GET", "/runs", token=token.encode("utf-8").decode("latin-1"), expect=401)
    assert answer.code == "TOKEN_INVALID"


def test_claims_that_were_changed_are_401(host):
    token = host.mint(READ, ttl="1h")
    for claims in ({"scope": ADMIN}, {"exp": 9999999999}, {"stellaops:tenant": "other"}, {"sub": "root"}):
        assert host.http("GET", "/runs", token=forged(token, **claims), expect=401).code == "TOKEN_INVALID"


def test_a_token_without_a_signature_is_401(host):
    assert host.http("GET", "/runs", token=unsigned(host.token), expect=401).code == "TOKEN_INVALID"


def test_a_token_of_another_host_is_401(host, make_host):
    other = make_host("other")
    assert host.http("GET", "/runs", token=other.token, expect=401).code == "TOKEN_INVALID"


ROUTES = [("GET", "/runs", None, READ), ("GET", "/dags", None, READ), ("GET", "/executions", None, READ),
          ("GET", "/metrics", None, READ), ("POST", "/runs", {"dagId": "mine"}, WRITE),
          ("POST", "/dags/mine/execute", {}, WRITE), ("DELETE", "/checkpoints/none", None, WRITE),
          ("POST", "/dags/import", {"yaml_content": json.dumps(chain("scoped", 1))}, ADMIN),
          ("GET", "/admin/health", None, ADMIN), ("POST", "/admin/warm", None, ADMIN),
          ("DELETE", "/secrets/none", None, ADMIN)]
RANK = {READ: 0, WRITE: 1, ADMIN: 2}


@pytest.mark.parametrize("scope", RANK)
def test_each_scope_opens_its_routes_and_no_others(host, mine, scope):
    token = host.mint(scope)
    for method, path, body, needed in ROUTES:
        answer = host.http(method, path, body, token=token)
        if RANK[scope] >= RANK[needed]:
            assert answer.status in (200, 201, 202, 404), (method, path, answer.text)
        else:
            assert (answer.status, answer.code) == (403, "ERR_SCOPE_MISMATCH"), (method, path)
            assert needed in answer.json["detail"]


def test_the_probes_need_no_token(host):
    for path in ("/healthz", "/readyz", "/livez", "/metrics", "/.well-known/openapi"):
        host.http("GET", path, root=True, token="", expect=200)


def test_the_operator_scope_needs_a_reason_and_a_ticket_on_each_change(host, mine):
    token = host.mint("orch:operate", reason="night shift", ticket="OPS-1")
    host.http("GET", "/runs", token=token, expect=200)
    answer = host.http("POST", "/runs", {"dagId": "mine"}, token=token, expect=403)
    assert answer.code == "REASON_REQUIRED"
    for pair in (("X_Stella_Reason", "X_Stella_Ticket"), ("X_Stella_Operator_Reason", "X_Stella_Operator_Ticket")):
        host.http("POST", "/runs", {"dagId": "mine"}, token=token, expect=201, **dict(zip(pair, ("rerun", "OPS-1"))))


def test_a_scope_that_is_elevated_is_not_minted_without_a_reason(host):
    done = host.cli("token", "mint", "--subject", "t", "--scope", "orch:operate", expect=None)
    assert done.returncode != 0 and "reason" in done.stderr


@pytest.mark.parametrize("flags", [("--tenant", "a\nX-Evil: 1"), ("--tenant", "../a"), ("--subject", "a\nb"), ("--subject", " ")])
def test_names_outside_of_their_grammar_are_not_minted(host, flags):
    given = {"--subject": "t", "--tenant": "default", "--scope": "orch:read", **dict([flags])}
    done = host.cli("token", "mint", *[word for pair in given.items() for word in pair], expect=None)
    assert done.returncode != 0 and done.stdout == "" and f"a {flags[0][2:]} is 1 to" in done.stderr


@pytest.mark.parametrize("name", ["X-Stella-Tenant", "X-StellaOps-Tenant", "X-Tenant-Id"])
def test_each_of_the_three_tenant_headers_counts(host, mine, name):
    host.http("GET", "/runs", expect=200, **{name: "default"})
    answer = host.http("GET", "/runs", expect=403, **{name: "other"})
    assert answer.code == "TENANT_MISMATCH"


def test_tenant_headers_that_differ_are_400(host):
    answer = host.http("GET", "/runs", X_Stella_Tenant="default", X_Tenant_Id="other", expect=400)
    assert answer.code == "TENANT_MISMATCH"


@pytest.mark.parametrize("tenant", ["", "a/b", "..", "x" * 129, "a b", "ä"])
def test_a_tenant_that_is_no_name_is_refused(host, tenant):
    answer = host.http("GET", "/runs", X_Stella_Tenant=tenant.encode().decode("latin-1"))
    assert answer.status in ((200,) if tenant == "" else (400, 431)), answer.text


def test_a_host_that_is_not_for_development_wants_the_tenant_named(make_host):
    own = make_host()
    own.stop()
    own.start(dev="false")
    assert own.http("GET", "/runs", expect=403).code == "TENANT_REQUIRED"
    own.http("GET", "/runs", X_Stella_Tenant="default", expect=200)


@pytest.fixture
def other(host):
    return host.mint(ADMIN, tenant="other")


READS = ["/executions/{run}", "/executions/{run}/trace", "/executions/{run}/provenance", "/runs/{run}",
         "/runs/{run}/steps", "/runs/{run}/steps/n00", "/runs/{run}/logs", "/runs/{run}/provenance",
         "/dags/mine", "/dags/mine/1.0.0", "/dags/mine/export", "/dags/mine/visualize"]
CHANGES = ["/executions/{run}/resume", "/executions/{run}/cancel", "/runs/{run}:cancel", "/runs/{run}:resume",
           "/runs/{run}:pause", "/runs/{run}:restart", "/dags/mine/execute", "/dags/mine/1.0.0:disable",
           "/dags/mine/validate"]


@pytest.mark.parametrize("path", READS)
def test_what_another_tenant_owns_is_404(host, mine, other, path):
    host.http("GET", path.format(run=mine), expect=200)
    host.http("GET", path.format(run=mine), token=other, X_Stella_Tenant="other", expect=404)


@pytest.mark.parametrize("path", CHANGES)
def test_what_another_tenant_owns_cannot_be_changed(host, mine, other, path):
    before = host.trace(mine)
    host.http("POST", path.format(run=mine), token=other, X_Stella_Tenant="other", expect=404)
    assert host.trace(mine) == before
    assert host.http("GET", "/dags/mine/1.0.0", expect=200)


def test_lists_hold_only_what_the_tenant_owns(host, mine, other):
    for path in ("/runs", "/executions", "/dags", "/secrets"):
        assert mine not in host.http("GET", path, token=other, X_Stella_Tenant="other", expect=200).text.decode()
    deleted = host.http("DELETE", f"/checkpoints/{mine}", token=other, X_Stella_Tenant="other", expect=200)
    assert deleted.json["deleted"] == 0
    assert host.http("GET", f"/checkpoints/{mine}", expect=200).json["count"] == 1


def test_two_tenants_may_use_the_same_names(host, mine, other):
    headers = {"token": other, "X_Stella_Tenant": "other"}
    host.publish(chain("mine", 2), **headers)
    run = host.run("mine", **headers)
    assert host.http("GET", f"/runs/{run}", **headers, expect=200).json["tenant"] == "other"
    assert len(host.http("GET", "/dags/mine", expect=200).json["dag"]["nodes"]) == 1


@pytest.mark.slow
def test_a_token_that_has_expired_is_401_even_though_it_was_good_before(host, short_lived):
    token, end = short_lived
    time.sleep(max(0, end - time.monotonic() + 1))
    answer = host.http("GET", "/runs", token=token, expect=401)
    assert answer.code == "TOKEN_INVALID" and "expired" in answer.json["detail"]


def test_a_tenant_takes_back_its_own_tokens_only(host, mine, other):
    token = host.mint(READ)
    host.http("GET", "/runs", token=token, expect=200)
    host.complete("mine")  # behind the token's entry in the store
    for who, token_of in ((other, token), (None, other), (None, host.mint(READ))):
        answer = host.http("POST", f"/admin/tokens/{claims_of(token_of)['jti']}:revoke", token=who, expect=404,
                           **({"X_Stella_Tenant": "other"} if who else {}))
        assert answer.code == "TOKEN_NOT_FOUND"
    assert host.http("POST", "/admin/tokens/x:revoke", expect=404).code == "TOKEN_NOT_FOUND"
    host.http("GET", "/runs", token=token, expect=200)


def test_a_token_stays_revoked_over_a_restart_and_a_lost_authority(make_host):
    own = make_host()
    token = own.mint(READ)
    own.http("GET", "/runs", token=token, expect=200)
    own.publish(chain("mine", 1))
    for _ in range(2):
        own.http("POST", f"/admin/tokens/{claims_of(token)['jti']}:revoke", expect=200, X_Stella_Reason="lost")
    own.http("GET", "/runs", token=token, expect=401)
    own.stop()
    (own.home / "authority" / "revoked-tokens").unlink()
    own.start()
    assert own.http("GET", "/runs", token=token, expect=401).code == "TOKEN_INVALID"
