// Products of a few rows with weights in panels of 48 outputs, in float32, bf16 or int8. As in multiply.h each output is one chain
// of operations over k, whatever the number of rows, so a row's result does not depend on the others.
//
// float32: [ceil(n / 48)][k][48].
// bf16: [ceil(n / 48)][ceil(k / 2)][48][2], two neighbouring inputs of an output side by side.
// int8: each panel is [ceil(k / 4)][48][4] bytes, value + 128, then a bf16 scale for each 64 inputs, [ceil(k / 64)][48].
// Rows come in a form of their own (plumb_row_form), rounded alike.

#define INT8_GROUP PLUMB_INT8_GROUP
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE vi load_bytes(const void *p) { return (vi)load(p); }

// y[rows][MOST_VECTORS * WIDTH] from one panel's columns at `panel` on.
INLINE void float_tile(const int rows, int64_t k, const float *x, const float *panel, float *y, int64_t ys,
                       int32_t accumulate) {
    vf t[MOST_ROWS][MOST_VECTORS];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int j = 0; j < MOST_VECTORS; j++) t[r][j] = splat(0.0f);
    for (int64_t i = 0; i < k; i++) {
        vf w[MOST_VECTORS];
        UNROLL for (int j = 0; j < MOST_VECTORS; j++) {
            w[j] = load(panel + i * PLUMB_PANEL + j * WIDTH);
            ahead(panel + i * PLUMB_PANEL + j * WIDTH);
        }
        UNROLL for (int r = 0; r < rows; r++)
            UNROLL for (int j = 0; j < MOST_VECTORS; j++) t[r][j] += splat(x[r * k + i]) * w[j];
    }
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int j = 0; j < MOST_VECTORS; j++) {
        float *p = y + r * ys + j * WIDTH;
        store(p, accumulate ? load(p) + t[r][j] : t[r][j]);
    }
}

#if defined(DOT_PRODUCTS) && defined(__x86_64__)
INLINE vf dot_bfloat16(vf t, const uint32_t *x, vi w) {
    return (vf)_mm512_dpbf16_ps((__m512)t, (__m512bh)_mm512_set1_epi32((int32_t)*x), (__m512bh)w);
}
#else
INLINE vf dot_bfloat16(vf t, const uint32_t *x, vi w) {
    const uint32_t first = *x << 16, second = *x & 0xFFFF0000u;
    float a, b;
    memcpy(&a, &first, 4);
    memcpy(&b, &second, 4);
    t += splat(a) * (vf)(w << 16);
    return t + splat(b) * (vf)(w & (int32_t)0xFFFF0000);
}
#endif

// Rows of x are `x_row` pairs apart, their pairs `x_pair`.
INLINE void bfloat16_tile(const int rows, int64_t pairs, const uint32_t *x, int64_t x_row, int64_t x_pair,
                          const uint32_t *panel, float *y, int64_t ys, int32_t accumulate) {
    vf t[MOST_ROWS][MOST_VECTORS];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int j = 0; j < MOST_VECTORS; j++) t[r][j] = splat(0.0f);
    for (int64_t i = 0; i < pairs; i++) {
        vi w[MOST_VECTORS];
        UNROLL for (int j = 0; j < MOST_VECTORS; j++) {
            w[j] = load_bytes(panel + i * PLUMB_PANEL + j * WIDTH);
            ahead(panel + i * PLUMB_PANEL + j * WIDTH);
        }
        UNROLL for (int r = 0; r < rows; r++)
            UNROLL for (int j = 0; j < MOST_VECTORS; j++)
                t[r][j] = dot_bfloat16(t[r][j], x + r * x_row + i * x_pair, w[j]);
    }
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int j = 0; j < MOST_VECTORS; j++) {
        float *p = y + r * ys + j * WIDTH;
        store(p, accumulate ? load(p) + t[r][j] : t[r][j]);
    }
}

// Products of four neighbouring inputs: bytes of w are values + 128, those of x are signed.
#if defined(DOT_PRODUCTS) && defined(__x86_64__)
#define INT8_OFFSET 128
INLINE vi dot_int8(vi t, const int32_t *x, vi w) {
    return (vi)_mm512_dpbusd_epi32((__m512i)t, (__m512i)w, _mm512_set1_epi32(*x));
}
INLINE vi weights_int8(vi w) { return w; }
#elif defined(DOT_PRODUCTS) && defined(__aarch64__)
#define INT8_OFFSET 0
INLINE vi dot_int8(vi t, const int32_t *x, vi w) {
    return (vi)vdotq_s32((int32x4_t)t, (int8x16_t)w, vreinterpretq_s8_s32(vdupq_n_s32(*x)));
}
INLINE vi weights_int8(vi w) { return w ^ (int32_t)0x80808080; }
#elif WIDTH == 8
#define INT8_OFFSET 0
// The magnitude of x times w with the sign of x: sums of two stay within 16 bits.
INLINE vi dot_int8(vi t, const int32_t *x, vi w) {
    const __m256i a = _mm256_set1_epi32(*x);
    const __m256i two = _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8((__m256i)w, a));
    return t + (vi)_mm256_madd_epi16(two, _mm256_set1_epi16(1));
}
INLINE vi weights_int8(vi w) { return w ^ (int32_t)0x80808080; }
#elif WIDTH == 16
#define INT8_OFFSET 0
INLINE vi dot_int8(vi t, const int32_t *x, vi w) {
    const uint32_t a = (uint32_t)*x;
    const uint32_t even = (uint16_t)(int8_t)a | (uint32_t)(int8_t)(a >> 16) << 16;
    const uint32_t odd = (uint16_t)(int8_t)(a >> 8) | (uint32_t)(int8_t)(a >> 24) << 16;
    const __m512i first = _mm512_srai_epi16(_mm512_slli_epi16((__m512i)w, 8), 8), second = _mm512_srai_epi16((__m512i)w, 8);
    return t + (vi)_mm512_madd_epi16(first, _mm512_set1_epi32((int32_t)even)) +
           (vi)_mm512_madd_epi16(second, _mm512_set1_epi32((int32_t)odd));
}
INLINE vi weights_int8(vi w) { return w ^ (int32_t)0x80808080; }
#else
#define INT8_OFFSET 0
INLINE vi dot_int8(vi t, const int32_t *x, vi w) {
    const uint32_t a = (uint32_t)*x;
    t += (w << 24 >> 24) * (int32_t)(int8_t)a;
    t += (w << 16 >> 24) * (int32_t)(int8_t)(a >> 8);
    t += (w << 8 >> 24) * (int32_t)(int8_t)(a >> 16);
    return t + (w >> 24) * (int32_t)(int8_t)(a >> 24);
}
INLINE vi weights_int8(vi w) { return w ^ (int32_t)0x80808080; }
#endif

// A row of int8 inputs: a scale a group, the sum of the group's values, the values.
typedef struct int8_row {
    const float *scales;
    const int32_t *sums, *values;
} int8_row;

INLINE int64_t int8_groups(int64_t k) { return (k + INT8_GROUP - 1) / INT8_GROUP; }
INLINE int8_row int8_row_at(const void *form, int64_t row, int64_t k) {
    const int64_t groups = int8_groups(k);
    const char *p = (const char *)form + row * plumb_row_form_bytes(PLUMB_INT8, k);
    return (int8_row){(const float *)p, (const int32_t *)p + groups, (const int32_t *)p + 2 * groups};
}

INLINE void int8_tile(const int rows, int64_t k, const void *form, int64_t first, const uint32_t *panel,
                      const uint16_t *scales, float *y, int64_t ys, int32_t accumulate) {
    const int64_t fours = (k + 3) / 4, step = INT8_GROUP / 4, bytes = plumb_row_form_bytes(PLUMB_INT8, k);
    const int8_row x = int8_row_at(form, first, k);
    const int64_t xs = bytes / 4;
    if (!accumulate)
        UNROLL for (int r = 0; r < rows; r++)
            UNROLL for (int j = 0; j < MOST_VECTORS; j++) store(y + r * ys + j * WIDTH, splat(0.0f));
    for (int64_t g = 0, i = 0; i < fours; g++) {
        const int64_t end = i + step < fours ? i + step : fours;
        vi t[MOST_ROWS][MOST_VECTORS];
        UNROLL for (int r = 0; r < rows; r++) {
            const vi start = (vi){} - INT8_OFFSET * x.sums[r * xs + g];
            UNROLL for (int j = 0; j < MOST_VECTORS; j++) t[r][j] = start;
        }
        for (; i < end; i++) {
            vi w[MOST_VECTORS];
            UNROLL for (int j = 0; j < MOST_VECTORS; j++) {
                w[j] = weights_int8(load_bytes(panel + i * PLUMB_PANEL + j * WIDTH));
                ahead(panel + i * PLUMB_PANEL + j * WIDTH);
            }
            UNROLL for (int r = 0; r < rows; r++)
                UNROLL for (int j = 0; j < MOST_VECTORS; j++) t[r][j] = dot_int8(t[r][j], x.values + r * xs + i, w[j]);
        }
        UNROLL for (int j = 0; j < MOST_VECTORS; j++) {
            const vf s = widen(scales + g * PLUMB_PANEL + j * WIDTH);
            UNROLL for (int r = 0; r < rows; r++) {
                float *p = y + r * ys + j * WIDTH;
                store(p, load(p) + __builtin_convertvector(t[r][j], vf) * (s * splat(x.scales[r * xs + g])));
            }
        }
    }
}

// Calls a tile with its number of rows as a constant.
#if MOST_ROWS == 8
#define BY_ROWS(TILE, ...)                                                                                             \
    switch (count) {                                                                                                   \
        case 1: TILE(1, __VA_ARGS__); break;                                                                           \
        case 2: TILE(2, __VA_ARGS__); break;                                                                           \
        case 3: TILE(3, __VA_ARGS__); break;                                                                           \
        case 4: TILE(4, __VA_ARGS__); break;                                                                           \
        case 5: TILE(5, __VA_ARGS__); break;                                                                           \
        case 6: TILE(6, __VA_ARGS__); break;                                                                           \
        case 7: TILE(7, __VA_ARGS__); break;                                                                           \
        default: TILE(8, __VA_ARGS__);                                                                                 \
    }
#else
#define BY_ROWS(TILE, ...)                                                                                             \
    switch (count) {                                                                                                   \
        case 1: TILE(1, __VA_ARGS__); break;                                                                           \
        case 2: TILE(2, __VA_ARGS__); break;                                                                           \
        case 3: TILE(3, __VA_ARGS__); break;                                                                           \
        case 4: TILE(4, __VA_ARGS__); break;                                                                           \
        case 5: TILE(5, __VA_ARGS__); break;                                                                           \
        default: TILE(6, __VA_ARGS__);                                                                                 \
    }
#endif

static void bfloat16_panel(int64_t rows, int64_t k, const uint32_t *x, const uint32_t *panel, float *y, int64_t ys,
                           int32_t accumulate) {
    const int64_t pairs = (k + 1) / 2, tile = rows_a_tile(rows);
    for (int64_t r = 0; r < rows; r += tile) {
        const int64_t count = rows - r < tile ? rows - r : tile;
        for (int64_t c = 0; c < PLUMB_PANEL; c += MOST_VECTORS * WIDTH)
            BY_ROWS(bfloat16_tile, pairs, x + r * pairs, pairs, 1, panel + c, y + r * ys + c, ys, accumulate)
    }
}

static void int8_panel(int64_t rows, int64_t k, const void *form, const uint32_t *panel, float *y, int64_t ys,
                       int32_t accumulate) {
    const int64_t tile = rows_a_tile(rows);
    const uint16_t *scales = (const uint16_t *)(panel + (k + 3) / 4 * PLUMB_PANEL);
    for (int64_t r = 0; r < rows; r += tile) {
        const int64_t count = rows - r < tile ? rows - r : tile;
        for (int64_t c = 0; c < PLUMB_PANEL; c += MOST_VECTORS * WIDTH)
            BY_ROWS(int8_tile, k, form, r, panel + c, scales + c, y + r * ys + c, ys, accumulate)
    }
}

static void float_panel(int64_t rows, int64_t k, const float *x, const float *panel, float *y, int64_t ys,
                        int32_t accumulate) {
    const int64_t tile = rows_a_tile(rows);
    for (int64_t r = 0; r < rows; r += tile) {
        const int64_t count = rows - r < tile ? rows - r : tile;
        for (int64_t c = 0; c < PLUMB_PANEL; c += MOST_VECTORS * WIDTH)
            BY_ROWS(float_tile, k, x + r * k, panel + c, y + r * ys + c, ys, accumulate)
    }
}

// Whole panels are computed; of the last only the columns that there are come to y, through `part`.
static void multiply_weights(plumb_precision precision, int64_t rows, int64_t n, int64_t k, const void *form,
                             const void *panels, float *y, int64_t ys, int32_t accumulate) {
    const int64_t bytes = plumb_panel_bytes(precision, k);
    for (int64_t j = 0; j < n; j += PLUMB_PANEL) {
        const void *panel = (const char *)panels + j / PLUMB_PANEL * bytes;
        const int64_t columns = n - j < PLUMB_PANEL ? n - j : PLUMB_PANEL;
        float part[MOST_ROWS * PLUMB_PANEL];
        const int64_t block = columns < PLUMB_PANEL ? MOST_ROWS : rows;
        for (int64_t r = 0; r < rows; r += block) {
            const int64_t count = rows - r < block ? rows - r : block;
            float *target = y + r * ys + j;
            const int64_t stride = columns < PLUMB_PANEL ? PLUMB_PANEL : ys;
            if (columns < PLUMB_PANEL) {
                for (int64_t i = 0; accumulate && i < count; i++)
                    memcpy(part + i * PLUMB_PANEL, target + i * ys, (size_t)columns * 4);
                target = part;
            }
            const char *x = (const char *)form + r * plumb_row_form_bytes(precision, k);
            if (precision == PLUMB_BFLOAT16)
                bfloat16_panel(count, k, (const uint32_t *)(const void *)x, panel, target, stride, accumulate);
            else if (precision == PLUMB_INT8)
                int8_panel(count, k, x, panel, target, stride, accumulate);
            else
                float_panel(count, k, (const float *)(const void *)x, panel, target, stride, accumulate);
            if (columns < PLUMB_PANEL)
                for (int64_t i = 0; i < count; i++)
                    memcpy(y + (r + i) * ys + j, part + i * PLUMB_PANEL, (size_t)columns * 4);
        }
    }
}

// Rows in the form that their precision's products read; values from k to the next multiple are zero.
// To the nearest bf16, ties to even; what is no number stays so.
INLINE void round_vector(vf x, int64_t count, uint16_t *y) {
    typedef uint16_t half __attribute__((vector_size(WIDTH * 2)));
    const vi b = (vi)x, number = x == x;
    const vi rounded = (b + 0x7FFF + ((b >> 16) & 1)) >> 16;
    const half h = __builtin_convertvector((rounded & number) | (0x7FC0 & ~number), half);
    memcpy(y, &h, (size_t)count * 2);
}

static void round_row(int64_t k, int64_t from, int64_t count, const float *x, uint16_t *form) {
    int64_t i = 0;
    for (; i + WIDTH <= count; i += WIDTH) round_vector(load(x + i), WIDTH, form + from + i);
    if (i < count) round_vector(load_part(x + i, count - i), count - i, form + from + i);
    if (k % 2 && from + count == k) form[k] = 0;
}

// One group: the values' sum.
static int32_t quantise_group(int64_t count, const float *x, float *scale, int8_t *values) {
    float group[INT8_GROUP] = {0};
    memcpy(group, x, (size_t)count * 4);
    vf top = splat(0.0f), wrong = splat(0.0f);
    UNROLL for (int i = 0; i < INT8_GROUP; i += WIDTH) {
        top = larger(top, magnitude(load(group + i)));
        wrong += load(group + i) * splat(0.0f);
    }
    const float most = largest(top);
    *scale = most / 127.0f + sum(wrong);  // not a number where an input is not finite
    const vf inverse = splat(most > 0 ? 127.0f / most : 0.0f), magic = splat(12582912.0f);
    vi total = (vi){};
    int32_t whole[INT8_GROUP];
    UNROLL for (int i = 0; i < INT8_GROUP; i += WIDTH) {
        const vi v = __builtin_convertvector((load(group + i) * inverse + magic) - magic, vi);
        total += v;
        store((float *)(void *)(whole + i), (vf)v);
    }
    const int64_t kept = (count + 3) / 4 * 4;
    for (int64_t i = 0; i < kept; i++) values[i] = (int8_t)whole[i];
    int32_t all = 0;
    for (int i = 0; i < WIDTH; i++) all += total[i];
    return all;
}

static void quantise_row(int64_t k, int64_t from, int64_t count, const float *x, void *form) {
    const int64_t groups = int8_groups(k);
    float *scales = (float *)form;
    int32_t *sums = (int32_t *)form + groups;
    int8_t *values = (int8_t *)((int32_t *)form + 2 * groups);
    for (int64_t i = 0; i < count; i += INT8_GROUP) {
        const int64_t g = (from + i) / INT8_GROUP;
        sums[g] = quantise_group(count - i < INT8_GROUP ? count - i : INT8_GROUP, x + i, scales + g, values + from + i);
    }
}

static void row_form(plumb_precision precision, int64_t rows, int64_t k, int64_t from, int64_t count, const float *x,
                     int64_t stride, void *form) {
    const int64_t bytes = plumb_row_form_bytes(precision, k);
    for (int64_t r = 0; r < rows; r++) {
        char *target = (char *)form + r * bytes;
        if (precision == PLUMB_BFLOAT16)
            round_row(k, from, count, x + r * stride, (uint16_t *)(void *)target);
        else if (precision == PLUMB_INT8)
            quantise_row(k, from, count, x + r * stride, target);
        else
            memcpy((float *)(void *)target + from, x + r * stride, (size_t)count * 4);
    }
}
