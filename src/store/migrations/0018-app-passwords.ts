import type { Migration } from "../migrate.js";

/** Passwords of single mail clients. */
export const appPasswords: Migration = {
  version: 18,
  apply(database) {
    database.exec(`CREATE TABLE app_password (
      user TEXT NOT NULL,
      label TEXT NOT NULL COLLATE NOCASE,
      verifier BLOB NOT NULL,
      scram_salt BLOB NOT NULL,
      scram_iterations INTEGER NOT NULL,
      scram_stored_key BLOB NOT NULL,
      scram_server_key BLOB NOT NULL,
      services TEXT NOT NULL,
      created REAL NOT NULL,
      last_used REAL,
      last_service TEXT,
      last_address TEXT,
      PRIMARY KEY (user, label),
      UNIQUE (user, verifier)
    ) STRICT`);
  },
};
