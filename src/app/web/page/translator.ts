/** The words of the page, from the catalogues: plain files of keys and texts, one per language. */
import { readFileSync } from "node:fs";

export const LANGUAGES = ["en", "de", "fr"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What the language is called in itself. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: "English",
  de: "Deutsch",
  fr: "Français",
};

export interface Translator {
  readonly language: Language;
  /** The text of a key with its `{placeholders}` filled in. A key that is in no catalogue is a bug, and shown as itself. */
  text(key: string, values?: Readonly<Record<string, string | number>>): string;
  /** The sentence of a setting; null where there is none in this language but the English one. */
  settingSentence(english: string): string | null;
  number(value: number, digits?: number): string;
  /** Octets with a unit. */
  bytes(value: number): string;
  /** Roughly, in the greatest unit that fits. */
  duration(seconds: number): string;
  /** Day and time of this machine's zone. */
  dateTime(unixSeconds: number): string;
  time(unixSeconds: number): string;
  weekday(unixSeconds: number): string;
  hour(unixSeconds: number): string;
}

type Catalogue = Readonly<Record<string, string>>;

const CATALOGUES = new Map<Language, Catalogue>(
  LANGUAGES.map((language) => [language, readCatalogue(language)]),
);

/** By the English sentence: one that has been changed since is shown in English rather than wrongly. */
const SETTING_SENTENCES = new Map<Language, Catalogue>([
  ["en", {}],
  ["de", readCatalogue("settings.de")],
  ["fr", readCatalogue("settings.fr")],
]);

function readCatalogue(name: string): Catalogue {
  const file = new URL(`../catalogues/${name}.json`, import.meta.url);
  return Object.assign(Object.create(null), JSON.parse(readFileSync(file, "utf8"))) as Catalogue;
}

/** The keys of a language's catalogue and their texts. */
export function catalogueOf(language: Language): Catalogue {
  return CATALOGUES.get(language)!;
}

/** The sentences of settings in that language, by the English ones. */
export function settingSentencesOf(language: Language): Catalogue {
  return SETTING_SENTENCES.get(language)!;
}

/** The language chosen before, else the best of an Accept-Language header (RFC 9110 section 12.5.4). */
export function chooseLanguage(chosen: string | null, acceptLanguage: string | null): Language {
  const isKnown = (name: string): name is Language => (LANGUAGES as readonly string[]).includes(name);
  if (chosen !== null && isKnown(chosen)) return chosen;
  const ranges = (acceptLanguage ?? "")
    .slice(0, 500)
    .split(",")
    .map((range) => {
      const [name = "", ...parameters] = range.trim().split(";");
      const quality = Number(/^\s*q=([\d.]+)/.exec(parameters.join(";"))?.[1] ?? 1);
      return { name: name.slice(0, 2).toLowerCase(), quality };
    })
    .sort((a, b) => b.quality - a.quality);
  return ranges.map(({ name }) => name).find(isKnown) ?? "en";
}

export function createTranslator(language: Language): Translator {
  const catalogue = catalogueOf(language);
  const text: Translator["text"] = (key, values = {}) =>
    (catalogue[key] ?? key).replace(/\{(\w+)\}/g, (_whole, name: string) => String(values[name] ?? ""));
  const number: Translator["number"] = (value, digits = 0) =>
    new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
      value,
    );
  const format = (options: Intl.DateTimeFormatOptions) => {
    const formatter = new Intl.DateTimeFormat(language, options);
    return (unixSeconds: number) => formatter.format(new Date(unixSeconds * 1000));
  };
  return {
    language,
    text,
    settingSentence: (english) =>
      language === "en" ? english : (settingSentencesOf(language)[english] ?? null),
    number,
    bytes(value) {
      const units = ["B", "kB", "MB", "GB", "TB"];
      const power = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
      return `${number(value / 1000 ** power, power === 0 ? 0 : 1)}\u00a0${units[power]}`;
    },
    duration(seconds) {
      const [name, length] = UNITS.find(([, unit]) => seconds >= 2 * unit) ?? SECONDS;
      return text(`duration.${name}`, { count: number(Math.max(0, Math.round(seconds / length))) });
    },
    dateTime: format({ dateStyle: "medium", timeStyle: "short" }),
    time: format({ timeStyle: "short" }),
    weekday: format({ weekday: "short" }),
    hour: format({ hour: "numeric" }),
  };
}

const SECONDS = ["seconds", 1] as const;
const UNITS = [["days", 86_400], ["hours", 3600], ["minutes", 60], SECONDS] as const;
