// The kernels for 64-bit ARM with products of four int8.
#if defined(__aarch64__)
#include <arm_neon.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define WIDTH 4
#define MOST_ROWS 8
#define MOST_VECTORS 3
#define NAME plumb_neon_kernels
#define SET PLUMB_NEON
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
