/** REFERENCES (RFC 5256 section 3), its steps by their numbers. */
import { sortPaced } from "./paced-sort.js";
import type { Pacer } from "./pacer.js";
import type { ThreadNode } from "./thread.js";
import { bySentDate, type ThreadMessage } from "./thread-message.js";

class Node implements ThreadNode {
  parent: Node | null = null;
  /** Whether it has been a parent: without children a node cannot be part of a loop. */
  linked = false;
  readonly children: Node[] = [];

  /** Without a message: a dummy, for one that is referred to and is not here. */
  constructor(public message: ThreadMessage | null) {}

  get sequence(): number {
    return this.message?.sequence ?? 0;
  }

  /** The message, or the first child of a dummy. */
  get face(): ThreadMessage {
    return this.message ?? this.children[0]!.message!;
  }
}

export async function threadByReferences(
  messages: readonly ThreadMessage[],
  pacer: Pacer,
): Promise<ThreadNode[]> {
  const nodes = await link(messages, pacer);
  const roots = await sortRoots(await gather(nodes, pacer), pacer);
  const merged = await mergeBySubject(roots, pacer);
  for (const node of nodes) if (node.children.length > 1) await sortChildren(node, pacer);
  return sortRoots(merged, pacer);
}

function byFace(a: Node, b: Node): number {
  return bySentDate(a.face, b.face);
}

/** Step 1: the nodes of the messages and of those that they refer to, linked to their parents. */
async function link(messages: readonly ThreadMessage[], pacer: Pacer): Promise<Node[]> {
  const byId = new Map<string, Node>();
  const nodes: Node[] = [];
  const nodeOf = (id: string): Node => {
    let node = byId.get(id);
    if (!node) {
      node = new Node(null);
      byId.set(id, node);
      nodes.push(node);
    }
    return node;
  };
  for (const message of messages) {
    let node = message.messageId === null ? null : nodeOf(message.messageId);
    if (!node || node.message) {
      // No Message-ID, or one that an earlier message has.
      node = new Node(message);
      nodes.push(node);
    } else node.message = message;
    let previous: Node | null = null;
    for (const id of message.references) {
      const reference = nodeOf(id);
      if (previous && !reference.parent) adopt(previous, reference);
      previous = reference;
    }
    node.parent = null;
    if (previous) adopt(previous, node);
    const pause = pacer.pause();
    if (pause) await pause;
  }
  return nodes;
}

/** Unless that would make a loop. */
function adopt(parent: Node, child: Node): void {
  if (parent === child) return;
  if (child.linked) {
    for (let above: Node | null = parent; above; above = above.parent) if (above === child) return;
  }
  child.parent = parent;
  parent.linked = true;
}

/** Steps 2 and 3: children to their parents, without dummies but those that join several threads. */
async function gather(nodes: readonly Node[], pacer: Pacer): Promise<Node[]> {
  const tops = new Set<Node>();
  for (const node of nodes) {
    if (!node.message) continue;
    const parent = nearest(node.parent);
    parent?.children.push(node);
    if (!parent?.message) tops.add(parent ?? node);
    const pause = pacer.pause();
    if (pause) await pause;
  }
  return [...tops].map((top) => (!top.message && top.children.length === 1 ? top.children[0]! : top));
}

/** The nearest ancestor with a message, or the topmost one. Shortens the way for the next who asks. */
function nearest(start: Node | null): Node | null {
  let found = start;
  while (found && !found.message && found.parent) found = found.parent;
  for (let node = start; node && node !== found; ) {
    const { parent } = node;
    node.parent = found;
    node = parent;
  }
  return found;
}

/** Steps 4 and 6: by sent date, dummies by that of their first child. */
async function sortRoots(roots: readonly Node[], pacer: Pacer): Promise<Node[]> {
  for (const root of roots) if (!root.message) await sortChildren(root, pacer);
  return sortPaced(roots, byFace, pacer);
}

async function sortChildren({ children }: Node, pacer: Pacer): Promise<void> {
  const sorted = await sortPaced(children, byFace, pacer);
  sorted.forEach((child, index) => {
    children[index] = child;
  });
}

/** Step 5. */
async function mergeBySubject(roots: readonly Node[], pacer: Pacer): Promise<Node[]> {
  const table = new Map<string, Node>();
  for (const root of roots) {
    const pause = pacer.pause();
    if (pause) await pause;
    const { subject } = root.face;
    if (subject === "") continue;
    const known = table.get(subject);
    if (!known || (known.message && (!root.message || (isReply(known) && !isReply(root)))))
      table.set(subject, root);
  }
  const merged = new Set<Node>();
  for (const root of roots) {
    const pause = pacer.pause();
    if (pause) await pause;
    const { subject } = root.face;
    const known = table.get(subject);
    if (!known || known === root) merged.add(root);
    else if (!known.message) known.children.push(...(root.message ? [root] : root.children));
    else if (isReply(root) && !isReply(known)) known.children.push(root);
    else {
      const dummy = new Node(null);
      dummy.children.push(known, root);
      table.set(subject, dummy);
      merged.delete(known);
      merged.add(dummy);
    }
  }
  return [...merged];
}

function isReply({ message }: Node): boolean {
  return message?.kind === "reply";
}
