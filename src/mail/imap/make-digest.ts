import { parseDate } from "../mime/date.js";
import { findField } from "../mime/headers.js";
import { latin1Decode } from "../mime/latin1.js";
import { parseMime } from "../mime/parse.js";
import { formatBody, formatBodyStructure } from "./body-structure.js";
import type { MessageDigest } from "./digest.js";
import { formatEnvelope } from "./envelope.js";
import { headerKeys } from "./header-keys.js";

/** A longer header is read from the message. */
const MAXIMUM_KEPT_HEADER = 64 * 1024;
const NO_KEYS = { subject: null, addresses: null, references: null };

/** Makes the ready-made answers about a message. Never throws. */
export function digestMessage(bytes: Uint8Array): MessageDigest {
  const root = parseMime(bytes);
  const date = findField(root, "date");
  const sent = date === null ? null : parseDate(date.value);
  const header = root.headerEnd <= MAXIMUM_KEPT_HEADER ? latin1Decode(bytes, 0, root.headerEnd) : null;
  return {
    size: bytes.length,
    envelope: formatEnvelope(root),
    body: formatBody(root),
    bodyStructure: formatBodyStructure(root),
    header,
    sentSeconds: sent?.seconds ?? null,
    sentDay: sent?.day ?? null,
    ...(header === null ? NO_KEYS : headerKeys(header)),
  };
}
