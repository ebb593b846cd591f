import type { BitmessageNode } from "../bitmessage/node/node.js";
import type { Solver } from "../bitmessage/pow/solver.js";
import type { Stores } from "../store/stores.js";
import type { Status } from "./commands/text.js";
import type { StorageHealth } from "./storage-health.js";

export interface StatusSources {
  readonly node: BitmessageNode;
  readonly stores: Stores;
  readonly solver: Solver;
  readonly health: Pick<StorageHealth, "trouble">;
  /** Seconds. */
  readonly uptime: number;
}

/** How the node does, as `bmbridge status --json` prints it. */
export function readStatus({ node, stores, solver, health, uptime }: StatusSources): Status {
  const work = solver.status();
  const traffic = node.statistics();
  const users = stores.users.list();
  const trouble = health.trouble();
  return {
    peers: node
      .peers()
      .filter((peer) => peer.established)
      .map((peer) => ({
        address: peer.address,
        inbound: peer.inbound,
        tls: peer.tls,
        user_agent: peer.userAgent,
        services: Number(peer.services),
        since: peer.since,
      })),
    inventory: stores.inventory.totals(),
    queue: stores.outbox.counts(),
    pow: {
      engine: work.engine,
      threads: work.threads,
      trials_per_second: work.trialsPerSecond,
      working: work.working,
    },
    traffic: {
      bytes_received: traffic.bytesReceived,
      bytes_sent: traffic.bytesSent,
      objects_received: traffic.objectsReceived,
      objects_sent: traffic.objectsSent,
      objects_pending: traffic.objectsPending,
    },
    keys: stores.keys.state,
    mail: {
      users: users.length,
      messages: users.reduce((sum, user) => sum + countMessages(stores, user.name), 0),
    },
    trouble: trouble === null ? null : { kind: trouble.fault, text: trouble.text, since: trouble.since },
    clock_offset_seconds: traffic.clockOffset,
    uptime_seconds: Math.floor(uptime),
  };
}

function countMessages({ mailboxes }: Stores, user: string): number {
  let count = 0;
  for (const { name, selectable } of mailboxes.list(user)) {
    const mailbox = selectable ? mailboxes.find(user, name) : null;
    if (mailbox !== null) count += mailboxes.status(mailbox).messages;
  }
  return count;
}
