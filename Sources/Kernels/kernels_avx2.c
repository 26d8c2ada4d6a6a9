// The kernels for x86-64 with AVX2 and fused multiply-add.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define WIDTH 8
#define MOST_ROWS 6
#define MOST_VECTORS 2
#define NAME plumb_avx2_kernels
#define SET PLUMB_AVX2
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
