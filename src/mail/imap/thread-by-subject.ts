import { sortPaced } from "./paced-sort.js";
import type { Pacer } from "./pacer.js";
import type { ThreadNode } from "./thread.js";
import { bySentDate, type ThreadMessage } from "./thread-message.js";

/** ORDEREDSUBJECT (RFC 5256 section 3): one thread for each base subject, all but its first message being children of that. */
export async function threadBySubject(
  messages: readonly ThreadMessage[],
  pacer: Pacer,
): Promise<ThreadNode[]> {
  const sorted = await sortPaced(messages, bySentDate, pacer);
  const threads = new Map<string, ThreadNode>();
  for (const { sequence, subject } of sorted) {
    const pause = pacer.pause();
    if (pause) await pause;
    const node: ThreadNode = { sequence, children: [] };
    const first = threads.get(subject);
    if (first) first.children.push(node);
    else threads.set(subject, node);
  }
  // They were met by the date of their first messages.
  return [...threads.values()];
}
