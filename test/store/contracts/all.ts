import { cardsContract } from "./cards.js";
import { gatewayContract } from "./gateway.js";
import { handoversContract } from "./handovers.js";
import { mailboxWatchersContract } from "./mailbox-watchers.js";
import { mailboxesContract } from "./mailboxes.js";
import { messagingContract } from "./messaging.js";
import { networkContract } from "./network.js";
import { transactionsContract } from "./transactions.js";
import type { MakeStores } from "./values.js";

/** What every implementation of the stores must do. */
export function storesContract(make: MakeStores): void {
  transactionsContract(make);
  networkContract(make);
  messagingContract(make);
  gatewayContract(make);
  cardsContract(make);
  mailboxesContract(make);
  mailboxWatchersContract(make);
  handoversContract(make);
}
