// Vectors of WIDTH floats and the arithmetic the kernels share. Included once per instruction set by a file that has
// defined WIDTH and NAME. Clang's vector types compile to whatever registers the target has.
#include <math.h>
#include <string.h>

#include "kernels.h"

#define INLINE static inline __attribute__((always_inline))

typedef float vf __attribute__((vector_size(WIDTH * 4)));
typedef int32_t vi __attribute__((vector_size(WIDTH * 4)));
typedef uint32_t vu __attribute__((vector_size(WIDTH * 4)));
typedef float vf_unaligned __attribute__((vector_size(WIDTH * 4), aligned(4), may_alias));
typedef float v4 __attribute__((vector_size(16)));
typedef float v4_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

INLINE vf load(const float *p) { return *(const vf_unaligned *)p; }
INLINE void store(float *p, vf x) { *(vf_unaligned *)p = x; }
// Asks for what the loop reads some steps later, past the page where the hardware stops.
INLINE void ahead(const void *p) { __builtin_prefetch((const char *)p + 6144, 0, 2); }
INLINE vf splat(float x) { return x - (vf){}; }

// bf16 as float32.
INLINE vf widen(const uint16_t *p) {
    typedef uint16_t half __attribute__((vector_size(WIDTH * 2), aligned(2), may_alias));
    return (vf)(__builtin_convertvector(*(const half *)p, vi) << 16);
}

// The first `count` floats, zeros after them.
INLINE vf load_part(const float *p, int64_t count) {
    float part[WIDTH] = {0};
    memcpy(part, p, (size_t)count * 4);
    return load(part);
}
INLINE void store_part(float *p, vf x, int64_t count) {
    float part[WIDTH];
    store(part, x);
    memcpy(p, part, (size_t)count * 4);
}

// Sums halves, so that the order is fixed.
INLINE float sum(vf x) {
    float part[WIDTH];
    store(part, x);
    for (int half = WIDTH / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) part[i] += part[i + half];
    return part[0];
}
INLINE float largest(vf x) {
    float part[WIDTH];
    store(part, x);
    for (int half = WIDTH / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) part[i] = part[i] > part[i + half] ? part[i] : part[i + half];
    return part[0];
}
INLINE vf larger(vf a, vf b) {
    vi mask = a > b;
    return (vf)(((vi)a & mask) | ((vi)b & ~mask));
}
INLINE vf magnitude(vf x) { return (vf)((vi)x & 0x7FFFFFFF); }

// e^x: x = n ln 2 + r, a polynomial for e^r (Cephes' expf coefficients), 2^n through the exponent bits.
// Relative error below 2e-7; results under the smallest normal float are 0.
INLINE vf exponential(vf x) {
    const vf low = splat(-87.33654f), high = splat(88.37f);
    vi keep = x > low;
    vf c = (vf)(((vi)x & keep) | ((vi)low & ~keep));
    vi under = c < high;
    c = (vf)(((vi)c & under) | ((vi)high & ~under));
    const vf magic = splat(12582912.0f);
    vf n = (c * splat(1.44269504088896341f) + magic) - magic;
    vf r = c - n * splat(0.693359375f);
    r = r - n * splat(-2.12194440e-4f);
    vf p = splat(1.9875691500e-4f);
    p = p * r + splat(1.3981999507e-3f);
    p = p * r + splat(8.3334519073e-3f);
    p = p * r + splat(4.1665795894e-2f);
    p = p * r + splat(1.6666665459e-1f);
    p = p * r + splat(5.0000001201e-1f);
    p = p * (r * r) + r + splat(1.0f);
    vi exponent = (__builtin_convertvector(n, vi) + 127) << 23;
    vf y = p * (vf)exponent;
    return (vf)((vi)y & keep);
}
INLINE vf sigmoid(vf x) { return splat(1.0f) / (splat(1.0f) + exponential(-x)); }
