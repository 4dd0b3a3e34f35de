/* yaml.c -- YAML 1.2: structure from libfyaml's event parser, texts from our own reading
 * (yaml_reader.h); the only file that includes the library.
 *
 * Events, not documents: no alias is ever expanded, the depth is ours to count, and duplicate keys
 * cost one look-up. */
#include "model/dag/source/source.h"

#include "base/limits.h"
#include "base/mem.h"
#include "model/dag/source/yaml_reader.h"
#include "model/dag/source/yaml_scalar.h"

#include <assert.h>
#include <libfyaml.h>
#include <string.h>

struct builder {
    struct yaml_reader reader;
    struct source *source;
    json_t *stack[JSON_DEPTH_MAX];              /* open containers, borrowed from their parents */
    struct yaml_parent parents[JSON_DEPTH_MAX]; /* the same as the reader sees them */
    char *keys[JSON_DEPTH_MAX];                 /* a key that waits for its value */
    struct json_place key_places[JSON_DEPTH_MAX];
    unsigned depth;
    unsigned documents;
    struct json_place place; /* of the event in hand */
    struct err *e;
};

static void builder_done(struct builder *b)
{
    for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
        free(b->keys[i]);
}
DEFINE_AUTO_DONE(builder)

static void parser_auto_destroy(struct fy_parser **p)
{
    fy_parser_destroy(*p);
}

static void diag_auto_destroy(struct fy_diag **d)
{
    fy_diag_destroy(*d);
}

/* Frees an attached value's own reference: the parent holds another. */
static bool add_member(struct builder *b, json_t *object, json_t *value)
{
    auto_mem char *key = take(b->keys[b->depth - 1]);

    if (key == NULL)
        return err_set(b->e, ERR_INVALID, "a key must be plain text");
    if (json_object_get(object, key) != NULL) {
        b->place = b->key_places[b->depth - 1];
        return err_set(b->e, ERR_INVALID, "the key '%.64s' is given twice", key);
    }
    json_object_set(object, key, value);
    places_put_key(&b->source->places, object, key, b->key_places[b->depth - 1]);
    return true;
}

/* Takes the reference. */
static bool add_value(struct builder *b, json_t *value_owned)
{
    auto_json value = value_owned;
    json_t *top = b->depth > 0 ? b->stack[b->depth - 1] : NULL;

    places_put_value(&b->source->places, value, b->place);
    if (top == NULL)
        b->source->root = json_incref(value);
    else if (json_is_object(top))
        return add_member(b, top, value);
    else
        json_array_append(top, value);
    return true;
}

static struct yaml_parent parent_of(const struct builder *b)
{
    return b->depth > 0 ? b->parents[b->depth - 1] : (struct yaml_parent){.indent = -1};
}

static bool add_container(struct builder *b, json_t *container, const struct fy_mark *mark)
{
    struct yaml_parent parent = parent_of(b);
    char c = mark != NULL ? yaml_peek(&b->reader, b->reader.begin + mark->input_pos) : '\0';

    if (b->depth == JSON_DEPTH_MAX) {
        json_decref(container);
        return err_set(b->e, ERR_INVALID, "nested deeper than %u levels", JSON_DEPTH_MAX);
    }
    if (!add_value(b, container))
        return false;
    if (c == '{' || c == '[')
        parent.flow = true;
    if (!parent.flow && mark != NULL)
        parent.indent = mark->column;
    b->parents[b->depth] = parent;
    b->stack[b->depth++] = container;
    return true;
}

/* libfyaml's mark of a block scalar is the line behind its indicator, which is its place. */
static bool read_block(struct builder *b, bool folded, struct buf *out)
{
    struct yaml_reader *r = &b->reader;

    yaml_reach_indicator(r);
    b->place = (struct json_place){b->place.line - 1, yaml_column(r)};
    if (yaml_peek(r, r->at) != (folded ? '>' : '|'))
        return yaml_differ(b->e);
    return yaml_read_block(r, parent_of(b), out, b->e);
}

/* Both readings end the scalar at the same place; the library's mark of a quoted one is before the
 * quote. */
static bool ends_agree(struct builder *b, enum fy_scalar_style style, const struct fy_mark *end)
{
    const bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;

    return yaml_same_end(&b->reader, b->reader.begin + end->input_pos + (quoted ? 1 : 0)) ||
           yaml_differ(b->e);
}

/* The library was given a plain scalar there (yaml_for_library), and no plain scalar begins so. */
static bool is_empty_block(const struct builder *b, enum fy_scalar_style style,
                           const struct fy_mark *start)
{
    char c = yaml_peek(&b->reader, b->reader.begin + start->input_pos);

    return style == FYSS_PLAIN && (c == '|' || c == '>');
}

static bool read_empty_block(struct builder *b, const struct fy_mark *start, struct buf *out)
{
    struct yaml_reader *r = &b->reader;

    if (parent_of(b).flow)
        return yaml_differ(b->e);
    return yaml_reach(r, r->begin + start->input_pos, b->e) &&
           yaml_read_block(r, parent_of(b), out, b->e) &&
           (strspn(buf_text(out), "\n") == out->len || yaml_differ(b->e));
}

/* libfyaml's mark of a quoted scalar is behind its quote. */
static bool read_text(struct builder *b, enum fy_scalar_style style, const struct fy_mark *start,
                      struct buf *out)
{
    struct yaml_reader *r = &b->reader;
    const char *at = r->begin + start->input_pos;

    switch (style) {
    case FYSS_LITERAL:
    case FYSS_FOLDED:
        return read_block(b, style == FYSS_FOLDED, out);
    case FYSS_SINGLE_QUOTED:
        return yaml_reach(r, at - 1, b->e) && yaml_read_single(r, out, b->e);
    case FYSS_DOUBLE_QUOTED:
        return yaml_reach(r, at - 1, b->e) && yaml_read_double(r, out, b->e);
    default:
        if (!yaml_reach(r, at, b->e))
            return false;
        yaml_read_plain(r, parent_of(b), out);
        return true;
    }
}

/* An empty plain scalar, as behind "key:", has no place or one without extent. */
static bool read_scalar(struct builder *b, const struct fy_event *event, struct buf *out,
                        bool *ret_plain)
{
    enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
    const struct fy_mark *start = fy_event_start_mark((struct fy_event *)event);
    const struct fy_mark *end = fy_event_end_mark((struct fy_event *)event);

    *ret_plain = style == FYSS_PLAIN;
    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
        b->place.column--;
    else if (style == FYSS_PLAIN &&
             (start == NULL || end == NULL || start->input_pos == end->input_pos))
        return true;
    if (start == NULL || end == NULL)
        return yaml_differ(b->e);
    if (is_empty_block(b, style, start)) {
        *ret_plain = false;
        return read_empty_block(b, start, out);
    }
    return read_text(b, style, start, out) && ends_agree(b, style, end);
}

static bool on_scalar(struct builder *b, const struct fy_event *event)
{
    auto_done(buf) text = {0};
    json_t *value = NULL;
    bool plain;

    if (!read_scalar(b, event, &text, &plain))
        return false;
    if (b->depth > 0 && json_is_object(b->stack[b->depth - 1]) && b->keys[b->depth - 1] == NULL) {
        b->keys[b->depth - 1] = mem_strn(buf_text(&text), text.len);
        b->key_places[b->depth - 1] = b->place;
        return true;
    }
    if (!plain)
        value = json_stringn_nocheck(buf_text(&text), text.len);
    else if (!yaml_plain(buf_text(&text), &value, b->e))
        return false;
    return add_value(b, value);
}

static bool refuse_marks(struct builder *b, const struct fy_token *anchor,
                         const struct fy_token *tag)
{
    if (anchor != NULL)
        return err_set(b->e, ERR_INVALID, "anchors and aliases are not taken; write the value out");
    if (tag != NULL)
        return err_set(b->e, ERR_INVALID, "tags are not taken; quote what is text");
    return true;
}

static bool on_event(struct builder *b, const struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (b->documents++ > 0)
            return err_set(b->e, ERR_INVALID, "only one document is taken");
        return true;
    case FYET_SCALAR:
        return refuse_marks(b, event->scalar.anchor, event->scalar.tag) && on_scalar(b, event);
    case FYET_MAPPING_START:
        return refuse_marks(b, event->mapping_start.anchor, event->mapping_start.tag) &&
               add_container(b, json_object(), fy_event_start_mark((struct fy_event *)event));
    case FYET_SEQUENCE_START:
        return refuse_marks(b, event->sequence_start.anchor, event->sequence_start.tag) &&
               add_container(b, json_array(), fy_event_start_mark((struct fy_event *)event));
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        assert(b->depth > 0);
        b->depth--;
        return true;
    case FYET_ALIAS:
        b->place.column--; /* libfyaml's mark is behind the star */
        return refuse_marks(b, event->alias.anchor, NULL);
    default:
        return true;
    }
}

static bool build(struct fy_parser *parser, struct builder *b)
{
    struct fy_event *event;
    bool ok = true;

    while (ok && (event = fy_parser_parse(parser)) != NULL) {
        const struct fy_mark *mark = fy_event_start_mark(event);

        if (mark != NULL)
            b->place = (struct json_place){mark->line + 1, mark->column + 1};
        ok = on_event(b, event);
        fy_parser_event_free(parser, event);
    }
    return ok;
}

/* The first thing that libfyaml itself found wrong. */
static bool refuse_syntax(struct fy_diag *diag, struct json_place *place, struct err *e)
{
    void *at = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);

    if (error == NULL)
        return err_set(e, ERR_INVALID, "not valid YAML");
    *place = (struct json_place){error->line, error->column};
    return err_set(e, ERR_INVALID, "%s", error->msg);
}

static bool read_stream(const char *text, size_t len, struct builder *b, struct fy_diag *diag)
{
    auto_mem char *library = yaml_for_library(text, len);
    const struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
        .diag = diag,
    };
    struct fy_parser *parser __attribute__((cleanup(parser_auto_destroy))) =
        fy_parser_create(&config);

    if (parser == NULL || fy_parser_set_string(parser, library, len) != 0)
        return err_set(b->e, ERR_SYSTEM, "libfyaml did not start");
    if (!build(parser, b))
        return false;
    if (fy_parser_get_stream_error(parser))
        return refuse_syntax(diag, &b->place, b->e);
    if (b->source->root == NULL)
        return err_set(b->e, ERR_INVALID, "the text holds no definition");
    return yaml_reach(&b->reader, b->reader.end, b->e);
}

/* Some of libfyaml's messages are written even while it collects them. */
static void say_nothing(struct fy_diag *diag unused_arg, void *user unused_arg,
                        const char *text unused_arg, size_t len unused_arg)
{
}

bool source_read_yaml(const char *text, size_t len, struct source *ret,
                      struct json_place *ret_place, struct err *e)
{
    auto_done(source) source = {0};
    auto_done(builder) b = {
        .reader = {.begin = text, .at = text, .end = text + len, .directives = true},
        .source = &source,
        .e = e,
    };
    struct fy_diag_cfg silent;
    struct fy_diag *diag __attribute__((cleanup(diag_auto_destroy))) = NULL;

    fy_diag_cfg_default(&silent);
    silent.fp = NULL;
    silent.output_fn = say_nothing;
    diag = fy_diag_create(&silent);
    if (diag == NULL)
        return err_set(e, ERR_SYSTEM, "libfyaml did not start");
    fy_diag_set_collect_errors(diag, true);
    if (!read_stream(text, len, &b, diag)) {
        *ret_place = b.place;
        return err_wrap(e, "line %d column %d", b.place.line, b.place.column);
    }
    *ret = source;
    source = (struct source){0};
    return true;
}
