// Large matrix products: the register tiles of multiply.h over weights as they lie or in panels, and over columns packed
// on the way.
// A sum of more than PLUMB_CHAIN terms is cut into chains of that many, added in order: a shorter way for rounding errors
// to grow, and the same bits however rows and columns are shared out.

static void product(int64_t rows, int64_t n, int64_t k, const float *x, int64_t x_stride, const float *b,
                    int64_t b_stride, int64_t panel_stride, float *y, int64_t y_stride, int32_t accumulate) {
    for (int64_t j = 0; j < n; j += PLUMB_PANEL) {
        const int64_t columns = n - j < PLUMB_PANEL ? n - j : PLUMB_PANEL;
        const float *panel = b + j / PLUMB_PANEL * panel_stride;
        for (int64_t i = 0; i < k; i += PLUMB_CHAIN) {
            const int64_t length = k - i < PLUMB_CHAIN ? k - i : PLUMB_CHAIN;
            multiply(rows, columns, length, x + i, x_stride, 1, panel + i * b_stride, b_stride, y + j, y_stride,
                     accumulate || i > 0);
        }
    }
}

// Columns of a in tiles [length][MOST_ROWS]; the last tile may be narrower, what lies beside it is never used.
static void pack_tiles(int64_t m, int64_t length, const float *a, int64_t a_stride, float *tiles_of_a) {
    for (int64_t i = 0; i < length; i++) {
        const float *source = a + i * a_stride;
        float *target = tiles_of_a + i * MOST_ROWS;
        int64_t r = 0;
        for (; r + MOST_ROWS <= m; r += MOST_ROWS)
            for (int64_t c = 0; c < MOST_ROWS; c++) target[r * length + c] = source[r + c];
        for (int64_t c = r; c < m; c++) target[r * length + c - r] = source[c];
    }
}

// Rows of at most PLUMB_PANEL columns, one after the other; what lies beyond the columns is never read.
static void pack_rows(int64_t length, int64_t columns, const float *b, int64_t b_stride, float *panel) {
    for (int64_t l = 0; l < length; l++) {
        const float *source = b + l * b_stride;
        float *target = panel + l * PLUMB_PANEL;
        if (columns == PLUMB_PANEL)
            for (int64_t c = 0; c < PLUMB_PANEL; c += WIDTH) store(target + c, load(source + c));
        else
            memcpy(target, source, (size_t)columns * 4);
    }
}

static void add_column_products(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_stride, const float *b,
                                int64_t b_stride, float *c, int64_t c_stride, float *scratch) {
    float *panel = scratch, *tiles_of_a = scratch + PLUMB_CHAIN * PLUMB_PANEL;
    for (int64_t i = 0; i < k; i += PLUMB_CHAIN) {
        const int64_t length = k - i < PLUMB_CHAIN ? k - i : PLUMB_CHAIN;
        pack_tiles(m, length, a + i * a_stride, a_stride, tiles_of_a);
        for (int64_t j = 0; j < n; j += PLUMB_PANEL) {
            const int64_t columns = n - j < PLUMB_PANEL ? n - j : PLUMB_PANEL;
            pack_rows(length, columns, b + i * b_stride + j, b_stride, panel);
            for (int64_t r = 0; r < m; r += MOST_ROWS) {
                const int64_t rows = m - r < MOST_ROWS ? m - r : MOST_ROWS;
                multiply(rows, columns, length, tiles_of_a + r * length, 1, MOST_ROWS, panel, PLUMB_PANEL,
                         c + r * c_stride + j, c_stride, 1);
            }
        }
    }
}
