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
