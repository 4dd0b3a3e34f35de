/* play.h -- a client whose supervisor and whose processes are played by the test, in this process:
 * it reads what the client told, says what a supervisor may say, holds the other ends of an
 * attempt's channel and pipes, and moves the clock. Nothing here waits. */
#ifndef ORCH_TESTS_UNIT_SANDBOX_CLIENT_PLAY_H
#define ORCH_TESTS_UNIT_SANDBOX_CLIENT_PLAY_H

#include "base/buf.h"
#include "sandbox/client/client.h"
#include "sandbox/wire/attempt_wire.h"
#include "sandbox/wire/super_wire.h"

#include <check.h>
#include <stdbool.h>

#define MS_NS (1000 * 1000LL)

/* The supervisor's side of one process. */
struct process {
    uint64_t id, zygote;
    int channel, out, err, secrets, plugin;
    int pidfd; /* write end of the pipe that stands in for it: closing it is the exit */
    struct spawn_request request;
};

struct play {
    struct sandbox *sb;
    int link;   /* the supervisor's end */
    int keeper; /* the stand-in lives as long as this is open */
    char args[1024];
    int64_t now_ns;  /* the client's clock: so far ahead of the machine's that it stands still */
    struct buf told; /* one line an event */
    char digest[65];
    uint64_t zygote;              /* the last that was brought up; 0: none */
    uint32_t layers, layers_said; /* of the last that started */
    struct process spare;       /* asked for beside a first attempt without secrets; not answered */
    struct frame_in frame;      /* the last that the client told */
    int authority_fd;           /* the last, closed by play_stop */
    void (*on_done)(void *arg); /* called at each answer, when set */
    void *on_done_arg;
};

extern const struct sandbox_events play_events;

/* spares_max 1 when given is NULL. */
void play_start(struct play *s, const struct sandbox_options *given);
void play_stop(struct play *s);
/* sandbox_start alone, which is expected to fail. */
void play_start_fails(const char *mode, const char *words);

/* One turn, the clock moved on by ms first. */
void turn_after(struct play *s, int64_t ms);
void turn(struct play *s);
/* What was told since the last look is exactly this. */
void expect_told(struct play *s, const char *lines);

/* The supervisor hears: the next frame, of this type; its number. */
uint64_t hear(struct play *s, enum super_message type);
/* The first word of its payload. */
uint32_t heard_u32(const struct play *s);
void hear_nothing(struct play *s);
/* Throws away what was told so far. */
void hear_all(struct play *s);
/* The number of frames of a type among all that were told. */
unsigned count_heard(struct play *s, enum super_message type);
void say(struct play *s, enum super_message type, uint64_t id, const void *payload, size_t bytes);
void say_text(struct play *s, enum super_message type, uint64_t id, const char *text);
void say_gone(struct play *s, uint64_t zygote, enum err_code code, const char *text);
void say_exited(struct play *s, const struct process *p, int wait_status);

/* The next frame asks for a zygote, which is there at once; a clean one. */
void zygote_up(struct play *s);
/* Adds a plugin of these bytes, and nothing else. */
void give_plugin(struct play *s, const struct sandbox_plugin *given, const char *bytes);
/* The same, and the process that is to describe it. A zygote is brought up for it when there is
 * none. */
struct process add_plugin(struct play *s, const struct sandbox_plugin *given, const char *bytes);
/* A plugin's words: id, version and one agent "agent". */
void pack_words(struct buf *b, const char *id, const char *version);
/* A describing process is let go, says them, and exits. */
void process_describes(struct play *s, struct process *p, const char *id, const char *version);
/* Adds and loads plugin "fixture" 1.0.0. */
void load_plugin(struct play *s);
void load_plugin_of(struct play *s, const struct sandbox_plugin *given, const char *bytes);

struct attempt_spec spec_of(const struct play *s);
uint64_t attempt_start(struct play *s, const struct attempt_spec *spec, int *ret_secret_fd);

/* The next SPAWN; nothing is answered yet. */
struct process hear_spawn(struct play *s);
/* SPAWNED with all layers but exit information. */
void say_spawned(struct play *s, struct process *p);
void say_spawned_with(struct play *s, struct process *p, uint32_t outer_layers);
/* The process has loaded its plugin, and says what it sees. */
void process_ready(struct process *p, uint32_t inner_layers);
void process_says(struct process *p, enum attempt_message type, const void *bytes, size_t len);
void process_logs(struct process *p, int32_t level, const char *text);
void process_result(struct process *p, int32_t status, const char *output);
/* The next packet for it, of this type; the length of what is in bytes. */
size_t process_hears(struct process *p, enum attempt_message type,
                     uint8_t bytes[ATTEMPT_CHUNK_BYTES_MAX]);
void process_hears_nothing(struct process *p);
void process_close(struct process *p);

/* A zygote is there, and one process runs the attempt with its input. */
struct process attempt_running(struct play *s, const struct attempt_spec *spec, uint64_t *ret_id,
                               int *ret_secret_fd);
/* At most one spare, and 300 ms for its load. */
extern const struct sandbox_options one_spare;
/* One is kept, and no attempt wants it; given NULL: spec_of. */
void keep_a_spare(struct play *s, const struct attempt_spec *given);
/* The next SPAWN, and SPAWNED. */
struct process spare_loading(struct play *s);
/* Nothing is told for so long; but at its end something may be. */
void expect_pause(struct play *s, int64_t ms);
/* The rest of a life: exit with a status, and the word about it. */
void process_exits(struct play *s, struct process *p, int wait_status);

enum { KILLED = 9 }; /* wait status of a process that SIGKILL ended */

#endif
