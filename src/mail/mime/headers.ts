import type { HeaderField } from "./part.js";

export { decodeEncodedWords } from "./encoded-words.js";
export { decodeParameters, type ParameterizedValue, parseParameterized } from "./parameters.js";

/** The first field of that name (any case), or null. */
export function findField(
  part: { readonly fields: readonly HeaderField[] },
  name: string,
): HeaderField | null {
  const wanted = name.toLowerCase();
  return part.fields.find((field) => isNamed(field, wanted)) ?? null;
}

/** Every field of that name (any case), in order. */
export function findFields(part: { readonly fields: readonly HeaderField[] }, name: string): HeaderField[] {
  const wanted = name.toLowerCase();
  return part.fields.filter((field) => isNamed(field, wanted));
}

function isNamed(field: HeaderField, lowerCaseName: string): boolean {
  return field.name.length === lowerCaseName.length && field.name.toLowerCase() === lowerCaseName;
}

/** The value on one line: line ends before white space removed (RFC 5322 section 2.2.3), white space around it too. */
export function unfold(value: string): string {
  const unfolded = value.includes("\n") ? value.replace(/\r?\n(?=[ \t])/g, "") : value;
  return trimWhiteSpace(unfolded);
}

/** Without spaces, tabs and line ends around it. */
export function trimWhiteSpace(text: string): string {
  let start = 0;
  while (start < text.length && isWhiteSpace(text.charCodeAt(start))) start++;
  return trimEnd(start === 0 ? text : text.slice(start));
}

/** Without spaces, tabs and line ends behind it. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isWhiteSpace(text.charCodeAt(end - 1))) end--;
  return end === text.length ? text : text.slice(0, end);
}

function isWhiteSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 13 || code === 10;
}
