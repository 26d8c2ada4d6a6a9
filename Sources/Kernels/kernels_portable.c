// The kernels for any processor: four floats a vector, which every 64-bit target has.
#define WIDTH 4
#define MOST_ROWS 6
#define MOST_VECTORS 2
#define NAME plumb_portable_kernels
#define SET PLUMB_PORTABLE
#include "vector.h"
#include "multiply.h"
#include "product.h"
#include "panels.h"
#include "product_bfloat16.h"
#include "attention.h"
#include "attention_decode.h"
#include "sampling.h"
#include "rowwise.h"
#include "table.h"
