/* steps_restate.c -- a peer's figure beside ours: see steps.h. */
#include "floor.h"
#include "report.h"
#include "steps.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

enum { AT_ONCE = 50, STEPS = 10 };

static void ask(CURLM *multi, CURL *easy, const char *url)
{
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "{}");
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, load_drop);
    curl_multi_add_handle(multi, easy);
}

/* Each that is answered asks again; returns how many were. */
static long collect(CURLM *multi, const char *url, bool more)
{
    CURLMsg *msg;
    long answered = 0;
    int left;

    while ((msg = curl_multi_info_read(multi, &left)) != NULL) {
        if (msg->data.result != CURLE_OK) {
            fprintf(stderr, "bench: restate: %s\n", curl_easy_strerror(msg->data.result));
            exit(1);
        }
        answered++;
        curl_multi_remove_handle(multi, msg->easy_handle);
        if (more)
            ask(multi, msg->easy_handle, url);
        else
            curl_easy_cleanup(msg->easy_handle);
    }
    return answered;
}

void steps_restate(struct steps *s)
{
    CURLM *multi;
    double begin = bench_now(), now = begin;
    long answered = 0;
    int running = 1;

    if (s->restate == NULL || !steps_wanted(s, "restate"))
        return;
    multi = curl_multi_init();
    for (int i = 0; i < AT_ONCE; i++)
        ask(multi, curl_easy_init(), s->restate);
    while (running > 0) {
        curl_multi_poll(multi, NULL, 0, 1000, NULL);
        curl_multi_perform(multi, &running);
        now = bench_now();
        answered += collect(multi, s->restate, now - begin < s->seconds);
        curl_multi_perform(multi, &running);
    }
    report_figure("restate_10step_steps_per_s", (double)answered * STEPS / (now - begin),
                  "steps/s");
    curl_multi_cleanup(multi);
}
