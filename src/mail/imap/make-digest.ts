import { parseDate } from "../mime/date.js";
import { findField } from "../mime/headers.js";
import { latin1Decode } from "../mime/latin1.js";
import { parseMime } from "../mime/parse.js";
import { formatBody, formatBodyStructure } from "./body-structure.js";
import type { MessageDigest } from "./digest.js";
import { formatEnvelope } from "./envelope.js";

/** A longer header is read from the message. */
const MAXIMUM_KEPT_HEADER = 64 * 1024;

/** Makes the ready-made answers about a message. Never throws. */
export function digestMessage(bytes: Uint8Array): MessageDigest {
  const root = parseMime(bytes);
  const date = findField(root, "date");
  const sent = date === null ? null : parseDate(date.value);
  return {
    size: bytes.length,
    envelope: formatEnvelope(root),
    body: formatBody(root),
    bodyStructure: formatBodyStructure(root),
    header: root.headerEnd <= MAXIMUM_KEPT_HEADER ? latin1Decode(bytes, 0, root.headerEnd) : null,
    sentSeconds: sent?.seconds ?? null,
    sentDay: sent?.day ?? null,
  };
}
