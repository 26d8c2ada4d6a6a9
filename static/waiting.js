// The page that waits for tasks sends what could not be sent before, and looks again by itself while somebody can see it.

import { flush } from "./outbox.js";

const place = document.querySelector("[data-looks-again]");
flush();
if (place) {
  const seconds = Number(place.dataset.looksAgain) || 10;
  place.querySelector("[data-looks-again-hint]").hidden = false;
  setInterval(async () => {
    if (document.visibilityState !== "visible") return;
    await flush();
    location.reload();
  }, seconds * 1000);
}
