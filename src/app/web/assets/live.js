// Keeps what is marked with data-live up to date. Without it the page works as well, and is as new as its loading.
const INTERVAL = 3000;

async function refresh() {
  const places = document.querySelectorAll("[data-live]");
  if (places.length === 0) return;
  if (!document.hidden) {
    try {
      const response = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (response.redirected) return location.reload();
      const next = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const place of places) update(place, next);
    } catch {
      // The bridge is being restarted, perhaps; the next time tells.
    }
  }
  setTimeout(refresh, INTERVAL);
}

// What somebody is reading or about to press stays as it is.
function update(place, next) {
  const found = next.querySelector(`[data-live="${place.dataset.live}"]`);
  const isUsed = place.contains(document.activeElement) || place.querySelector("details[open]") !== null;
  if (found === null || isUsed || found.innerHTML === place.innerHTML) return;
  place.replaceChildren(...found.childNodes);
}

// On narrow screens the navigation is scrolled to where one is.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
setTimeout(refresh, INTERVAL);
