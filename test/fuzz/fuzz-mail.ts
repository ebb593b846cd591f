/** Runs mail both ways over inputs made from a seed. An input is found again by its number. */
import { type FuzzedContent, makeContent, mutate, octetsOf, readMails } from "./mail-inputs.js";
import { MailTarget } from "./mail-target.js";
import { createRandom } from "./random.js";

export interface MailFuzzOptions {
  readonly seed: number;
  /** The number of the first input. */
  readonly from?: number;
  readonly inputs: number;
  /** Milliseconds that one input may take. */
  readonly longest: number;
  readonly progress?: (done: number) => void;
}

export interface MailFuzzReport {
  readonly inputs: number;
  readonly sent: number;
  readonly refused: number;
  readonly delivered: number;
  readonly dropped: number;
  /** The longest that one input took, in milliseconds, and its number. */
  readonly slowest: { readonly input: number; readonly milliseconds: number };
  readonly failures: readonly { readonly input: number; readonly mail: string; readonly error: string }[];
}

export async function fuzzMail(options: MailFuzzOptions): Promise<MailFuzzReport> {
  const mails = readMails();
  const target = new MailTarget();
  const counts = { sent: 0, refused: 0, delivered: 0, dropped: 0 };
  const failures: { input: number; mail: string; error: string }[] = [];
  let slowest = { input: -1, milliseconds: 0 };
  const first = options.from ?? 0;
  const end = first + options.inputs;
  for (let input = first; input < end && failures.length < 20; input++) {
    if ((input - first) % 1000 === 0) options.progress?.(input - first);
    const random = createRandom((options.seed ^ Math.imul(input, 0x9e3779b1)) >>> 0);
    const mail = mutate(random, mails);
    const began = performance.now();
    try {
      const content = target.send(
        octetsOf(mail),
        random.pick(["extended", "extended", "extended", "inline", "refuse"] as const),
      );
      counts[content === null ? "refused" : "sent"]++;
      for (const received of receivedOf(
        content,
        random.once(2) ? makeContent(random, mails, content) : null,
      )) {
        const result = await target.receive(received, random.pick(["msg", "chan", "broadcast"]));
        counts[result === "mail" ? "delivered" : "dropped"]++;
      }
    } catch (error) {
      failures.push({
        input,
        mail: mail.slice(0, 3000),
        error: String((error as Error).stack ?? error).slice(0, 1500),
      });
    }
    const milliseconds = Math.round(performance.now() - began);
    if (milliseconds > slowest.milliseconds) slowest = { input, milliseconds };
    if (milliseconds > options.longest)
      failures.push({ input, mail: mail.slice(0, 3000), error: `took ${milliseconds} ms` });
  }
  return { inputs: end - first, ...counts, slowest, failures };
}

/** What another bridge receives, and what a stranger makes of it. */
function receivedOf(ours: FuzzedContent | null, made: FuzzedContent | null): FuzzedContent[] {
  return [ours, made].filter((content) => content !== null);
}
