/* The inner loops of composing, compiled: what numpy_network.py and pointer.py say in NumPy, in fewer passes over
   memory.

   Conventions
       R rows (melodies side by side), H hidden units. Numbers are float32, row by row; logarithms of probabilities are
       double, rows of tables int64. A `stride` is the distance of two rows of an array, in numbers.
       A matrix of K inputs lies in panels of 64 columns, (columns / 64, K, 64): it is read once and in order. Where its
       weights have no more than half precision (those of a checkpoint have not) it is kept in that, times a power of
       two that keeps what was folded into it within range: the same numbers out of half the bytes.

   Rows and bits
       Each number of a product is summed over the inputs in their order, whatever stands beside its row, and nothing
       else looks from one row to another: a melody's numbers cannot depend on its neighbours.

   Whoever calls (compiled.py) vouches for shapes. A row that a table does not have ends a call with OUTSIDE; nothing is
   kept from one call to the next.

   Contents: source, usable; pack; product; hear (a step of the network); joint; expect (a head and its pointers). */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __FAST_MATH__
#error "sums are to stay in their order, and roundings where they are written: no -ffast-math"
#endif
#if defined(__F16C__)
#include <cpuid.h>
#include <immintrin.h>
#elif !defined(__aarch64__)
#error "half precision is read with F16C or on 64-bit ARM; elsewhere melodyrnn composes in NumPy"
#endif

enum { DONE = 0, OUTSIDE = 1, NO_MEMORY = 2 };
enum { LANES = 8, PANEL = 64 };
enum { RNN = 0, GRU = 1, LSTM = 2 };
#define INLINE static inline __attribute__((always_inline))

_Static_assert(sizeof(void *) == 8, "addresses are lent as 64-bit numbers");

typedef float Vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t Signs __attribute__((vector_size(4 * LANES)));

typedef struct {
    const void *weights;
    int64_t inputs, columns; /* columns: a multiple of PANEL */
    int64_t half;            /* 0, or the power of two times which the weights are kept in half precision */
} Matrix;

typedef struct {
    const float *numbers; /* (rows, width) */
    int64_t rows, width;
} Table;

typedef struct {
    Matrix recurrent, inputs;
    const float *bias, *recurrent_bias; /* (columns), (H): the latter the GRU's, of its n */
    int64_t cell, units;
} Layer;

typedef struct {
    Table known;
    Matrix joint;
    const float *bias;                        /* of the joint output */
    const float *matches, *apart;             /* (copies, match_rows), (copies, apart_rows) */
    const int64_t *leaps;                     /* pitch: (values + 1, values) columns of the joint output, by the last pitch */
    const int64_t *roots;                     /* … and, if it hears harmony, (13, values), by the row of the root */
    int64_t values, query, key, sentinel;     /* columns of the joint output: the logits, 0 … values - 1, and those from where */
    int64_t keys, copies, first;              /* width of a key; kinds of copy, and the first of them among all heads' */
    int64_t match_rows, apart_rows;
    int64_t part, views;                      /* first column of the projected state, and how many views are known */
    int64_t copied, bars, places;             /* fields of a note: what is copied, the bar and the place compared */
} Head;

typedef struct {
    const int64_t *values; /* (fields, R, width): fields of every note, from column `margin` on */
    const uint8_t *states; /* (3, R, capacity): how many notes agreed before each, on three rulers */
    float *keys;           /* (R, kinds, capacity, keys) */
    int64_t rows, margin, width, capacity, kinds, notes;
} Past;

typedef struct {
    const int64_t *rulers;  /* (ruler_rows): what a state adds to a row of `matches` */
    const uint8_t *far;     /* (furthest + 1): rows of `apart`, by distance in bars */
    int64_t ruler_rows, furthest;
    int64_t interval, rest, duration;                /* fields of a note */
    int64_t same_place, same_rest, same_duration;    /* what these add to a row of `apart` */
} Terms;

/* From which kernel.c this was built: its SHA-256. */
const char *const source = SOURCE;

/* Whether this processor has the instructions that the compiler was allowed to use. */
int64_t usable(void)
{
#if defined(__F16C__)
    unsigned a, b, c = 0, d;
    __builtin_cpu_init();
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 1;
#endif
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

/* tanh by a quotient of two polynomials (Eigen's), good to 3e-7; it is 1 where that is what is left. */
INLINE float tanh_of(float given)
{
    float x = given < -7.9f ? -7.9f : given;
    x = x > 7.9f ? 7.9f : x;
    float s = x * x, p = -2.76076847742355e-16f, q = 1.19825839466702e-06f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    x = x * p / q;
    x = given < -9 ? -1 : x;
    return given > 9 ? 1 : x;
}

/* exp of numbers from 0 down, in place: 2^n times a Taylor polynomial of the rest. Below -700 it is exp(-700). */
static void exps(double *x, int64_t n)
{
    for (int64_t j = 0; j < n; j++) {
        double y = x[j] > -700 ? x[j] : -700, shifted = y * 1.4426950408889634 + 0x1.8p52, turns = shifted - 0x1.8p52;
        double r = (y - turns * 0x1.62e42fee00000p-1) - turns * 0x1.a39ef35793c76p-33, p = 1.0 / 6227020800;
        p = p * r + 1.0 / 479001600;
        p = p * r + 1.0 / 39916800;
        p = p * r + 1.0 / 3628800;
        p = p * r + 1.0 / 362880;
        p = p * r + 1.0 / 40320;
        p = p * r + 1.0 / 5040;
        p = p * r + 1.0 / 720;
        p = p * r + 1.0 / 120;
        p = p * r + 1.0 / 24;
        p = p * r + 1.0 / 6;
        p = p * r + 0.5;
        p = p * r + 1;
        p = p * r + 1;
        int64_t exponent, bits;
        memcpy(&exponent, &shifted, sizeof exponent);
        memcpy(&bits, &p, sizeof bits);
        bits += (int64_t)((uint64_t)exponent << 52);
        memcpy(&x[j], &bits, sizeof bits);
    }
}

#if defined(__F16C__)
INLINE Vector widened(const uint16_t *half)
{
    return (Vector)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)half));
}

INLINE void narrowed(Vector x, uint16_t *half)
{
    _mm_storeu_si128((__m128i *)half, _mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT));
}
#else
typedef __fp16 Halves __attribute__((vector_size(2 * LANES), aligned(2), may_alias));

INLINE Vector widened(const uint16_t *half)
{
    return __builtin_convertvector(*(const Halves *)half, Vector);
}

INLINE void narrowed(Vector x, uint16_t *half)
{
    *(Halves *)half = __builtin_convertvector(x, Halves);
}
#endif

/* ---- products -------------------------------------------------------------------------------------------------- */

/* So many weights of one output, from input k on, in single precision; in the other lanes zeros. */
INLINE Vector taken(const void *weights, int64_t given_half, int64_t n, int64_t inputs, int64_t k, int64_t lanes)
{
    const uint16_t *half = (const uint16_t *)weights + n * inputs + k;
    const float *single = (const float *)weights + n * inputs + k;
    float some[LANES] = {0};
    uint16_t halves[LANES] = {0};
    if (lanes == LANES) return given_half ? widened(half) : *(const Vector *)single;
    if (given_half) memcpy(halves, half, lanes * sizeof *half);
    else memcpy(some, single, lanes * sizeof *single);
    return given_half ? widened(halves) : *(const Vector *)some;
}

/* Lay out weights (outputs, inputs), each row times `scale`, in panels; columns beyond the outputs are zeros already. With
   `half` in half precision, times that: 0 is the answer if this would change a weight, and what was written means nothing. */
int64_t pack(const void *weights, int64_t given_half, const float *scale, int64_t outputs, int64_t inputs, int64_t half,
             void *packed)
{
    float times = half ? half : 1;
    Signs changed = {0};
    for (int64_t first = 0; first < inputs; first += PANEL) /* tiles of 64 by 64: they stay in the nearest cache */
        for (int64_t n = 0; n < outputs; n++)
            for (int64_t k = first; k < inputs && k < first + PANEL; k += LANES) {
                int64_t at = n / PANEL * PANEL * inputs + n % PANEL + k * PANEL;
                int64_t lanes = inputs - k < LANES ? inputs - k : LANES;
                Vector x = taken(weights, given_half, n, inputs, k, lanes) * scale[n];
                uint16_t halves[LANES];
                if (half) {
                    narrowed(x * times, halves);
                    changed |= widened(halves) / times != x;
                }
                for (int64_t lane = 0; lane < lanes; lane++)
                    if (half) ((uint16_t *)packed)[at + lane * PANEL] = halves[lane];
                    else ((float *)packed)[at + lane * PANEL] = x[lane];
            }
    for (int64_t lane = 0; lane < LANES; lane++)
        if (changed[lane]) return 0;
    return 1;
}

/* Some rows times some columns of one panel: ROWS × VECTORS sums in registers, added to what `out` holds if `add`. */
INLINE void tile(int64_t rows, int64_t vectors, int64_t half, const Matrix *m, const char *panel, const float *x,
                 int64_t x_stride, float *out, int64_t out_stride, int64_t add)
{
    float times = half ? m->half : 1;
    Vector sums[6][PANEL / LANES];
    for (int64_t r = 0; r < rows; r++)
        for (int64_t v = 0; v < vectors; v++) sums[r][v] = (Vector){0};
    for (int64_t k = 0; k < m->inputs; k++) {
        Vector weights[PANEL / LANES];
        for (int64_t v = 0; v < vectors; v++)
            weights[v] = half ? widened((const uint16_t *)panel + k * PANEL + v * LANES)
                              : *(const Vector *)((const float *)panel + k * PANEL + v * LANES);
        for (int64_t r = 0; r < rows; r++) {
            float y = x[r * x_stride + k];
            for (int64_t v = 0; v < vectors; v++) sums[r][v] += (Vector){y, y, y, y, y, y, y, y} * weights[v];
        }
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t v = 0; v < vectors; v++) {
            Vector *to = (Vector *)(out + r * out_stride + v * LANES);
            *to = add ? *to + sums[r][v] / times : sums[r][v] / times;
        }
}

/* The panel's columns for `block` rows at a time, from row *r on, as many as there are. */
INLINE void sweep(int64_t block, int64_t vectors, int64_t half, const Matrix *m, const char *panel, int64_t *r, int64_t rows,
                  const float *x, int64_t x_stride, float *out, int64_t out_stride, int64_t add)
{
    for (; *r + block <= rows; *r += block)
        for (int64_t v = 0; v < PANEL / LANES; v += vectors)
            tile(block, vectors, half, m, panel + v * LANES * (half ? 2 : 4), x + *r * x_stride, x_stride,
                 out + *r * out_stride + v * LANES, out_stride, add);
}

INLINE void panels(int64_t half, const Matrix *m, int64_t rows, const float *x, int64_t x_stride, float *out,
                   int64_t out_stride, int64_t add)
{
    const char *panel = m->weights;
    for (int64_t n = 0; n < m->columns; n += PANEL, panel += m->inputs * PANEL * (half ? 2 : 4)) {
        int64_t r = 0;
        sweep(6, 2, half, m, panel, &r, rows, x, x_stride, out + n, out_stride, add);
        sweep(4, 2, half, m, panel, &r, rows, x, x_stride, out + n, out_stride, add);
        sweep(1, 8, half, m, panel, &r, rows, x, x_stride, out + n, out_stride, add);
    }
}

/* Rows (R, inputs) times a matrix: out (R, columns), or added to it. */
int64_t product(const Matrix *m, int64_t rows, const float *x, int64_t x_stride, float *out, int64_t out_stride, int64_t add)
{
    if (m->half) panels(1, m, rows, x, x_stride, out, out_stride, add);
    else panels(0, m, rows, x, x_stride, out, out_stride, add);
    return DONE;
}

/* ---- the network ----------------------------------------------------------------------------------------------- */

/* Sums of the first `views` rows of a table that each melody names, (R, width). */
static int64_t summed(const Table *table, int64_t rows, int64_t views, const int64_t *which, int64_t stride, float *out)
{
    for (int64_t r = 0; r < rows; r++, which += stride, out += table->width) {
        for (int64_t view = 0; view < views; view++) {
            if ((uint64_t)which[view] >= (uint64_t)table->rows) return OUTSIDE;
            const float *row = table->numbers + which[view] * table->width;
            for (int64_t j = 0; j < table->width; j++) out[j] = view ? out[j] + row[j] : row[j];
        }
    }
    return DONE;
}

static void filled(float *out, int64_t rows, const float *row, int64_t width)
{
    for (int64_t r = 0; r < rows; r++) memcpy(out + r * width, row, width * sizeof *row);
}

/* One row's new state from its gates; sigmoids stand halved under a tanh (see numpy_network.py). */
static void gru(int64_t units, const float *side, const float *own, const float *recurrent_bias, float *h)
{
    for (int64_t j = 0; j < units; j++) {
        float r = 0.5f * tanh_of(side[j] + own[j]) + 0.5f, z = 0.5f * tanh_of(side[units + j] + own[units + j]) + 0.5f;
        float n = tanh_of(side[2 * units + j] + r * (own[2 * units + j] + recurrent_bias[j]));
        h[j] = n + z * (h[j] - n);
    }
}

static void lstm(int64_t units, const float *gates, float *h, float *c)
{
    for (int64_t j = 0; j < units; j++) {
        float i = 0.5f * tanh_of(gates[j]) + 0.5f, f = 0.5f * tanh_of(gates[units + j]) + 0.5f;
        float g = tanh_of(gates[2 * units + j]), o = 0.5f * tanh_of(gates[3 * units + j]) + 0.5f;
        c[j] = f * c[j] + i * g;
        h[j] = o * tanh_of(c[j]);
    }
}

static void rnn(int64_t units, const float *gates, float *h)
{
    for (int64_t j = 0; j < units; j++) h[j] = tanh_of(gates[j]);
}

/* Advance h and c of one layer, (R, H) each, by its input (R, inputs); `side` and `own` have room for (R, columns). */
static void step(const Layer *layer, int64_t rows, const float *given, float *h, float *c, float *side, float *own)
{
    int64_t columns = layer->inputs.columns, units = layer->units, apart = layer->cell == GRU;
    filled(side, rows, layer->bias, columns);
    product(&layer->inputs, rows, given, layer->inputs.inputs, side, columns, 1);
    product(&layer->recurrent, rows, h, units, apart ? own : side, columns, !apart);
    for (int64_t r = 0; r < rows; r++, h += units, c += units, side += columns, own += columns) {
        if (layer->cell == GRU) gru(units, side, own, layer->recurrent_bias, h);
        else if (layer->cell == LSTM) lstm(units, side, h, c);
        else rnn(units, side, h);
    }
}

/* Advance a state (layers, 2, R, H) by one event, rows (R, views) of the table, and project it: what the heads take from
   it, (R, columns). */
int64_t hear(const Table *table, const Layer *layers, int64_t count, const Matrix *project, int64_t rows, int64_t views,
             const int64_t *heard, float *state, float *projected)
{
    int64_t width = layers->inputs.columns, units = layers->units;
    float *room = malloc((table->width + 2 * width) * rows * sizeof *room + 1);
    if (!room) return NO_MEMORY;
    float *side = room + table->width * rows, *own = side + width * rows;
    const float *given = room;
    int64_t what = summed(table, rows, views, heard, views, room);
    for (int64_t k = 0; k < count && what == DONE; k++, state += 2 * rows * units) {
        step(&layers[k], rows, given, state, state + rows * units, side, own);
        given = state;
    }
    if (what == DONE) product(project, rows, given, units, projected, project->columns, 0);
    free(room);
    return what;
}

/* A head's joint output (R, columns) from the projected state and rows of what is known. */
int64_t joint(const Head *head, int64_t rows, const float *projected, int64_t stride, const int64_t *known,
              int64_t known_stride, float *out)
{
    int64_t width = head->known.width;
    projected += head->part;
    float *half = malloc(width * rows * sizeof *half + 1);
    if (!half) return NO_MEMORY;
    int64_t what = summed(&head->known, rows, head->views, known, known_stride, half);
    for (int64_t r = 0; r < rows && what == DONE; r++)
        for (int64_t j = 0; j < width; j++) {
            float x = half[r * width + j] + projected[r * stride + j];
            half[r * width + j] = x * (tanh_of(x) + 1); /* silu(2 x) */
        }
    if (what == DONE) {
        filled(out, rows, head->bias, head->joint.columns);
        product(&head->joint, rows, half, width, out, head->joint.columns, 1);
    }
    free(half);
    return what;
}

/* ---- the melody's own past ------------------------------------------------------------------------------------- */

INLINE float dot(const float *a, const float *b, int64_t n)
{
    Vector sums = {0};
    float sum = 0;
    int64_t k = 0;
    for (; k + LANES <= n; k += LANES) sums += *(const Vector *)(a + k) * *(const Vector *)(b + k);
    for (int lane = 0; lane < LANES; lane++) sum += sums[lane];
    for (; k < n; k++) sum += a[k] * b[k];
    return sum;
}

/* Divide exp of numbers by the exp of the greatest of them, in place. */
static void shares(double *x, int64_t n)
{
    double most = x[0];
    for (int64_t j = 1; j < n; j++) most = x[j] > most ? x[j] : most;
    for (int64_t j = 0; j < n; j++) x[j] -= most;
    exps(x, n);
}

/* What every copy is worth to one melody, (copies, notes), from its joint output, and, of each note, what it is among
   `apart`: by the distance in bars and by what it has in common with the note that is asked for. */
static int64_t worth(const Head *head, const Past *past, const Terms *terms, int64_t r, const float *out, int64_t bar,
                     const int64_t *place, const int64_t *rest, const int64_t *duration, double *scores)
{
    const int64_t *field = past->values + r * past->width + past->margin, step = past->rows * past->width;
    for (int64_t j = 0; j < past->notes; j++) {
        int64_t bars = bar - field[head->bars * step + j], match = 0;
        int64_t apart = terms->far[bars < 0 ? 0 : bars > terms->furthest ? terms->furthest : bars];
        if (field[head->places * step + j] == place[r]) apart += terms->same_place;
        if (rest && field[terms->rest * step + j] == rest[r]) apart += terms->same_rest;
        if (duration && field[terms->duration * step + j] == duration[r]) apart += terms->same_duration;
        for (int64_t k = 0; k < 3; k++) {
            uint8_t state = past->states[(k * past->rows + r) * past->capacity + j];
            if (state >= terms->ruler_rows) return OUTSIDE;
            match += terms->rulers[state];
        }
        if (apart >= head->apart_rows || match >= head->match_rows) return OUTSIDE;
        for (int64_t k = 0; k < head->copies; k++) {
            const float *key = past->keys + ((r * past->kinds + head->first + k) * past->capacity + j) * head->keys;
            scores[k * past->notes + j] = dot(key, out + head->query + k * head->keys, head->keys)
                + head->matches[k * head->match_rows + match] + head->apart[k * head->apart_rows + apart];
        }
    }
    return DONE;
}

/* Log-probabilities of one melody's next value: a softmax and copies, mixed by one softmax over sentinel and scores
   (`mixed` in numpy_network.py). `room`: values + 1 + copies * notes. */
static int64_t mixed(const Head *head, const Past *past, const Terms *terms, int64_t r, const float *out, const int64_t *bar,
                     const int64_t *place, const int64_t *rest, const int64_t *duration, const int64_t *last,
                     const int64_t *root, double *room, double *logs)
{
    int64_t values = head->values, copies = head->copies * past->notes, from = last ? last[r] + 1 : 0;
    double *scores = room + values, plain = 0, whole = 0;
    if (from < 0 || from > values || (root && (uint64_t)root[r] > 12)) return OUTSIDE;
    for (int64_t v = 0; v < values; v++) room[v] = out[v] + (last ? out[head->leaps[from * values + v]] : 0);
    if (root)
        for (int64_t v = 0; v < values; v++) room[v] += out[head->roots[root[r] * values + v]];
    scores[0] = out[head->sentinel];
    int64_t what = worth(head, past, terms, r, out, bar[r], place, rest, duration, scores + 1);
    if (what != DONE) return what;
    shares(room, values);
    shares(scores, 1 + copies);
    for (int64_t v = 0; v < values; v++) plain += room[v];
    for (int64_t j = 0; j < 1 + copies; j++) whole += scores[j];
    for (int64_t v = 0; v < values; v++) room[v] *= scores[0] / plain;
    for (int64_t k = 0; k < head->copies; k++) {
        int64_t which = k ? terms->interval : head->copied; /* the second kind copies the interval from the last pitch */
        const int64_t *field = past->values + (which * past->rows + r) * past->width + past->margin;
        for (int64_t j = 0; j < past->notes; j++) {
            int64_t value = field[j] + (k ? last[r] - 1 : 0);
            if (value >= 0 && value < values) room[value] += scores[1 + k * past->notes + j]; /* else it is lost */
        }
    }
    for (int64_t v = 0; v < values; v++) {
        double share = room[v] / whole;
        logs[v] = log(share > 1e-300 ? share : 1e-300);
    }
    return DONE;
}

/* A head asked about the next note of every melody: its key is kept at place `notes`, and with `logs` (R, values) not NULL
   log-probabilities are worked out. `bar` and `place` (R): where the note would stand; `rest` and `duration` (R) as far
   as they are known, else NULL; `last` (R), pitch alone: the last pitch, -1 if there is none; `root` (R)
   the row of the chord's root, where the head hears it, else NULL. */
int64_t expect(const Head *head, const Past *past, const Terms *terms, const float *projected, int64_t stride,
               const int64_t *known, int64_t known_stride, const int64_t *bar, const int64_t *place, const int64_t *rest,
               const int64_t *duration, const int64_t *last, const int64_t *root, double *logs)
{
    int64_t columns = head->joint.columns, rows = past->rows, what;
    if (past->notes >= past->capacity || (logs && (!last != !head->leaps || !root != !head->roots)))
        return OUTSIDE;
    float *out = malloc(columns * rows * sizeof *out + 1);
    double *room = malloc((head->values + 1 + head->copies * past->notes) * sizeof *room);
    what = out && room ? joint(head, rows, projected, stride, known, known_stride, out) : NO_MEMORY;
    for (int64_t r = 0; r < rows && what == DONE; r++) {
        const float *own = out + r * columns;
        for (int64_t k = 0; k < head->copies; k++)
            memcpy(past->keys + ((r * past->kinds + head->first + k) * past->capacity + past->notes) * head->keys,
                   own + head->key + k * head->keys, head->keys * sizeof *own);
        if (logs)
            what = mixed(head, past, terms, r, own, bar, place, rest, duration, last, root, room, logs + r * head->values);
    }
    free(out);
    free(room);
    return what;
}
