/** Goes through messages for SORT and THREAD: what is compared of them, batch by batch, with pauses. */
import type { MessageRecord, OpenMailbox } from "./backend.js";
import type { MessageDigest } from "./digest.js";
import type { Octets } from "./format.js";
import { headerKeys } from "./header-keys.js";
import type { Pacer } from "./pacer.js";
import type { Progress } from "./progress.js";
import type { SessionView } from "./view.js";

const BATCH = 256;

type MadeOfHeader = "header" | "subject" | "addresses" | "references";
export type ReadPart = "internalDate" | "sentDate" | "size" | MadeOfHeader;

const MADE_OF_HEADER: readonly ReadPart[] = ["header", "subject", "addresses", "references"];

/** A record whose parts, those asked for, are all there. */
export type ReadRecord = Omit<MessageRecord<"internalDate" | "sentDate">, "digest"> & {
  readonly digest: Pick<MessageDigest, "size"> & {
    readonly [Part in MadeOfHeader]: NonNullable<MessageDigest[Part]>;
  };
};

export interface RecordReading {
  readonly view: SessionView;
  readonly handle: OpenMailbox;
  readonly pacer: Pacer;
  readonly progress: Progress;
  readonly parts: readonly ReadPart[];
  /** Says whether to go on. */
  wanted(): boolean;
}

/** Calls `visit` for each message in the order given; the record is null for those that are gone. */
export async function readRecords(
  reading: RecordReading,
  sequences: readonly number[],
  visit: (sequence: number, record: ReadRecord | null) => void,
): Promise<void> {
  const { view, handle, pacer, progress, parts } = reading;
  const made = parts.filter((part): part is MadeOfHeader => MADE_OF_HEADER.includes(part));
  for (let i = 0; i < sequences.length && reading.wanted(); i += BATCH) {
    const batch = sequences.slice(i, i + BATCH);
    const records = await handle.records(
      batch.map((sequence) => view.at(sequence)!.uid),
      parts,
    );
    const find = finder(records);
    for (const sequence of batch) {
      const record = find(view.at(sequence)!.uid);
      const isWhole = record === null || made.every((part) => record.digest[part] !== null);
      visit(sequence, (isWhole ? record : await complete(handle, record)) as ReadRecord | null);
      const pause = pacer.pause();
      if (!pause) continue;
      progress.report(i, sequences.length);
      await pause;
    }
  }
}

/** Finds them by UID: at once when they are asked for in their order, as they nearly always are. */
export function finder<R extends { readonly uid: number }>(records: readonly R[]): (uid: number) => R | null {
  let next = 0;
  let byUid: Map<number, R> | null = null;
  return (uid) => {
    if (records[next]?.uid === uid) return records[next++]!;
    byUid ??= new Map(records.map((record) => [record.uid, record]));
    return byUid.get(uid) ?? null;
  };
}

/** What is not kept, as of a very long header, is made of the message. */
async function complete(
  handle: OpenMailbox,
  record: MessageRecord<ReadPart>,
): Promise<MessageRecord<ReadPart>> {
  const header = await headerOf(handle, record.uid);
  return { ...record, digest: { ...record.digest, header, ...headerKeys(header) } };
}

async function headerOf(handle: OpenMailbox, uid: number): Promise<Octets> {
  const [record] = await handle.records([uid], ["header"]);
  if (record?.digest.header != null) return record.digest.header;
  const bytes = await handle.read(uid);
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1") : "";
}
