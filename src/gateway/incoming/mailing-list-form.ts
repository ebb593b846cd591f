/** The form in which PyBitmessage's pseudo mailing lists broadcast what was sent to them (PROTOCOL.md section 17.4, step 13). */
import { type Address, decodeAddress } from "../../bitmessage/protocol/address.js";
import { ProtocolError } from "../../bitmessage/protocol/errors.js";

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** `[name] ` before the subject, unless it is in it; a leading "Re:" falls away. */
export function listSubject(subject: string, name: string): string {
  const trimmed = subject.trim();
  const base = /^R[eE]:/.test(trimmed) ? trimmed.slice(3).trim() : trimmed;
  return base.includes(`[${name}]`) ? base : `[${name}] ${base}`;
}

/** @param time Unix seconds */
export function listBody(body: string, author: Address, time: number): string {
  const date = new Date(time * 1000);
  const [day, clock] = date.toISOString().split(/[T.]/);
  return `${days[date.getUTCDay()]}, ${day} ${clock} UTC   Message ostensibly from ${author}:\n\n${body}`;
}

const FORM =
  /^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC {1,3}Message ostensibly from (BM-[1-9A-HJ-NP-Za-km-z]{1,50}):\r?\n\r?\n/;

/** Who has written what a list has broadcast, as the list says; null when it is not in that form. */
export function listAuthor(body: string): Address | null {
  const written = FORM.exec(body.slice(0, 200))?.[1];
  if (written === undefined) return null;
  try {
    return decodeAddress(written).address;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
