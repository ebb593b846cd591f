/** SORT: its criteria and how messages compare by them (RFC 5256 section 3, RFC 5957 for display names). */
import { offers } from "./capabilities.js";
import { displayKey } from "./header-keys.js";
import { sortPaced } from "./paced-sort.js";
import { type CommandParser, syntax } from "./parser.js";
import { type ReadPart, type ReadRecord, type RecordReading, readRecords } from "./read-records.js";
import type { Session } from "./session.js";

type Value = string | number;

interface SortKey {
  readonly parts: readonly ReadPart[];
  value(record: ReadRecord): Value;
}

export interface SortCriterion extends SortKey {
  readonly order: "ascending" | "descending";
}

const KEYS: Readonly<Record<string, SortKey>> = {
  ARRIVAL: { parts: ["internalDate"], value: ({ internalDate }) => internalDate.seconds },
  DATE: { parts: ["sentDate"], value: ({ sentDate }) => sentDate },
  SIZE: { parts: ["size"], value: ({ digest }) => digest.size },
  CC: { parts: ["addresses"], value: ({ digest }) => digest.addresses.cc },
  FROM: { parts: ["addresses"], value: ({ digest }) => digest.addresses.from },
  TO: { parts: ["addresses"], value: ({ digest }) => digest.addresses.to },
  SUBJECT: { parts: ["subject"], value: ({ digest }) => digest.subject.base },
};

const DISPLAY_KEYS: Readonly<Record<string, SortKey>> = {
  DISPLAYFROM: { parts: ["header"], value: ({ digest }) => displayKey(digest.header, "from") },
  DISPLAYTO: { parts: ["header"], value: ({ digest }) => displayKey(digest.header, "to") },
};

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

function parseKey(session: Session, word: string): SortKey {
  if (Object.hasOwn(KEYS, word)) return KEYS[word]!;
  if (Object.hasOwn(DISPLAY_KEYS, word) && offers(session, "SORT=DISPLAY")) return DISPLAY_KEYS[word]!;
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
  reading: Omit<RecordReading, "parts">,
): Promise<number[]> {
  const rows: Row[] = [];
  const parts = new Set(criteria.flatMap(({ parts }) => parts));
  await readRecords({ ...reading, parts: [...parts] }, sequences, (sequence, record) => {
    rows.push({ sequence, values: record ? criteria.map((criterion) => criterion.value(record)) : [] });
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
