import type { Migration } from "../migrate.js";

/** The message that an object is. */
export const sentObjects: Migration = {
  version: 15,
  apply(database) {
    database.exec("CREATE INDEX outbox_by_hash ON outbox (inventory_hash) WHERE inventory_hash IS NOT NULL");
  },
};
