import { changeLayout } from "../gateway/layout.js";
import type { Folders } from "../gateway/mailboxes.js";
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
