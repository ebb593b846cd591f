/** The base subject of RFC 5256 section 2.1, and whether it is a reply's or a forward's. */
export interface BaseSubject {
  readonly base: string;
  readonly kind: "reply" | "first";
}

const BLOB = /^\[[^[\]]*\]\s*/;
const REPLY = /^(?:re|fwd?)\s*(?:\[[^[\]]*\]\s*)?:\s*/i;
const FORWARDED = /^\[fwd:(.*)\]$/i;
const TRAILER = /\s*\(fwd\)$/i;

/** Reads it from a decoded subject. Never throws. */
export function baseSubject(subject: string): BaseSubject {
  let text = subject.slice(0, 1000).replace(/\s+/g, " ").trim();
  let kind: BaseSubject["kind"] = "first";
  for (let before = ""; before !== text; ) {
    before = text;
    const trimmed = text.replace(TRAILER, "");
    const inner = FORWARDED.exec(trimmed)?.[1]?.trim() ?? trimmed;
    const reply = withoutReply(inner);
    if (reply !== text) kind = reply === trimmed && trimmed === text ? kind : "reply";
    text = withoutBlob(reply);
  }
  return { base: text.toLowerCase(), kind };
}

/** Subject-refwd behind any number of blobs, as in `[list] Re: text`. */
function withoutReply(text: string): string {
  let rest = text;
  for (let blob = BLOB.exec(rest); blob !== null; blob = BLOB.exec(rest)) rest = rest.slice(blob[0].length);
  return REPLY.test(rest) ? rest.replace(REPLY, "") : text;
}

/** A blob goes when something stays. */
function withoutBlob(text: string): string {
  const rest = text.replace(BLOB, "");
  return rest === "" ? text : rest;
}
