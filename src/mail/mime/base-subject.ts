/** The base subject of RFC 5256 section 2.1, in lower case, and whether the subject is a reply's or a forward's. */
export interface BaseSubject {
  readonly base: string;
  readonly kind: "reply" | "first";
}

const LONGEST = 1000;
/** `subj-blob` */
const BLOB = /^\[[^[\]]*\] */;
/** `subj-refwd` behind any number of blobs, as in `[list] Re: text`. */
const LEADER = /^(?:\[[^[\]]*\] *)*(?:re|fwd?) *(?:\[[^[\]]*\] *)?: */i;
const TRAILER = / *\(fwd\)$/i;
/** `subj-fwd-hdr` and `subj-fwd-trl` */
const FORWARDED = /^\[fwd:(.*)\]$/i;

/** Reads it from a decoded subject. Never throws. */
export function baseSubject(subject: string): BaseSubject {
  let text = subject.slice(0, LONGEST).replace(/\s+/g, " ").trim();
  let kind: BaseSubject["kind"] = "first";
  for (;;) {
    const trimmed = withoutTrailers(text);
    const led = withoutLeaders(trimmed);
    const inner = FORWARDED.exec(led.text)?.[1]?.trim();
    if (trimmed !== text || led.kind === "reply" || inner !== undefined) kind = "reply";
    if (inner === undefined) return { base: led.text.toLowerCase(), kind };
    text = inner;
  }
}

function withoutTrailers(subject: string): string {
  let text = subject;
  while (TRAILER.test(text)) text = text.replace(TRAILER, "");
  return text;
}

/** Steps 3 to 5: a blob goes only when something stays. */
function withoutLeaders(subject: string): { readonly text: string; readonly kind: BaseSubject["kind"] } {
  let text = subject;
  let kind: BaseSubject["kind"] = "first";
  for (;;) {
    const leader = LEADER.exec(text)?.[0];
    if (leader !== undefined) kind = "reply";
    const blob = leader ?? BLOB.exec(text)?.[0];
    if (blob === undefined || (leader === undefined && blob.length === text.length)) {
      return { text, kind };
    }
    text = text.slice(blob.length);
  }
}
