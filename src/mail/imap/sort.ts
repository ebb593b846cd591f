/** SORT: its criteria and how messages compare by them (RFC 5256 section 3, RFC 5957 for display names). */
import { type AddressGroup, type Mailbox, parseAddressList } from "../mime/address.js";
import { baseSubject } from "../mime/base-subject.js";
import { decodeEncodedWords } from "../mime/headers.js";
import type { MessageRecord } from "./backend.js";
import { offers } from "./capabilities.js";
import { collationKey } from "./collation.js";
import type { Octets } from "./format.js";
import { fieldValuesIn } from "./header-fields.js";
import { sortPaced } from "./paced-sort.js";
import { type CommandParser, syntax } from "./parser.js";
import { type HeaderReading, readHeaders } from "./read-headers.js";
import type { Session } from "./session.js";

type Value = string | number;
type SortKey = (record: MessageRecord, header: Octets) => Value;

export interface SortCriterion {
  readonly key: SortKey;
  readonly reads: "header" | "record";
  readonly order: "ascending" | "descending";
}

const RECORD_KEYS: Readonly<Record<string, SortKey>> = {
  ARRIVAL: ({ internalDate }) => internalDate.seconds,
  DATE: sentSeconds,
  SIZE: ({ digest }) => digest.size,
};

const HEADER_KEYS: Readonly<Record<string, SortKey>> = {
  CC: (_, header) => addressKey(header, "cc"),
  FROM: (_, header) => addressKey(header, "from"),
  TO: (_, header) => addressKey(header, "to"),
  SUBJECT: (_, header) => collationKey(baseSubject(subjectIn(header)).base),
};

const DISPLAY_KEYS: Readonly<Record<string, SortKey>> = {
  DISPLAYFROM: (_, header) => displayKey(header, "from"),
  DISPLAYTO: (_, header) => displayKey(header, "to"),
};

/** The sent date of RFC 5256 section 2.2. */
export function sentSeconds({ digest, internalDate }: MessageRecord): number {
  return digest.sentSeconds ?? internalDate.seconds;
}

export function subjectIn(header: Octets): string {
  const value = fieldValuesIn(header, "subject")[0];
  return value === undefined ? "" : decodeEncodedWords(value);
}

/** `sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"` */
export function parseSortCriteria(session: Session, parser: CommandParser): SortCriterion[] {
  const criteria: SortCriterion[] = [];
  parser.list(() => {
    let word = parser.word();
    let order: SortCriterion["order"] = "ascending";
    if (word === "REVERSE") {
      order = "descending";
      parser.space();
      word = parser.word();
    }
    criteria.push({ ...parseKey(session, word), order });
  });
  if (criteria.length === 0) throw syntax("SORT needs a criterion.");
  return criteria;
}

function parseKey(session: Session, word: string): Omit<SortCriterion, "order"> {
  if (Object.hasOwn(RECORD_KEYS, word)) return { key: RECORD_KEYS[word]!, reads: "record" };
  if (Object.hasOwn(HEADER_KEYS, word)) return { key: HEADER_KEYS[word]!, reads: "header" };
  if (Object.hasOwn(DISPLAY_KEYS, word) && offers(session, "SORT=DISPLAY"))
    return { key: DISPLAY_KEYS[word]!, reads: "header" };
  throw syntax(`Unknown sort criterion ${word.slice(0, 40)}.`);
}

interface Row {
  readonly sequence: number;
  readonly values: readonly Value[];
}

/** The sequence numbers in the order of the criteria; equal messages in the order of the mailbox. */
export async function sortMessages(
  criteria: readonly SortCriterion[],
  sequences: readonly number[],
  reading: Omit<HeaderReading, "needs">,
): Promise<number[]> {
  const rows: Row[] = [];
  const needs = criteria.some(({ reads }) => reads === "header") ? "header" : "record";
  await readHeaders({ ...reading, needs }, sequences, (sequence, record, header) => {
    rows.push({ sequence, values: record ? criteria.map(({ key }) => key(record, header)) : [] });
  });
  const signs = criteria.map(({ order }) => (order === "ascending" ? 1 : -1));
  const sorted = await sortPaced(rows, (a, b) => compareRows(a, b, signs), reading.pacer);
  return sorted.map(({ sequence }) => sequence);
}

function compareRows(a: Row, b: Row, signs: readonly number[]): number {
  for (let i = 0; i < signs.length; i++) {
    const left = a.values[i] ?? "";
    const right = b.values[i] ?? "";
    if (left !== right) return left < right ? -signs[i]! : signs[i]!;
  }
  return a.sequence - b.sequence;
}

function firstAddress(header: Octets, name: string): Mailbox | AddressGroup | undefined {
  const value = fieldValuesIn(header, name)[0];
  return value === undefined ? undefined : parseAddressList(value)[0];
}

/** `addr-mailbox` of the first address: of a group its name, as in ENVELOPE. */
function addressKey(header: Octets, name: string): string {
  const first = firstAddress(header, name);
  if (!first) return "";
  return collationKey(first.kind === "group" ? decodeEncodedWords(first.name) : first.local);
}

/** RFC 5957 section 3: the display name, else the address. */
function displayKey(header: Octets, name: string): string {
  const first = firstAddress(header, name);
  if (!first) return "";
  const display = first.name === null ? "" : decodeEncodedWords(first.name).trim();
  if (first.kind === "group" || display !== "") return collationKey(display);
  return collationKey(first.domain === null ? first.local : `${first.local}@${first.domain}`);
}
