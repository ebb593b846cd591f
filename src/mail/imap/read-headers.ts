/** Goes through messages for SORT and THREAD: their records and headers, batch by batch, with pauses. */
import type { MessageRecord, OpenMailbox } from "./backend.js";
import type { Octets } from "./format.js";
import type { Pacer } from "./pacer.js";
import type { Progress } from "./progress.js";
import type { SessionView } from "./view.js";

const BATCH = 256;

export interface HeaderReading {
  readonly view: SessionView;
  readonly handle: OpenMailbox;
  readonly pacer: Pacer;
  readonly progress: Progress;
  /** Whether the header is needed, or the record is enough. */
  readonly needs: "header" | "record";
  /** Says whether to go on. */
  wanted(): boolean;
}

/** Calls `visit` for each message in the order given; the record is null and the header empty for those that are gone. */
export async function readHeaders(
  reading: HeaderReading,
  sequences: readonly number[],
  visit: (sequence: number, record: MessageRecord | null, header: Octets) => void,
): Promise<void> {
  const { view, handle, pacer, progress } = reading;
  for (let i = 0; i < sequences.length && reading.wanted(); i += BATCH) {
    const batch = sequences.slice(i, i + BATCH);
    const records = await handle.records(batch.map((sequence) => view.at(sequence)!.uid));
    const byUid = new Map(records.map((record) => [record.uid, record]));
    for (const sequence of batch) {
      const record = byUid.get(view.at(sequence)!.uid) ?? null;
      visit(sequence, record, record && reading.needs === "header" ? await headerOf(handle, record) : "");
      const pause = pacer.pause();
      if (!pause) continue;
      progress.report(i, sequences.length);
      await pause;
    }
  }
}

async function headerOf(handle: OpenMailbox, { uid, digest }: MessageRecord): Promise<Octets> {
  if (digest.header !== null) return digest.header;
  const bytes = await handle.read(uid);
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1") : "";
}
