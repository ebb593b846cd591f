// Keeps what is marked with data-live up to date. Without it the page works as well, and is as new as its loading.
const BUSY = 1500;
const IDLE = 5000;
const SLOW = 60_000;
let slowDue = performance.now() + SLOW;

async function refresh() {
  const places = [...document.querySelectorAll("[data-live]")];
  if (places.length === 0) return;
  if (!document.hidden) await load(places);
  const isBusy = document.querySelector("progress") !== null;
  setTimeout(refresh, isBusy ? BUSY : IDLE);
}

async function load(places) {
  // Plots and the like, which take more to be made, come once a minute.
  const isWhole = performance.now() >= slowDue;
  try {
    const headers = { Accept: "text/html", "X-Refresh": isWhole ? "whole" : "quick" };
    const response = await fetch(location.href, { headers });
    if (response.redirected) return location.reload();
    if (!response.ok) return;
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const place of places) update(place, next);
    if (isWhole) slowDue = performance.now() + SLOW;
  } catch {
    // The bridge is being restarted, perhaps; the next time tells.
  }
}

// What somebody is reading or about to press stays as it is.
function update(place, next) {
  const found = next.querySelector(`[data-live="${place.dataset.live}"]`);
  if (found === null || found.innerHTML === place.innerHTML) return;
  const isUsed =
    place.contains(document.activeElement) ||
    place.querySelector("details[open]") !== null ||
    [...place.children].some((child) => child.scrollTop > 0) ||
    (!getSelection().isCollapsed && getSelection().containsNode(place, true));
  if (!isUsed) place.replaceChildren(...found.childNodes);
}

// On narrow screens the navigation is scrolled to where one is.
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
setTimeout(refresh, BUSY);
