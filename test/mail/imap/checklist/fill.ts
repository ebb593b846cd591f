import type { TestServer } from "../test-server.js";

/** Appends messages (latin1 strings of octets) to alice's INBOX; `options` stands before each, such as `(\Seen) `. They are no longer recent. */
export async function fill(server: TestServer, messages: readonly string[], options = ""): Promise<void> {
  const lines = messages.flatMap((text, index) => [
    `C: p${index} APPEND INBOX ${options.replaceAll("\\", "\\")}{${text.length}+}`,
    `C~ ${escaped(text)}\\r\\n`,
    `S: p${index} OK *`,
  ]);
  await server.playAsAlice(lines.join("\n"));
  await server.playInInbox("C: q NOOP\nS: q OK *");
}

function escaped(text: string): string {
  return text
    .replaceAll("\r", "\\r")
    .replaceAll("\n", "\\n")
    .replaceAll("\0", "\\0")
    .replace(/[\x80-\xff]/g, (octet) => `\\x${octet.charCodeAt(0).toString(16)}`);
}
