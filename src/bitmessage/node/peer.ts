import type { InventoryHash } from "../protocol/inventory-hash.js";
import { encodeGetdata, encodeInv } from "../protocol/messages/inv.js";
import { Services } from "../protocol/messages/version.js";
import type { AnnouncementTarget } from "./announcements.js";
import { type BudgetKind, Budgets } from "./budgets.js";
import type { Connection } from "./connection.js";
import type { StemTarget } from "./dandelion.js";
import type { DownloadSource } from "./downloads.js";
import { RecentSet } from "./recent-set.js";
import type { UploadTarget } from "./uploads.js";

/** Objects of which we remember that the peer has them: only those being announced matter. */
const KNOWN_OBJECTS = 20_000;
/** Things a peer may do wrong before we hang up; one is forgiven in ten minutes. */
const MAX_OFFENCES = 5;
const FORGIVENESS_PER_SECOND = 1 / 600;

/** An established peer: what it has been offered, what it has announced, how it has behaved. */
export class Peer implements DownloadSource, UploadTarget, AnnouncementTarget, StemTarget {
  readonly connection: Connection;
  readonly #budgets: Budgets;
  readonly #known = new RecentSet<InventoryHash>(KNOWN_OBJECTS);
  #offences = 0;
  #offenceTime: number;

  /** @param now seconds on the monotonic clock */
  constructor(connection: Connection, now: number) {
    this.connection = connection;
    this.#budgets = new Budgets(now);
    this.#offenceTime = now;
  }

  get backlog(): number {
    return this.connection.backlog;
  }

  get isChosen(): boolean {
    return this.connection.direction === "outbound";
  }

  /** Whether objects may go along a stem that begins with it (PROTOCOL.md section 8.2). */
  get takesStems(): boolean {
    const { direction, version } = this.connection;
    return direction === "outbound" && ((version?.services ?? 0n) & Services.dandelion) !== 0n;
  }

  knows(hash: InventoryHash): boolean {
    return this.#known.has(hash);
  }

  noteKnown(hash: InventoryHash): void {
    this.#known.add(hash);
  }

  announceObjects(hashes: readonly InventoryHash[]): void {
    if (hashes.length > 0) this.connection.send("inv", encodeInv(hashes));
  }

  announceStem(hashes: readonly InventoryHash[]): void {
    this.connection.send("dinv", encodeInv(hashes));
  }

  requestObjects(hashes: readonly InventoryHash[]): void {
    this.connection.send("getdata", encodeGetdata(hashes));
  }

  sendObject(object: Uint8Array): void {
    this.connection.send("object", object);
  }

  /** Counts something against the peer, and hangs up when it has been too much. @param now seconds on the monotonic clock */
  offend(reason: string, now: number): void {
    const forgiven = (now - this.#offenceTime) * FORGIVENESS_PER_SECOND;
    this.#offenceTime = now;
    this.#offences = Math.max(0, this.#offences - forgiven) + 1;
    if (this.#offences > MAX_OFFENCES - 0.5) this.connection.blame(reason);
  }

  /** Counts what the peer sent without being asked. */
  spend(kind: BudgetKind, amount: number): void {
    this.#budgets.spend(kind, amount);
  }

  /**
   * Seconds for which not to listen to the peer, as it has sent too much; it is hung up on when it never does anything else.
   * @param now seconds on the monotonic clock
   */
  overdraft(now: number): number {
    const seconds = this.#budgets.overdraft(now);
    if (seconds > 0 && this.#budgets.isAbused) this.connection.blame("flood");
    return seconds;
  }
}
