/** Text of `format=flowed` (RFC 3676) with soft line breaks undone and space-stuffing removed. Lines end with LF. */
export function unwrapFlowed(text: string, options: { readonly delSp: "yes" | "no" }): string {
  const result: string[] = [];
  let open: { depth: number; text: string } | null = null;
  const close = () => {
    if (open !== null) result.push(quotePrefix(open.depth) + open.text);
    open = null;
  };
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const endsWithBreak = lines.length > 1 && lines.at(-1) === "";
  if (endsWithBreak) lines.pop();
  for (const line of lines) {
    const { depth, content } = splitQuote(line);
    const current: { depth: number; text: string } | null = open;
    const isSignature = content === "-- ";
    if (current !== null && ((current as { depth: number }).depth !== depth || isSignature)) close();
    const isSoft = content.endsWith(" ") && !isSignature;
    const kept = isSoft && options.delSp === "yes" ? content.slice(0, -1) : content;
    open = { depth, text: (open === null ? "" : (open as { text: string }).text) + kept };
    if (!isSoft) close();
  }
  close();
  return result.join("\n") + (endsWithBreak ? "\n" : "");
}

/** RFC 3676 section 4.5: quote marks, then one stuffed space. */
function splitQuote(line: string): { depth: number; content: string } {
  let depth = 0;
  while (line[depth] === ">") depth++;
  const rest = line.slice(depth);
  return { depth, content: rest.startsWith(" ") ? rest.slice(1) : rest };
}

function quotePrefix(depth: number): string {
  return depth === 0 ? "" : `${">".repeat(depth)} `;
}

/**
 * Text as `format=flowed` with DelSp=no (RFC 3676 section 4.2): lines of at most `width` characters where spaces allow, soft breaks
 * marked by a space at the end, space-stuffed. Quoted lines and the signature's mark stay as they are. Lines end with LF.
 */
export function wrapFlowed(text: string, width = 76): string {
  const result: string[] = [];
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    if (line === "-- " || line.startsWith(">")) {
      result.push(line === "-- " ? line : line.trimEnd());
      continue;
    }
    wrapLine(line.replace(/ +$/, ""), width, result);
  }
  return result.join("\n");
}

function wrapLine(line: string, width: number, result: string[]): void {
  let start = 0;
  while (line.length - start > width) {
    let end = line.lastIndexOf(" ", start + width - 2);
    if (end < start) end = line.indexOf(" ", start + width - 1);
    // The break goes behind a run of spaces, so that joining gives them all back.
    while (end >= 0 && line[end + 1] === " ") end++;
    if (end < start || end + 1 >= line.length) break;
    result.push(stuff(line.slice(start, end + 1)));
    start = end + 1;
  }
  result.push(stuff(line.slice(start)));
}

function stuff(line: string): string {
  return line.startsWith(" ") || line.startsWith(">") || line.startsWith("From ") ? ` ${line}` : line;
}
