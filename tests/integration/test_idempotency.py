"""The same start twice is one run, also at the same time and over a crash.

By run tokens and by Idempotency-Key.

Rooms: host/api/auth, host/api/routes, host/store, host/engine/runs.
"""
import concurrent.futures
import uuid

import pytest

from host import chain


@pytest.fixture(scope="module", autouse=True)
def published(host):
    host.publish(chain("idem", 1, {"return": 1}))


def start(host, body=None, **headers):
    return host.http("POST", "/runs", {"dagId": "idem"} | (body or {}), **headers)


def runs_of(host, **headers):
    return {r["runId"] for r in host.http("GET", "/runs?dagId=idem&page_size=500", expect=200, **headers).json["items"]}


def test_the_same_run_token_gives_the_same_run(host):
    token = str(uuid.uuid4())
    first = start(host, {"runToken": token})
    again = start(host, {"runToken": token})
    assert (first.status, again.status) == (201, 200)
    assert first.json["runId"] == again.json["runId"]
    assert first.json["traceId"] == again.json["traceId"]


def test_other_inputs_under_the_same_run_token_are_another_run(host):
    token = str(uuid.uuid4())
    ids = {start(host, {"runToken": token, "inputs": {"n": n}}).json["runId"] for n in (1, 2, 1)}
    assert len(ids) == 2


def test_inputs_that_differ_only_in_spelling_are_the_same_run(host):
    token = str(uuid.uuid4())
    one = b'{"dagId":"idem","runToken":"%s","inputs":{"a":1,"b":2.0}}' % token.encode()
    two = b'{"inputs":{ "b":2, "a":1e0 },"runToken":"%s","dagId":"idem"}' % token.encode()
    assert host.http("POST", "/runs", one, expect=201).json["runId"] == \
        host.http("POST", "/runs", two, expect=200).json["runId"]


def test_without_a_run_token_every_start_is_a_new_run(host):
    assert start(host).json["runId"] != start(host).json["runId"]


def test_fifty_starts_at_once_with_one_run_token_are_one_run(host):
    token, before = str(uuid.uuid4()), runs_of(host)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: start(host, {"runToken": token}), range(50)))
    assert {a.status for a in answers} <= {200, 201}
    assert [a.status for a in answers].count(201) == 1
    assert len({a.json["runId"] for a in answers}) == 1
    assert len(runs_of(host) - before) == 1


def test_an_idempotency_key_gives_the_first_answer_again(host):
    key = str(uuid.uuid4())
    first = start(host, Idempotency_Key=key)
    again = start(host, Idempotency_Key=key)
    assert (first.status, again.status) == (201, 201)
    assert first.text == again.text and again.headers["Idempotency-Replayed"] == "true"


def test_an_idempotency_key_with_another_body_is_refused(host):
    key = str(uuid.uuid4())
    start(host, Idempotency_Key=key)
    answer = start(host, {"inputs": {"n": 1}}, Idempotency_Key=key)
    assert (answer.status, answer.code) == (422, "IDEMPOTENCY_KEY_REUSED")


def test_one_idempotency_key_serves_different_paths(host):
    key = str(uuid.uuid4())
    one = start(host, Idempotency_Key=key)
    two = host.http("POST", "/dags/idem/execute", {}, Idempotency_Key=key, expect=202)
    assert one.status == 201 and two.json["dag_id"] == "idem"
    assert one.json["runId"] != two.json["execution_id"]


def test_a_run_token_cannot_be_that_of_a_key(host):
    key = str(uuid.uuid4())
    run = start(host, Idempotency_Key=key).json
    for token in (f"idempotency:{key}", run["runToken"], "", "x" * 129, "a\nb"):
        assert start(host, {"runToken": token}).status == 400, token
    assert start(host, {"runToken": "x" * 128}).status == 201


@pytest.mark.parametrize("key", ["x" * 129, "a b", "a\x7fb"])
def test_an_idempotency_key_that_is_none_is_refused(host, key):
    answer = start(host, Idempotency_Key=key)
    assert answer.status in (400, 431), answer.text


def test_fifty_starts_at_once_with_one_idempotency_key_are_one_run(host):
    key, before = str(uuid.uuid4()), runs_of(host)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: start(host, Idempotency_Key=key), range(50)))
    assert {a.status for a in answers} <= {201, 409}
    assert all(a.code == "IDEMPOTENCY_IN_PROGRESS" for a in answers if a.status == 409)
    assert len({a.json["runId"] for a in answers if a.status == 201}) == 1
    assert len(runs_of(host) - before) == 1


def test_a_refused_request_does_not_use_its_idempotency_key_up(host):
    key = str(uuid.uuid4())
    assert host.http("POST", "/runs", {"dagId": "nowhere"}, Idempotency_Key=key).status == 404
    assert start(host, Idempotency_Key=key).status == 201


def test_tokens_and_keys_of_two_tenants_do_not_meet(host):
    token = str(uuid.uuid4())
    other = {"token": host.mint("orchestrator:admin", tenant="other"), "X_Stella_Tenant": "other"}
    host.publish(chain("idem", 1), **other)
    one = start(host, {"runToken": token}, Idempotency_Key=token)
    two = start(host, {"runToken": token}, Idempotency_Key=token, **other)
    assert (one.status, two.status) == (201, 201) and one.json["runId"] != two.json["runId"]


def test_run_tokens_and_keys_outlive_a_crash(make_host):
    own = make_host()
    own.publish(chain("idem", 1))
    token, key = str(uuid.uuid4()), str(uuid.uuid4())
    by_token, by_key = start(own, {"runToken": token}), start(own, Idempotency_Key=key)
    own.kill9()
    own.start()
    assert start(own, {"runToken": token}).json["runId"] == by_token.json["runId"]
    assert start(own, Idempotency_Key=key).text == by_key.text
    assert len(runs_of(own)) == 2
