/* metrics.c -- see metrics.h. A family's series sit in one array, found through a hash table of
 * indexes; series never go away, so their number is bounded. */
#include "observe/metrics.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const struct {
    enum metric_type type;
    const char *name;
    const char *labels;
    const char *bounds;
    const char *help;
} families[METRIC_COUNT] = {
#define XX(id, type, name, labels, bounds, help)                                                   \
    [METRIC_##id] = {METRIC_##type, name, labels, bounds, help},
    METRIC_MAP(XX)
#undef XX
};

static const char *const type_names[] = {
    [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

enum {
    TABLE_SLOTS = 4096,      /* a power of two, about twice METRIC_SERIES_MAX */
    METRIC_FOLDED_MAX = 500, /* sets of closed lists beside them */
};

struct series {
    char *label[METRIC_LABELS_MAX];
    double value; /* a histogram's sum */
    uint64_t count;
    uint64_t *bucket; /* per bound, not cumulative; NULL unless a histogram */
};

struct family {
    struct series *series;
    uint32_t series_count, series_cap;
    uint32_t *slot; /* index + 1; NULL until the first labelled series */
    uint32_t label_count;
    bool is_name[METRIC_LABELS_MAX]; /* anybody can make new ones */
    char label_name[METRIC_LABELS_MAX][32];
    uint32_t bound_count;
    double bound[METRIC_BOUNDS_MAX];
    char bound_text[METRIC_BOUNDS_MAX][16];
};

struct metrics {
    struct family family[METRIC_COUNT];
};

/* The next word of a blank-separated list, false at its end. */
static bool next_word(const char **at, char *out, size_t out_bytes)
{
    size_t len;

    *at += strspn(*at, " ");
    len = strcspn(*at, " ");
    assert(len < out_bytes);
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len;
    return len > 0;
}

static bool is_name(const char *label)
{
    return strcmp(label, "tenant") == 0 || strcmp(label, "dag_id") == 0 ||
           strcmp(label, "node_id") == 0;
}

static void family_init(struct family *f, enum metric_id id)
{
    const char *labels = families[id].labels, *bounds = families[id].bounds;
    char word[32];

    while (next_word(&labels, word, sizeof word)) {
        assert(f->label_count < METRIC_LABELS_MAX);
        f->is_name[f->label_count] = is_name(word);
        memcpy(f->label_name[f->label_count++], word, sizeof word);
    }
    while (next_word(&bounds, f->bound_text[f->bound_count], sizeof f->bound_text[0])) {
        f->bound[f->bound_count] = strtod(f->bound_text[f->bound_count], NULL);
        f->bound_count++;
        assert(f->bound_count < METRIC_BOUNDS_MAX);
    }
}

static struct series *series_add(struct family *f, const struct metric_labels *labels)
{
    struct series *s;

    if (f->series_count == f->series_cap) {
        f->series_cap = f->series_cap > 0 ? f->series_cap * 2 : 4;
        f->series = mem_resize(f->series, f->series_cap, sizeof *f->series);
    }
    s = &f->series[f->series_count++];
    *s = (struct series){0};
    for (uint32_t i = 0; i < f->label_count; i++)
        s->label[i] = mem_strn(labels->value[i], strnlen(labels->value[i], METRIC_LABEL_BYTES_MAX));
    if (f->bound_count > 0)
        s->bucket = mem_array(f->bound_count, uint64_t);
    return s;
}

struct metrics *metrics_new(void)
{
    struct metrics *m = mem_new(struct metrics);

    for (uint32_t id = 0; id < METRIC_COUNT; id++) {
        family_init(&m->family[id], id);
        if (m->family[id].label_count == 0)
            series_add(&m->family[id], &METRIC_NO_LABELS);
    }
    return m;
}

void metrics_free(struct metrics *m)
{
    if (m == NULL)
        return;
    for (uint32_t id = 0; id < METRIC_COUNT; id++) {
        struct family *f = &m->family[id];

        for (uint32_t i = 0; i < f->series_count; i++) {
            for (uint32_t l = 0; l < METRIC_LABELS_MAX; l++)
                free(f->series[i].label[l]);
            free(f->series[i].bucket);
        }
        free(f->series);
        free(f->slot);
    }
    free(m);
}

/* FNV-1a over the label values; the table is bounded, so a collision costs at most a scan. */
static uint32_t labels_hash(const struct family *f, const struct metric_labels *labels)
{
    uint32_t hash = 2166136261u;

    for (uint32_t i = 0; i < f->label_count; i++) {
        for (uint32_t c = 0; c < METRIC_LABEL_BYTES_MAX; c++) {
            hash = (hash ^ (uint8_t)labels->value[i][c]) * 16777619u;
            if (labels->value[i][c] == '\0')
                break;
        }
    }
    return hash;
}

static bool series_is(const struct family *f, const struct series *s,
                      const struct metric_labels *labels)
{
    for (uint32_t i = 0; i < f->label_count; i++) {
        if (strncmp(s->label[i], labels->value[i], METRIC_LABEL_BYTES_MAX) != 0)
            return false;
    }
    return true;
}

/* The slot that holds the set, or the empty one where it belongs. */
static uint32_t *slot_of(const struct family *f, const struct metric_labels *labels)
{
    uint32_t at = labels_hash(f, labels) & (TABLE_SLOTS - 1);

    while (f->slot[at] != 0 && !series_is(f, &f->series[f->slot[at] - 1], labels))
        at = (at + 1) & (TABLE_SLOTS - 1);
    return &f->slot[at];
}

static void labels_check(const struct family *f, const struct metric_labels *labels)
{
    for (uint32_t i = 0; i < METRIC_LABELS_MAX; i++)
        assert((labels->value[i] != NULL) == (i < f->label_count));
}

/* Where the family is full: the same but for the names. A closed list is never so long that the
 * table fills up; were it, its values would fold too. */
static struct metric_labels folded(const struct family *f, const struct metric_labels *labels)
{
    struct metric_labels ret = *labels;

    for (uint32_t i = 0; i < f->label_count; i++)
        if (f->is_name[i] || f->series_count >= METRIC_SERIES_MAX + METRIC_FOLDED_MAX)
            ret.value[i] = "other";
    return ret;
}

static uint32_t *slot_for(struct family *f, const struct metric_labels *labels)
{
    if (f->slot == NULL)
        f->slot = mem_array(TABLE_SLOTS, uint32_t);
    return slot_of(f, labels);
}

static void fill(struct family *f, uint32_t *slot, const struct metric_labels *labels)
{
    series_add(f, labels);
    *slot = f->series_count;
}

static struct series *series_of(struct metrics *m, enum metric_id id,
                                const struct metric_labels *labels)
{
    struct family *f = &m->family[id];
    struct metric_labels other;
    uint32_t *slot;

    labels_check(f, labels);
    if (f->label_count == 0)
        return &f->series[0];
    slot = slot_for(f, labels);
    if (*slot == 0 && f->series_count >= METRIC_SERIES_MAX) {
        m->family[METRIC_SERIES_DROPPED].series[0].value += 1;
        other = folded(f, labels);
        labels = &other;
        slot = slot_of(f, labels);
    }
    if (*slot == 0)
        fill(f, slot, labels);
    return &f->series[*slot - 1];
}

bool metrics_touch(struct metrics *m, enum metric_id id, struct metric_labels labels)
{
    struct family *f = &m->family[id];
    uint32_t *slot;

    labels_check(f, &labels);
    if (f->label_count == 0)
        return false;
    slot = slot_for(f, &labels);
    if (*slot == 0 && f->series_count < METRIC_SERIES_MAX) {
        fill(f, slot, &labels);
        return true;
    }
    return *slot == 0;
}

void metrics_add(struct metrics *m, enum metric_id id, struct metric_labels labels, double by)
{
    assert(families[id].type == METRIC_GAUGE || (families[id].type == METRIC_COUNTER && by >= 0));
    series_of(m, id, &labels)->value += by;
}

void metrics_set(struct metrics *m, enum metric_id id, struct metric_labels labels, double value)
{
    assert(families[id].type == METRIC_GAUGE);
    series_of(m, id, &labels)->value = value;
}

void metrics_observe(struct metrics *m, enum metric_id id, struct metric_labels labels,
                     double value)
{
    struct series *s = series_of(m, id, &labels);
    const struct family *f = &m->family[id];

    assert(families[id].type == METRIC_HISTOGRAM);
    s->value += value;
    s->count++;
    for (uint32_t i = 0; i < f->bound_count; i++) {
        if (value <= f->bound[i]) {
            s->bucket[i]++;
            return;
        }
    }
}

/* ---- text ---- */

static void add_label(struct buf *b, const char *name, const char *value, bool *first)
{
    buf_addc(b, *first ? '{' : ',');
    *first = false;
    buf_adds(b, name);
    buf_adds(b, "=\"");
    for (size_t plain;; value += plain + 1) {
        plain = strcspn(value, "\n\"\\");
        buf_add(b, value, plain);
        if (value[plain] == '\0')
            break;
        buf_addc(b, '\\');
        buf_addc(b, value[plain] == '\n' ? 'n' : value[plain]);
    }
    buf_addc(b, '"');
}

/* le: the bucket's bound, NULL elsewhere; it takes its alphabetical place. */
static void add_labels(struct buf *b, const struct family *f, const struct series *s,
                       const char *le)
{
    bool first = true;

    for (uint32_t i = 0; i < f->label_count; i++) {
        if (le != NULL && strcmp(f->label_name[i], "le") > 0) {
            add_label(b, "le", le, &first);
            le = NULL;
        }
        add_label(b, f->label_name[i], s->label[i], &first);
    }
    if (le != NULL)
        add_label(b, "le", le, &first);
    if (!first)
        buf_addc(b, '}');
}

static void add_number(struct buf *b, double number)
{
    char text[32];

    jcs_number(number, text);
    buf_addc(b, ' ');
    buf_adds(b, text);
    buf_addc(b, '\n');
}

static void add_histogram(struct buf *b, const char *name, const struct family *f,
                          const struct series *s)
{
    uint64_t seen = 0;

    for (uint32_t i = 0; i < f->bound_count; i++) {
        seen += s->bucket[i];
        buf_adds(b, name);
        buf_adds(b, "_bucket");
        add_labels(b, f, s, f->bound_text[i]);
        add_number(b, (double)seen);
    }
    buf_addf(b, "%s_bucket", name);
    add_labels(b, f, s, "+Inf");
    add_number(b, (double)s->count);
    buf_addf(b, "%s_sum", name);
    add_labels(b, f, s, NULL);
    add_number(b, s->value);
    buf_addf(b, "%s_count", name);
    add_labels(b, f, s, NULL);
    add_number(b, (double)s->count);
}

static void add_series(struct buf *b, uint32_t id, const struct family *f, const struct series *s)
{
    const char *name = families[id].name;

    if (families[id].type == METRIC_HISTOGRAM) {
        add_histogram(b, name, f, s);
        return;
    }
    buf_adds(b, name);
    add_labels(b, f, s, NULL);
    add_number(b, s->value);
}

bool metrics_text_piece(const struct metrics *m, struct metrics_place *at, size_t bytes,
                        struct buf *ret)
{
    size_t begin = ret->len;

    for (; at->family < METRIC_COUNT; at->family++, at->series = 0) {
        const struct family *f = &m->family[at->family];
        const char *name = families[at->family].name;

        if (at->series == 0)
            buf_addf(ret, "# HELP %s %s\n# TYPE %s %s\n", name, families[at->family].help, name,
                     type_names[families[at->family].type]);
        while (at->series < f->series_count) {
            add_series(ret, at->family, f, &f->series[at->series++]);
            if (ret->len - begin >= bytes)
                return true;
        }
    }
    return ret->len > begin;
}

void metrics_text(const struct metrics *m, struct buf *ret)
{
    struct metrics_place at = {0};

    (void)!metrics_text_piece(m, &at, SIZE_MAX, ret);
}
