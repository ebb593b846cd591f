import { formatFlags, type Octets } from "./format.js";

/** What a list of flags is answered as, without and with the session's \Recent. */
interface FlagTexts {
  readonly alone: Octets;
  readonly recent: Octets;
}

/** Messages with equal flags share one list, as backends make them: it is written once. */
const written = new WeakMap<readonly string[], FlagTexts>();
let latest: readonly string[] = [];
let latestTexts = writeFlags(latest);

/** `FLAGS (...)` of a FETCH response (RFC 9051 section 7.5.2): flags as this session sees them, with its \Recent. */
export function flagsItem({
  flags,
  recent,
}: {
  readonly flags: readonly string[];
  readonly recent: boolean;
}): Octets {
  const texts = textsOf(flags);
  return recent ? texts.recent : texts.alone;
}

/** Neighbours often share their list, and to find one costs as much as the rest of the answer. */
function textsOf(flags: readonly string[]): FlagTexts {
  if (flags !== latest) {
    latestTexts = written.get(flags) ?? writeFlags(flags);
    latest = flags;
  }
  return latestTexts;
}

function writeFlags(flags: readonly string[]): FlagTexts {
  const texts = {
    alone: `FLAGS ${formatFlags(flags)}`,
    recent: `FLAGS ${formatFlags([...flags, "\\Recent"])}`,
  };
  written.set(flags, texts);
  return texts;
}
