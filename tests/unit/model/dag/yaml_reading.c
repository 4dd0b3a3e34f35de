/* yaml_reading.c -- reads documents from standard input and says what each is, for
 * yaml_reading_test.py: "LENGTH\n" and so many bytes each; a line of JSON each in return, the value
 * or the reason for which it was refused. */
#include "base/auto.h"
#include "base/mem.h"
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

int main(void)
{
    size_t len;

    json_setup();
    while (scanf("%zu", &len) == 1 && getchar() == '\n' && len < 1u << 20) {
        auto_mem char *text = mem_array(len + 1, char);

        if (fread(text, 1, len, stdin) != len)
            return 1;
        answer(text, len);
    }
    return feof(stdin) ? 0 : 1;
}
