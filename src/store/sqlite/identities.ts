import type { IdentityStore } from "../../bitmessage/messaging/ports.js";
import type { Identity } from "../../bitmessage/messaging/types.js";
import type { Address } from "../../bitmessage/protocol/address.js";
import type { Database } from "../database.js";
import type { Vault, VaultState } from "../key-vault.js";
import { StoreError } from "../store-error.js";
import type { SqliteTransactions } from "../transactions.js";
import { plainBytes, toInteger } from "./values.js";

interface Row {
  address: Address;
  version: number;
  stream: number;
  signing_private_key: Uint8Array;
  signing_public_key: Uint8Array;
  encryption_private_key: Uint8Array;
  encryption_public_key: Uint8Array;
  ripe: Uint8Array;
  label: string;
  enabled: number;
  chan: number;
  passphrase: string | null;
  user: string;
  trials_per_byte: string;
  extra_bytes: string;
  sends_acknowledgements: number;
  last_pubkey_sent: number;
  pubkey_pending: number;
  created: number;
}

/** All of them as they are kept: they are few, and asked for by every mail and object. */
interface Remembered {
  /** As the vault was: locked, they are there without their private keys. */
  readonly state: VaultState;
  readonly list: readonly Identity[];
  /** By address; the enabled ones first. */
  readonly owners: ReadonlyMap<Address, readonly Identity[]>;
}

export class SqliteIdentityStore implements IdentityStore {
  readonly #statements;
  #remembered: Remembered | null = null;

  constructor(
    private readonly database: Database,
    transactions: Pick<SqliteTransactions, "onRollback">,
    private readonly vault: Vault,
  ) {
    this.#statements = {
      list: database.prepare("SELECT * FROM identity ORDER BY created, address, user"),
      save: database.prepare(`INSERT OR REPLACE INTO identity VALUES (
        :address, :version, :stream, :signing_private_key, :signing_public_key, :encryption_private_key,
        :encryption_public_key, :ripe, :label, :enabled, :chan, :passphrase, :user, :trials_per_byte, :extra_bytes,
        :sends_acknowledgements, :last_pubkey_sent, :pubkey_pending, :created)`),
      remove: database.prepare("DELETE FROM identity WHERE user = ? AND address = ?"),
    };
    transactions.onRollback(() => this.#forget());
  }

  list(): readonly Identity[] {
    return this.#all().list;
  }

  get(user: string, address: Address): Identity | null {
    return this.owners(address).find((identity) => identity.user === user) ?? null;
  }

  owners(address: Address): readonly Identity[] {
    return this.#all().owners.get(address) ?? [];
  }

  save(identity: Identity): void {
    // One that was read while the keys were locked, or has been wiped, must not take the place of the real one.
    if (identity.keys.signing.privateKey.every((octet) => octet === 0)) throw locked();
    this.#forget();
    const row = this.#seal(toRow(identity));
    this.#leavingNothing(() => this.#statements.save.run(row));
  }

  /** A key that goes, or moves, is overwritten where it stood, lest backups carry it on. */
  #leavingNothing(work: () => void): void {
    this.database.pragma("secure_delete = ON");
    try {
      work();
    } finally {
      this.database.pragma("secure_delete = OFF");
    }
  }

  /** Overwrites the private keys that are remembered, which others may hold as well: the vault has been locked. */
  wipe(): void {
    if (this.#remembered?.state === "open") for (const { keys } of this.#remembered.list) wipe(keys);
    this.#forget();
  }

  #all(): Remembered {
    const { state } = this.vault;
    if (this.#remembered?.state !== state) this.#forget();
    this.#remembered ??= remember(
      state,
      (this.#statements.list.all() as Row[]).map((row) =>
        state === "locked" ? withoutSecrets(row) : this.#open(row),
      ),
    );
    return this.#remembered;
  }

  #forget(): void {
    this.#remembered = null;
  }

  #seal(row: Row): Row {
    const { vault } = this;
    const { signing_private_key: signing, encryption_private_key: encryption, passphrase } = row;
    const sealed =
      passphrase === null ? null : vault.seal(Buffer.from(passphrase), nameOf(row, "passphrase"));
    return {
      ...row,
      signing_private_key: vault.seal(signing, nameOf(row, "signing")),
      encryption_private_key: vault.seal(encryption, nameOf(row, "encryption")),
      passphrase:
        vault.state === "plain" || sealed === null ? passphrase : Buffer.from(sealed).toString("base64"),
    };
  }

  #open(row: Row): Identity {
    const { vault } = this;
    const { signing_private_key: signing, encryption_private_key: encryption, passphrase } = row;
    const sealed = vault.state === "plain" || passphrase === null ? null : Buffer.from(passphrase, "base64");
    return fromRow({
      ...row,
      signing_private_key: vault.open(plainBytes(signing), nameOf(row, "signing")),
      encryption_private_key: vault.open(plainBytes(encryption), nameOf(row, "encryption")),
      passphrase:
        sealed === null ? passphrase : Buffer.from(vault.open(sealed, nameOf(row, "passphrase"))).toString(),
    });
  }

  remove(user: string, address: Address): void {
    this.#forget();
    this.#leavingNothing(() => this.#statements.remove.run(user, address));
  }
}

/** What is no secret; whoever asks for a private key is refused. */
function withoutSecrets(row: Row): Identity {
  const identity = fromRow({ ...row, passphrase: null });
  const { signing, encryption, ripe } = identity.keys;
  return {
    ...identity,
    keys: { signing: lockedPair(signing), encryption: lockedPair(encryption), ripe },
  };
}

function lockedPair({ publicKey }: Identity["keys"]["signing"]): Identity["keys"]["signing"] {
  return {
    publicKey,
    get privateKey(): Uint8Array {
      throw locked();
    },
  };
}

function locked(): StoreError {
  return new StoreError("locked", "the private keys are locked with a passphrase");
}

function wipe({ signing, encryption }: Identity["keys"]): void {
  signing.privateKey.fill(0);
  encryption.privateKey.fill(0);
}

function remember(state: VaultState, list: readonly Identity[]): Remembered {
  const owners = new Map<Address, Identity[]>();
  for (const only of ["enabled", "disabled"])
    for (const identity of list) {
      if (identity.enabled !== (only === "enabled")) continue;
      const known = owners.get(identity.address);
      if (known) known.push(identity);
      else owners.set(identity.address, [identity]);
    }
  return { state, list, owners };
}

function nameOf(row: Pick<Row, "user" | "address">, secret: string): string {
  return `${row.user} ${row.address} ${secret}`;
}

function toRow(identity: Identity): Row {
  const { signing, encryption, ripe } = identity.keys;
  return {
    address: identity.address,
    version: identity.version,
    stream: identity.stream,
    signing_private_key: signing.privateKey,
    signing_public_key: signing.publicKey,
    encryption_private_key: encryption.privateKey,
    encryption_public_key: encryption.publicKey,
    ripe,
    label: identity.label,
    enabled: toInteger(identity.enabled),
    chan: toInteger(identity.chan),
    passphrase: identity.passphrase,
    user: identity.user,
    trials_per_byte: identity.difficulty.trialsPerByte.toString(),
    extra_bytes: identity.difficulty.extraBytes.toString(),
    sends_acknowledgements: toInteger(identity.sendsAcknowledgements),
    last_pubkey_sent: identity.lastPubkeySent,
    pubkey_pending: toInteger(identity.pubkeyPending),
    created: identity.created,
  };
}

function fromRow(row: Row): Identity {
  return {
    address: row.address,
    version: row.version,
    stream: row.stream,
    keys: {
      signing: {
        privateKey: plainBytes(row.signing_private_key),
        publicKey: plainBytes(row.signing_public_key),
      },
      encryption: {
        privateKey: plainBytes(row.encryption_private_key),
        publicKey: plainBytes(row.encryption_public_key),
      },
      ripe: plainBytes(row.ripe),
    },
    label: row.label,
    enabled: row.enabled === 1,
    chan: row.chan === 1,
    passphrase: row.passphrase,
    user: row.user,
    difficulty: { trialsPerByte: BigInt(row.trials_per_byte), extraBytes: BigInt(row.extra_bytes) },
    sendsAcknowledgements: row.sends_acknowledgements === 1,
    lastPubkeySent: row.last_pubkey_sent,
    pubkeyPending: row.pubkey_pending === 1,
    created: row.created,
  };
}
