/** Changes one setting in the text of a settings file and leaves all else as a person wrote it: comments, order, blanks. */
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "smol-toml";

/** The file is written in a way that only a person can change. */
export class EditError extends Error {
  constructor(name: string) {
    super(`the way in which ${name} stands in the file can be changed by hand only`);
    this.name = "EditError";
  }
}

export interface Edit {
  readonly section: string;
  readonly key: string;
  /** Null takes the setting out, so that its default holds. */
  readonly value: string | number | boolean | null;
}

/**
 * Lines are looked at as if no string went over several of them, and the result is read again: it says what the old text said, and the
 * new value, or it is not used. @param text TOML. @throws TomlError for what is none, EditError
 */
export function editSetting(text: string, edit: Edit): string {
  const wanted = expected(text, edit);
  const lines = new Lines(text);
  const place = find(lines.all, edit);
  if (edit.value === null) {
    if (place.kind === "set") lines.remove(place.line);
  } else write(lines, place, edit, edit.value);
  const edited = lines.text();
  if (!says(edited, wanted)) throw new EditError(`${edit.section}.${edit.key}`);
  return edited;
}

/** What the edited text is to say. */
function expected(text: string, { section, key, value }: Edit): Record<string, unknown> {
  const document = parse(text) as Record<string, unknown>;
  const { [section]: table = {}, ...others } = document;
  const { [key]: _old, ...rest } = table as Record<string, unknown>;
  return { ...others, [section]: value === null ? rest : { ...rest, [key]: value } };
}

/** An empty section says as much as none. */
function says(text: string, wanted: Record<string, unknown>): boolean {
  try {
    return isDeepStrictEqual(withoutEmpty(parse(text)), withoutEmpty(wanted));
  } catch {
    return false;
  }
}

function withoutEmpty(document: Record<string, unknown>): unknown {
  // smol-toml's tables have no prototype; ours have one.
  const plain = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(plain).filter(([, table]) => JSON.stringify(table) !== "{}"));
}

type Place =
  /** It stands there, with its section's name before it or without. */
  | { readonly kind: "set"; readonly line: number; readonly prefix: string }
  | { readonly kind: "after"; readonly line: number; readonly prefix: string }
  /** Not even its section. */
  | { readonly kind: "nowhere" };

const HEADER = /^\s*\[\s*"?([A-Za-z0-9_-]+)"?\s*\]\s*(#.*)?$/;
const OTHER_HEADER = /^\s*\[/;
const ASSIGNMENT = /^\s*(?:"?([A-Za-z0-9_-]+)"?\s*\.\s*)?"?([A-Za-z0-9_-]+)"?\s*=/;
/** As config/example.toml shows a default. */
const SHOWN = /^\s*#\s*([A-Za-z0-9_-]+)\s*=/;

function find(lines: readonly string[], { section, key }: Edit): Place {
  let current: string | null = "";
  let best: Place = { kind: "nowhere" };
  let shown: Place | null = null;
  for (const [line, text] of lines.entries()) {
    const header = HEADER.exec(text)?.[1];
    if (header !== undefined || OTHER_HEADER.test(text)) {
      current = header ?? null;
      if (current === section) best = { kind: "after", line, prefix: "" };
      continue;
    }
    if (current === section && SHOWN.exec(text)?.[1] === key) shown = { kind: "after", line, prefix: "" };
    const [, before, name] = ASSIGNMENT.exec(text) ?? [];
    if (name === undefined) continue;
    const isDotted = current === "" && before === section;
    if (!isDotted && (current !== section || before !== undefined)) continue;
    const prefix = isDotted ? `${section}.` : "";
    if (name === key) return { kind: "set", line, prefix };
    best = { kind: "after", line, prefix };
  }
  return shown ?? best;
}

function write(lines: Lines, place: Place, { section, key }: Edit, value: string | number | boolean): void {
  const assignment = stringify({ [key]: value }).trim();
  switch (place.kind) {
    case "set": {
      const parts = SET_LINE.exec(lines.all[place.line] ?? "");
      if (parts === null) throw new EditError(`${section}.${key}`);
      const [, indent = "", comment = ""] = parts;
      lines.replace(place.line, `${indent}${place.prefix}${assignment}${comment}`);
      return;
    }
    case "after": {
      const indent = /^\s*/.exec(lines.all[place.line] ?? "")?.[0] ?? "";
      lines.insertAfter(place.line, `${indent}${place.prefix}${assignment}`);
      return;
    }
    case "nowhere":
      lines.append([`[${section}]`, assignment]);
  }
}

/** Indentation, name, value on one line, and the comment with the blanks before it. */
const SET_LINE = /^(\s*)[^=]*=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'#]+)(\s*(?:#.*)?)$/;

class Lines {
  readonly all: string[];
  readonly #end: string;

  constructor(text: string) {
    this.#end = text.includes("\r\n") ? "\r\n" : "\n";
    this.all = text.split(/\r?\n/);
  }

  replace(line: number, text: string): void {
    this.all[line] = text;
  }

  insertAfter(line: number, text: string): void {
    this.all.splice(line + 1, 0, text);
  }

  remove(line: number): void {
    this.all.splice(line, 1);
  }

  /** At the end, a blank line before it. */
  append(added: readonly string[]): void {
    while (this.all.at(-1)?.trim() === "") this.all.pop();
    if (this.all.length > 0) this.all.push("");
    this.all.push(...added, "");
  }

  text(): string {
    return this.all.join(this.#end);
  }
}
