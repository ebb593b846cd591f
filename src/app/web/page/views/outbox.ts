import type { Status } from "../../../commands/text.js";
import { html } from "../html.js";
import { isUnderWay, queueRows, readQueue } from "../queue-rows.js";
import { empty, type Page, type View } from "../view.js";

const MOST_SHOWN = 100;
/** More than are shown, as some of the newest are still on their way. */
const MOST_READ = 2 * MOST_SHOWN;

export async function outboxPage(view: View): Promise<Page> {
  const { words } = view;
  const { pow } = (await view.call("status")) as Status;
  const all = await readQueue(view, MOST_READ);
  const under = all.filter((row) => isUnderWay(row, view.now));
  const ended = all.filter((row) => !isUnderWay(row, view.now));
  const list = async (rows: typeof all, nothing: string) =>
    rows.length === 0
      ? empty(words.text(nothing))
      : queueRows(view, rows.slice(0, MOST_SHOWN), pow.trials_per_second);
  return {
    title: words.text("nav.outbox"),
    content: html`<p class="lead">${words.text("outbox.lead")}</p>
<section aria-labelledby="under-way"><h2 id="under-way">${words.text("outbox.under-way")}</h2><div data-live="under-way">${await list(under, "status.queue-empty")}</div></section>
<section aria-labelledby="ended"><h2 id="ended">${words.text("outbox.ended")}</h2><div data-live="ended">${await list(ended, "outbox.ended-empty")}</div></section>`,
  };
}
