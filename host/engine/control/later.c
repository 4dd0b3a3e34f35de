/* later.c -- see later.h. */
#include "engine/control/later.h"

#include "base/mem.h"
#include "engine/env/audit.h"

struct waiting_call {
    struct control *ctl;
    struct actor *by;
    struct call call; /* its texts and inputs are owned below */
    char *id, *word, *run_token;
    json_t *inputs;
    api_done_fn done;
    void *done_arg;
};

static void waiting_free(void *arg)
{
    struct waiting_call *w = arg;

    actor_free(w->by);
    free(w->id);
    free(w->word);
    free(w->run_token);
    json_decref(w->inputs);
    free(w);
}

static void again(void *arg)
{
    struct waiting_call *w = arg;

    w->call.again(w->ctl, &w->by->who, &w->call, w->done, w->done_arg);
    waiting_free(w);
}

void later(struct control *ctl, const struct dag_key *what, const struct api_actor *who,
           const struct call *call, api_done_fn done, void *done_arg)
{
    struct waiting_call *w = mem_new(struct waiting_call);

    *w = (struct waiting_call){
        .ctl = ctl,
        .by = actor_new(who),
        .call = *call,
        .id = mem_str(call->id),
        .word = mem_str(call->word),
        .run_token = mem_str(call->run_token),
        .inputs = json_incref((json_t *)call->inputs),
        .done = done,
        .done_arg = done_arg,
    };
    w->call.id = w->id;
    w->call.word = w->word;
    w->call.run_token = w->run_token;
    w->call.inputs = w->inputs;
    dag_cache_await(ctl->dags, what, &(struct dag_wait){again, waiting_free, w});
}
