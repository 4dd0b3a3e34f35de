"""What waits in a lane says so, what runs in one is counted, and no lane takes another's workers.

Rooms: host/lanes, host/engine/attempts, host/engine/lanes, host/api/routes, host/cli/run, host/store.
"""
import json

from host import RUN_S, STUB, dag, until

HOLD = {"sleep_s": 600}


def lanes(host):
    return {lane["name"]: lane for lane in host.http("GET", "/lanes", expect=200).json["items"]}


def in_lane(lane, config=HOLD, **more):
    return {"config": config, "lane": lane, **more}


def waits(host, run):
    return host.http("GET", f"/runs/{run}", expect=200).json["waitingFor"]


def test_a_run_waits_in_its_lane_and_everything_says_so(make_host):
    own = make_host(workers_per_type=1)
    assert {name: lane["slots"] for name, lane in lanes(own).items() if name != "default"} == \
        {"reasoning": 1, "codegen": 1, "ml": 1}
    assert own.metric("orch_lane_depth", 'lane="ml"') == own.metric("orch_lane_running", 'lane="ml"') == 0
    assert own.metric("orch_lane_slots", 'lane="ml"') == 1
    own.publish(dag("held", {"a": in_lane("ml")}))
    own.publish(dag("urgent", {"a": in_lane("ml", {}, priority=12)}))
    own.publish(dag("other", {"a": in_lane("codegen", {})}))
    first, second = own.run("held"), own.run("held")
    words = "step 'a' is number 1 in lane 'ml': lane_full"
    until(lambda: waits(own, second) == words, RUN_S, "the second's wait")
    assert waits(own, first) is None
    own.complete("urgent")
    own.complete("other")
    assert words in own.cli("run", "show", second).stdout
    assert own.metric("orch_lane_depth", 'lane="ml"') == own.metric("orch_lane_running", 'lane="ml"') == 1
    ml = own.http("GET", "/lanes/ml", expect=200).json
    assert ml == lanes(own)["ml"] and ml["depth"] == {"regular": 1, "express": 0, "delayed": 0, "total": 1} and ml["running"] == 1
    assert own.cli("lane", "list", "-o", "name").stdout.split() == ["default", "reasoning", "codegen", "ml"]
    assert own.cli("lane", "show", "ml").stdout
    own.cli("run", "cancel", first)
    until(lambda: waits(own, second) is None, RUN_S, "the first's worker")
    own.cli("run", "cancel", second)
    until(lambda: lanes(own)["ml"]["running"] == 0, RUN_S, "the lane's end")


def test_a_file_says_which_lanes_there_are_and_what_is_set_goes_over_it(make_host, tmp_path):
    file = tmp_path / "lanes.yaml"
    file.write_text("lanes:\n  filed: {agent_id: conformance.stub, config: {return: {f: 1}}, slots: 3}\n")
    own = make_host(config=file)
    assert lanes(own)["filed"]["slots"] == 3 and lanes(own)["filed"]["version"] == 0
    task = own.http("POST", "/tasks", {"lane": "filed", "payload": {}}, expect=202).json["task_id"]
    done = until(lambda: (now := own.http("GET", f"/tasks/{task}").json)["status"] == "completed" and now, RUN_S, "the task")
    assert done["result"] == {"f": 1}
    own.http("PUT", "/lanes/filed", {"slots": 1}, expect=200)
    assert own.stop() == 0
    own.start()
    assert lanes(own)["filed"]["slots"] == 1 and lanes(own)["filed"]["agent_id"] == STUB
    assert own.stop() == 0
    file.write_text("lanes:\n  filed: {slots: many}\n")
    own.launch()
    assert own.wait_end() == 1
    assert f"config '{file}': lane 'filed': 'slots'" in own.log_text()


def test_the_bypass_sends_express_tasks_to_the_regular_workers_and_outlives_the_host(make_host):
    own = make_host(workers_per_type=1)
    own.http("PUT", "/lanes/ml", {"agent_id": STUB, "config": HOLD}, expect=200)
    assert own.http("POST", "/admin/routing", {"express": False}, expect=200).json == {"express": False, "priority": True}
    assert own.stop() == 0
    own.start()
    add = lambda priority: own.http("POST", "/tasks", {"lane": "ml", "payload": {}, "priority": priority}, expect=202).json["task_id"]
    see = lambda task: own.http("GET", f"/tasks/{task}", expect=200).json
    busy = add(5)
    until(lambda: see(busy)["worker"] == "pool_ml_0", RUN_S, "the regular worker's task")
    late = add(15)
    assert (see(late)["status"], see(late)["express"], see(late)["why"]["reason"]) == ("queued", False, "lane_full")
    assert own.cli("lane", "route", "--express", "on").stdout
    until(lambda: see(late)["worker"] == "express_ml_0", RUN_S, "the express worker's task")
    assert see(late)["express"]


def test_a_lane_that_is_not_there_holds_its_node_and_nothing_else(host):
    host.publish(dag("astray", {"a": in_lane("nowhere", {}), "b": ([], {})}))
    run = host.run("astray")
    host.wait_node(run, "b", "completed")
    assert waits(host, run) == "step 'a' is number 1 in lane 'nowhere': no_such_lane"
    assert host.http("GET", "/lanes/nowhere", expect=404).code == "LANE_NOT_FOUND"
    assert "LANE_NOT_FOUND" in host.cli("lane", "show", "nowhere", expect=None).stderr
    host.cli("run", "cancel", run)
    assert host.wait(run)["status"] == "cancelled"


def why(host, run):
    return json.loads(host.cli("why", run, "-o", "json").stdout)


def test_why_names_what_each_step_waits_for(make_host):
    own = make_host(workers_per_type=1)
    own.publish(dag("why", {"a": in_lane("ml"), "b": in_lane("ml", {}), "c": (["b"], {}),
                            "d": {"config": {"fail_times": 9}, "retry_policy": {"max_retries": 9, "base_delay": 60}}}))
    run = own.run("why")
    seen = lambda: sorted((one["reason"], one["step"], one.get("behind"), one["ahead"]) for one in why(own, run)["reasons"])
    until(lambda: seen() == [("lane_full", "b", None, 0), ("retry_delay", "d", None, 0),
                             ("waiting_for_dependency", "c", "b", 0)], RUN_S, "the three waits")
    told = why(own, run)
    assert (told["run_id"], told["status"], told["more"], told["root_cause"]) == (run, "running", 0, None)
    retry, = (one for one in told["reasons"] if one["step"] == "d")
    assert retry["until"] in retry["detail"] and told["reasons"][-1]["step"] == "c"
    assert waits(own, run) == told["reasons"][0]["detail"]
    assert "waiting_for_dependency" in own.cli("why", run).stdout
    own.cli("run", "pause", run)
    until(lambda: ("paused", None) in [(one["reason"], one.get("step")) for one in why(own, run)["reasons"]], RUN_S, "the pause")
    own.cli("run", "cancel", run)
    assert own.wait(run)["status"] == "cancelled"
    assert why(own, run)["reasons"] == [] and why(own, run)["status"] == "cancelled"
    own.publish(dag("breaks", {"a": {"config": {"fail_times": 9, "error_message": "no"}, "retry_policy": {"max_retries": 0}},
                               "b": (["a"], {})}))
    failed = own.run("breaks")
    own.wait(failed)
    assert (why(own, failed)["root_cause"]["step"], why(own, failed)["root_cause"]["message"]) == ("a", "no")
    assert "root cause: step 'a' (" in own.cli("run", "show", failed).stdout


def test_lanes_are_set_while_the_host_runs_and_outlive_it(make_host):
    own = make_host(workers_per_type=1)
    own.publish(dag("pair", {"a": in_lane("nightly"), "b": in_lane("nightly")}))
    run = own.run("pair")
    until(lambda: (waits(own, run) or "").endswith("no_such_lane"), RUN_S, "the lane that is not there")
    own.cli("lane", "set", "nightly", "--slots", "2", "--reason", "month end")
    until(lambda: lanes(own)["nightly"]["running"] == 2, RUN_S, "both steps")
    own.cli("lane", "scale", "nightly", "1")
    own.cli("lane", "pause", "nightly")
    until(lambda: lanes(own)["nightly"]["running"] == 2, RUN_S, "what runs goes on")
    second = own.run("pair")
    until(lambda: waits(own, second) == "step 'a' is number 1 in lane 'nightly': paused", RUN_S, "the pause")
    own.kill9()
    own.start()
    shown = lanes(own)["nightly"]
    assert (shown["slots"], shown["paused"], shown["version"], shown["running"]) == (1, True, 3, 0), shown
    assert lanes(own)["ml"]["slots"] == 1
    own.cli("lane", "resume", "nightly")
    until(lambda: lanes(own)["nightly"]["running"] == 1, RUN_S, "one step at a time")
    until(lambda: "lane_full" in (waits(own, second) or ""), RUN_S, "the second's wait")
    rows = own.http("GET", "/lanes/nightly/versions", expect=200).json["items"]
    assert [(row["version"], row["spec"]) for row in rows] == [
        (4, {"slots": 1, "paused": False, "draining": False}), (3, {"slots": 1, "paused": True}), (2, {"slots": 1}), (1, {"slots": 2})]
    assert rows[-1]["reason"] == "month end" and rows[0]["actor"]
    own.cli("lane", "set", "nightly", "--slots", "0")
    for one in (run, second):
        own.cli("run", "cancel", one)
        assert own.wait(one)["status"] == "cancelled"


def test_what_a_lane_cannot_keep_is_refused_by_its_name(host):
    for body, named in (({"rate": {"tenant": {}}}, "per_second"), ({"breaker": {"failures": 0}}, "failures"), ({"autoscale": {"min": 2}}, "autoscale"), ({"agent_id": ""}, "agent_id"), ({"dag_id": "lane.a"}, "dag_id"), ({"slots": 10001}, "slots"),
                        ({"backend": "redis"}, "redis-url")):
        refused = host.http("PUT", "/lanes/strict", body, expect=400)
        assert refused.code == "FIELD_INVALID" and named in refused.json["error"]["message"], refused.json
    host.http("GET", "/lanes/strict", expect=404)
    assert "LANE_NOT_FOUND" in host.cli("lane", "scale", "strict", "3", expect=None).stderr
