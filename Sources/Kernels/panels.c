// Weights packed into panels of 48 outputs for products of a few rows; see panels.h for how they lie.
#include "kernels.h"

#include <math.h>
#include <string.h>

static int64_t rounded_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

int64_t plumb_panel_bytes(plumb_precision precision, int64_t k) {
    if (precision == PLUMB_BFLOAT16) return rounded_up(k, 2) * PLUMB_PANEL * 2;
    if (precision == PLUMB_INT8) {
        const int64_t groups = rounded_up(k, PLUMB_INT8_GROUP) / PLUMB_INT8_GROUP;
        return rounded_up(rounded_up(k, 4) * PLUMB_PANEL + groups * PLUMB_PANEL * 2, 64);
    }
    return k * PLUMB_PANEL * 4;
}

int64_t plumb_row_form_bytes(plumb_precision precision, int64_t k) {
    if (precision == PLUMB_BFLOAT16) return rounded_up(k, 2) * 2;
    if (precision == PLUMB_INT8) return rounded_up(k, 4) + rounded_up(k, PLUMB_INT8_GROUP) / PLUMB_INT8_GROUP * 8;
    return k * 4;
}

// As plumb_float_to_bfloat16.
static inline uint16_t bfloat16_of(float x) {
    uint32_t b;
    memcpy(&b, &x, 4);
    return x == x ? (uint16_t)((b + 0x7FFFu + ((b >> 16) & 1u)) >> 16) : (uint16_t)((b >> 16) | 0x40u);
}

// The least bf16 that is not under x, for x that is finite and not negative.
static uint16_t scale_at_least(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return (uint16_t)((bits + 0xFFFFu) >> 16);
}

// Inputs of one output: the first, and how far apart they are.
typedef struct output_column {
    const float *first;
    int64_t stride;
} output_column;

static output_column column_of(int64_t n, int64_t k, const float *weights, int32_t transposed, int64_t output) {
    return transposed ? (output_column){weights + output * k, 1} : (output_column){weights + output, n};
}

static void pack_int8(output_column w, int64_t k, int64_t c, uint8_t *panel, uint16_t *scales) {
    for (int64_t from = 0; from < k; from += PLUMB_INT8_GROUP) {
        const int64_t count = k - from < PLUMB_INT8_GROUP ? k - from : PLUMB_INT8_GROUP;
        float group[PLUMB_INT8_GROUP] = {0}, most = 0;
        int32_t bits[PLUMB_INT8_GROUP], wrong = 0;
        for (int64_t i = 0; i < count; i++) group[i] = w.first[(from + i) * w.stride];
        memcpy(bits, group, sizeof group);
        for (int64_t i = 0; i < PLUMB_INT8_GROUP; i++) {
            const float size = group[i] < 0 ? -group[i] : group[i];
            most = size > most ? size : most;
            wrong |= (bits[i] & 0x7F800000) == 0x7F800000;
        }
        // A weight that is infinite or no number makes its outputs no numbers.
        const uint16_t scale = wrong ? 0x7FC0 : scale_at_least(most / 127.0f);
        scales[from / PLUMB_INT8_GROUP * PLUMB_PANEL + c] = scale;
        float value;
        plumb_bfloat16_to_float(1, &scale, &value);
        const float inverse = value > 1e-30f ? 1.0f / value : 0.0f, magic = 12582912.0f;
        uint8_t bytes[PLUMB_INT8_GROUP];
        // The addition rounds to the nearest whole number, ties to even.
        for (int64_t i = 0; i < PLUMB_INT8_GROUP; i++)
            bytes[i] = wrong ? 128 : (uint8_t)((int32_t)((group[i] * inverse + magic) - magic) + 128);
        for (int64_t i = 0; i < count; i += 4) memcpy(panel + ((from + i) / 4 * PLUMB_PANEL + c) * 4, bytes + i, 4);
    }
}

typedef float v4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t i4 __attribute__((vector_size(16), aligned(4), may_alias));

// Four values to the nearest bf16, ties to even, in the lower halves; what is no number stays so.
static inline i4 rounded_four(v4 x) {
    const i4 b = (i4)x, number = x == x;
    const i4 rounded = ((b + 0x7FFF + ((b >> 16) & 1)) >> 16) & 0xFFFF;
    return (rounded & number) | (0x7FC0 & ~number);
}

// Eight values of a row as four pairs.
static inline i4 four_pairs(const float *row) {
    const i4 low = rounded_four(*(const v4 *)row), high = rounded_four(*(const v4 *)(row + 4));
    return __builtin_shufflevector(low, high, 0, 2, 4, 6) | __builtin_shufflevector(low, high, 1, 3, 5, 7) << 16;
}

// Four words each of four outputs: four columns of a panel.
static inline void store_columns(i4 a, i4 b, i4 c, i4 d, void *panel) {
    const i4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const i4 cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    int32_t *words = panel;
    *(i4 *)words = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    *(i4 *)(words + PLUMB_PANEL) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    *(i4 *)(words + 2 * PLUMB_PANEL) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
    *(i4 *)(words + 3 * PLUMB_PANEL) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
}

static inline i4 four_words(const float *row) { return *(const i4 *)(const void *)row; }

// Whole fours of outputs, and whole fours (float32) or eights (bf16) of inputs; returns how many inputs of those outputs
// are packed.
static int64_t pack_blocks(plumb_precision precision, int64_t n, int64_t k, const float *weights, int32_t transposed,
                           int64_t first, int64_t columns, int32_t *panel) {
    const int rounds = precision == PLUMB_BFLOAT16;
    const int64_t step = rounds ? 8 : 4, packed = k / step * step;
    for (int64_t i = 0; i < packed; i += step)
        for (int64_t c = 0; c + 4 <= columns; c += 4) {
            int32_t *target = panel + (rounds ? i / 2 : i) * PLUMB_PANEL + c;
            if (transposed) {
                const float *a = weights + (first + c) * k + i, *b = a + k, *d = b + k, *e = d + k;
                if (rounds)
                    store_columns(four_pairs(a), four_pairs(b), four_pairs(d), four_pairs(e), target);
                else
                    store_columns(four_words(a), four_words(b), four_words(d), four_words(e), target);
                continue;
            }
            for (int64_t row = 0; row < 4; row++) {
                const float *w = weights + (rounds ? i + 2 * row : i + row) * n + first + c;
                *(i4 *)(void *)(target + row * PLUMB_PANEL) =
                    rounds ? rounded_four(*(const v4 *)w) | rounded_four(*(const v4 *)(w + n)) << 16 : four_words(w);
            }
        }
    return packed;
}

void plumb_pack_weights(plumb_precision precision, int64_t n, int64_t k, const float *weights, int32_t transposed,
                        int64_t first, int64_t columns, void *panel) {
    const int64_t block = 16;
    const int64_t values = rounded_up(k, 4) * PLUMB_PANEL;
    if (precision == PLUMB_INT8) {
        memset(panel, 0, (size_t)plumb_panel_bytes(precision, k));
        memset(panel, 128, (size_t)values);
        for (int64_t c = 0; c < columns; c++)
            pack_int8(column_of(n, k, weights, transposed, first + c), k, c, (uint8_t *)panel,
                      (uint16_t *)(void *)((char *)panel + values));
        return;
    }
    if (columns < PLUMB_PANEL || k % 2) memset(panel, 0, (size_t)plumb_panel_bytes(precision, k));
    const int64_t done = pack_blocks(precision, n, k, weights, transposed, first, columns, panel);
    // What is left, a block of inputs at a time, so that what is written stays in the nearest cache.
    for (int64_t from = 0; from < k; from += block)
        for (int64_t c = 0; c < columns; c++) {
            const output_column w = column_of(n, k, weights, transposed, first + c);
            const int64_t begin = c < columns / 4 * 4 && from < done ? done : from;
            for (int64_t i = begin; i < from + block && i < k; i++) {
                const float value = w.first[i * w.stride];
                if (precision == PLUMB_BFLOAT16)
                    ((uint16_t *)panel)[(i / 2 * PLUMB_PANEL + c) * 2 + i % 2] = bfloat16_of(value);
                else
                    ((float *)panel)[i * PLUMB_PANEL + c] = value;
            }
        }
}
