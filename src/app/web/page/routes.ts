/** Which path shows which page. */

import type { PageView } from "./view.js";
import { chansPage, contactsPage, subscriptionsPage } from "./views/address-lists.js";
import { appPasswordsPage } from "./views/app-passwords.js";
import { identitiesPage, identityPage } from "./views/identities.js";
import { logPage } from "./views/log.js";
import { outboxPage } from "./views/outbox.js";
import { settingsPage } from "./views/settings.js";
import { setupPage } from "./views/setup.js";
import { statusPage } from "./views/status.js";
import { trustPage } from "./views/trust.js";

const PAGES: ReadonlyMap<string, PageView> = new Map<string, PageView>([
  ["/", statusPage],
  ["/outbox", outboxPage],
  ["/identities", identitiesPage],
  ["/contacts", contactsPage],
  ["/chans", chansPage],
  ["/subscriptions", subscriptionsPage],
  ["/setup", setupPage],
  ["/setup/app-passwords", appPasswordsPage],
  ["/setup/trust-certificate", trustPage],
  ["/settings", settingsPage],
  ["/log", logPage],
]);

export function findPage(path: string): PageView | null {
  const address = /^\/identities\/(BM-[1-9A-HJ-NP-Za-km-z]{20,50})$/.exec(path)?.[1];
  if (address !== undefined) return (view) => identityPage(view, address);
  return PAGES.get(path) ?? null;
}
