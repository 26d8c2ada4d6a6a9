// The kernels for x86-64 with AVX-512 (F, VL, DQ, BW) and products of bf16 pairs and of four int8.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx512vnni,"        \
                                                   "avx2,fma"),                                                       \
                                            min_vector_width(512))),                                                  \
                             apply_to = function)
#define WIDTH 16
#define MOST_ROWS 8
#define MOST_VECTORS 3
#define NAME plumb_avx512_dot_kernels
#define SET PLUMB_AVX512_DOT
#define DOT_PRODUCTS
#include "vector.h"
#include "multiply.h"
#include "product.h"
#include "panels.h"
#include "product_bfloat16.h"
#include "attention.h"
#include "attention_decode.h"
#include "sampling.h"
#include "rowwise.h"
#pragma clang attribute pop
#include "table.h"
#endif
