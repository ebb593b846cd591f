import type { OpenMailbox } from "./backend.js";
import { Pacer } from "./pacer.js";
import type { Progress } from "./progress.js";
import { finder } from "./read-records.js";
import { evaluate, type SearchContext } from "./search-evaluate.js";
import { partsFor, type SearchKey } from "./search-key.js";
import { SearchMessage } from "./search-message.js";
import type { SessionView } from "./view.js";

/** Messages whose records are asked for at a time. */
const BATCH = 256;

export interface SearchJob {
  readonly key: SearchKey;
  readonly view: SessionView;
  readonly handle: OpenMailbox;
  /** Unix seconds. */
  readonly now: number;
  /** Says whether to go on. */
  wanted(): boolean;
  readonly progress?: Progress;
}

/** Sequence numbers of the messages that match, ascending. Works in short slices, so that others are served meanwhile. */
export async function runSearch(job: SearchJob): Promise<number[]> {
  const { view } = job;
  const sets = new Map<SearchKey, ReadonlySet<number>>();
  resolveSets(job.key, view, sets);
  const context: SearchContext = { view, now: job.now, sets };
  const pacer = new Pacer();
  const found: number[] = [];
  let undecided: SearchMessage[] = [];
  // Neither the view's messages nor their numbers change while a command runs.
  const size = view.size;
  let message = new SearchMessage();
  for (let sequence = 1; sequence <= size && job.wanted(); sequence++) {
    message.sequence = sequence;
    const truth = evaluate(job.key, message, context);
    if (truth) found.push(sequence);
    if (truth === undefined) {
      message.uid = view.at(sequence)!.uid;
      undecided.push(message);
      message = new SearchMessage();
    }
    if (undecided.length >= BATCH) {
      await decide(job, undecided, context, found, pacer);
      undecided = [];
    }
    const pause = pacer.pause();
    if (pause) {
      job.progress?.report(sequence, size);
      await pause;
    }
  }
  await decide(job, undecided, context, found, pacer);
  return found.sort((a, b) => a - b);
}

async function decide(
  job: SearchJob,
  messages: readonly SearchMessage[],
  context: SearchContext,
  found: number[],
  pacer: Pacer,
): Promise<void> {
  if (messages.length === 0) return;
  const records = await job.handle.records(
    messages.map((message) => message.uid),
    partsFor(job.key),
  );
  const find = finder(records);
  for (const message of messages) {
    if (!job.wanted()) return;
    message.record = find(message.uid);
    if (!message.record) continue;
    let truth = evaluate(job.key, message, context);
    if (truth === undefined) {
      message.bytes = await job.handle.read(message.uid);
      truth = message.bytes ? evaluate(job.key, message, context) : false;
    }
    if (truth) found.push(message.sequence);
    const pause = pacer.pause();
    if (pause) {
      job.progress?.report(message.sequence, job.view.size);
      await pause;
    }
  }
}

function resolveSets(key: SearchKey, view: SessionView, sets: Map<SearchKey, ReadonlySet<number>>): void {
  switch (key.type) {
    case "sequence":
      sets.set(key, new Set(view.resolveSequenceLoosely(key.set)));
      break;
    case "uid":
      sets.set(key, new Set(view.resolveUids(key.set)));
      break;
    case "and":
      for (const one of key.keys) resolveSets(one, view, sets);
      break;
    case "or":
      resolveSets(key.left, view, sets);
      resolveSets(key.right, view, sets);
      break;
    case "not":
      resolveSets(key.key, view, sets);
  }
}
