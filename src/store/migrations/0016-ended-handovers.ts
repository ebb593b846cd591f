import type { Migration } from "../migrate.js";

/** Handovers that have ended are found by their age, and all of them by their user. */
export const endedHandovers: Migration = {
  version: 16,
  apply(database) {
    database.exec(`
CREATE INDEX handover_ended ON handover (created) WHERE state IN ('done', 'cancelled');
CREATE INDEX handover_by_user ON handover (user);
`);
  },
};
