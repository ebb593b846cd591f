/** The first page: how everything does. */

import type { Sample } from "../../../../store/stores.js";
import type { QueueRow, Status } from "../../../commands/text.js";
import { type Html, html } from "../html.js";
import { plot } from "../plots.js";
import { isUnderWay, queueRows, readQueue } from "../queue-rows.js";
import { empty, field, type Page, postForm, submit, type View } from "../view.js";

const MOST_READ = 100;
/** Of which the plot of delivery times is made. */
const MOST_DELIVERIES = 1000;
const RANGES = [3, 24, 168] as const;

export async function statusPage(view: View): Promise<Page> {
  const { words } = view;
  const status = (await view.call("status")) as Status;
  const sent = await readQueue(view, MOST_READ);
  const under = sent.filter((row) => isUnderWay(row, view.now));
  const queue =
    under.length === 0
      ? empty(words.text("status.queue-empty"))
      : await queueRows(view, under.slice(0, 20), status.pow.trials_per_second);
  return {
    title: words.text("nav.status"),
    content: html`<div data-live="trouble">${status.trouble !== null && html`<p class="notice failed" role="alert" lang="en">${status.trouble.text}.</p>`}</div>${status.keys === "locked" && unlockForm(view)}${sent.length === 0 && status.mail.messages === 0 && firstSteps(view)}<div data-live="tiles" class="tiles">${tiles(view, status, under.length)}</div>
<section aria-labelledby="queue"><h2 id="queue">${words.text("status.queue")}</h2><div data-live="queue">${queue}</div></section>
<section aria-labelledby="history"><h2 id="history">${words.text("status.history")}</h2>${view.purpose === "show" && html`<div data-live="history" class="history">${history(view, await readQueue(view, MOST_DELIVERIES))}</div>`}</section>
<section aria-labelledby="peers"><h2 id="peers">${words.text("status.peers")}</h2><div data-live="peers">${peers(view, status)}</div></section>`,
  };
}

/** Until somebody gives the passphrase. */
function unlockForm(view: View): Html {
  const { words } = view;
  const inputs = html`${field({ id: "passphrase", name: "passphrase", label: words.text("unlock.passphrase"), type: "password" })}${submit(words.text("unlock.submit"))}`;
  return html`<section class="new" aria-labelledby="unlock"><h2 id="unlock">${words.text("unlock.title")}</h2><p>${words.text("unlock.lead")}</p>${postForm(view, "/unlock", inputs, "stack")}</section>`;
}

/** Until something has been sent or has come. */
function firstSteps({ words }: View): Html {
  const steps = [
    ["/setup", "first.client"],
    ["/identities", "first.address"],
    ["/contacts", "first.write"],
  ] as const;
  return html`<section class="new first" aria-labelledby="first"><h2 id="first">${words.text("first.title")}</h2><ol>${steps.map(([path, key]) => html`<li><a href="${path}">${words.text(key)}</a> <span class="detail">${words.text(`${key}-detail`)}</span></li>`)}</ol></section>`;
}

function tiles({ words }: View, status: Status, underWay: number): Html {
  const { peers: all, inventory, pow, traffic } = status;
  const inbound = all.filter((peer) => peer.inbound).length;
  const network =
    all.length === 0
      ? words.text("status.searching")
      : traffic.objects_pending > 0
        ? words.text("status.catching-up", { count: words.number(traffic.objects_pending) })
        : words.text("status.up-to-date");
  const rate = words.text("status.rate", { rate: words.number(pow.trials_per_second / 1e6, 1) });
  const work = pow.working ? words.text("status.working") : words.text("status.idle");
  return html`${tile(words.text("status.peers"), words.number(all.length), words.text("status.directions", { inbound: words.number(inbound), outbound: words.number(all.length - inbound) }))}
${tile(words.text("status.network"), network, words.text("status.objects", { count: words.number(inventory.objects), size: words.bytes(inventory.bytes) }))}
${tile(words.text("status.work"), work, pow.trials_per_second > 0 ? `${rate}, ${pow.engine}` : words.text("status.not-measured"))}
${tile(words.text("status.queue"), words.number(underWay), words.text("status.uptime", { time: words.duration(status.uptime_seconds) }))}`;
}

function tile(name: string, value: string, detail: string): Html {
  return html`<section class="tile"><h2>${name}</h2><p class="value">${value}</p><p class="detail">${detail}</p></section>`;
}

function history(view: View, sentMessages: readonly QueueRow[]): Html {
  const { words, now, query } = view;
  const hours = RANGES.find((range) => String(range) === query.get("hours")) ?? 24;
  const from = now - hours * 3600;
  const samples = view.samples.since(from);
  const shared = {
    samples,
    from,
    until: now,
    nothing: words.text("history.nothing"),
    formatTime: hours > 24 ? words.weekday : words.hour,
  };
  const links = RANGES.map(
    (range) =>
      html`<li><a href="/?hours=${range}#history"${range === hours && html` aria-current="true"`}>${words.text(`history.range-${range}`)}</a></li>`,
  );
  const perSecond = (value: number) => `${words.bytes(value)}/s`;
  const percent = (value: number) => `${words.number(value * 100)} %`;
  const whole = (value: number) => words.number(value, value < 10 && !Number.isInteger(value) ? 1 : 0);
  const of = (label: string, className: "first" | "second", value: (sample: Sample) => number) => ({
    label: words.text(label),
    className,
    value,
  });
  const received = "history.received";
  const sent = "history.sent";
  return html`<ul class="tabs">${links}</ul><div class="plots">
${plot({ ...shared, title: words.text("history.traffic"), series: [of(received, "first", (one) => one.bytesReceived / 60), of(sent, "second", (one) => one.bytesSent / 60)], unit: "bytes", formatValue: perSecond, atLeast: 100 })}
${plot({ ...shared, title: words.text("history.objects"), series: [of(received, "first", (one) => one.objectsReceived), of(sent, "second", (one) => one.objectsSent)], unit: "count", formatValue: whole, atLeast: 1 })}
${plot({ ...shared, title: words.text("status.peers"), series: [of("status.peers", "first", (one) => one.peers)], unit: "count", formatValue: whole, atLeast: 4 })}
${plot({ ...shared, title: words.text("status.work"), series: [of("status.work", "first", (one) => one.working)], unit: "count", formatValue: percent, atLeast: 1 })}
${plot({ ...shared, title: words.text("history.delivery"), samples: deliveries(sentMessages, from), series: [{ label: words.text("history.delivery"), className: "first", value: ({ seconds }) => seconds }], unit: "duration", formatValue: words.duration, atLeast: 60, nothing: words.text("history.no-delivery") })}
</div>`;
}

/** Delivered messages of that time, and how long each was on its way: seconds. */
function deliveries(rows: readonly QueueRow[], from: number) {
  return rows
    .filter(({ state, changed }) => state === "acknowledged" && changed >= from)
    .map(({ created, changed }) => ({ time: changed, seconds: changed - created }));
}

function peers({ words }: View, status: Status): Html {
  if (status.peers.length === 0) return empty(words.text("status.no-peers"));
  const items = status.peers.map(
    (
      peer,
    ) => html`<li class="row"><div class="what"><p class="name"><code class="address">${peer.address}</code></p>
<p class="detail">${words.text(peer.inbound ? "peer.inbound" : "peer.outbound")}, ${words.text(peer.tls ? "peer.tls" : "peer.plain")} · ${peer.user_agent} · ${words.text("peer.since", { time: words.time(peer.since) })}</p></div></li>`,
  );
  return html`<details><summary>${words.text("status.show-peers", { count: words.number(items.length) })}</summary><ul class="rows">${items}</ul></details>`;
}
