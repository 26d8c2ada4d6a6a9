// Attention while decoding: keys and values come from a cache, in float32 or bf16. A prompt's keys and values serve all
// its responses. bf16 is widened once a call; arithmetic is float32.

// Rows of `count` values, a multiple of WIDTH, in float32: where they are, or widened into `space`.
static const float *widened(plumb_precision precision, int64_t rows, int64_t count, int64_t stride, const void *x,
                            float *space) {
    if (precision == PLUMB_FLOAT32) return (const float *)x;
    const uint16_t *source = (const uint16_t *)x;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < count; i += WIDTH) store(space + r * stride + i, widen(source + r * stride + i));
    return space;
}

// Values of `count` positions.
static const float *widened_values(plumb_precision precision, int64_t count, int64_t head, const void *x,
                                   float *space) {
    if (precision == PLUMB_FLOAT32) return (const float *)x;
    const uint16_t *source = (const uint16_t *)x;
    const int64_t all = count * head;
    int64_t i = 0;
    for (; i + WIDTH <= all; i += WIDTH) store(space + i, widen(source + i));
    if (i < all) plumb_bfloat16_to_float(all - i, source + i, space + i);
    return space;
}

static void store_key_value(plumb_precision precision, int64_t head, int64_t stride, int64_t position, const float *key,
                            const float *value, void *keys, void *values) {
    if (precision == PLUMB_FLOAT32) {
        float *k = (float *)keys + position;
        for (int64_t i = 0; i < head; i++) k[i * stride] = key[i];
        memcpy((float *)values + position * head, value, (size_t)head * 4);
        return;
    }
    uint16_t *k = (uint16_t *)keys + position, *v = (uint16_t *)values + position * head;
    for (int64_t i = 0; i < head; i += WIDTH) {
        const int64_t count = head - i < WIDTH ? head - i : WIDTH;
        uint16_t rounded[WIDTH];
        round_vector(count < WIDTH ? load_part(key + i, count) : load(key + i), count, rounded);
        for (int64_t j = 0; j < count; j++) k[(i + j) * stride] = rounded[j];
        round_vector(count < WIDTH ? load_part(value + i, count) : load(value + i), count, v + i);
    }
}

static void attention_decode(const plumb_decode *s, const float *q, const void *prompt_keys, const void *prompt_values,
                             const void *const *keys, const void *const *values, float *out, float *scratch) {
    const int64_t head = s->head_size, shared = s->query_heads, rows = s->responses * shared;
    const int64_t stride = s->prompt_stride + s->stride + 64, padded = (s->prompt + WIDTH - 1) / WIDTH * WIDTH;
    const int64_t own = (s->stored + WIDTH - 1) / WIDTH * WIDTH;
    const int64_t all = s->prompt + s->stored, low = s->window > 0 && all > s->window ? all - s->window : 0;
    float *queries = scratch, *sums = queries + rows * head, *scores = sums + rows * head;
    float *space = scores + rows * stride, *value_space = space + head * s->prompt_stride;
    for (int64_t r = 0; r < s->responses; r++)
        memcpy(queries + r * shared * head, q + r * s->q_stride, (size_t)(shared * head) * 4);

    const float *kt = widened(s->precision, head, padded, s->prompt_stride, prompt_keys, space);
    multiply(rows, padded, head, queries, head, 1, kt, s->prompt_stride, scores, stride, 0);
    for (int64_t r = 0; r < s->responses; r++) {
        float *lines = scores + r * shared * stride;
        kt = widened(s->precision, head, own, s->stride, keys[r], space);
        multiply(shared, own, head, queries + r * shared * head, head, 1, kt, s->stride, lines + s->prompt, stride, 0);
        for (int64_t h = 0; h < shared; h++) {
            softmax_in_place(all - low, s->scale, lines + h * stride + low);
            for (int64_t j = 0; j < low; j++) lines[h * stride + j] = 0;
        }
    }
    const float *v = widened_values(s->precision, s->prompt, head, prompt_values, value_space);
    multiply(rows, head, s->prompt, scores, stride, 1, v, head, sums, head, 0);
    for (int64_t r = 0; r < s->responses; r++) {
        v = widened_values(s->precision, s->stored, head, values[r], value_space);
        float *lines = scores + r * shared * stride, *result = sums + r * shared * head;
        multiply(shared, head, s->stored, lines + s->prompt, stride, 1, v, head, result, head, 1);
        memcpy(out + r * s->out_stride, result, (size_t)(shared * head) * 4);
    }
}

static void attention_prompt(const plumb_decode *s, int64_t first, int64_t rows, const float *q, const void *keys,
                             const void *values, float *out, float *scratch) {
    const int64_t head = s->head_size, stride = s->prompt_stride, line_stride = stride + 64, last = first + rows;
    float *scores = scratch, *space = scores + PLUMB_ATTENTION_TILE * line_stride;
    const float *kt = widened(s->precision, head, (last + WIDTH - 1) / WIDTH * WIDTH, stride, keys, space);
    const float *v = widened_values(s->precision, last, head, values, space + head * stride + 64);
    for (int64_t h = 0; h < s->query_heads; h++)
        for (int64_t start = 0; start < rows; start += PLUMB_ATTENTION_TILE) {
            const tile_range t = range_of(first, start, rows, s->window);
            const int64_t padded = (t.high - t.low + WIDTH - 1) / WIDTH * WIDTH;
            multiply(t.rows, padded, head, q + start * s->q_stride + h * head, s->q_stride, 1, kt + t.low, stride,
                     scores, line_stride, 0);
            for (int64_t i = 0; i < t.rows; i++) {
                const int64_t from = first_visible(&t, s->window, i), count = t.first + i + 1 - from;
                softmax_in_place(count, s->scale, scores + i * line_stride + (from - t.low));
                hide(&t, scores + i * line_stride, from, count);
            }
            multiply(t.rows, head, t.high - t.low, scores, line_stride, 1, v + t.low * head, head,
                     out + start * s->out_stride + h * head, s->out_stride, 0);
        }
}
