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
