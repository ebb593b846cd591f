import { CommandError } from "./control/messages.js";

const KEYS: ReadonlySet<string> = new Set(["attachments", "encoding", "max_work"]);

/** Reads what is to be set for a contact: `key=value`, again and again. @throws CommandError for other words */
export function readPreferenceWords(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const [, key = "", value = ""] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
      if (KEYS.has(key) && value !== "") return [key, value];
      const text = `"${word}" cannot be set; write attachments=..., encoding=... or max_work=...`;
      throw new CommandError(text, "wrong-use");
    }),
  );
}
