/** SEARCH programs (RFC 9051 section 6.4.4) as trees. */
import type { RecordPart } from "./backend.js";
import type { SequenceSet } from "./sequence-set.js";

export type SearchKey =
  | { readonly type: "all" }
  | { readonly type: "and"; readonly keys: readonly SearchKey[] }
  | { readonly type: "or"; readonly left: SearchKey; readonly right: SearchKey }
  | { readonly type: "not"; readonly key: SearchKey }
  | { readonly type: "sequence"; readonly set: SequenceSet }
  | { readonly type: "uid"; readonly set: SequenceSet }
  | { readonly type: "flag"; readonly flag: string }
  | { readonly type: "recent" }
  | { readonly type: "modseq"; readonly least: number }
  | { readonly type: "size"; readonly compare: "larger" | "smaller"; readonly size: number }
  | {
      readonly type: "date";
      readonly field: "internal" | "sent" | "saved";
      readonly compare: "before" | "on" | "since";
      /** Days since 1970. */
      readonly day: number;
    }
  | { readonly type: "email-id"; readonly id: string }
  | { readonly type: "age"; readonly compare: "older" | "younger"; readonly seconds: number }
  /** `needle` is folded (see `folded-text.ts`); empty: the field is there. */
  | { readonly type: "header"; readonly name: string; readonly needle: string }
  | { readonly type: "address"; readonly name: string; readonly needle: string }
  | { readonly type: "body"; readonly needle: string }
  | { readonly type: "text"; readonly needle: string };

/** Whether the key, or one within it, is of that type. */
export function hasKey(key: SearchKey, type: SearchKey["type"]): boolean {
  switch (key.type) {
    case "and":
      return type === "and" || key.keys.some((one) => hasKey(one, type));
    case "or":
      return type === "or" || hasKey(key.left, type) || hasKey(key.right, type);
    case "not":
      return type === "not" || hasKey(key.key, type);
    default:
      return key.type === type;
  }
}

/** What has to be known of each record to decide. */
export function partsFor(key: SearchKey): readonly RecordPart[] {
  switch (key.type) {
    case "and":
      return [...new Set(key.keys.flatMap(partsFor))];
    case "or":
      return [...new Set([...partsFor(key.left), ...partsFor(key.right)])];
    case "not":
      return partsFor(key.key);
    case "size":
      return ["size"];
    case "date":
      return DATE_PARTS[key.field];
    case "age":
      return ["internalDate"];
    case "email-id":
      return ["emailId"];
    case "header":
      return key.name.toLowerCase() === "subject" ? ["subject"] : ["header"];
    case "address":
    case "text":
      return ["header"];
    default:
      return [];
  }
}

const DATE_PARTS = {
  internal: ["internalDate"],
  saved: ["saveDate"],
  // Without a Date field the other one counts.
  sent: ["sentDay", "internalDate"],
} as const;
