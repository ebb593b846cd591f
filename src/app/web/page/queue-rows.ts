/** Messages that are sent: what became of each, and what can be done about it. */
import type { QueueRow } from "../../commands/text.js";
import { CommandError } from "../../control/messages.js";
import { type Content, type Html, html } from "./html.js";
import { addressText, button, guardedButton, type View } from "./view.js";

export interface QueueDetails extends QueueRow {
  readonly trials?: number;
  readonly expected_trials?: number;
}

/** States in which something is still to be done or awaited. */
const UNDER_WAY = new Set(["queued", "awaiting-pubkey", "proof-of-work", "sent"]);
const BEFORE_SENDING = new Set(["queued", "awaiting-pubkey", "proof-of-work"]);

/** Newest first: all for which something is still to be done, and so many of the others. */
export async function readQueue(view: View, ended: number): Promise<readonly QueueRow[]> {
  const active = (await view.call("queue.list", { scope: "active" })) as readonly QueueRow[];
  const newest = (await view.call("queue.list", { limit: ended })) as readonly QueueRow[];
  const known = new Set(newest.map(({ id }) => id));
  return [...newest, ...active.filter(({ id }) => !known.has(id))];
}

/** Not delivered yet. A message that is sent and awaits nothing counts as delivered as far as can be known. */
export function isUnderWay({ state, expires }: QueueRow, now: number): boolean {
  return UNDER_WAY.has(state) && (state !== "sent" || expires === null || expires > now);
}

export async function queueRows(view: View, rows: readonly QueueRow[], speed: number): Promise<Html> {
  const labels = await readLabels(view);
  const items: Html[] = [];
  for (const row of rows) {
    items.push(queueRow(view, await details(view, row), labels, speed));
  }
  return html`<ul class="rows">${items}</ul>`;
}

/** The list tells all but how far the work is, and what it would cost. */
async function details(view: View, row: QueueRow): Promise<QueueDetails> {
  if (row.progress === null && row.failure !== "too-difficult") return row;
  try {
    return (await view.call("queue.show", { id: row.id })) as QueueDetails;
  } catch (error) {
    // It has been forgotten since.
    if (error instanceof CommandError) return row;
    throw error;
  }
}

/** What the user calls the addresses. */
async function readLabels(view: View): Promise<ReadonlyMap<string, string>> {
  const labels = new Map<string, string>();
  for (const method of ["contact.list", "subscription.list", "identity.list"]) {
    const rows = (await view.call(method)) as readonly { address: string; label: string }[];
    for (const { address, label } of rows) if (label !== "") labels.set(address, label);
  }
  return labels;
}

function queueRow(view: View, row: QueueDetails, labels: ReadonlyMap<string, string>, speed: number): Html {
  const { words } = view;
  const subject = row.subject === "" ? words.text("outbox.no-subject") : row.subject;
  return html`<li class="row">
<div class="what">
<p class="name">${subject}</p>
<p class="detail">${recipient(view, row, labels)}</p>
<p class="detail"><span class="state ${row.state}">${words.text(`state.${row.state}`)}</span> <time datetime="${new Date(row.created * 1000).toISOString()}">${words.dateTime(row.created)}</time></p>
${explanation(view, row)}${progress(view, row, speed)}
</div>
<div class="actions">${actions(view, row, subject)}</div>
</li>`;
}

function recipient(
  { words }: View,
  { to, kind }: QueueDetails,
  labels: ReadonlyMap<string, string>,
): Content {
  const label = labels.get(to);
  const key = kind === "broadcast" ? "outbox.to-followers" : "outbox.to";
  return html`${words.text(key)} ${label !== undefined && html`<strong>${label}</strong> `}${addressText(to)}`;
}

function explanation({ words }: View, row: QueueDetails): Content {
  if (row.failure === undefined) return null;
  const price = row.estimate === undefined ? "" : ` ${words.text("outbox.price", { price: row.estimate })}`;
  return html`<p class="detail">${words.text(`failure.${row.failure}`)}${price}</p>`;
}

function progress({ words }: View, row: QueueDetails, speed: number): Content {
  if (row.progress === null) return null;
  const share = Math.round(row.progress * 100);
  const expected = row.expected_trials ?? 0;
  // The search has no memory: what is expected to be left does not depend on what was done.
  const left =
    speed > 0 && expected > 0 ? words.text("outbox.left", { time: words.duration(expected / speed) }) : "";
  const label = `${words.text("outbox.progress")} ${row.subject}`;
  return html`<p class="progress"><progress max="100" value="${share}" aria-label="${label}"></progress><span>${share} %</span> <span class="detail">${left}</span></p>`;
}

function actions(view: View, row: QueueDetails, subject: string): Content {
  const { words } = view;
  const fields = { id: row.id };
  const about = subject;
  if (BEFORE_SENDING.has(row.state)) {
    const label = words.text("outbox.cancel");
    return guardedButton(view, {
      action: "/outbox/cancel",
      fields,
      label,
      about,
      question: words.text("outbox.cancel-question"),
    });
  }
  if (row.failure === "too-difficult" && row.estimate !== undefined)
    return button(view, { action: "/outbox/accept", fields, label: words.text("outbox.accept"), about });
  if (row.state === "failed" || row.state === "cancelled")
    return button(view, { action: "/outbox/retry", fields, label: words.text("outbox.retry"), about });
  return null;
}
