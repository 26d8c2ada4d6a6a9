// Norms, rotary positions, activations, softmax rows, the optimiser: loops over rows or over a flat array.

static float dot(int64_t n, const float *x, const float *y) {
    vf t = splat(0.0f);
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) t += load(x + i) * load(y + i);
    float total = sum(t);
    for (; i < n; i++) total += x[i] * y[i];
    return total;
}

static void rms_norm(int64_t rows, int64_t width, float epsilon, const float *x, const float *weight, float *y,
                     float *inverse) {
    for (int64_t r = 0; r < rows; r++, x += width, y += width) {
        const float scale = 1.0f / sqrtf(dot(width, x, x) / (float)width + epsilon);
        if (inverse) inverse[r] = scale;
        for (int64_t i = 0; i < width; i++) y[i] = x[i] * scale * weight[i];
    }
}

static void rms_norm_backward(int64_t rows, int64_t width, const float *dy, const float *x, const float *weight,
                              const float *inverse, float *dx, float *dweight) {
    for (int64_t r = 0; r < rows; r++, x += width, dy += width, dx += width) {
        const float s = inverse[r];
        vf t = splat(0.0f);
        int64_t i = 0;
        for (; i + WIDTH <= width; i += WIDTH) t += load(dy + i) * load(weight + i) * load(x + i);
        float total = sum(t);
        for (; i < width; i++) total += dy[i] * weight[i] * x[i];
        const float back = total * s * s * s / (float)width;
        for (i = 0; i < width; i++) dx[i] += dy[i] * weight[i] * s - x[i] * back;
        for (i = 0; i < width; i++) dweight[i] += dy[i] * x[i] * s;
    }
}

static void layer_norm(int64_t rows, int64_t width, float epsilon, const float *x, const float *weight,
                       const float *bias, float *y, float *mean, float *inverse) {
    for (int64_t r = 0; r < rows; r++, x += width, y += width) {
        vf t = splat(0.0f);
        int64_t i = 0;
        for (; i + WIDTH <= width; i += WIDTH) t += load(x + i);
        float centre = sum(t);
        for (; i < width; i++) centre += x[i];
        centre /= (float)width;
        t = splat(0.0f);
        for (i = 0; i + WIDTH <= width; i += WIDTH) {
            vf d = load(x + i) - splat(centre);
            t += d * d;
        }
        float variance = sum(t);
        for (; i < width; i++) variance += (x[i] - centre) * (x[i] - centre);
        const float scale = 1.0f / sqrtf(variance / (float)width + epsilon);
        if (mean) mean[r] = centre;
        if (inverse) inverse[r] = scale;
        for (i = 0; i < width; i++) y[i] = (x[i] - centre) * scale * weight[i] + bias[i];
    }
}

static void layer_norm_backward(int64_t rows, int64_t width, const float *dy, const float *x, const float *weight,
                                const float *mean, const float *inverse, float *dx, float *dweight, float *dbias) {
    for (int64_t r = 0; r < rows; r++, x += width, dy += width, dx += width) {
        const float s = inverse[r], m = mean[r];
        vf t = splat(0.0f), u = splat(0.0f);
        int64_t i = 0;
        for (; i + WIDTH <= width; i += WIDTH) {
            vf g = load(dy + i) * load(weight + i);
            t += g;
            u += g * (load(x + i) - splat(m));
        }
        float first = sum(t), second = sum(u);
        for (; i < width; i++) {
            first += dy[i] * weight[i];
            second += dy[i] * weight[i] * (x[i] - m);
        }
        first /= (float)width;
        second *= s * s / (float)width;
        for (i = 0; i < width; i++) dx[i] += s * (dy[i] * weight[i] - first - (x[i] - m) * second);
        for (i = 0; i < width; i++) dweight[i] += dy[i] * (x[i] - m) * s;
        for (i = 0; i < width; i++) dbias[i] += dy[i];
    }
}

static void rotate(int64_t rows, int64_t heads, int64_t head_size, int64_t rotary, float *x, int64_t stride,
                   const int32_t *positions, const float *cosines, const float *sines, float sign) {
    const int64_t half = rotary / 2;
    for (int64_t r = 0; r < rows; r++) {
        const float *c = cosines + positions[r] * half, *s = sines + positions[r] * half;
        for (int64_t h = 0; h < heads; h++) {
            float *a = x + r * stride + h * head_size, *b = a + half;
            for (int64_t i = 0; i < half; i++) {
                const float p = a[i], o = b[i], t = s[i] * sign;
                a[i] = p * c[i] - o * t;
                b[i] = o * c[i] + p * t;
            }
        }
    }
}

static void rotate_neighbours(int64_t rows, int64_t heads, int64_t head_size, int64_t rotary, float *x, int64_t stride,
                              const int32_t *positions, const float *cosines, const float *sines, float sign) {
    const int64_t half = rotary / 2;
    for (int64_t r = 0; r < rows; r++) {
        const float *c = cosines + positions[r] * half, *s = sines + positions[r] * half;
        for (int64_t h = 0; h < heads; h++) {
            float *a = x + r * stride + h * head_size;
            for (int64_t i = 0; i < half; i++) {
                const float p = a[2 * i], o = a[2 * i + 1], t = s[i] * sign;
                a[2 * i] = p * c[i] - o * t;
                a[2 * i + 1] = o * c[i] + p * t;
            }
        }
    }
}

static void swiglu(int64_t rows, int64_t n, const float *gate_up, float *y) {
    for (int64_t r = 0; r < rows; r++, gate_up += 2 * n, y += n) {
        int64_t i = 0;
        for (; i + WIDTH <= n; i += WIDTH) {
            vf g = load(gate_up + i);
            store(y + i, g * sigmoid(g) * load(gate_up + n + i));
        }
        if (i < n) {
            vf g = load_part(gate_up + i, n - i);
            store_part(y + i, g * sigmoid(g) * load_part(gate_up + n + i, n - i), n - i);
        }
    }
}

INLINE void swiglu_slopes(vf g, vf u, vf d, vf *dg, vf *du, vf *y) {
    vf s = sigmoid(g), a = g * s;
    *y = a * u;
    *du = d * a;
    *dg = d * u * (s + a * (splat(1.0f) - s));
}

static void swiglu_backward(int64_t rows, int64_t n, const float *gate_up, const float *dy, float *dgate_up, float *y) {
    for (int64_t r = 0; r < rows; r++, gate_up += 2 * n, dgate_up += 2 * n, y += n, dy += n) {
        vf dg, du, value;
        int64_t i = 0;
        for (; i + WIDTH <= n; i += WIDTH) {
            swiglu_slopes(load(gate_up + i), load(gate_up + n + i), load(dy + i), &dg, &du, &value);
            store(dgate_up + i, dg);
            store(dgate_up + n + i, du);
            store(y + i, value);
        }
        if (i < n) {
            const int64_t left = n - i;
            swiglu_slopes(load_part(gate_up + i, left), load_part(gate_up + n + i, left), load_part(dy + i, left), &dg,
                          &du, &value);
            store_part(dgate_up + i, dg, left);
            store_part(dgate_up + n + i, du, left);
            store_part(y + i, value, left);
        }
    }
}

// GELU with the tanh approximation (Hendrycks and Gimpel 2016): x * sigmoid(2u), u = sqrt(2/pi) (x + 0.044715 x^3).
#define GELU_TWO_U(x) (splat(1.5957691216057308f) * ((x) + splat(0.044715f) * (x) * (x) * (x)))
#define GELU_TWO_U_SLOPE(x) (splat(1.5957691216057308f) * (splat(1.0f) + splat(0.134145f) * (x) * (x)))

static void gelu(int64_t n, const float *x, float *y) {
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        vf a = load(x + i);
        store(y + i, a * sigmoid(GELU_TWO_U(a)));
    }
    if (i < n) {
        vf a = load_part(x + i, n - i);
        store_part(y + i, a * sigmoid(GELU_TWO_U(a)), n - i);
    }
}

INLINE void gelu_slope(vf a, vf d, vf *dx, vf *y) {
    vf s = sigmoid(GELU_TWO_U(a));
    *y = a * s;
    *dx = d * (s + a * s * (splat(1.0f) - s) * GELU_TWO_U_SLOPE(a));
}

static void gelu_backward(int64_t n, const float *x, const float *dy, float *dx, float *y) {
    vf slope, value;
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        gelu_slope(load(x + i), load(dy + i), &slope, &value);
        store(dx + i, slope);
        store(y + i, value);
    }
    if (i < n) {
        gelu_slope(load_part(x + i, n - i), load_part(dy + i, n - i), &slope, &value);
        store_part(dx + i, slope, n - i);
        store_part(y + i, value, n - i);
    }
}

// The normal distribution's probability of a value below x, and its density: erfc by Abramowitz and Stegun 7.1.26 for
// |x| / sqrt(2), within 1.5e-7; the tail is computed itself, so that it keeps its digits.
INLINE void normal(vf x, vf *below, vf *density) {
    const vi sign = (vi)x & (int32_t)0x80000000;
    const vf z = (vf)((vi)x ^ sign) * splat(0.70710678118654752f), e = exponential(-z * z);
    const vf t = splat(1.0f) / (splat(1.0f) + splat(0.3275911f) * z);
    vf p = splat(1.061405429f);
    p = p * t + splat(-1.453152027f);
    p = p * t + splat(1.421413741f);
    p = p * t + splat(-0.284496736f);
    p = p * t + splat(0.254829592f);
    const vf tail = splat(0.5f) * p * t * e;
    const vi negative = sign >> 31;
    *below = (vf)(((vi)tail & negative) | ((vi)(splat(1.0f) - tail) & ~negative));
    *density = splat(0.3989422804014327f) * e;
}

static void exact_gelu(int64_t n, const float *x, float *y) {
    vf below, density;
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        vf a = load(x + i);
        normal(a, &below, &density);
        store(y + i, a * below);
    }
    if (i < n) {
        vf a = load_part(x + i, n - i);
        normal(a, &below, &density);
        store_part(y + i, a * below, n - i);
    }
}

static void exact_gelu_backward(int64_t n, const float *x, const float *dy, float *dx, float *y) {
    vf below, density;
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        vf a = load(x + i), d = load(dy + i);
        normal(a, &below, &density);
        store(dx + i, d * (below + a * density));
        store(y + i, a * below);
    }
    if (i < n) {
        vf a = load_part(x + i, n - i), d = load_part(dy + i, n - i);
        normal(a, &below, &density);
        store_part(dx + i, d * (below + a * density), n - i);
        store_part(y + i, a * below, n - i);
    }
}

static float log_sum_exp(int64_t n, float scale, const float *x, float *entropy) {
    vf top = splat(-INFINITY);
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) top = larger(top, load(x + i));
    float most = largest(top);
    for (; i < n; i++) most = x[i] > most ? x[i] : most;
    const float shift = most * scale;
    vf total = splat(0.0f), weighted = splat(0.0f);
    for (i = 0; i + WIDTH <= n; i += WIDTH) {
        vf z = load(x + i) * splat(scale) - splat(shift), e = exponential(z);
        total += e;
        weighted += e * z;
    }
    float all = sum(total), all_weighted = sum(weighted);
    if (i < n) {
        float part[WIDTH];
        vf z = load_part(x + i, n - i) * splat(scale) - splat(shift), e = exponential(z);
        store(part, e);
        for (int64_t j = i; j < n; j++) {
            all += part[j - i];
            all_weighted += part[j - i] * z[j - i];
        }
    }
    if (entropy) *entropy = logf(all) - all_weighted / all;
    return shift + logf(all);
}

static void scaled_softmax(int64_t n, float scale, float log_z, float factor, float *x) {
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH)
        store(x + i, splat(factor) * exponential(load(x + i) * splat(scale) - splat(log_z)));
    if (i < n) {
        vf e = splat(factor) * exponential(load_part(x + i, n - i) * splat(scale) - splat(log_z));
        store_part(x + i, e, n - i);
    }
}

static void softmax_slopes(int64_t n, float scale, float log_z, float factor, float entropy, float entropy_factor,
                           float *x) {
    int64_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        vf log_p = load(x + i) * splat(scale) - splat(log_z);
        store(x + i, exponential(log_p) * (splat(factor) - splat(entropy_factor) * (log_p + splat(entropy))));
    }
    if (i < n) {
        vf log_p = load_part(x + i, n - i) * splat(scale) - splat(log_z);
        store_part(x + i, exponential(log_p) * (splat(factor) - splat(entropy_factor) * (log_p + splat(entropy))), n - i);
    }
}

// Loshchilov and Hutter 2019, algorithm 2, in PyTorch's order of operations.
static void adamw(int64_t n, const plumb_adamw *s, float *restrict p, const float *restrict g, float *restrict m,
                  float *restrict v) {
    const float keep = 1.0f - s->learning_rate * s->weight_decay, step = s->learning_rate / s->correction1;
    const float b1 = s->beta1, b2 = s->beta2, e = s->epsilon, clip = s->gradient_scale;
    const float root = 1.0f / sqrtf(s->correction2);
    for (int64_t i = 0; i < n; i++) {
        const float x = g[i] * clip;
        m[i] = m[i] + (x - m[i]) * (1.0f - b1);
        v[i] = v[i] * b2 + x * x * (1.0f - b2);
        p[i] = p[i] * keep - step * m[i] / (sqrtf(v[i]) * root + e);
    }
}

static double sum_of_squares(int64_t n, const float *x) {
    double part[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++) part[j] += (double)x[i + j] * (double)x[i + j];
    for (int j = 0; i < n; i++, j++) part[j] += (double)x[i] * (double)x[i];
    return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

static void add(int64_t n, const float *restrict x, float *restrict y) {
    for (int64_t i = 0; i < n; i++) y[i] += x[i];
}
static void add_scaled(int64_t n, float factor, const float *restrict x, float *restrict y) {
    for (int64_t i = 0; i < n; i++) y[i] += factor * x[i];
}
static void add_bias(int64_t rows, int64_t n, const float *restrict bias, float *restrict y, int64_t stride) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++) y[r * stride + i] += bias[i];
}
static void fill_bias(int64_t rows, int64_t n, const float *restrict bias, float *restrict y, int64_t stride) {
    for (int64_t r = 0; r < rows; r++) memcpy(y + r * stride, bias, (size_t)n * 4);
}
static void column_sums(int64_t rows, int64_t n, const float *restrict x, int64_t stride, float *restrict sums) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++) sums[i] += x[r * stride + i];
}
