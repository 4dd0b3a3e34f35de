/* load.c -- see load.h. */
#include "load.h"

#include "floor.h"

#include "base/buf.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum { OUTSTANDING_MAX = 256, STUCK_S = 60 };

/* One connection that starts runs. */
struct starter {
    struct load *load;
    CURL *easy;
    struct buf answer;
    double began;
    bool busy;
};

/* A run whose end, or whose start's answer, has not come yet: the event may be first. */
struct outstanding {
    char run_id[64];
    double began; /* 0: the answer has not come */
    double ended; /* 0: the event has not come */
    UT_hash_handle hh;
};

struct load {
    CURLM *multi;
    CURL *stream;
    struct curl_slist *headers;
    char *base;
    struct buf lines; /* of the stream */
    bool hello, fails;
    struct starter starters[OUTSTANDING_MAX];
    struct outstanding *runs;
    const char *dag_id; /* of the order: the stream tells of other hosts' runs too */
    char *start_url, *start_body;
    const char *id_member; /* of a start's answer */
    json_t *started;
    long ended, times_max;
    double *times;
};

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "bench: %s: %s\n", what, detail);
    exit(1);
}

static struct outstanding *run_of(struct load *load, const char *run_id)
{
    struct outstanding *run;

    HASH_FIND_STR(load->runs, run_id, run);
    if (run != NULL)
        return run;
    run = mem_new(struct outstanding);
    snprintf(run->run_id, sizeof run->run_id, "%s", run_id);
    HASH_ADD_STR(load->runs, run_id, run);
    return run;
}

static void settle(struct load *load, struct outstanding *run)
{
    if (run->began == 0 || run->ended == 0)
        return;
    if (load->ended < load->times_max)
        load->times[load->ended] = run->ended - run->began;
    load->ended++;
    HASH_DEL(load->runs, run);
    free(run);
}

/* ---- the stream ---- */

static void take_event(struct load *load, const char *line, size_t len)
{
    json_t *event = json_loadb(line, len, 0, NULL);
    const char *type = json_string_value(json_object_get(event, "type"));
    const char *run_id = json_string_value(json_object_get(event, "runId"));
    const char *dag_id = json_string_value(json_object_get(event, "dagId"));

    if (type == NULL)
        die("stream", line);
    if (load->dag_id != NULL && dag_id != NULL && strcmp(dag_id, load->dag_id) != 0)
        run_id = NULL;
    if (strcmp(type, "hello") == 0)
        load->hello = true;
    if (strcmp(type, load->fails ? "run.completed" : "run.failed") == 0 ||
        strcmp(type, "run.cancelled") == 0)
        die("a run did not end as it should", line);
    if (strcmp(type, load->fails ? "run.failed" : "run.completed") == 0 && run_id != NULL) {
        struct outstanding *run = run_of(load, run_id);

        run->ended = bench_now();
        settle(load, run);
    }
    json_decref(event);
}

static size_t on_stream(char *bytes, size_t size, size_t count, void *arg)
{
    struct load *load = arg;
    char *end;

    buf_add(&load->lines, bytes, size * count);
    while (load->lines.len > 0 && (end = memchr(load->lines.data, '\n', load->lines.len)) != NULL) {
        size_t len = (size_t)(end - load->lines.data);

        if (len > 0)
            take_event(load, load->lines.data, len);
        buf_cut(&load->lines, len + 1);
    }
    return size * count;
}

/* ---- starting ---- */

static size_t on_answer(char *bytes, size_t size, size_t count, void *arg)
{
    struct starter *s = arg;

    buf_add(&s->answer, bytes, size * count);
    return size * count;
}

size_t load_drop(char *bytes unused_arg, size_t size, size_t count, void *arg unused_arg)
{
    return size * count;
}

static CURL *easy_new(struct load *load, const char *url)
{
    CURL *easy = curl_easy_init();

    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, load->headers);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    return easy;
}

static void start_one(struct load *load, struct starter *s)
{
    if (s->easy == NULL) {
        s->load = load;
        s->easy = easy_new(load, load->start_url);
        curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_answer);
        curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
        curl_easy_setopt(s->easy, CURLOPT_PRIVATE, s);
    }
    curl_easy_setopt(s->easy, CURLOPT_URL, load->start_url);
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, load->start_body);
    buf_clear(&s->answer);
    s->busy = true;
    s->began = bench_now();
    curl_multi_add_handle(load->multi, s->easy);
}

static void started(struct load *load, struct starter *s)
{
    json_t *answer =
        json_loadb(s->answer.data != NULL ? s->answer.data : "", s->answer.len, 0, NULL);
    const char *run_id = json_string_value(json_object_get(answer, load->id_member));
    struct outstanding *run;

    if (run_id == NULL)
        die("a start", buf_text(&s->answer));
    if (load->started != NULL)
        json_array_append(load->started, json_object_get(answer, "task_id"));
    run = run_of(load, run_id);
    run->began = s->began;
    s->busy = false;
    settle(load, run);
    json_decref(answer);
}

static void collect(struct load *load)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(load->multi, &left)) != NULL) {
        struct starter *s = NULL;

        if (msg->msg != CURLMSG_DONE)
            continue;
        if (msg->easy_handle == load->stream)
            die("the stream ended", curl_easy_strerror(msg->data.result));
        if (msg->data.result != CURLE_OK)
            die("request", curl_easy_strerror(msg->data.result));
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &s);
        curl_multi_remove_handle(load->multi, msg->easy_handle);
        started(load, s);
    }
}

static void turn(struct load *load, int wait_ms)
{
    int running;

    curl_multi_poll(load->multi, NULL, 0, wait_ms, NULL);
    curl_multi_perform(load->multi, &running);
    collect(load);
}

struct load *load_open(const char *url, const char *token)
{
    struct load *load = mem_new(struct load);
    char *stream_url = mem_printf("%s/api/v1/orchestrator/runs/stream", url);
    char *authorization = mem_printf("Authorization: Bearer %s", token);
    double until = bench_now() + 10;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    load->base = mem_printf("%s/api/v1/orchestrator", url);
    load->headers = curl_slist_append(load->headers, authorization);
    load->headers = curl_slist_append(load->headers, "Content-Type: application/json");
    load->headers = curl_slist_append(load->headers, "X-Stella-Tenant: default");
    load->headers = curl_slist_append(load->headers, "Expect:");
    load->multi = curl_multi_init();
    load->stream = easy_new(load, stream_url);
    curl_easy_setopt(load->stream, CURLOPT_WRITEFUNCTION, on_stream);
    curl_easy_setopt(load->stream, CURLOPT_WRITEDATA, load);
    curl_multi_add_handle(load->multi, load->stream);
    while (!load->hello && bench_now() < until)
        turn(load, 1000);
    if (!load->hello)
        die("stream", "no hello within 10 s");
    free(stream_url);
    free(authorization);
    return load;
}

void load_close(struct load *load)
{
    for (int i = 0; i < OUTSTANDING_MAX; i++) {
        if (load->starters[i].easy != NULL)
            curl_easy_cleanup(load->starters[i].easy);
        buf_done(&load->starters[i].answer);
    }
    curl_multi_remove_handle(load->multi, load->stream);
    curl_easy_cleanup(load->stream);
    curl_multi_cleanup(load->multi);
    curl_slist_free_all(load->headers);
    buf_done(&load->lines);
    free(load->base);
    free(load);
}

json_t *load_ask_owned(struct load *load, const char *method, const char *path, json_t *body)
{
    auto_mem char *url = mem_printf("%s%s", load->base, path);
    auto_mem char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    struct starter one = {.load = load, .easy = easy_new(load, url)};
    long status = 0;
    json_t *answer;

    curl_easy_setopt(one.easy, CURLOPT_CUSTOMREQUEST, method);
    if (text != NULL)
        curl_easy_setopt(one.easy, CURLOPT_POSTFIELDS, text);
    curl_easy_setopt(one.easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(one.easy, CURLOPT_WRITEDATA, &one);
    if (curl_easy_perform(one.easy) != CURLE_OK)
        die(path, "no answer");
    curl_easy_getinfo(one.easy, CURLINFO_RESPONSE_CODE, &status);
    answer = json_loads(buf_text(&one.answer), 0, NULL);
    if (status < 200 || status > 299 || answer == NULL)
        die(path, buf_text(&one.answer));
    curl_easy_cleanup(one.easy);
    buf_done(&one.answer);
    json_decref(body);
    return answer;
}

void load_import(struct load *load, json_t *dag)
{
    auto_mem char *text = json_dumps(dag, JSON_COMPACT);

    json_decref(
        load_ask_owned(load, "POST", "/dags/import", json_pack("{s:s}", "yaml_content", text)));
    json_decref(dag);
}

static int busy_count(const struct load *load)
{
    int busy = (int)HASH_COUNT(load->runs);

    for (int i = 0; i < OUTSTANDING_MAX; i++)
        busy += load->starters[i].busy ? 1 : 0;
    return busy;
}

static struct starter *idle_starter(struct load *load)
{
    for (int i = 0; i < OUTSTANDING_MAX; i++) {
        if (!load->starters[i].busy)
            return &load->starters[i];
    }
    return NULL;
}

static bool is_due(const struct load_order *order, long begun, double passed)
{
    return order->per_second == 0 || (double)begun <= passed * order->per_second;
}

long load_run(struct load *load, const struct load_order *order, double *times, long times_max,
              double *ret_seconds)
{
    double start = bench_now(), now = start, last = start;
    long begun = 0, seen = 0;

    load->start_url = mem_printf("%s/%s", load->base, order->lane != NULL ? "tasks" : "runs");
    load->start_body = order->lane != NULL
                           ? mem_printf("{\"lane\":\"%s\",\"payload\":{}}", order->lane)
                           : mem_printf("{\"dagId\":\"%s\",\"inputs\":{}}", order->dag_id);
    load->id_member = order->lane != NULL ? "run_id" : "runId";
    load->started = order->started;
    load->dag_id = order->dag_id;
    load->fails = order->fails;
    load->ended = 0;
    load->times = times;
    load->times_max = times_max;
    for (;;) {
        bool more = begun < order->runs || now - start < order->seconds;

        while (more && busy_count(load) < order->outstanding && is_due(order, begun, now - start)) {
            start_one(load, idle_starter(load));
            begun++;
            more = begun < order->runs || now - start < order->seconds;
        }
        if (!more && busy_count(load) == 0)
            break;
        turn(load, order->per_second > 0 ? 1 : 1000);
        now = bench_now();
        last = load->ended > seen ? now : last;
        seen = load->ended;
        if (now - last > STUCK_S)
            die("no run ended for a minute", order->dag_id);
    }
    *ret_seconds = now - start;
    load->dag_id = NULL;
    free(load->start_body);
    free(load->start_url);
    return load->ended;
}
