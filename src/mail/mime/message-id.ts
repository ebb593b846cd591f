/** The message ids (with their angle brackets) in a Message-ID, In-Reply-To or References field, in order (RFC 5322 section 3.6.4). */
export function parseMessageIds(raw: string): string[] {
  const ids: string[] = [];
  let position = 0;
  while (ids.length < MAXIMUM_IDS) {
    const start = raw.indexOf("<", position);
    if (start < 0) break;
    const end = raw.indexOf(">", start);
    if (end < 0) break;
    // Of `<broken <a@b>` the inner one.
    const opening = raw.lastIndexOf("<", end);
    const id = raw.slice(opening, end + 1).replace(/[ \t\r\n]+/g, "");
    if (id.length > 2) ids.push(id);
    position = end + 1;
  }
  return ids;
}

const MAXIMUM_IDS = 10_000;
