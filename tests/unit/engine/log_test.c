/* log_test.c -- what the log says of runs and attempts, and of lines that were lost. */
#include "suites.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/catalog/agents.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int own_stderr;

static char *log_path_owned(void)
{
    return mem_printf("%s/log", rig.folder);
}

static void hear_log(void)
{
    auto_mem char *path = log_path_owned();
    auto_fd fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    own_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    ck_assert(fd >= 0 && own_stderr >= 0 && dup2(fd, STDERR_FILENO) >= 0);
    log_setup("rig", LOG_INFO, false);
}

static void end_log(void)
{
    log_setup("rig", LOG_LEVEL_COUNT, false);
    dup2(own_stderr, STDERR_FILENO);
    close(own_stderr);
}

/* How many lines of the log have both. */
static unsigned lines_with(const char *event, const char *more)
{
    auto_mem char *path = log_path_owned();
    auto_done(buf) text = {0};
    struct err e = {0};
    unsigned count = 0;

    ck_assert_msg(file_read(path, 1 << 20, &text, &e), "%s", e.msg);
    for (char *save = NULL, *line = strtok_r(text.data, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save))
        count += strstr(line, event) != NULL && strstr(line, more) != NULL;
    return count;
}

START_TEST(each_end_of_an_attempt_and_of_a_run_is_one_line)
{
    hear_log();
    publish_chain();
    publish_wide(1, "");
    (void)run_of("chain");
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_uint_eq(lines_with("attempt.completed", "stepId=\"first\""), 1);
    ck_assert_uint_eq(lines_with("attempt.completed", "stepId=\"second\""), 1);
    ck_assert_uint_eq(lines_with("run.completed", "dagId=\"chain\""), 1);
    (void)run_of("wide");
    rig_fails(&rig, "n0000", OUTCOME_BAD_INPUT);
    ck_assert_uint_eq(lines_with("attempt.failed", "class=\"bad-input\""), 1);
    ck_assert_uint_eq(lines_with("run.failed", "stepId=\"n0000\""), 1);
    end_log();
}
END_TEST

START_TEST(a_cancelled_run_and_its_attempt_are_a_line_each)
{
    struct rig_answer a = {0};
    char id[UUID_TEXT_BYTES];

    hear_log();
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    control_cancel(engine_control(rig.engine), &rig_actor, id, rig_answered, &a);
    rig_settle(&rig);
    rig_end(&rig, rig_open_attempt(&rig, "first"), OUTCOME_CANCELLED, NULL);
    ck_assert_uint_eq(lines_with("attempt.cancelled", "stepId=\"first\""), 1);
    ck_assert_uint_eq(lines_with("run.cancelled", id), 1);
    ck_assert_uint_eq(lines_with("attempt.", ""), 1);
    end_log();
}
END_TEST

START_TEST(a_log_batch_that_the_database_refuses_is_told_and_one_that_it_takes_is_not)
{
    struct rig_attempt *a;

    hear_log();
    publish_chain();
    (void)run_of("chain");
    a = rig_open_attempt(&rig, "first");
    engine_on_attempt_log(rig.engine, a->id, STREAM_LOG, 1, "kept", 4);
    rig_settle(&rig);
    ck_assert_uint_eq(lines_with("logs.lost", ""), 0);
    outside_sql("CREATE TRIGGER refuses BEFORE INSERT ON attempt_logs"
                " BEGIN SELECT RAISE(ABORT, 'no room for logs'); END");
    engine_on_attempt_log(rig.engine, a->id, STREAM_LOG, 1, "gone", 4);
    rig_settle(&rig);
    ck_assert_uint_eq(lines_with("logs.lost", "no room for logs"), 1);
    rig_ok(&rig, "first");
    ck_assert_ptr_nonnull(rig_open_attempt(&rig, "second")); /* the run goes on */
    end_log();
}
END_TEST

START_TEST(a_folder_of_plugins_that_cannot_be_read_is_told_and_one_that_is_not_there_is_not)
{
    auto_mem char *folder = mem_printf("%s/plugins", rig.folder);
    struct agents *agents = agents_new(&rig.env);
    struct err e = {0};

    hear_log();
    agents_scan(agents);
    ck_assert_uint_eq(lines_with("plugins.unreadable", ""), 0);
    ck_assert_msg(file_write_atomic(folder, "", 0, 0600, &e), "%s", e.msg);
    agents_scan(agents);
    ck_assert_uint_eq(lines_with("plugins.unreadable", strerror(ENOTDIR)), 1);
    agents_free(agents);
    end_log();
}
END_TEST

TCase *log_cases(void)
{
    TCase *tc = tcase_create("log");

    tcase_add_test(tc, each_end_of_an_attempt_and_of_a_run_is_one_line);
    tcase_add_test(tc, a_cancelled_run_and_its_attempt_are_a_line_each);
    tcase_add_test(tc, a_log_batch_that_the_database_refuses_is_told_and_one_that_it_takes_is_not);
    tcase_add_test(
        tc, a_folder_of_plugins_that_cannot_be_read_is_told_and_one_that_is_not_there_is_not);
    return tc;
}
