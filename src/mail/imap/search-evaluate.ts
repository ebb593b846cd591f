/** Whether a message matches; undefined when that cannot be said before its record or its octets have been read. */
import type { MessageRecord } from "./backend.js";
import { dayOf } from "./date-time.js";
import { hasFlag } from "./flags.js";
import type { SearchKey } from "./search-key.js";
import type { Searchable, SearchMessage } from "./search-message.js";
import type { SessionView } from "./view.js";

export type Truth = boolean | undefined;

export interface SearchContext {
  readonly view: SessionView;
  /** Unix seconds. */
  readonly now: number;
  /** The sets of the program, resolved once. */
  readonly sets: ReadonlyMap<SearchKey, ReadonlySet<number>>;
}

export function evaluate(key: SearchKey, message: SearchMessage, context: SearchContext): Truth {
  switch (key.type) {
    case "all":
      return true;
    case "and":
      return every(key.keys, message, context);
    case "or":
      return either(key.left, key.right, message, context);
    case "not": {
      const truth = evaluate(key.key, message, context);
      return truth === undefined ? undefined : !truth;
    }
    case "sequence":
    case "uid":
      return context.sets.get(key)?.has(message.sequence) ?? false;
    case "flag":
      return hasFlag(context.view.current(message.sequence).flags, key.flag);
    case "recent":
      return context.view.at(message.sequence)?.recent ?? false;
    case "modseq":
      return context.view.current(message.sequence).modSeq >= key.least;
    default:
      return message.record ? evaluateRead(key, message, context) : undefined;
  }
}

function every(keys: readonly SearchKey[], message: SearchMessage, context: SearchContext): Truth {
  let result: Truth = true;
  for (const key of keys) {
    const truth = evaluate(key, message, context);
    if (truth === false) return false;
    if (truth === undefined) result = undefined;
  }
  return result;
}

function either(left: SearchKey, right: SearchKey, message: SearchMessage, context: SearchContext): Truth {
  const first = evaluate(left, message, context);
  if (first === true) return true;
  const second = evaluate(right, message, context);
  return second === true ? true : first === undefined ? undefined : second;
}

type ReadKey = Extract<
  SearchKey,
  { type: "size" | "date" | "email-id" | "age" | "header" | "address" | "body" | "text" }
>;

function evaluateRead(key: ReadKey, message: SearchMessage, context: SearchContext): Truth {
  const { digest, internalDate } = message.record!;
  switch (key.type) {
    case "size":
      return key.compare === "larger" ? digest.size > key.size : digest.size < key.size;
    case "date": {
      const day = dayBy(key.field, message.record!);
      return key.compare === "before"
        ? day < key.day
        : key.compare === "on"
          ? day === key.day
          : day >= key.day;
    }
    case "email-id":
      return message.record!.emailId === key.id;
    case "age": {
      const age = context.now - internalDate.seconds;
      return key.compare === "older" ? age >= key.seconds : age <= key.seconds;
    }
    case "header":
      return anyIncludes(message.fieldValues(key.name), key.needle);
    case "address":
      return anyIncludes(message.addressValues(key.name), key.needle);
    case "body":
      return anyIncludes(message.bodyTexts(), key.needle);
    case "text": {
      const header = message.headerIncludes(key.needle);
      return header === true ? true : anyIncludes(message.bodyTexts(), key.needle);
    }
  }
}

/** Days since 1970. */
function dayBy(field: "internal" | "sent" | "saved", record: MessageRecord): number {
  if (field === "saved") return dayOf({ seconds: record.saveDate, zone: 0 });
  return (field === "sent" ? record.digest.sentDay : null) ?? dayOf(record.internalDate);
}

function anyIncludes(values: readonly Searchable[] | null, needle: string): Truth {
  return values === null ? undefined : values.some((value) => value.includes(needle));
}
