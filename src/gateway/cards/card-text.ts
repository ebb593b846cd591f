/** What the cards of the bridge say, and what is read from those that people write. */
import { createHash } from "node:crypto";
import {
  type ContentLine,
  escapeText,
  formatVCard,
  parseVCard,
  textLine,
  textValues,
  unescapeText,
  type VCard,
} from "../../mail/carddav/vcard.js";
import { harmlessLine } from "../forms/harmless.js";

const LONGEST_LABEL = 100;

/** A card of our own making: always the same for the same values. */
export function makeCardText(values: {
  readonly uid: string;
  readonly label: string;
  readonly mailAddress: string;
  readonly note: string;
}): string {
  const { uid, label, mailAddress, note } = values;
  return formatVCard({
    version: "3.0",
    lines: [
      textLine("UID", uid),
      textLine("FN", label),
      nameLine(label),
      { ...textLine("EMAIL", mailAddress), parameters: [{ name: "TYPE", values: ["INTERNET"] }] },
      textLine("NOTE", note),
    ],
  });
}

/** A UUID that is the same for the same text (RFC 9562 section 5.8). */
export function uidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/** What the person is called: the formatted name, else the parts of the name, else the first mail address. */
export function labelOfCard(card: VCard): string {
  const [formatted = ""] = textValues(card, "FN");
  const [family = "", given = ""] = (card.lines.find(({ name }) => name === "N")?.value ?? "")
    .split(/(?<!\\);/)
    .map(unescapeText);
  const [mailAddress = ""] = textValues(card, "EMAIL");
  for (const text of [formatted, `${given} ${family}`, mailAddress]) {
    const label = harmlessLine(text, LONGEST_LABEL);
    if (label !== "") return label;
  }
  return "";
}

/** The card with another name; the parts of the name only where they are nothing but the old one. */
export function renameCard(text: string, label: string): string {
  const card = parseVCard(text);
  const old = nameLine(labelOfCard(card)).value;
  const rest = card.lines.filter(({ name }) => name !== "FN");
  const lines = rest.map((line) =>
    line.name === "N" && line.value === old ? { ...line, ...nameLine(label) } : line,
  );
  return formatVCard({ ...card, lines: [textLine("FN", label), ...lines] });
}

/** The whole name as the given one: which part is which, nobody knows. */
function nameLine(label: string): ContentLine {
  return { group: null, name: "N", parameters: [], value: `;${escapeText(label)};;;` };
}

/** How a note of ours begins that says what is wrong with a card. */
const MARK = "[Bitmessage Bridge]";

/** The lines with these problems told at the end of the note, instead of those told before. */
export function tellProblems(lines: readonly ContentLine[], problems: readonly string[]): ContentLine[] {
  const notes = lines.filter(({ name }) => name === "NOTE").map(({ value }) => unescapeText(value));
  const hasMark = notes.some((note) => note.includes(MARK));
  if (!hasMark && problems.length === 0) return [...lines];
  const own = notes.flatMap((note) => note.split("\n")).filter((line) => !line.startsWith(MARK));
  const note = [...own, ...problems.map((problem) => `${MARK} ${problem}`)].join("\n").trim();
  const others = lines.filter(({ name }) => name !== "NOTE");
  return note === "" ? others : [...others, textLine("NOTE", note)];
}
