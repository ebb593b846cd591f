import { parseMessageIds } from "../../mail/mime/message-id.js";

/** Octets that a list of Message-IDs may take where it travels over the network. */
const LONGEST_REFERENCES = 3500;
const MESSAGE_ID = /^[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}$/;

/** Whether this can stand in a header as a Message-ID, without its angle brackets. */
function isMessageId(id: string): boolean {
  return MESSAGE_ID.test(id) && id.indexOf("@") === id.lastIndexOf("@");
}

/** The well-formed Message-IDs of a field's value, without angle brackets, each once. */
export function readMessageIds(raw: string): string[] {
  const ids = parseMessageIds(raw.slice(0, 100_000)).map((id) => id.slice(1, -1));
  return [...new Set(ids.filter(isMessageId))];
}

/** The Message-ID of a field's value, or null when the first thing in angle brackets is none that is well-formed. */
export function readMessageId(raw: string): string | null {
  const id = /<([^<>]*)>/.exec(raw.slice(0, 10_000))?.[1] ?? "";
  return isMessageId(id) ? id : null;
}

/** As they stand in a field; of many the oldest and the newest. */
export function writeMessageIds(ids: readonly string[]): string {
  return shortened(ids)
    .map((id) => `<${id}>`)
    .join(" ");
}

/** RFC 5322 section 3.6.4: the references of the parent, then the parent. */
export function referencesOfReply(parent: {
  readonly messageId: string;
  readonly references: readonly string[];
}): string[] {
  return [...parent.references.filter((id) => id !== parent.messageId), parent.messageId];
}

function shortened(ids: readonly string[]): readonly string[] {
  const first = ids[0];
  if (first === undefined) return [];
  let room = LONGEST_REFERENCES - first.length;
  const last: string[] = [];
  for (const id of ids.slice(1).reverse()) {
    room -= id.length + 3;
    if (room < 0) break;
    last.unshift(id);
  }
  return [first, ...last];
}
