// Blocks of 64 weights that share a scale, in 8 bits or as one of 16 levels. Source of the levels: Dettmers et al. 2023
// ("QLoRA"), appendix E: quantiles of the normal distribution, scaled to -1 ... 1 with an exact zero.
#include "kernels.h"

#include <math.h>

static const float levels[16] = {
    -1.0f,
    -0.6961928009986877f,
    -0.5250730514526367f,
    -0.39491748809814453f,
    -0.28444138169288635f,
    -0.18477343022823334f,
    -0.09105003625154495f,
    0.0f,
    0.07958029955625534f,
    0.16093020141124725f,
    0.24611230194568634f,
    0.33791524171829224f,
    0.44070982933044434f,
    0.5626170039176941f,
    0.7229568362236023f,
    1.0f,
};

// The level nearest to x: as many steps up as there are midpoints below it.
static uint8_t nearest(float x) {
    uint8_t level = 0;
    for (int step = 8; step > 0; step /= 2)
        if (x > 0.5f * (levels[level + step - 1] + levels[level + step])) level = (uint8_t)(level + step);
    return level;
}

void plumb_block_scales(int64_t n, const float *x, float *scales) {
    for (int64_t start = 0; start < n; start += PLUMB_BLOCK) {
        const int64_t end = n - start < PLUMB_BLOCK ? n : start + PLUMB_BLOCK;
        float largest = 0;
        for (int64_t i = start; i < end; i++) largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
        scales[start / PLUMB_BLOCK] = largest;
    }
}

void plumb_quantise_blocks(plumb_level_count count, int64_t n, const float *x, const float *scales, uint8_t *codes) {
    for (int64_t i = 0; i < n; i++) {
        const float scale = scales[i / PLUMB_BLOCK];
        const float share = scale > 0 ? x[i] / scale : 0;
        if (count == PLUMB_LEVELS_256) {
            const float level = nearbyintf(127 * share);
            codes[i] = (uint8_t)(int8_t)(level > 127 ? 127 : level < -127 ? -127 : level);
        } else {
            const uint8_t level = nearest(share);
            codes[i / 2] = i % 2 == 0 ? level : (uint8_t)(codes[i / 2] | level << 4);
        }
    }
}

void plumb_dequantise_blocks(const plumb_blocks *blocks, int64_t first, int64_t n, float *y) {
    int64_t i = first;
    while (i < first + n) {
        const int64_t block = i / PLUMB_BLOCK;
        int64_t end = (block + 1) * PLUMB_BLOCK;
        if (end > first + n) end = first + n;
        const float scale = blocks->scales != NULL
                                ? blocks->scales[block]
                                : blocks->scale_mean + blocks->scale_steps[block / PLUMB_SCALE_BLOCK] *
                                                           (float)blocks->scale_codes[block];
        float *target = y - first;
        if (blocks->count == PLUMB_LEVELS_256) {
            const float step = scale / 127;
            for (; i < end; i++) target[i] = step * (float)(int8_t)blocks->codes[i];
        } else {
            float scaled[16];
            for (int level = 0; level < 16; level++) scaled[level] = scale * levels[level];
            for (; i < end; i++) target[i] = scaled[blocks->codes[i / 2] >> 4 * (i % 2) & 15];
        }
    }
}
