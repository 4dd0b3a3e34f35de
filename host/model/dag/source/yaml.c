/* yaml.c -- YAML 1.2 through libfyaml's event parser; the only file that includes it.
 *
 * Events, not documents: no alias is ever expanded, the depth is ours to count, and duplicate keys
 * cost one look-up. */
#include "model/dag/source/source.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/dag/source/yaml_scalar.h"

#include <assert.h>
#include <libfyaml.h>
#include <string.h>

struct builder {
    const char *text;
    const char *text_end;
    struct source *source;
    json_t *stack[JSON_DEPTH_MAX]; /* open containers, borrowed from their parents */
    char *keys[JSON_DEPTH_MAX];    /* a key that waits for its value */
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

static bool add_container(struct builder *b, json_t *container)
{
    if (b->depth == JSON_DEPTH_MAX) {
        json_decref(container);
        return err_set(b->e, ERR_INVALID, "nested deeper than %u levels", JSON_DEPTH_MAX);
    }
    if (!add_value(b, container))
        return false;
    b->stack[b->depth++] = container;
    return true;
}

static char *scalar_text_owned(const struct builder *b, const struct fy_event *event,
                               size_t *ret_len)
{
    const struct fy_mark *mark = fy_event_start_mark((struct fy_event *)event);
    const char *bytes;

    if (fy_token_scalar_style(event->scalar.value) == FYSS_SINGLE_QUOTED && mark != NULL)
        return yaml_single_quoted_owned(b->text + mark->input_pos, b->text_end, ret_len);
    bytes = fy_token_get_text(event->scalar.value, ret_len);
    if (bytes == NULL)
        *ret_len = 0;
    return mem_strn(bytes != NULL ? bytes : "", *ret_len);
}

static bool on_scalar(struct builder *b, const struct fy_event *event)
{
    size_t len = 0;
    enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
    auto_mem char *text = scalar_text_owned(b, event, &len);
    json_t *value = NULL;

    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
        b->place.column--; /* libfyaml's mark is behind the quote */
    if (strlen(text) != len || !text_utf8_valid(text, len))
        return err_set(b->e, ERR_INVALID, "text with U+0000 or half a surrogate pair");
    if (b->depth > 0 && json_is_object(b->stack[b->depth - 1]) && b->keys[b->depth - 1] == NULL) {
        b->keys[b->depth - 1] = take(text);
        b->key_places[b->depth - 1] = b->place;
        return true;
    }
    if (style != FYSS_PLAIN)
        value = json_string(text);
    else if (!yaml_plain(text, &value, b->e))
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
               add_container(b, json_object());
    case FYET_SEQUENCE_START:
        return refuse_marks(b, event->sequence_start.anchor, event->sequence_start.tag) &&
               add_container(b, json_array());
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
    const struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
        .diag = diag,
    };
    struct fy_parser *parser __attribute__((cleanup(parser_auto_destroy))) =
        fy_parser_create(&config);

    if (parser == NULL || fy_parser_set_string(parser, text, len) != 0)
        return err_set(b->e, ERR_SYSTEM, "libfyaml did not start");
    if (!build(parser, b))
        return false;
    if (fy_parser_get_stream_error(parser))
        return refuse_syntax(diag, &b->place, b->e);
    if (b->source->root == NULL)
        return err_set(b->e, ERR_INVALID, "the text holds no definition");
    return true;
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
    auto_done(builder) b = {.text = text, .text_end = text + len, .source = &source, .e = e};
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
