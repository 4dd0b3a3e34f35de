/* yaml_reading.c -- reads documents from standard input and says what each is, for
 * yaml_reading_test.py and schema_test.py: "LENGTH\n" and so many bytes each; a line of JSON each
 * in return, the value or the reason for which it was refused. With --findings: the types of what
 * the loader finds in each definition. */
#include "base/auto.h"
#include "base/mem.h"
#include "model/dag/source/parse.h"
#include "model/dag/source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer(const char *text, size_t len)
{
    auto_done(source) source = {0};
    auto_done(buf) line = {0};
    struct json_place place;
    struct err e;

    if (source_read_yaml(text, len, &source, &place, &e)) {
        buf_adds(&line, "{\"value\":");
        json_add_compact(&line, source.root);
    } else {
        buf_adds(&line, "{\"refused\":");
        buf_add_json_str(&line, e.msg, strlen(e.msg));
    }
    buf_adds(&line, "}\n");
    fwrite(line.data, 1, line.len, stdout);
}

static void answer_findings(const char *text, size_t len)
{
    auto_done(dag_findings) findings = {0};
    auto_obj(dag) dag = NULL;

    putchar('[');
    if (!dag_parse(text, len, &dag, &findings, NULL) && findings.count == 0)
        printf("\"unread\"");
    for (size_t i = 0; i < findings.count; i++)
        printf("%s\"%s\"", i > 0 ? "," : "", finding_type_text(findings.items[i].type));
    puts("]");
}

int main(int argc, char **argv)
{
    bool findings = argc == 2 && strcmp(argv[1], "--findings") == 0;
    size_t len;

    json_setup();
    while (scanf("%zu", &len) == 1 && getchar() == '\n' && len < 1u << 20) {
        auto_mem char *text = mem_array(len + 1, char);

        if (fread(text, 1, len, stdin) != len)
            return 1;
        if (findings)
            answer_findings(text, len);
        else
            answer(text, len);
    }
    return feof(stdin) ? 0 : 1;
}
