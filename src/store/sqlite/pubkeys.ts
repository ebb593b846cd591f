import type { PubkeyStore, StoredPubkey } from "../../bitmessage/messaging/ports.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { Database } from "../database.js";
import { plainBytes, toInteger } from "./values.js";

interface Row {
  address: Address;
  behavior: number;
  signing_key: Uint8Array;
  encryption_key: Uint8Array;
  trials_per_byte: string;
  extra_bytes: string;
  received: number;
  used: number;
}

/** A key that was used once stays used, also when it is put again as seen in passing. */
export class SqlitePubkeyStore implements PubkeyStore {
  readonly #statements;

  constructor(database: Database) {
    this.#statements = {
      get: database.prepare("SELECT * FROM pubkey WHERE address = ?"),
      put: database.prepare(`INSERT INTO pubkey VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (address) DO UPDATE SET behavior = excluded.behavior, signing_key = excluded.signing_key,
          encryption_key = excluded.encryption_key, trials_per_byte = excluded.trials_per_byte,
          extra_bytes = excluded.extra_bytes, received = excluded.received, used = max(used, excluded.used)`),
      deleteUnused: database.prepare("DELETE FROM pubkey WHERE used = 0 AND received < ?"),
    };
  }

  get(address: Address): StoredPubkey | null {
    const row = this.#statements.get.get(address) as Row | undefined;
    return row ? fromRow(row) : null;
  }

  put(pubkey: StoredPubkey): void {
    const { behavior, signingKey, encryptionKey, difficulty } = pubkey.block;
    this.#statements.put.run(
      pubkey.address,
      behavior,
      signingKey,
      encryptionKey,
      difficulty.trialsPerByte.toString(),
      difficulty.extraBytes.toString(),
      pubkey.received,
      toInteger(pubkey.used),
    );
  }

  deleteUnused(before: number): number {
    return this.#statements.deleteUnused.run(before).changes;
  }
}

function fromRow(row: Row): StoredPubkey {
  return {
    address: row.address,
    block: {
      behavior: row.behavior,
      signingKey: plainBytes(row.signing_key),
      encryptionKey: plainBytes(row.encryption_key),
      difficulty: { trialsPerByte: BigInt(row.trials_per_byte), extraBytes: BigInt(row.extra_bytes) },
    },
    received: row.received,
    used: row.used === 1,
  };
}
