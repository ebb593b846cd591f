import type { Migration } from "../migrate.js";

/** Contacts and blocks, which all users shared, become each user's own: everybody keeps those that there were. */
export const contactsOfUsers: Migration = {
  version: 3,
  apply(database) {
    database.exec(`
      ALTER TABLE contact RENAME TO shared_contact;
      CREATE TABLE contact (
        user TEXT NOT NULL,
        address TEXT NOT NULL,
        label TEXT NOT NULL,
        blocked INTEGER NOT NULL,
        PRIMARY KEY (user, address)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO contact SELECT name, address, label, blocked FROM user CROSS JOIN shared_contact;
      DROP TABLE shared_contact;
    `);
  },
};
