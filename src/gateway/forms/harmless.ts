/** Makes text from strangers harmless before it stands in a header, a folder's name or a file's name. */

/** C0 and C1 controls, line and paragraph separators. */
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g;
/** Marks that change the direction of the text behind them, and ones that cannot be seen. */
const INVISIBLE = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** The text on one line, without controls and direction marks, with single blanks and at most `length` characters. */
export function harmlessLine(text: string, length: number): string {
  const line = text
    .slice(0, length * 4)
    .replace(LONE_SURROGATE, "\ufffd")
    .replace(CONTROLS, " ")
    .replace(INVISIBLE, "")
    .replace(/ {2,}/g, " ")
    .trim();
  return cut(line, length).trim();
}

/** More could fill a line of a folded header, which some readers take for its end. */
const MOST_BLANKS = 40;
const MANY_BLANKS = new RegExp(` {${MOST_BLANKS},}`, "g");

/** A subject: the first line that is not empty, otherwise as written, blanks included (not more than 40 in a row). */
export function subjectLine(text: string, length: number): string {
  const first =
    text
      .slice(0, length * 16)
      .split(/[\r\n\u2028\u2029]+/)
      .find((line) => line.trim() !== "") ?? "";
  const line = first.replace(LONE_SURROGATE, "\ufffd").replace(CONTROLS, " ");
  return cut(line.replace(MANY_BLANKS, " ".repeat(MOST_BLANKS)), length).trim();
}

/** Lines end with CR LF, and there is no NUL and no half of a surrogate pair. */
export function harmlessBody(text: string): string {
  return text
    .replace(LONE_SURROGATE, "\ufffd")
    .replace(/\x00/g, "\ufffd")
    .replace(/\r\n|\r|\n/g, "\r\n");
}

/** Drive letters and folders away, no name that hides or that a system takes for a device; never empty. */
export function harmlessFileName(name: string, fallback: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const line = harmlessLine(last, 150)
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^[. ]+|[. ]+$/g, "");
  if (line === "") return fallback;
  return /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(line) ? `_${line}` : line;
}

/** Whether a file's name is what it looks like and names no folder. */
export function isHarmlessName(name: string): boolean {
  return !/[/\\]/.test(name) && name.search(CONTROLS) < 0 && name.search(INVISIBLE) < 0 && name.length <= 500;
}

/** The first so many characters (code points). */
function cut(text: string, length: number): string {
  return text.length <= length ? text : [...text].slice(0, length).join("");
}
