// The inner loops that BLAS does not have, each compiled for several instruction sets and chosen at run time.
// Matrices are row-major; a "stride" is the distance between rows in floats. No function allocates or keeps state.
#ifndef PLUMB_KERNELS_H
#define PLUMB_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Columns of one panel of packed weights (see plumb_pack_weights).
#define PLUMB_PANEL 48

/// The longest sum that `product` and `add_column_products` make in one chain.
#define PLUMB_CHAIN 512

/// Query rows that the attention kernels take at a time.
#define PLUMB_ATTENTION_TILE 32

typedef enum plumb_instruction_set {
    PLUMB_PORTABLE = 0,
    PLUMB_AVX2 = 1,
    PLUMB_AVX512 = 2,
    PLUMB_AVX512_DOT = 3,                    // with products of bf16 pairs and of four int8
    PLUMB_NEON = 4,                          // with products of four int8
} plumb_instruction_set;

/// How the weights of few-row products are held; rows are rounded alike.
typedef enum plumb_precision {
    PLUMB_FLOAT32 = 0,
    PLUMB_BFLOAT16 = 1,
    PLUMB_INT8 = 2,                          // 64 inputs of an output (or of a row) share a scale
} plumb_precision;

/// Inputs that share one scale in int8.
#define PLUMB_INT8_GROUP 64

/// One group (prompt and responses) and one key/value head with the query heads that share it.
/// Row 0 is the group's first prompt row; responses follow one another in order.
typedef struct plumb_attention {
    int64_t prompt;                          // prompt tokens, may be 0
    int64_t responses;                       // number of responses, may be 0
    const int32_t *_Nullable lengths;        // tokens of each response
    int64_t head_size;
    int64_t query_heads;                     // query heads that share this key/value head
    int64_t qkv_stride;                      // floats between rows of q, k, v and their gradients
    int64_t out_stride;                      // floats between rows of the output and its gradient
    int64_t head_stride;                     // floats between neighbouring query heads in q
    int64_t out_head_stride;                 // floats between neighbouring query heads in the output
    int64_t lse_stride;                      // floats between rows of lse; neighbouring heads are neighbours
    int64_t window;                          // keys a query sees, itself included; 0 = all before it
    float scale;
} plumb_attention;

/// Keys and values of a prompt and one key/value head while decoding: keys are [head_size][stride], values
/// [stride][head_size], in float32 or bf16. Strides are multiples of 64, and unused places are finite.
typedef struct plumb_decode {
    plumb_precision precision;               // of keys and values: float32 or bf16
    int64_t head_size;
    int64_t query_heads;                     // query heads that share this key/value head
    int64_t responses;
    int64_t prompt;                          // prompt tokens
    int64_t prompt_stride;
    int64_t stored;                          // tokens of each response, the new one included
    int64_t stride;                          // of each response's keys and values
    int64_t q_stride, out_stride;            // floats between responses in q and out; heads are neighbours
    int64_t window;                          // keys a query sees, itself included; 0 = all before it
    float scale;
} plumb_decode;

/// Settings of one AdamW update; `gradient_scale` is the factor of gradient clipping.
typedef struct plumb_adamw {
    float learning_rate, beta1, beta2, epsilon, weight_decay, gradient_scale, correction1, correction2;
} plumb_adamw;

typedef struct plumb_kernel_table {
    plumb_instruction_set instruction_set;

    /// c[m][n] (+)= sum over k of a[m * a_row + k * a_column] * b[k * b_stride + n].
    /// Each output is one chain of multiply-adds in order of k, whatever m and n are.
    void (*multiply)(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_row, int64_t a_column, const float *b,
                     int64_t b_stride, float *c, int64_t c_stride, int32_t accumulate);

    /// Fills out and lse (log of the sum of exponentials of each row's scaled scores); returns query-key pairs computed
    /// for one query head. Scratch: plumb_attention_scratch(...) floats.
    int64_t (*attention_forward)(const plumb_attention *shape, const float *q, const float *k, const float *v,
                                 float *out, float *lse, float *scratch);
    /// Overwrites dq, dk, dv of the group's rows; probabilities are computed again from lse.
    void (*attention_backward)(const plumb_attention *shape, const float *q, const float *k, const float *v,
                               const float *out, const float *lse, const float *dout, float *dq, float *dk, float *dv,
                               float *scratch);
    /// The new tokens of a prompt's responses at one key/value head: each query row sees the prompt and its own
    /// response. q [responses][query_heads] heads, out alike. Scratch: plumb_decode_scratch(...) floats.
    void (*attention_decode)(const plumb_decode *shape, const float *q, const void *prompt_keys,
                             const void *prompt_values, const void *_Nonnull const *_Nonnull keys,
                             const void *_Nonnull const *_Nonnull values, float *out, float *scratch);

    void (*rms_norm)(int64_t rows, int64_t width, float epsilon, const float *x, const float *weight, float *y,
                     float *_Nullable inverse);
    void (*rms_norm_backward)(int64_t rows, int64_t width, const float *dy, const float *x, const float *weight,
                              const float *inverse, float *dx_added, float *dweight_added);
    void (*layer_norm)(int64_t rows, int64_t width, float epsilon, const float *x, const float *weight,
                       const float *bias, float *y, float *_Nullable mean, float *_Nullable inverse);
    void (*layer_norm_backward)(int64_t rows, int64_t width, const float *dy, const float *x, const float *weight,
                                const float *mean, const float *inverse, float *dx_added, float *dweight_added,
                                float *dbias_added);

    /// Rotates pairs (i, i + rotary/2) of `heads` neighbouring heads in place; sign -1 turns back (backward).
    /// cosines and sines are [positions][rotary/2].
    void (*rotate)(int64_t rows, int64_t heads, int64_t head_size, int64_t rotary, float *x, int64_t stride,
                   const int32_t *positions, const float *cosines, const float *sines, float sign);

    /// y[rows][n] = silu(gate) * up, where gate_up is [rows][2n], gate first.
    void (*swiglu)(int64_t rows, int64_t n, const float *gate_up, float *y);
    /// Also writes y again, for the weight gradient.
    void (*swiglu_backward)(int64_t rows, int64_t n, const float *gate_up, const float *dy, float *dgate_up, float *y);
    void (*gelu)(int64_t n, const float *x, float *y);
    void (*gelu_backward)(int64_t n, const float *x, const float *dy, float *dx, float *y);

    /// ln of the sum of exp(scale * x); with `entropy` also the entropy in nats of that distribution.
    float (*log_sum_exp)(int64_t n, float scale, const float *x, float *_Nullable entropy);
    /// x = factor * exp(scale * x - log_z) in place.
    void (*scaled_softmax)(int64_t n, float scale, float log_z, float factor, float *x);
    /// x = p * (factor - entropy_factor * (ln p + entropy)) with p = exp(scale * x - log_z), in place: the gradient of a
    /// loss by logits where the loss has log-probabilities and the distribution's entropy.
    void (*softmax_slopes)(int64_t n, float scale, float log_z, float factor, float entropy, float entropy_factor,
                           float *x);

    void (*adamw)(int64_t n, const plumb_adamw *settings, float *parameter, const float *gradient, float *m, float *v);
    double (*sum_of_squares)(int64_t n, const float *x);
    void (*add)(int64_t n, const float *x, float *y_added);
    void (*add_scaled)(int64_t n, float factor, const float *x, float *y_added);
    float (*dot)(int64_t n, const float *x, const float *y);
    void (*add_bias)(int64_t rows, int64_t n, const float *bias, float *y, int64_t stride);
    void (*fill_bias)(int64_t rows, int64_t n, const float *bias, float *y, int64_t stride);
    void (*column_sums)(int64_t rows, int64_t n, const float *x, int64_t stride, float *sums_added);

    /// As `rotate`, on pairs (2i, 2i + 1).
    void (*rotate_neighbours)(int64_t rows, int64_t heads, int64_t head_size, int64_t rotary, float *x, int64_t stride,
                              const int32_t *positions, const float *cosines, const float *sines, float sign);
    /// x times the normal distribution's probability of a value below x.
    void (*exact_gelu)(int64_t n, const float *x, float *y);
    void (*exact_gelu_backward)(int64_t n, const float *x, const float *dy, float *dx, float *y);

    /// y[rows][n] (+)= x[rows][k] * b[k][n], for many rows: chains of at most PLUMB_CHAIN terms, added in order. Rows
    /// of b are b_stride floats apart, the first columns of its panels of 48 columns panel_stride: n and 48 for a
    /// matrix as it lies, 48 and 48 k for one packed by plumb_pack_weights.
    void (*product)(int64_t rows, int64_t n, int64_t k, const float *x, int64_t x_stride, const float *b,
                    int64_t b_stride, int64_t panel_stride, float *y, int64_t y_stride, int32_t accumulate);
    /// c[m][n] += sum over i < k of a[i * a_stride + m] * b[i * b_stride + n], in the same chains.
    /// Scratch: plumb_product_scratch(m) floats.
    void (*add_column_products)(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_stride, const float *b,
                                int64_t b_stride, float *c, int64_t c_stride, float *scratch);

    /// As add_column_products, with both factors rounded to bf16 and terms taken in pairs.
    void (*add_column_products_bfloat16)(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_stride,
                                         const float *b, int64_t b_stride, float *c, int64_t c_stride, float *scratch);
    /// Inputs from ..< from + count of rows of k in the form that products of a precision read,
    /// plumb_row_form_bytes(...) each; for float32 that is the row itself. `from` is a multiple of 64, and x points at it.
    void (*row_form)(plumb_precision precision, int64_t rows, int64_t k, int64_t from, int64_t count, const float *x,
                     int64_t stride, void *form);
    /// y[rows][n] (+)= rows in their form * weights packed by plumb_pack_weights. Each output is one chain of operations
    /// in order of k, whatever the number of rows.
    void (*multiply_weights)(plumb_precision precision, int64_t rows, int64_t n, int64_t k, const void *form,
                             const void *panels, float *y, int64_t y_stride, int32_t accumulate);

    /// Prompt rows at positions first ..< first + rows and one key/value head, whose keys and values are stored already
    /// (in plumb_decode's layout): each row sees what lies before it. `shape` gives precision, head_size, query_heads,
    /// prompt_stride, q_stride, out_stride, window and scale. Scratch: plumb_decode_scratch(...) floats.
    void (*attention_prompt)(const plumb_decode *shape, int64_t first, int64_t rows, const float *q, const void *keys,
                             const void *values, float *out, float *scratch);
    /// Writes one key (a column) and one value (a row) at a position of plumb_decode's layout.
    void (*store_key_value)(plumb_precision precision, int64_t head_size, int64_t stride, int64_t position,
                            const float *key, const float *value, void *keys, void *values);

    /// The largest of n logits, and the sum of exp(scale * (x - largest)); not a number where a logit is not finite.
    void (*logit_sum)(int64_t n, float scale, const float *x, float *largest, float *sum);
    /// Writes the indices, counted from `first`, and values of what is at least `least`, in order; returns their number.
    int64_t (*collect_at_least)(int64_t n, const float *x, float least, int32_t first, int32_t *indices, float *values);
} plumb_kernel_table;

/// The table of an instruction set, or NULL where this processor lacks it.
const plumb_kernel_table *_Nullable plumb_kernels(plumb_instruction_set set);
/// The best table of this processor.
const plumb_kernel_table *plumb_best_kernels(void);

/// Floats of scratch that the attention kernels need when no query sees more than `keys` keys.
int64_t plumb_attention_scratch(int64_t head_size, int64_t keys);

/// Floats of scratch that `add_column_products` needs for m columns of a.
int64_t plumb_product_scratch(int64_t m);
/// Floats of scratch that attention_decode and attention_prompt need.
int64_t plumb_decode_scratch(const plumb_decode *shape);

/// Bytes of one panel of 48 outputs.
int64_t plumb_panel_bytes(plumb_precision precision, int64_t k);
/// Bytes of one row in the form that products read.
int64_t plumb_row_form_bytes(plumb_precision precision, int64_t k);
/// Packs outputs first ..< first + columns (48 at most) of weights into one panel, zero-padded;
/// `transposed`: the weights are [n][k] (one row an output), else [k][n]. In int8 each
/// scale is the bf16 at or above a 127th of its group's largest magnitude.
void plumb_pack_weights(plumb_precision precision, int64_t n, int64_t k, const float *weights, int32_t transposed,
                        int64_t first, int64_t columns, void *panel);

/// Weights of a frozen matrix that share a scale, and scales that share one when they are rounded too.
#define PLUMB_BLOCK 64
#define PLUMB_SCALE_BLOCK 256

typedef enum plumb_level_count {
    PLUMB_LEVELS_16 = 16,                    // 4 bits, the levels of NF4; the even element in the low half of a byte
    PLUMB_LEVELS_256 = 256,                  // 8 bits, -127 ... 127
} plumb_level_count;

/// Rounded weights. A block's scale is its largest magnitude: `scales`, or where that is NULL
/// scale_mean + scale_steps[block / PLUMB_SCALE_BLOCK] * scale_codes[block].
typedef struct plumb_blocks {
    plumb_level_count count;
    const uint8_t *codes;
    const float *_Nullable scales;
    const int8_t *_Nullable scale_codes;
    const float *_Nullable scale_steps;
    float scale_mean;
} plumb_blocks;

/// The largest magnitude of each block.
void plumb_block_scales(int64_t n, const float *x, float *scales);
/// The nearest level of each weight. `n` is even in 4 bits, or the last half byte stays zero.
void plumb_quantise_blocks(plumb_level_count count, int64_t n, const float *x, const float *scales, uint8_t *codes);
/// Weights first ..< first + n.
void plumb_dequantise_blocks(const plumb_blocks *blocks, int64_t first, int64_t n, float *y);

/// A short rest for a loop that waits on memory.
static inline void plumb_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

void plumb_float_to_bfloat16(int64_t n, const float *x, uint16_t *y);
void plumb_bfloat16_to_float(int64_t n, const uint16_t *x, float *y);
void plumb_float_to_float16(int64_t n, const float *x, uint16_t *y);
void plumb_float16_to_float(int64_t n, const uint16_t *x, float *y);
/// Index of the first value that is infinite or not a number, or -1.
int64_t plumb_first_not_finite(int64_t n, const float *x);

#pragma clang assume_nonnull end
#endif
