/** Looks again through the objects that are still kept, for keys that came, or came back, after them. */
import { performance } from "node:perf_hooks";
import { addressSecrets, decodeAddress } from "../protocol/address.js";
import { createTrialDecryptor } from "../protocol/ecies.js";
import { ProtocolError } from "../protocol/errors.js";
import { type InventoryHash, inventoryHash } from "../protocol/inventory-hash.js";
import { msgCiphertext } from "../protocol/msg.js";
import { ObjectType, parseObjectHeader } from "../protocol/object.js";
import { SLICE_MILLISECONDS } from "./agenda.js";
import type { Clock, MessagingStores, SecondLook } from "./ports.js";

export interface SecondLooksOptions {
  readonly stores: MessagingStores;
  readonly clock: Clock;
}

/**
 * What fits goes back into the queue and through the whole of receiving, which gives nobody anything twice. Several keys that begin
 * together share one pass; a key that comes later joins where the others are.
 */
export interface SecondLooks {
  /** Keys have come or gone; after the commit. */
  changed(): void;
  /** A slice of the work; `done` when there is none left. To be called between objects, with none in hand. */
  step(): "more" | "done";
}

/** Objects read at a time. */
const BATCH = 64;
/** Objects after which the place is kept: after a crash no more is looked through again. */
const KEEP_AFTER = 4096;

export function createSecondLooks(options: SecondLooksOptions): SecondLooks {
  return new StoredSecondLooks(options);
}

/** A pass through the inventory. */
interface Pass {
  readonly type: number;
  readonly looks: readonly SecondLook[];
  /** Beyond that others go on together with these. */
  readonly until: number;
  readonly fits: (object: Uint8Array) => boolean;
  after: number;
  kept: number;
}

class StoredSecondLooks implements SecondLooks {
  readonly #options: SecondLooksOptions;
  #pass: Pass | null = null;
  #wanted = true;

  constructor(options: SecondLooksOptions) {
    this.#options = options;
  }

  changed(): void {
    // Its place may be out of date: what was looked at since it was kept is looked at once more.
    this.#pass = null;
    this.#wanted = true;
  }

  step(): "more" | "done" {
    if (!this.#wanted) return "done";
    this.#pass ??= this.#begin();
    if (this.#pass === null) {
      this.#wanted = false;
      return "done";
    }
    this.#lookOn(this.#pass);
    return "more";
  }

  /** The pass of those that are furthest behind; what is found by a tag alone is found here. */
  #begin(): Pass | null {
    const looks = this.#options.stores.secondLooks.list().filter((look) => this.#isStillWanted(look));
    const [type, kind] = looks.some((look) => look.kind === "identity")
      ? [ObjectType.msg, "identity" as const]
      : [ObjectType.broadcast, "subscription" as const];
    const same = looks.filter((look) => look.kind === kind);
    const [after, until = Number.POSITIVE_INFINITY] = [...new Set(same.map((look) => look.after))].sort(
      (left, right) => left - right,
    );
    if (after === undefined) return null;
    const group = same.filter((look) => look.after === after);
    const decryptor = createTrialDecryptor(group.map((look) => ({ privateKey: this.#keyOf(look) })));
    const fits = (object: Uint8Array) => decryptor.tryDecrypt(ciphertextOf(object, type)) !== null;
    return { type, looks: group, until, fits, after, kept: after };
  }

  /** Ends those that nobody needs any more, or that a tag answers. */
  #isStillWanted(look: SecondLook): boolean {
    const { transactions, identities, subscriptions, secondLooks } = this.#options.stores;
    const { kind, address } = look;
    const owners =
      kind === "identity"
        ? identities.owners(address)
        : subscriptions.list().filter((subscription) => subscription.address === address);
    const isWanted = owners.some(({ enabled }) => enabled);
    const { tag } = addressSecrets(decodeAddress(address));
    if (isWanted && kind === "identity" && look.after > 0) return true;
    return transactions.run(() => {
      if (isWanted && tag)
        this.#requeueTagged(kind === "identity" ? ObjectType.getpubkey : ObjectType.broadcast, tag);
      const goesOn = isWanted && (kind === "identity" || tag === null);
      if (!goesOn) secondLooks.remove(kind, address);
      return goesOn;
    });
  }

  #requeueTagged(type: number, tag: Uint8Array): void {
    const { objectQueue } = this.#options.stores;
    const objects = objectQueue.findByTag(type, tag, this.#options.clock());
    objectQueue.markUnprocessed(objects.map(inventoryHash));
  }

  #keyOf({ kind, address }: SecondLook): Uint8Array {
    const [owner] = this.#options.stores.identities.owners(address);
    if (kind === "identity" && owner) return owner.keys.encryption.privateKey;
    return addressSecrets(decodeAddress(address)).privateKey;
  }

  #lookOn(pass: Pass): void {
    const { objectQueue } = this.#options.stores;
    const end = performance.now() + SLICE_MILLISECONDS;
    const { objects, last } = objectQueue.processedAfter(pass.type, pass.after, BATCH);
    const found: InventoryHash[] = [];
    // Between messages there may be others; and one is looked at even where reading has taken up the slice, or it would never end.
    let reached = Math.min(last ?? pass.until, pass.until);
    for (const [index, { position, hash, bytes }] of objects.entries()) {
      if (position > pass.until) break;
      if (index > 0 && performance.now() >= end) {
        reached = pass.after;
        break;
      }
      pass.after = position;
      if (pass.fits(bytes)) found.push(hash);
    }
    pass.after = reached;
    const ended = last === null || pass.after >= pass.until;
    if (found.length === 0 && !ended && pass.after - pass.kept < KEEP_AFTER) return;
    this.#keep(pass, found, ended ? "ended" : "going on");
  }

  #keep(pass: Pass, found: readonly InventoryHash[], state: "ended" | "going on"): void {
    const { transactions, objectQueue, secondLooks } = this.#options.stores;
    transactions.run(() => {
      objectQueue.markUnprocessed(found);
      for (const look of pass.looks) {
        if (state === "ended" && pass.until === Number.POSITIVE_INFINITY)
          secondLooks.remove(look.kind, look.address);
        else secondLooks.save({ ...look, after: state === "ended" ? pass.until : pass.after });
      }
    });
    pass.kept = pass.after;
    if (state === "ended") this.#pass = null;
  }
}

/** Empty for what is no such object. */
function ciphertextOf(object: Uint8Array, type: number): Uint8Array {
  try {
    return type === ObjectType.msg
      ? msgCiphertext(object)
      : object.subarray(parseObjectHeader(object).payloadOffset);
  } catch (error) {
    if (error instanceof ProtocolError) return new Uint8Array(0);
    throw error;
  }
}
