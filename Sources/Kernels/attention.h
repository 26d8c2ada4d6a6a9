// Attention of one group: prompt rows see the prompt, response rows see the prompt and their own response, each only
// what lies before. A column of a score tile is a position: prompt keys first, then the response's own.
// Probabilities of one tile of rows exist at a time, in scratch.

#define ROUND_UP(n) (((n) + 63) / 64 * 64)

// t[d][column + i] = x[i][d]; columns up to the next multiple of 64 are zero, so that vector loads stay in bounds.
static void pack_transposed(int64_t rows, int64_t head, const float *x, int64_t stride, float *t, int64_t t_stride,
                            int64_t column) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t d = 0; d < head; d++) t[d * t_stride + column + i] = x[i * stride + d];
}

// x becomes exp(scale * x - lse) over n entries; returns lse.
static float softmax_in_place(int64_t n, float scale, float *x) {
    vf top = splat(-INFINITY);
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) top = larger(top, load(x + i));
    float most = largest(top);
    for (; i < n; i++) most = x[i] > most ? x[i] : most;
    const vf shift = splat(most * scale), factor = splat(scale);
    vf total = splat(0.0f);
    for (i = 0; i + WIDTH <= n; i += WIDTH) {
        vf e = exponential(load(x + i) * factor - shift);
        total += e;
        store(x + i, e);
    }
    float sum_all = sum(total);
    if (i < n) {
        vf e = exponential(load_part(x + i, n - i) * factor - shift);
        store_part(x + i, e, n - i);
        for (int64_t j = i; j < n; j++) sum_all += x[j];
    }
    const vf inverse = splat(1.0f / sum_all);
    for (i = 0; i + WIDTH <= n; i += WIDTH) store(x + i, load(x + i) * inverse);
    for (; i < n; i++) x[i] *= inverse[0];
    return most * scale + logf(sum_all);
}

static void probabilities_from_lse(int64_t n, float scale, float lse, float *x) {
    const vf shift = splat(lse), factor = splat(scale);
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) store(x + i, exponential(load(x + i) * factor - shift));
    if (i < n) store_part(x + i, exponential(load_part(x + i, n - i) * factor - shift), n - i);
}

// The rows and columns of one tile: queries at positions first ..< first + rows see columns low ..< high.
typedef struct tile_range {
    int64_t rows, first, low, high;
} tile_range;

INLINE tile_range range_of(int64_t base, int64_t start, int64_t length, int64_t window) {
    tile_range t;
    t.rows = length - start < PLUMB_ATTENTION_TILE ? length - start : PLUMB_ATTENTION_TILE;
    t.first = base + start;
    t.high = t.first + t.rows;
    t.low = window > 0 && t.first + 1 > window ? t.first + 1 - window : 0;
    return t;
}

// c[rows] (+)= p[rows][columns low ..< high] * values, where values of columns below `prompt` lie in one place and
// the others in another.
static void multiply_keys(const tile_range *t, int64_t prompt, int64_t head, const float *p, int64_t p_stride,
                          const float *prompt_values, const float *own_values, int64_t stride, float *c, int64_t cs) {
    int64_t split = t->high < prompt ? t->high : prompt;
    int32_t some = 0;
    if (t->low < split) {
        multiply(t->rows, head, split - t->low, p, p_stride, 1, prompt_values + t->low * stride, stride, c, cs, 0);
        some = 1;
    }
    int64_t from = t->low > prompt ? t->low : prompt;
    if (from < t->high)
        multiply(t->rows, head, t->high - from, p + (from - t->low), p_stride, 1, own_values + (from - prompt) * stride,
                 stride, c, cs, some);
}

// values[columns] += p[rows][columns] transposed * x[rows].
static void add_transposed(const tile_range *t, int64_t prompt, int64_t head, const float *p, int64_t p_stride,
                           const float *x, int64_t xs, float *prompt_values, float *own_values, int64_t stride) {
    int64_t split = t->high < prompt ? t->high : prompt;
    if (t->low < split)
        multiply(split - t->low, head, t->rows, p, 1, p_stride, x, xs, prompt_values + t->low * stride, stride, 1);
    int64_t from = t->low > prompt ? t->low : prompt;
    if (from < t->high)
        multiply(t->high - from, head, t->rows, p + (from - t->low), 1, p_stride, x, xs,
                 own_values + (from - prompt) * stride, stride, 1);
}

// First position that row `i` of a tile may see; the last is its own, t.first + i.
INLINE int64_t first_visible(const tile_range *t, int64_t window, int64_t i) {
    const int64_t own = t->first + i;
    return window > 0 && own + 1 > window ? own + 1 - window : 0;
}

// Zeroes the entries of a tile's row that it may not see.
INLINE void hide(const tile_range *t, float *row, int64_t from, int64_t count) {
    for (int64_t j = t->low; j < from; j++) row[j - t->low] = 0;
    for (int64_t j = from + count; j < t->high; j++) row[j - t->low] = 0;
}

static int64_t longest_response(const plumb_attention *s) {
    int64_t most = 0;
    for (int64_t i = 0; i < s->responses; i++) most = s->lengths[i] > most ? s->lengths[i] : most;
    return most;
}

static int64_t attention_forward(const plumb_attention *s, const float *q, const float *k, const float *v, float *out,
                                 float *lse, float *scratch) {
    const int64_t head = s->head_size, prompt = s->prompt, stride = ROUND_UP(prompt + longest_response(s));
    float *kt = scratch, *scores = scratch + head * stride;
    memset(kt, 0, (size_t)(head * stride) * 4);
    pack_transposed(prompt, head, k, s->qkv_stride, kt, stride, 0);
    int64_t pairs = 0, row0 = 0;
    for (int64_t segment = -1; segment < s->responses; segment++) {
        const int64_t length = segment < 0 ? prompt : s->lengths[segment], base = segment < 0 ? 0 : prompt;
        const float *own_k = k + row0 * s->qkv_stride, *own_v = v + row0 * s->qkv_stride;
        if (segment >= 0) pack_transposed(length, head, own_k, s->qkv_stride, kt, stride, prompt);
        for (int64_t h = 0; h < s->query_heads; h++)
            for (int64_t start = 0; start < length; start += PLUMB_ATTENTION_TILE) {
                const tile_range t = range_of(base, start, length, s->window);
                const int64_t row = row0 + start, columns = t.high - t.low;
                const int64_t padded = (columns + WIDTH - 1) / WIDTH * WIDTH;
                const float *tile_q = q + row * s->qkv_stride + h * s->head_stride;
                multiply(t.rows, padded, head, tile_q, s->qkv_stride, 1, kt + t.low, stride, scores, stride + 64, 0);
                if (h == 0) pairs += t.rows * columns;
                for (int64_t i = 0; i < t.rows; i++) {
                    const int64_t from = first_visible(&t, s->window, i), count = t.first + i + 1 - from;
                    float *line = scores + i * (stride + 64);
                    lse[(row + i) * s->lse_stride + h] = softmax_in_place(count, s->scale, line + (from - t.low));
                    hide(&t, line, from, count);
                }
                multiply_keys(&t, prompt, head, scores, stride + 64, v, own_v, s->qkv_stride,
                              out + row * s->out_stride + h * s->out_head_stride, s->out_stride);
            }
        row0 += length;
    }
    return pairs;
}

static float dot(int64_t n, const float *x, const float *y);

static void attention_backward(const plumb_attention *s, const float *q, const float *k, const float *v,
                               const float *out, const float *lse, const float *dout, float *dq, float *dk, float *dv,
                               float *scratch) {
    const int64_t head = s->head_size, prompt = s->prompt, stride = ROUND_UP(prompt + longest_response(s));
    const int64_t line_stride = stride + 64, qs = s->qkv_stride;
    float *kt = scratch, *vt = kt + head * stride, *scores = vt + head * stride;
    float *slopes = scores + PLUMB_ATTENTION_TILE * line_stride;
    memset(kt, 0, (size_t)(2 * head * stride) * 4);
    pack_transposed(prompt, head, k, qs, kt, stride, 0);
    pack_transposed(prompt, head, v, qs, vt, stride, 0);
    int64_t row0 = 0, total = prompt;
    for (int64_t i = 0; i < s->responses; i++) total += s->lengths[i];
    for (int64_t i = 0; i < total; i++) {
        memset(dk + i * qs, 0, (size_t)head * 4);
        memset(dv + i * qs, 0, (size_t)head * 4);
    }
    for (int64_t segment = -1; segment < s->responses; segment++) {
        const int64_t length = segment < 0 ? prompt : s->lengths[segment], base = segment < 0 ? 0 : prompt;
        const float *own_k = k + row0 * qs, *own_v = v + row0 * qs;
        float *own_dk = dk + row0 * qs, *own_dv = dv + row0 * qs;
        if (segment >= 0) {
            pack_transposed(length, head, own_k, qs, kt, stride, prompt);
            pack_transposed(length, head, own_v, qs, vt, stride, prompt);
        }
        for (int64_t h = 0; h < s->query_heads; h++)
            for (int64_t start = 0; start < length; start += PLUMB_ATTENTION_TILE) {
                const tile_range t = range_of(base, start, length, s->window);
                const int64_t row = row0 + start, padded = (t.high - t.low + WIDTH - 1) / WIDTH * WIDTH;
                const float *tile_q = q + row * qs + h * s->head_stride;
                const float *tile_out = out + row * s->out_stride + h * s->out_head_stride;
                const float *tile_dout = dout + row * s->out_stride + h * s->out_head_stride;
                multiply(t.rows, padded, head, tile_q, qs, 1, kt + t.low, stride, scores, line_stride, 0);
                multiply(t.rows, padded, head, tile_dout, s->out_stride, 1, vt + t.low, stride, slopes, line_stride, 0);
                for (int64_t i = 0; i < t.rows; i++) {
                    const int64_t from = first_visible(&t, s->window, i), count = t.first + i + 1 - from;
                    float *line = scores + i * line_stride, *slope = slopes + i * line_stride;
                    hide(&t, line, from, count);
                    hide(&t, slope, from, count);
                    float *p = line + (from - t.low), *dp = slope + (from - t.low);
                    probabilities_from_lse(count, s->scale, lse[(row + i) * s->lse_stride + h], p);
                    const float mean = dot(head, tile_out + i * s->out_stride, tile_dout + i * s->out_stride);
                    for (int64_t j = 0; j < count; j++) dp[j] = p[j] * (dp[j] - mean) * s->scale;
                }
                float *tile_dq = dq + row * qs + h * s->head_stride;
                multiply_keys(&t, prompt, head, slopes, line_stride, k, own_k, qs, tile_dq, qs);
                add_transposed(&t, prompt, head, slopes, line_stride, tile_q, qs, dk, own_dk, qs);
                add_transposed(&t, prompt, head, scores, line_stride, tile_dout, s->out_stride, dv, own_dv, qs);
            }
        row0 += length;
    }
}
