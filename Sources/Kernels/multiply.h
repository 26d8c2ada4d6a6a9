// Small matrix products: one register tile of ROWS x (VECTORS * WIDTH) outputs at a time. Each output is a single chain
// of multiply-adds over k, so a row's result does not depend on which other rows are computed with it. MOST_ROWS and
// MOST_VECTORS are the largest tile whose sums, with a row of b and one value of a, fit the registers.

#define TILE_BODY(ROWS, VECTORS)                                                                                       \
    vf t[ROWS][VECTORS];                                                                                               \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++)                                                  \
        _Pragma("clang loop unroll(full)") for (int j = 0; j < VECTORS; j++) t[r][j] = splat(0.0f);                    \
    for (int64_t i = 0; i < k; i++) {                                                                                  \
        vf y[VECTORS];                                                                                                 \
        _Pragma("clang loop unroll(full)") for (int j = 0; j < VECTORS; j++) y[j] = load(b + i * bs + j * WIDTH);      \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++) {                                            \
            vf x = splat(a[r * ar + i * ac]);                                                                          \
            _Pragma("clang loop unroll(full)") for (int j = 0; j < VECTORS; j++) t[r][j] += x * y[j];                  \
        }                                                                                                              \
    }                                                                                                                  \
    _Pragma("clang loop unroll(full)") for (int r = 0; r < ROWS; r++)                                                  \
        _Pragma("clang loop unroll(full)") for (int j = 0; j < VECTORS; j++) {                                         \
        float *p = c + r * cs + j * WIDTH;                                                                             \
        store(p, accumulate ? load(p) + t[r][j] : t[r][j]);                                                            \
    }

#define TILE(ROWS, VECTORS)                                                                                            \
    static void tile_##ROWS##x##VECTORS(int64_t k, const float *a, int64_t ar, int64_t ac, const float *b, int64_t bs, \
                                        float *c, int64_t cs, int32_t accumulate) {                                    \
        TILE_BODY(ROWS, VECTORS)                                                                                       \
    }
#if MOST_VECTORS == 3
#define TILES(ROWS) TILE(ROWS, 1) TILE(ROWS, 2) TILE(ROWS, 3)
#define TILE_ROW(ROWS) {tile_##ROWS##x1, tile_##ROWS##x2, tile_##ROWS##x3}
#else
#define TILES(ROWS) TILE(ROWS, 1) TILE(ROWS, 2)
#define TILE_ROW(ROWS) {tile_##ROWS##x1, tile_##ROWS##x2}
#endif

TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)
#if MOST_ROWS == 8
TILES(7) TILES(8)
#endif

typedef void (*tile_function)(int64_t, const float *, int64_t, int64_t, const float *, int64_t, float *, int64_t,
                              int32_t);
static const tile_function tiles[MOST_ROWS][MOST_VECTORS] = {
    TILE_ROW(1), TILE_ROW(2), TILE_ROW(3), TILE_ROW(4), TILE_ROW(5), TILE_ROW(6),
#if MOST_ROWS == 8
    TILE_ROW(7), TILE_ROW(8),
#endif
};

// Fewer than WIDTH columns: four at a time, then one.
static void tile_columns(int64_t rows, int64_t n, int64_t k, const float *a, int64_t ar, int64_t ac, const float *b,
                         int64_t bs, float *c, int64_t cs, int32_t accumulate) {
    for (int64_t r = 0; r < rows; r++) {
        int64_t j = 0;
        for (; j + 4 <= n; j += 4) {
            v4 t = {0, 0, 0, 0};
            for (int64_t i = 0; i < k; i++) t += a[r * ar + i * ac] * *(const v4_unaligned *)(b + i * bs + j);
            v4_unaligned *p = (v4_unaligned *)(c + r * cs + j);
            *p = accumulate ? *p + t : t;
        }
        for (; j < n; j++) {
            float t = 0;
            for (int64_t i = 0; i < k; i++) t += a[r * ar + i * ac] * b[i * bs + j];
            c[r * cs + j] = accumulate ? c[r * cs + j] + t : t;
        }
    }
}

// Rows of each tile when `rows` are cut into as few tiles as fit, as even as can be: 9 as 5 and 4, not 8 and 1.
INLINE int64_t rows_a_tile(int64_t rows) {
    const int64_t tiles = (rows + MOST_ROWS - 1) / MOST_ROWS;
    return tiles > 0 ? (rows + tiles - 1) / tiles : 1;
}

static void multiply(int64_t m, int64_t n, int64_t k, const float *a, int64_t ar, int64_t ac, const float *b,
                     int64_t bs, float *c, int64_t cs, int32_t accumulate) {
    const int64_t tile = rows_a_tile(m);
    int64_t j = 0;
    while (n - j >= WIDTH) {
        int64_t vectors = (n - j) / WIDTH;
        if (vectors > MOST_VECTORS) vectors = MOST_VECTORS;
        for (int64_t r = 0; r < m; r += tile) {
            int64_t rows = m - r < tile ? m - r : tile;
            tiles[rows - 1][vectors - 1](k, a + r * ar, ar, ac, b + j, bs, c + r * cs + j, cs, accumulate);
        }
        j += vectors * WIDTH;
    }
    if (j < n) tile_columns(m, n - j, k, a, ar, ac, b + j, bs, c + j, cs, accumulate);
}
