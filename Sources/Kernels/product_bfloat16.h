// Weight gradients from operands rounded to bf16: the sums over rows run in pairs of neighbouring rows, in chains of
// PLUMB_CHAIN rows that are added in order, in float32.

// The upper halves of two rows' values, rounded to the nearest bf16, the first row's in the lower half of each word.
INLINE vi rounded_pair(vf first, vf second) {
    const vi a = (vi)first, b = (vi)second;
    const vi low = (vi)((vu)(a + 0x7FFF + ((a >> 16) & 1)) >> 16), high = b + 0x7FFF + ((b >> 16) & 1);
    const vi number = (first == first) & (second == second);
    return ((low | (high & (int32_t)0xFFFF0000)) & number) | ((int32_t)0x7FC07FC0 & ~number);
}

// Two rows of `count` columns as pairs; a missing second row is zeros.
INLINE vi pair_of(const float *row, int64_t stride, int32_t both, int64_t count) {
    const vf first = count >= WIDTH ? load(row) : load_part(row, count);
    if (!both) return rounded_pair(first, splat(0.0f));
    return rounded_pair(first, count >= WIDTH ? load(row + stride) : load_part(row + stride, count));
}

// Columns of a in tiles [pairs][MOST_ROWS].
static void pack_pair_tiles(int64_t m, int64_t length, const float *a, int64_t a_stride, uint32_t *tiles_of_a) {
    const int64_t pairs = (length + 1) / 2;
    for (int64_t i = 0; i < pairs; i++)
        for (int64_t r = 0; r < m; r += WIDTH) {
            const vi words = pair_of(a + 2 * i * a_stride + r, a_stride, 2 * i + 1 < length, m - r);
            for (int64_t c = 0; c < WIDTH && r + c < m; c += MOST_ROWS == 8 ? 8 : 1) {
                uint32_t *target = tiles_of_a + ((r + c) / MOST_ROWS * pairs + i) * MOST_ROWS + (r + c) % MOST_ROWS;
                memcpy(target, (const char *)&words + 4 * c, MOST_ROWS == 8 ? 32 : 4);
            }
        }
}

// Columns of b as one panel [pairs][PLUMB_PANEL], zeros beside them.
static void pack_pair_panel(int64_t columns, int64_t length, const float *b, int64_t b_stride, uint32_t *panel) {
    for (int64_t i = 0; 2 * i < length; i++)
        for (int64_t c = 0; c < PLUMB_PANEL; c += WIDTH) {
            vi words = (vi){};
            if (c < columns) words = pair_of(b + 2 * i * b_stride + c, b_stride, 2 * i + 1 < length, columns - c);
            memcpy(panel + i * PLUMB_PANEL + c, &words, sizeof words);
        }
}

static void add_column_products_bfloat16(int64_t m, int64_t n, int64_t k, const float *a, int64_t a_stride,
                                         const float *b, int64_t b_stride, float *c, int64_t c_stride, float *scratch) {
    uint32_t *panel = (uint32_t *)(void *)scratch, *tiles_of_a = panel + PLUMB_CHAIN / 2 * PLUMB_PANEL;
    float part[MOST_ROWS * PLUMB_PANEL];
    for (int64_t i = 0; i < k; i += PLUMB_CHAIN) {
        const int64_t length = k - i < PLUMB_CHAIN ? k - i : PLUMB_CHAIN, pairs = (length + 1) / 2;
        pack_pair_tiles(m, length, a + i * a_stride, a_stride, tiles_of_a);
        for (int64_t j = 0; j < n; j += PLUMB_PANEL) {
            const int64_t columns = n - j < PLUMB_PANEL ? n - j : PLUMB_PANEL;
            pack_pair_panel(columns, length, b + i * b_stride + j, b_stride, panel);
            for (int64_t r = 0; r < m; r += MOST_ROWS) {
                const int64_t count = m - r < MOST_ROWS ? m - r : MOST_ROWS;
                float *target = c + r * c_stride + j;
                const int whole = columns == PLUMB_PANEL;
                for (int64_t v = 0; v < PLUMB_PANEL; v += MOST_VECTORS * WIDTH)
                    BY_ROWS(bfloat16_tile, pairs, tiles_of_a + r * pairs, 1, MOST_ROWS, panel + v,
                            whole ? target + v : part + v, whole ? c_stride : PLUMB_PANEL, whole)
                for (int64_t row = 0; !whole && row < count; row++)
                    for (int64_t v = 0; v < columns; v++) target[row * c_stride + v] += part[row * PLUMB_PANEL + v];
            }
        }
    }
}
