/** What does not change of messages: those parts that somebody asks for. */
import type { MailboxId } from "../../gateway/ports.js";
import type { MessageRecord, RecordPart } from "../../mail/imap/backend.js";
import type { MessageDigest } from "../../mail/imap/digest.js";
import type { Database } from "../database.js";

type Place = "message" | "departed";
type Row = readonly (string | number | null)[];
type Statement = ReturnType<typeof prepare>;

interface PartReader {
  /** Whether it is the record's own, or its digest's. */
  readonly of: "record" | "digest";
  /** m: the row of the message, which is read without the others; b: its body; k: what is compared of its header; n: m, or b of a departed message. */
  readonly columns: readonly string[];
  /** From the columns, which begin at that place of the row. */
  read(row: Row, at: number): unknown;
}

const column = (of: PartReader["of"], expression: string): PartReader => {
  return { of, columns: [expression], read: (row, at) => row[at] };
};

const PARTS: { readonly [Part in RecordPart]: PartReader } = {
  internalDate: {
    of: "record",
    columns: ["m.internal_seconds", "m.internal_zone"],
    read: (row, at) => ({ seconds: row[at], zone: row[at + 1] }),
  },
  sentDate: column("record", "coalesce(n.sent_seconds, m.internal_seconds)"),
  saveDate: column("record", "m.save_date"),
  emailId: { of: "record", columns: ["m.body_id"], read: (row, at) => `M${row[at]}` },
  size: column("digest", "n.size"),
  sentSeconds: column("digest", "n.sent_seconds"),
  sentDay: column("digest", "b.sent_day"),
  envelope: column("digest", "b.envelope"),
  body: column("digest", "b.body"),
  bodyStructure: column("digest", "b.body_structure"),
  header: column("digest", "b.header"),
  subject: {
    of: "digest",
    columns: ["k.subject_folded", "k.subject_base", "k.subject_kind"],
    read: (row, at): MessageDigest["subject"] => {
      if (row[at + 1] === null) return null;
      return {
        folded: row[at] as string | null,
        base: row[at + 1] as string,
        kind: row[at + 2] as "reply" | "first",
      };
    },
  },
  addresses: {
    of: "digest",
    columns: ["k.from_address", "k.to_address", "k.cc_address"],
    read: (row, at): MessageDigest["addresses"] => {
      if (row[at] === null) return null;
      return { from: row[at] as string, to: row[at + 1] as string, cc: row[at + 2] as string };
    },
  },
  references: {
    of: "digest",
    columns: ["k.message_id", "k.reference_ids"],
    read: (row, at): MessageDigest["references"] => {
      const ids = row[at + 1] as string | null;
      if (ids === null) return null;
      return { messageId: row[at] as string | null, ids: ids === "" ? [] : ids.split("\n") };
    },
  },
};

/** Clients choose the parts: no statement for each of their fancies. */
const MOST_READERS = 50;
const ALL_PARTS = Object.keys(PARTS) as readonly RecordPart[];

/** The columns of `header_key` after `body_id`; nothing where there are no keys. */
export function headerKeyColumns({ subject, addresses, references }: MessageDigest): unknown[] | null {
  if (!subject || !addresses || !references) return null;
  return [
    subject.folded,
    subject.base,
    subject.kind,
    addresses.from,
    addresses.to,
    addresses.cc,
    references.messageId,
    references.ids.join("\n"),
  ];
}

export class MessageRecords {
  readonly #readers = new Map<string, Reader>();

  constructor(private readonly database: Database) {}

  /** Departed ones too, ascending. */
  find<Part extends RecordPart = RecordPart>(
    mailbox: MailboxId,
    uids: readonly number[],
    parts: readonly Part[] = ALL_PARTS as readonly Part[],
  ): readonly MessageRecord<Part>[] {
    if (uids.length === 0) return [];
    const reader = this.#readerOf(parts);
    const present = reader.read("message", mailbox, uids);
    const departed = present.length < uids.length ? reader.read("departed", mailbox, uids) : [];
    return departed.length > 0
      ? [...present, ...departed].sort((left, right) => left.uid - right.uid)
      : present;
  }

  #readerOf(parts: readonly RecordPart[]): Reader {
    const ordered = ALL_PARTS.filter((part) => parts.includes(part));
    const key = ordered.join();
    let reader = this.#readers.get(key);
    if (!reader) {
      if (this.#readers.size >= MOST_READERS) this.#readers.clear();
      reader = new Reader(this.database, ordered);
      this.#readers.set(key, reader);
    }
    return reader;
  }
}

/** Statements for one choice of parts, prepared when they are needed. */
class Reader {
  readonly #statements = new Map<string, Statement>();
  readonly #starts: readonly number[];

  constructor(
    private readonly database: Database,
    private readonly parts: readonly RecordPart[],
  ) {
    let next = 1;
    this.#starts = parts.map((part) => {
      const start = next;
      next += PARTS[part].columns.length;
      return start;
    });
  }

  read(place: Place, mailbox: MailboxId, uids: readonly number[]): MessageRecord[] {
    const rows = isRun(uids)
      ? this.#statement(place, "BETWEEN ? AND ?").all(mailbox, uids[0], uids.at(-1))
      : this.#statement(place, "IN (SELECT value FROM json_each(?))").all(mailbox, JSON.stringify(uids));
    return (rows as Row[]).map((row) => this.#recordOf(row));
  }

  #statement(place: Place, condition: string): Statement {
    const key = `${place} ${condition}`;
    let statement = this.#statements.get(key);
    if (!statement) {
      statement = prepare(this.database, this.#query(place, condition));
      this.#statements.set(key, statement);
    }
    return statement;
  }

  #query(place: Place, condition: string): string {
    const numbers = place === "message" ? "m." : "b.";
    const columns = this.parts
      .flatMap((part) => PARTS[part].columns)
      .map((expression) => expression.replace(/\bn\./, numbers));
    const needs = (table: string) => columns.some((expression) => expression.includes(table));
    return `SELECT ${["m.uid", ...columns].join()} FROM ${place} m
      ${needs("b.") ? "CROSS JOIN body b ON b.id = m.body_id" : ""}
      ${needs("k.") ? "LEFT JOIN header_key k ON k.body_id = m.body_id" : ""}
      WHERE m.mailbox_id = ? AND m.uid ${condition} ORDER BY m.uid`;
  }

  #recordOf(row: Row): MessageRecord {
    const record: Record<string, unknown> = { uid: row[0], digest: NO_DIGEST };
    let digest: Record<string, unknown> | null = null;
    for (let i = 0; i < this.parts.length; i++) {
      const part = this.parts[i]!;
      const reader = PARTS[part];
      const value = reader.read(row, this.#starts[i]!);
      if (reader.of === "record") record[part] = value;
      else if (digest) digest[part] = value;
      else record.digest = digest = { [part]: value };
    }
    return record as MessageRecord;
  }
}

/** Of records of which only dates are asked for. */
const NO_DIGEST = Object.freeze({});

function prepare(database: Database, sql: string) {
  return database.prepare<unknown[]>(sql).raw();
}

/** Whether each is one more than the one before, as in most mailboxes that are read from end to end: a range is found faster than a list. */
function isRun(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number === numbers[0]! + index);
}
