// The NEON kernels against the portable ones, for processors that the machine at hand is not: built for 64-bit ARM and
// run in an emulator by `scripts/test arm`. The Swift tests check the portable ones against double precision.
#include "kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;
static float next(float scale) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ((float)(state >> 40) / 8388608.0f - 1.0f) * scale;
}
static float *values(int64_t n, float scale) {
    float *x = malloc((size_t)(n + 64) * 4);
    for (int64_t i = 0; i < n + 64; i++) x[i] = next(scale);
    return x;
}

static int failures = 0;
static void compare(const char *what, int64_t n, const float *x, const float *y, float bound) {
    float most = 0, scale = 1e-12f;
    for (int64_t i = 0; i < n; i++) {
        most = fmaxf(most, isfinite(x[i]) ? fabsf(x[i] - y[i]) : INFINITY);
        scale = fmaxf(scale, fabsf(y[i]));
    }
    if (most / scale > bound) failures++;
    printf("%-40s %.2e of the largest entry, at most %.0e %s\n", what, (double)(most / scale), (double)bound,
           most / scale > bound ? "WRONG" : "");
}

static void products(const plumb_kernel_table *t, const plumb_kernel_table *reference, plumb_precision p) {
    static const int64_t sizes[][3] = {{1, 48, 64}, {8, 97, 130}, {9, 100, 65}, {3, 5, 7}, {17, 144, 63}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t rows = sizes[s][0], n = sizes[s][1], k = sizes[s][2], bytes = plumb_panel_bytes(p, k);
        float *x = values(rows * k, 3), *w = values(n * k, 1), *y = values(rows * n, 1), *z = values(rows * n, 1);
        char *panels = malloc((size_t)(bytes * ((n + 47) / 48)));
        for (int64_t j = 0; j < n; j += 48)
            plumb_pack_weights(p, n, k, w, 1, j, n - j < 48 ? n - j : 48, panels + j / 48 * bytes);
        char *form = malloc((size_t)(rows * plumb_row_form_bytes(p, k)));
        t->row_form(p, rows, k, 0, k, x, k, form);
        t->multiply_weights(p, rows, n, k, form, panels, y, n, 0);
        reference->row_form(p, rows, k, 0, k, x, k, form);
        reference->multiply_weights(p, rows, n, k, form, panels, z, n, 0);
        char what[64];
        snprintf(what, sizeof what, "product, precision %d, %d x %d x %d", p, (int)rows, (int)n, (int)k);
        compare(what, rows * n, y, z, 1e-5f);
    }
}

static void decoding(const plumb_kernel_table *t, const plumb_kernel_table *reference, plumb_precision p) {
    plumb_decode s = {.precision = p, .head_size = 20, .query_heads = 3, .responses = 3, .prompt = 70,
                      .prompt_stride = 128, .stored = 5, .stride = 64, .q_stride = 100, .out_stride = 60, .window = 40,
                      .scale = 0.3f};
    const size_t bytes = (size_t)(20 * 128 + 64) * 4;
    void *keys = calloc(1, bytes), *own_values = calloc(1, bytes), *tails[3], *tail_values[3];
    for (int64_t i = 0; i < s.prompt; i++) t->store_key_value(p, 20, 128, i, values(20, 2), values(20, 2), keys, own_values);
    for (int r = 0; r < 3; r++) {
        tails[r] = calloc(1, bytes), tail_values[r] = calloc(1, bytes);
        for (int i = 0; i < 5; i++)
            t->store_key_value(p, 20, 64, i, values(20, 2), values(20, 2), tails[r], tail_values[r]);
    }
    float *q = values(70 * 100, 1), *x = values(70 * 60, 1), *y = values(70 * 60, 1);
    memcpy(y, x, 70 * 60 * 4);
    s.responses = 70;
    float *scratch = values(plumb_decode_scratch(&s), 0);
    t->attention_prompt(&s, 0, 70, q, keys, own_values, x, scratch);
    reference->attention_prompt(&s, 0, 70, q, keys, own_values, y, scratch);
    compare("attention of a prompt", 70 * 60, x, y, 1e-5f);
    s.responses = 3;
    const void *const *k = (const void *const *)tails, *const *v = (const void *const *)tail_values;
    t->attention_decode(&s, q, keys, own_values, k, v, x, scratch);
    reference->attention_decode(&s, q, keys, own_values, k, v, y, scratch);
    compare("attention of responses", 3 * 60, x, y, 1e-5f);
}

int main(void) {
    const plumb_kernel_table *reference = plumb_kernels(PLUMB_PORTABLE), *t = plumb_best_kernels();
    printf("instruction set %d\n", t->instruction_set);
    if (t == reference) return 1;
    for (plumb_precision p = PLUMB_FLOAT32; p <= PLUMB_INT8; p++) products(t, reference, p);
    decoding(t, reference, PLUMB_FLOAT32);
    decoding(t, reference, PLUMB_BFLOAT16);
    const int64_t n = 1003;
    float *x = values(n, 6), *y = values(n, 1), *z = values(n, 1), a[2], b[2];
    t->gelu(n, x, y), reference->gelu(n, x, z);
    compare("gelu", n, y, z, 1e-5f);
    t->logit_sum(n, 0.7f, x, a, a + 1), reference->logit_sum(n, 0.7f, x, b, b + 1);
    compare("sum of logits", 2, a, b, 1e-5f);
    int32_t *i = malloc((size_t)n * 4), *j = malloc((size_t)n * 4);
    const int64_t count = t->collect_at_least(n, x, 2.5f, 7, i, y);
    if (count != reference->collect_at_least(n, x, 2.5f, 7, j, z) || memcmp(i, j, (size_t)count * 4)) failures++;
    compare("largest logits", count, y, z, 0);
    printf(failures ? "%d WRONG\n" : "NEON: as the portable kernels\n", failures);
    return failures > 0;
}
