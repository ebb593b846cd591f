/** What logins need from the store. */
import type { ScramKeys, Service } from "../../mail/sasl.js";

/** A password of one mail client, which can be taken from it again. */
export interface AppPassword {
  readonly user: string;
  /** Unique among the user's, in whatever case. */
  readonly label: string;
  /** `appPasswordVerifier` of it, 32 octets. */
  readonly verifier: Uint8Array;
  readonly scram: ScramKeys;
  /** What it opens. */
  readonly services: readonly Service[];
  /** Unix seconds. */
  readonly created: number;
  /** Null: never. */
  readonly lastUse: AppPasswordUse | null;
}

export interface AppPasswordUse {
  /** Unix seconds. */
  readonly time: number;
  readonly service: Service;
  readonly address: string;
}

export interface AppPasswordStore {
  /** The oldest first. */
  list(user: string): readonly AppPassword[];
  /** By label in any case of ASCII letters. */
  get(user: string, label: string): AppPassword | null;
  find(user: string, verifier: Uint8Array): AppPassword | null;
  /** A new one. */
  add(password: AppPassword): void;
  used(user: string, label: string, use: AppPasswordUse): void;
  remove(user: string, label: string): void;
  removeUser(user: string): void;
}
