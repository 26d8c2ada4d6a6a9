"""Pictures of the pages, at three widths and in both colour schemes, as small palette PNG files."""

import base64
import struct
import zlib

WIDE, MIDDLE, NARROW = (1440, 900), (768, 1024), (360, 740)
VARIANTS = {
    "wide": (WIDE, "light"),
    "middle": (MIDDLE, "light"),
    "narrow": (NARROW, "light"),
    "dark": (WIDE, "dark"),
    "middle-dark": (MIDDLE, "dark"),
    "narrow-dark": (NARROW, "dark"),
}
# What people do all day is kept at every width and in both schemes.
ALL = tuple(VARIANTS)

COLOURS = 48

# Chromium decodes its own picture, keeps the most frequent colours and those farthest from any kept one (a small mark
# in a colour of its own stays as it is), and gives each pixel the nearest.
TO_PALETTE = """async ([address, size]) => {
  const image = await createImageBitmap(await (await fetch(address)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const colours = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([colour]) => {
    return { colour, parts: [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255], distance: Infinity, nearest: 0 };
  });
  const palette = [];
  const keep = (kept) => {
    for (const each of colours) {
      const distance = each.parts.reduce((sum, part, at) => sum + (part - kept.parts[at]) ** 2, 0);
      if (distance < each.distance) Object.assign(each, { distance, nearest: palette.length });
    }
    palette.push(kept.parts);
  };
  for (const frequent of colours.slice(0, size / 2)) keep(frequent);
  while (palette.length < Math.min(size, colours.length)) {
    keep(colours.reduce((worst, each) => (each.distance > worst.distance ? each : worst)));
  }
  const index = new Map(colours.map((each) => [each.colour, each.nearest]));
  const indices = Uint8Array.from(pixels, (pixel) => index.get(pixel));
  let text = '';
  for (let at = 0; at < indices.length; at += 8192) text += String.fromCharCode(...indices.subarray(at, at + 8192));
  return { width: image.width, height: image.height, palette: palette.flat(), indices: btoa(text) };
}"""


def palette_png(width, height, palette, indices):
    """A PNG of 8-bit palette entries, compressed as far as zlib goes."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = b"".join(b"\0" + indices[at * width:(at + 1) * width] for at in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"PLTE", bytes(palette))
            + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))


class Album:
    def __init__(self, folder, browser, is_kept):
        """Pictures to be kept are made small; others are written as they come."""
        self.folder, self.is_kept = folder, is_kept
        self.folder.mkdir(parents=True, exist_ok=True)
        self.darkroom = browser.new_page()
        self.taken = []

    def take(self, page, name, variants=None, whole=True):
        """Writes `NAME-VARIANT.png` for each variant; a whole page is more than a screen of it, up to a limit.

        Where no variants are named, the narrow picture is for looking at, and only the wide one is kept.
        """
        variants = variants or (("wide",) if self.is_kept else ("wide", "narrow"))
        size = page.viewport_size
        for variant in variants:
            (width, height), scheme = VARIANTS[variant]
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate("scrollTo(0, 0)")
            options = {}
            if whole:
                limit = height * (1.25 if self.is_kept else 2)
                tall = min(page.evaluate("document.documentElement.scrollHeight"), limit)
                options = {"full_page": True, "clip": {"x": 0, "y": 0, "width": width, "height": max(tall, height)}}
            self._write(f"{name}-{variant}.png", page.screenshot(animations="disabled", **options))
        page.emulate_media(color_scheme="light", reduced_motion="no-preference")
        page.set_viewport_size(size)

    def take_now(self, page, name):
        """The page exactly as it is, in the middle of a movement that a change of its size would end."""
        self._write(f"{name}-wide.png", page.screenshot(animations="disabled"))

    def _write(self, name, png):
        self.taken.append(name)
        if not self.is_kept:
            (self.folder / name).write_bytes(png)
            return
        made = self.darkroom.evaluate(
            TO_PALETTE, ["data:image/png;base64," + base64.b64encode(png).decode(), COLOURS])
        small = palette_png(made["width"], made["height"], made["palette"], base64.b64decode(made["indices"]))
        (self.folder / name).write_bytes(min(small, png, key=len))

    @property
    def bytes(self):
        return sum((self.folder / name).stat().st_size for name in self.taken)
