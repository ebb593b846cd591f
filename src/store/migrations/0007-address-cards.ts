import type { Migration } from "../migrate.js";

/** The address books that CardDAV clients see; of a card that was removed, `text` is NULL. */
export const addressCards: Migration = {
  version: 7,
  apply(database) {
    database.exec(`
      CREATE TABLE address_card (
        user TEXT NOT NULL,
        book TEXT NOT NULL,
        name TEXT NOT NULL,
        uid TEXT NOT NULL,
        text TEXT,
        label TEXT NOT NULL,
        addresses TEXT NOT NULL,
        revision INTEGER NOT NULL,
        PRIMARY KEY (user, book, name)
      ) STRICT;
      CREATE UNIQUE INDEX address_card_by_revision ON address_card (user, book, revision);
    `);
  },
};
