// The words in which two texts differ. Plain values and no page, so that it can be tested by itself.

/** Beyond this many cells a stretch without a common anchor is taken as wholly different, so that no page stands still. */
const largestTable = 4_000_000;

const words = (text) => text.match(/\s+|[\p{L}\p{N}\p{M}_]+|[^\s\p{L}\p{N}\p{M}_]/gu) ?? [];

/**
 * Compares two texts word by word.
 * @returns `left` and `right`: runs `{ text, isCommon }` that make up each text, white space with its neighbours.
 */
export function difference(left, right) {
  const [a, b] = [words(left), words(right)];
  const common = { left: new Uint8Array(a.length), right: new Uint8Array(b.length) };
  match(a, 0, a.length, b, 0, b.length, common);
  return { left: runs(a, common.left), right: runs(b, common.right) };
}

/** Marks the words that both stretches have in the same order. */
function match(a, fromA, toA, b, fromB, toB, common) {
  const take = (atA, atB) => {
    common.left[atA] = 1;
    common.right[atB] = 1;
  };
  while (fromA < toA && fromB < toB && a[fromA] === b[fromB]) take(fromA++, fromB++);
  while (fromA < toA && fromB < toB && a[toA - 1] === b[toB - 1]) take(--toA, --toB);
  if (fromA === toA || fromB === toB) return;
  const anchors = uniqueAnchors(a, fromA, toA, b, fromB, toB);
  if (anchors.length === 0) {
    if ((toA - fromA) * (toB - fromB) <= largestTable) longestCommon(a, fromA, toA, b, fromB, toB, take);
    return;
  }
  let [startA, startB] = [fromA, fromB];
  for (const [atA, atB] of [...anchors, [toA, toB]]) {
    match(a, startA, atA, b, startB, atB, common);
    if (atA < toA) take(atA, atB);
    [startA, startB] = [atA + 1, atB + 1];
  }
}

/** Words that stand once in each stretch, as far as they come in the same order: patience sorting. */
function uniqueAnchors(a, fromA, toA, b, fromB, toB) {
  const places = new Map();
  const note = (text, at, side) => {
    const place = places.get(text) ?? { a: -1, b: -1, countA: 0, countB: 0 };
    place[side] = at;
    place[side === "a" ? "countA" : "countB"] += 1;
    places.set(text, place);
  };
  for (let at = fromA; at < toA; at += 1) note(a[at], at, "a");
  for (let at = fromB; at < toB; at += 1) note(b[at], at, "b");
  const unique = [...places.values()].filter((place) => place.countA === 1 && place.countB === 1);
  const piles = [];
  for (const place of unique.sort((one, other) => one.a - other.a)) {
    let [low, high] = [0, piles.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (piles[middle].b < place.b) low = middle + 1;
      else high = middle;
    }
    piles[low] = { ...place, before: piles[low - 1] };
  }
  const anchors = [];
  for (let place = piles.at(-1); place; place = place.before) anchors.push([place.a, place.b]);
  return anchors.reverse();
}

/** The longest common subsequence by the table of lengths. */
function longestCommon(a, fromA, toA, b, fromB, toB, take) {
  const [rows, columns] = [toA - fromA + 1, toB - fromB + 1];
  const lengths = new Uint32Array(rows * columns);
  for (let x = rows - 2; x >= 0; x -= 1) {
    for (let y = columns - 2; y >= 0; y -= 1) {
      const at = x * columns + y;
      lengths[at] = a[fromA + x] === b[fromB + y]
        ? lengths[at + columns + 1] + 1 : Math.max(lengths[at + columns], lengths[at + 1]);
    }
  }
  let [x, y] = [0, 0];
  while (x < rows - 1 && y < columns - 1) {
    if (a[fromA + x] === b[fromB + y]) take(fromA + x++, fromB + y++);
    else if (lengths[(x + 1) * columns + y] >= lengths[x * columns + y + 1]) x += 1;
    else y += 1;
  }
}

/** Neighbours of one kind as one run; white space alone makes no difference to the eye and joins the run before it. */
function runs(all, isCommon) {
  const made = [];
  all.forEach((text, at) => {
    const isSpace = /^\s/.test(text);
    const last = made.at(-1);
    const kind = isSpace && last ? last.isCommon : isCommon[at] === 1;
    if (last && last.isCommon === kind) last.text += text;
    else made.push({ text, isCommon: kind });
  });
  return made;
}
