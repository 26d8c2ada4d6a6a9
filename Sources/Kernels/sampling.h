// What drawing a token needs of a row of logits, a stretch of it at a time.

static void logit_sum(int64_t n, float scale, const float *x, float *most, float *total) {
    vf top = splat(-INFINITY), wrong = splat(0.0f);
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        top = larger(top, load(x + i));
        wrong += load(x + i) * splat(0.0f);
    }
    float first = largest(top), bad = sum(wrong);
    for (int64_t j = i; j < n; j++) {
        first = x[j] > first ? x[j] : first;
        bad += x[j] * 0.0f;
    }
    const vf shift = splat(first);
    vf t = splat(0.0f);
    for (i = 0; i + WIDTH <= n; i += WIDTH) t += exponential((load(x + i) - shift) * splat(scale));
    float all = sum(t);
    if (i < n) {
        float part[WIDTH];
        store(part, exponential((load_part(x + i, n - i) - shift) * splat(scale)));
        for (int64_t j = i; j < n; j++) all += part[j - i];
    }
    *most = first;
    *total = all + bad;
}

static int64_t collect_at_least(int64_t n, const float *x, float least, int32_t first, int32_t *indices,
                                float *values) {
    int64_t count = 0, i = 0;
    const vf bound = splat(least);
    for (; i + WIDTH <= n; i += WIDTH) {
        const vi in = load(x + i) >= bound;
        if (largest((vf)(in & 0x3F800000)) == 0.0f) continue;
        for (int64_t j = i; j < i + WIDTH; j++)
            if (in[j - i]) {
                indices[count] = first + (int32_t)j;
                values[count++] = x[j];
            }
    }
    for (; i < n; i++)
        if (x[i] >= least) {
            indices[count] = first + (int32_t)i;
            values[count++] = x[i];
        }
    return count;
}
