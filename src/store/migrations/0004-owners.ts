import type { Migration } from "../migrate.js";

/**
 * Several users may have joined one chan and follow one broadcaster, each under a label of its own. What signed messages had been seen
 * counts as seen by everybody.
 */
export const owners: Migration = {
  version: 4,
  apply(database) {
    database.exec(`
      ALTER TABLE identity RENAME TO old_identity;
      CREATE TABLE identity (
        address TEXT NOT NULL,
        version INTEGER NOT NULL,
        stream INTEGER NOT NULL,
        signing_private_key BLOB NOT NULL,
        signing_public_key BLOB NOT NULL,
        encryption_private_key BLOB NOT NULL,
        encryption_public_key BLOB NOT NULL,
        ripe BLOB NOT NULL,
        label TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        chan INTEGER NOT NULL,
        passphrase TEXT,
        user TEXT NOT NULL,
        trials_per_byte TEXT NOT NULL,
        extra_bytes TEXT NOT NULL,
        sends_acknowledgements INTEGER NOT NULL,
        last_pubkey_sent REAL NOT NULL,
        pubkey_pending INTEGER NOT NULL,
        created REAL NOT NULL,
        PRIMARY KEY (address, user)
      ) STRICT;
      INSERT INTO identity SELECT * FROM old_identity;
      DROP TABLE old_identity;

      ALTER TABLE subscription RENAME TO old_subscription;
      CREATE TABLE subscription (
        user TEXT NOT NULL,
        address TEXT NOT NULL,
        label TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        PRIMARY KEY (user, address)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO subscription SELECT user, address, label, enabled FROM old_subscription;
      DROP TABLE old_subscription;

      ALTER TABLE signature RENAME TO old_signature;
      CREATE TABLE signature (
        user TEXT NOT NULL,
        hash BLOB NOT NULL,
        time REAL NOT NULL,
        PRIMARY KEY (user, hash)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO signature SELECT name, hash, time FROM user CROSS JOIN old_signature;
      DROP TABLE old_signature;
    `);
  },
};
