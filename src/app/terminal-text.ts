/** Text that others have had a hand in, for a terminal: nothing in it may move the cursor, rename the window or turn the text around. */

/** C0 and C1 controls but for tab and line feed, and marks that change the direction of text. */
const COMMANDS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Each of them as a question mark. */
export function terminalText(text: string): string {
  return text.replace(COMMANDS, "?");
}

/** JSON of one line, with each of them escaped, so that programs read what was meant. */
export function terminalJson(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return String(JSON.stringify(value)).replace(COMMANDS, escaped);
}
