import type { Identities } from "../bitmessage/messaging/identities.js";
import { changeLayout } from "../gateway/mailboxes/layout.js";
import type { Folders } from "../gateway/mailboxes/mailboxes.js";
import type { Logger } from "../logger.js";
import type { Stores } from "../store/stores.js";

const PROPERTY = "imap.layout";

/** Brings the mailboxes into the layout of the settings, if the node ran with another one before. */
export function keepLayout(options: Stores & { readonly folders: Folders }): void {
  const { properties, transactions, folders } = options;
  transactions.run(() => {
    // Commands without a node may have made mailboxes of the split layout.
    if (folders.layout === "combined" || properties.get(PROPERTY) !== folders.layout) changeLayout(options);
    properties.set(PROPERTY, folders.layout);
    folders.followLabels();
  });
}

/** Mailboxes follow identities, chans and subscriptions: once for all changes that come together, such as those of an import. */
export function followPeople(options: {
  readonly transactions: Stores["transactions"];
  readonly folders: Folders;
  readonly people: readonly Pick<Identities, "onChange">[];
  readonly log: Logger;
}): void {
  const { transactions, folders, people, log } = options;
  let isDue = false;
  const follow = () => {
    isDue = false;
    try {
      transactions.run(() => folders.followLabels());
    } catch (error) {
      // What a folder is called can wait until the next change or start.
      log.error("folders could not follow their labels", { error });
    }
  };
  const changed = () => {
    if (!isDue) queueMicrotask(follow);
    isDue = true;
  };
  for (const one of people) one.onChange(changed);
}
