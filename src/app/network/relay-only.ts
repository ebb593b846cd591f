/** A node that keeps and relays objects for others, and nothing else. */
import type { Inventory } from "../../bitmessage/node/ports.js";
import type { Stores } from "../../store/stores.js";
import { type Config, ConfigError } from "../config/config.js";
import { CommandError, type ControlMethods } from "../control/messages.js";

/** Methods that need no identities. */
const METHODS: ReadonlySet<string> = new Set(["status", "metrics", "backup"]);

/** Objects of earlier times that are looked through at once. */
const PORTION = 500;

/** Whoever has identities would miss their messages. */
export function refuseIdentities(stores: Pick<Stores, "identities">): void {
  if (stores.identities.list().length === 0) return;
  throw new ConfigError("node.relay_only", "there are identities in this data directory; use another one");
}

/** Without servers for mail. */
export function withoutMail(config: Config): Config {
  return {
    ...config,
    imap: { ...config.imap, listen: "off" },
    smtp: { ...config.smtp, listen: "off" },
    web: { ...config.web, listen: "off" },
    api: { ...config.api, listen: "off" },
  };
}

/** Nobody tries keys on the objects: all count as processed from the start. */
export function relayInventory({
  inventory,
  objectQueue,
  transactions,
}: Pick<Stores, "inventory" | "objectQueue" | "transactions">): Inventory {
  const portion = () => objectQueue.unprocessed(PORTION).map(({ hash }) => hash);
  for (let left = portion(); left.length > 0; left = portion()) objectQueue.markProcessed(left);
  return {
    has: (hash) => inventory.has(hash),
    read: (hash) => inventory.read(hash),
    add: (objects) =>
      transactions.run(() => {
        const added = inventory.add(objects);
        objectQueue.markProcessed(added);
        return added;
      }),
    addOwn: (object, when) =>
      transactions.run(() => {
        const isNew = inventory.addOwn(object, when);
        objectQueue.markProcessed([object.hash]);
        return isNew;
      }),
    unsent: () => inventory.unsent(),
    markSent: (hashes) => inventory.markSent(hashes),
    shed: (bytes, limit) => inventory.shed(bytes, limit),
    hashesAfter: (stream, after, limit) => inventory.hashesAfter(stream, after, limit),
    deleteExpired: (before) => inventory.deleteExpired(before),
    totals: () => inventory.totals(),
  };
}

/** What can be asked of such a node; everything else is refused with a sentence. */
export function relayMethods(methods: ControlMethods): ControlMethods {
  const refuse = () => {
    throw new CommandError("this node relays only (node.relay_only): it has no identities and no mail");
  };
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => [name, METHODS.has(name) ? method : refuse]),
  );
}
