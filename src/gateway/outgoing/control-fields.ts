import { Encoding } from "../../bitmessage/protocol/content.js";
import { parseDate } from "../../mail/mime/date.js";
import { SmtpError } from "../../mail/smtp/error.js";

/** What the header of a single mail may decide about its sending (MAIL-MAPPING section 3). */
export interface ControlFields {
  /** Seconds; null: the policy's. */
  readonly ttl: number | null;
  readonly acknowledgement: "wanted" | "unwanted";
  /** PROTOCOL.md section 14; null: by the mail's content. */
  readonly encoding: number | null;
  /** Trials; null: the policy's. */
  readonly maximumWork: number | null;
}

/** PROTOCOL.md section 16.2. */
const SHORTEST_TTL = 3600;
const LONGEST_TTL = 2_419_200;

const encodings: ReadonlyMap<string, number> = new Map([
  ["trivial", Encoding.trivial],
  ["1", Encoding.trivial],
  ["simple", Encoding.simple],
  ["2", Encoding.simple],
  ["extended", Encoding.extended],
  ["3", Encoding.extended],
]);

/** @throws SmtpError 550 5.6.0 for a field that cannot be read: it is never guessed */
export function readControlFields(field: (name: string) => string | null, now: number): ControlFields {
  return {
    ttl: readTtl(field, now),
    acknowledgement: readAcknowledgement(field("x-bitmessage-ack")),
    encoding: readEncoding(field("x-bitmessage-encoding")),
    maximumWork: readNumber("X-Bitmessage-Max-Work", field("x-bitmessage-max-work")),
  };
}

function readTtl(field: (name: string) => string | null, now: number): number | null {
  const seconds = readNumber("X-Bitmessage-TTL", field("x-bitmessage-ttl"));
  if (seconds !== null) return checkTtl("X-Bitmessage-TTL", seconds);
  const expires = field("expires");
  if (expires === null) return null;
  const date = parseDate(expires);
  if (date === null) throw refusal("Expires", "is no date");
  return checkTtl("Expires", date.seconds - now);
}

function checkTtl(name: string, seconds: number): number {
  if (seconds >= SHORTEST_TTL && seconds <= LONGEST_TTL) return seconds;
  throw refusal(name, "must leave the message at least one hour and at most 28 days");
}

function readAcknowledgement(value: string | null): ControlFields["acknowledgement"] {
  const word = value?.trim().toLowerCase() ?? "yes";
  if (word === "no") return "unwanted";
  if (word === "yes") return "wanted";
  throw refusal("X-Bitmessage-Ack", "must be yes or no");
}

function readEncoding(value: string | null): number | null {
  if (value === null) return null;
  const encoding = encodings.get(value.trim().toLowerCase());
  if (encoding === undefined) throw refusal("X-Bitmessage-Encoding", "must be trivial, simple or extended");
  return encoding;
}

function readNumber(name: string, value: string | null): number | null {
  if (value === null) return null;
  const text = value.trim();
  if (!/^\d{1,15}$/.test(text)) throw refusal(name, "must be a whole number");
  return Number(text);
}

function refusal(name: string, text: string): SmtpError {
  return new SmtpError(550, "5.6.0", `The header field ${name} ${text}`);
}
