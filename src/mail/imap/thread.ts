/** Threads as THREAD gives them (RFC 5256 section 4). */

export interface ThreadNode {
  /** The message's sequence number; 0 for a parent that is not there. */
  readonly sequence: number;
  readonly children: ThreadNode[];
}

/** `1*thread-list`; `number` gives what a message is called. Without recursion: a thread may be as deep as the mailbox is large. */
export function formatThreads(roots: readonly ThreadNode[], number: (sequence: number) => number): string {
  const out: string[] = [];
  const waiting: (ThreadNode | ")")[] = [...roots].reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === ")") {
      out.push(")");
      continue;
    }
    let separator = "(";
    let node = next;
    for (;;) {
      if (node.sequence > 0) {
        out.push(separator, String(number(node.sequence)));
        separator = " ";
      }
      if (node.children.length !== 1) break;
      node = node.children[0]!;
    }
    if (node.children.length > 0) out.push(separator);
    waiting.push(")");
    for (let i = node.children.length - 1; i >= 0; i--) waiting.push(node.children[i]!);
  }
  return out.join("");
}
