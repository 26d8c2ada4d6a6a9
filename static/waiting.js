// The page that waits for tasks looks again by itself while somebody can see it.

const place = document.querySelector("[data-looks-again]");
if (place) {
  const seconds = Number(place.dataset.looksAgain) || 10;
  place.querySelector("[data-looks-again-hint]").hidden = false;
  setInterval(() => {
    if (document.visibilityState === "visible") location.reload();
  }, seconds * 1000);
}
