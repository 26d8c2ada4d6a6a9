// Choice of the table, and the loops that are not worth a version each.
#include "kernels.h"

#include <string.h>

extern const plumb_kernel_table plumb_portable_kernels;
#if defined(__x86_64__)
extern const plumb_kernel_table plumb_avx2_kernels, plumb_avx512_kernels, plumb_avx512_dot_kernels;
#elif defined(__aarch64__)
extern const plumb_kernel_table plumb_neon_kernels;
#ifdef __linux__
#include <sys/auxv.h>
static int has_int8_dot_products(void) { return (getauxval(AT_HWCAP) & 1UL << 20) != 0; }  // HWCAP_ASIMDDP
#else
static int has_int8_dot_products(void) { return 1; }  // every Apple processor of 64 bits that macOS 15 runs on
#endif
#endif

const plumb_kernel_table *plumb_kernels(plumb_instruction_set set) {
    if (set == PLUMB_PORTABLE) return &plumb_portable_kernels;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (set == PLUMB_AVX2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &plumb_avx2_kernels;
    const int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (set == PLUMB_AVX512 && avx512) return &plumb_avx512_kernels;
    if (set == PLUMB_AVX512_DOT && avx512 && __builtin_cpu_supports("avx512bf16") &&
        __builtin_cpu_supports("avx512vnni"))
        return &plumb_avx512_dot_kernels;
#elif defined(__aarch64__)
    if (set == PLUMB_NEON && has_int8_dot_products()) return &plumb_neon_kernels;
#endif
    return NULL;
}

const plumb_kernel_table *plumb_best_kernels(void) {
    for (int set = PLUMB_NEON; set > PLUMB_PORTABLE; set--) {
        const plumb_kernel_table *table = plumb_kernels((plumb_instruction_set)set);
        if (table) return table;
    }
    return &plumb_portable_kernels;
}

int64_t plumb_attention_scratch(int64_t head_size, int64_t keys) {
    const int64_t stride = (keys + 63) / 64 * 64;
    return 2 * head_size * stride + 2 * PLUMB_ATTENTION_TILE * (stride + 64);
}

int64_t plumb_product_scratch(int64_t m) { return PLUMB_CHAIN * (PLUMB_PANEL + m + 8); }

int64_t plumb_decode_scratch(const plumb_decode *s) {
    const int64_t rows = s->responses * s->query_heads, keys = s->prompt_stride + s->stride;
    const int64_t widened = s->precision == PLUMB_FLOAT32 ? 0 : 2 * s->head_size * keys + 64;
    const int64_t lines = rows > PLUMB_ATTENTION_TILE ? rows : PLUMB_ATTENTION_TILE;
    return widened + lines * (keys + 64) + 2 * rows * s->head_size;
}

static uint32_t bits_of(float x) {
    uint32_t b;
    memcpy(&b, &x, 4);
    return b;
}
static float float_of(uint32_t b) {
    float x;
    memcpy(&x, &b, 4);
    return x;
}

void plumb_float_to_bfloat16(int64_t n, const float *x, uint16_t *y) {
    for (int64_t i = 0; i < n; i++) {
        const uint32_t b = bits_of(x[i]), rounded = (b + 0x7FFFu + ((b >> 16) & 1u)) >> 16;
        y[i] = (b & 0x7FFFFFFFu) > 0x7F800000u ? (uint16_t)((b >> 16) | 0x40u) : (uint16_t)rounded;
    }
}

void plumb_bfloat16_to_float(int64_t n, const uint16_t *x, float *y) {
    for (int64_t i = 0; i < n; i++) y[i] = float_of((uint32_t)x[i] << 16);
}

// Round to nearest even; too large becomes infinity, too small becomes a denormal or zero.
void plumb_float_to_float16(int64_t n, const float *x, uint16_t *y) {
    for (int64_t i = 0; i < n; i++) {
        const uint32_t b = bits_of(x[i]), sign = (b >> 16) & 0x8000u, magnitude = b & 0x7FFFFFFFu;
        uint32_t half;
        if (magnitude > 0x7F800000u)
            half = 0x7E00u;
        else if (magnitude >= 0x477FF000u)
            half = 0x7C00u;
        else if (magnitude < 0x38800000u)
            half = bits_of(float_of(magnitude) + 0.5f) - 0x3F000000u;  // the addition aligns and rounds the denormal
        else
            half = (magnitude + 0xFFFu + ((magnitude >> 13) & 1u) - 0x38000000u) >> 13;
        y[i] = (uint16_t)(sign | half);
    }
}

void plumb_float16_to_float(int64_t n, const uint16_t *x, float *y) {
    for (int64_t i = 0; i < n; i++) {
        const uint32_t sign = (uint32_t)(x[i] & 0x8000u) << 16, rest = x[i] & 0x7FFFu;
        float value;
        if (rest >= 0x7C00u)
            value = float_of((rest << 13) | 0x7F800000u);
        else if (rest < 0x400u)
            value = (float)rest * 0x1p-24f;
        else
            value = float_of((rest << 13) + 0x38000000u);
        y[i] = float_of(bits_of(value) | sign);
    }
}

int64_t plumb_first_not_finite(int64_t n, const float *x) {
    for (int64_t i = 0; i < n; i++)
        if ((bits_of(x[i]) & 0x7F800000u) == 0x7F800000u) return i;
    return -1;
}
