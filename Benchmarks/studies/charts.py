"""Figures as SVG: points or lines with 95% intervals, with title, axes and units. A white ground, so that they can be read on any page."""

import html
import math

COLOURS = ("#1b5e8c", "#b4530a", "#2e7d32", "#8e24aa", "#6d4c41", "#00838f", "#c2185b", "#37474f", "#9e9d24", "#283593")
# Corners around the middle; none is a circle.
SHAPES = ((), ((-4, -4), (4, -4), (4, 4), (-4, 4)), ((0, -5.5), (5.5, 4.5), (-5.5, 4.5)), ((0, -6), (6, 0), (0, 6), (-6, 0)))
WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 20, 46, 62


class Axis:
    """Maps numbers to places; `logarithmic` by their logarithm."""

    def __init__(self, low, high, first, last, logarithmic=False):
        self.logarithmic = logarithmic
        self.low, self.high = (math.log(low), math.log(high)) if logarithmic else (low, high)
        if self.high <= self.low:
            self.low, self.high = self.low - 0.5, self.high + 0.5
        self.first, self.last = first, last

    def __call__(self, value):
        value = math.log(value) if self.logarithmic else value
        return self.first + (value - self.low) / (self.high - self.low) * (self.last - self.first)

    def ticks(self):
        """Round numbers inside the axis, five or so; of a logarithmic one 1, 3, 10, 30, …"""
        if self.logarithmic:
            powers = range(math.floor(self.low / math.log(10)), math.ceil(self.high / math.log(10)) + 1)
            return [value for power in powers for value in (10.0 ** power, 3 * 10.0 ** power) if self.low <= math.log(value) <= self.high]
        raw = (self.high - self.low) / 5
        power = 10 ** math.floor(math.log10(raw))
        step = min((s * power for s in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s - raw))
        first = math.ceil(self.low / step - 1e-9)
        return [round(n * step, 10) for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def lines(title, x_label, y_label, series, x_log=False, y_range=None, marks=(), by_x=True):
    """- series: {name: [(x, (mean, low, high) or number)]}; marks: [(y, words)] are drawn as dashed levels; by_x: points are joined by
    their x, not in the order in which they come."""
    points = [(x, bounds(y)) for row in series.values() for x, y in row]
    xs = [x for x, _ in points]
    ys = [value for _, y in points for value in y] + [y for y, _ in marks]
    low, high = y_range or padded(min(ys), max(ys))
    x_axis = Axis(min(xs), max(xs), LEFT + 14, WIDTH - RIGHT - 14, x_log)
    y_axis = Axis(low, high, HEIGHT - BOTTOM, TOP + 22 * legend_rows(series))
    body = frame(title, x_label, y_label, y_axis)
    for x in sorted(set(xs)) if x_log or len(set(xs)) <= 8 else x_axis.ticks():
        body.append(tick(x_axis(x), number(x)))
    body += levels(marks, y_axis)
    for index, row in enumerate(series.values()):
        row = sorted(row, key=lambda one: one[0]) if by_x else row
        path = " ".join(f"{x_axis(x):.1f},{y_axis(bounds(y)[1]):.1f}" for x, y in row)
        body.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[index]}" stroke-width="2"/>')
        body += [point(x_axis(x), y_axis, bounds(y), index) for x, y in row]
    return document(title, body + legend(series))


def categories(title, y_label, groups, series, y_range=None, marks=()):
    """Points side by side for each group. - series: {name: [(mean, low, high) or None for each group]}."""
    ys = [value for row in series.values() for y in row if y is not None for value in bounds(y)] + [y for y, _ in marks]
    low, high = y_range or padded(min(ys), max(ys))
    y_axis = Axis(low, high, HEIGHT - BOTTOM, TOP + 22 * legend_rows(series))
    body = frame(title, "", y_label, y_axis) + levels(marks, y_axis)
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    for place, group in enumerate(groups):
        centre = LEFT + room * (place + 0.5)
        body += [tick(centre, words, line) for line, words in enumerate(group.split(", "))]
        for index, row in enumerate(series.values()):
            if row[place] is not None:
                shift = (index - (len(series) - 1) / 2) * min(20, room / (len(series) + 1))
                body.append(point(centre + shift, y_axis, bounds(row[place]), index))
    return document(title, body + legend(series))


def scatter(title, x_label, y_label, series, x_log=False):
    """Points alone. - series: {name: [(x, y)]}."""
    points = [place for row in series.values() for place in row]
    x_axis = Axis(min(x for x, _ in points), max(x for x, _ in points), LEFT + 14, WIDTH - RIGHT - 14, x_log)
    low, high = padded(min(y for _, y in points), max(y for _, y in points))
    y_axis = Axis(low, high, HEIGHT - BOTTOM, TOP + 22 * legend_rows(series))
    body = frame(title, x_label, y_label, y_axis)
    body += [tick(x_axis(value), number(value)) for value in x_axis.ticks()]
    for index, row in enumerate(series.values()):
        body += [point(x_axis(x), y_axis, bounds(y), index) for x, y in row]
    return document(title, body + legend(series))


def bounds(y):
    """(low, mean, high)"""
    if not isinstance(y, (tuple, list)):
        return y, y, y
    mean, low, high = y
    return (mean if low is None else low), mean, (mean if high is None else high)


def padded(low, high):
    room = (high - low or abs(high) or 1) * 0.06
    return low - room, high + room


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def text(x, y, words, anchor="middle", size=13, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{more}>{html.escape(words)}</text>'


def frame(title, x_label, y_label, y_axis):
    middle = (y_axis.first + y_axis.last) / 2
    body = [text(LEFT, 22, title, "start", 15, ' font-weight="bold"'),
            text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_label),
            text(18, middle, y_label, more=f' transform="rotate(-90 18 {middle:.1f})"')]
    for value in y_axis.ticks():
        y = y_axis(value)
        body.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        body.append(text(LEFT - 8, y + 4, f"{value:g}", "end", 12))
    return body


def levels(marks, y_axis):
    body = []
    for value, words in marks:
        y = y_axis(value)
        body.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#555" stroke-dasharray="5 4"/>')
        body.append(text(WIDTH - RIGHT, y - 5, words, "end", 12, ' fill="#555"'))
    return body


def tick(x, words, line=0):
    return text(x, HEIGHT - BOTTOM + 20 + 15 * line, words, size=12)


def point(x, y_axis, bounds, index):
    low, mean, high = map(y_axis, bounds)
    return (f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{COLOURS[index]}" stroke-width="1.5"/>'
            + marker(x, mean, index))


def marker(x, y, index):
    """Each series has a colour and a shape of its own."""
    corners = SHAPES[index % len(SHAPES)]
    if not corners:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{COLOURS[index]}"/>'
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" fill="{COLOURS[index]}"/>'


def legend_places(series):
    """(x, row) of each entry: as many in a row as fit."""
    x, row, places = LEFT, 0, []
    for name in series:
        width = 34 + 7.3 * len(name)
        if x + width > WIDTH and x > LEFT:
            x, row = LEFT, row + 1
        places.append((x, row))
        x += width
    return places


def legend_rows(series):
    return legend_places(series)[-1][1] + 1


def legend(series):
    body = []
    for index, (name, (x, row)) in enumerate(zip(series, legend_places(series))):
        y = TOP + 22 * row
        body.append(marker(x + 5, y - 4, index) + text(x + 15, y, name, "start"))
    return body


def document(title, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
            f'aria-label="{html.escape(title)}" font-family="system-ui, sans-serif" fill="#222">\n'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n' + "\n".join(body) + "\n</svg>\n")
