import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { SETTINGS } from "../../../../src/app/config/settings.js";
import { CHANGEABLE } from "../../../../src/app/web/changeable-settings.js";
import { ACTIONS } from "../../../../src/app/web/page/actions.js";
import { NAVIGATION } from "../../../../src/app/web/page/layout.js";
import {
  catalogueOf,
  chooseLanguage,
  createTranslator,
  LANGUAGES,
  settingSentencesOf,
} from "../../../../src/app/web/page/translator.js";

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("the catalogues", () => {
  const english = catalogueOf("en");

  test.each(LANGUAGES)("%s has every text, with the same placeholders", (language) => {
    const catalogue = catalogueOf(language);
    expect(Object.keys(catalogue)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(catalogue)) {
      expect([key, placeholders(text)]).toEqual([key, placeholders(english[key] ?? "")]);
      expect([key, text.trim()]).not.toEqual([key, ""]);
    }
  });

  test("hold what the page says, and nothing that it does not", () => {
    const files = readdirSync("src/app/web", { recursive: true, encoding: "utf8" });
    const source = files
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(`src/app/web/${name}`, "utf8"))
      .join("\n");
    const written = [...source.matchAll(/"([a-z]+(?:[.-][a-z0-9-]+)*)"/g)].map((match) => match[1] ?? "");
    const used = new Set([
      ...written,
      ...[...ACTIONS.values()].map(({ done }) => done),
      ...NAVIGATION.map(([, key]) => `nav.${key}`),
    ]);
    /** Made of parts: the state, failure or mode comes from elsewhere. */
    const made =
      /^(state\.|failure\.|duration\.|section\.|setup\.security-|setup\.thunderbird-|history\.range-|settings\.show-|first\.[a-z]+-detail|settings\.from-|log\.level-|done\.setting-)/;
    for (const key of Object.keys(english))
      if (!made.test(key)) expect([key, used.has(key)]).toEqual([key, true]);
    for (const match of source.matchAll(/words\.text\(\s*"([^"]+)"/g))
      expect([match[1], match[1]! in english]).toEqual([match[1], true]);
  });

  test("know every section of the settings", () => {
    for (const { section } of SETTINGS)
      expect([section, english[`section.${section}`]]).not.toContain(undefined);
  });

  test.each(["de", "fr"] as const)(
    "%s: sentences of settings that there are, all of those that the page changes",
    (language) => {
      const sentences = settingSentencesOf(language);
      const there = new Set(SETTINGS.map(({ text }) => text));
      expect(Object.keys(sentences).filter((sentence) => !there.has(sentence))).toEqual([]);
      const changeable = SETTINGS.filter(({ section, key }) => CHANGEABLE.has(`${section}.${key}`));
      expect(changeable.filter(({ text }) => !sentences[text])).toEqual([]);
      const translator = createTranslator(language);
      expect(translator.settingSentence("What is logged.")).toBe(sentences["What is logged."]);
      expect(translator.settingSentence("toString")).toBeNull();
    },
  );

  test("know every state and failure", () => {
    for (const state of [
      "queued",
      "awaiting-pubkey",
      "proof-of-work",
      "sent",
      "acknowledged",
      "failed",
      "cancelled",
    ])
      expect(english[`state.${state}`]).toBeDefined();
    const types = readFileSync("src/bitmessage/messaging/types.ts", "utf8");
    const failures = /FailureReason =([^;]+);/.exec(types)?.[1]?.match(/[a-z-]+(?=")/g) ?? [];
    expect(failures.length).toBeGreaterThan(3);
    for (const failure of failures)
      expect([failure, english[`failure.${failure}`] !== undefined]).toEqual([failure, true]);
  });
});

describe("a language", () => {
  test("is the one chosen, else the best that the browser asks for, else English", () => {
    expect(chooseLanguage("fr", "de")).toBe("fr");
    expect(chooseLanguage("xx", "pl,fr-CH;q=0.8,de;q=0.9")).toBe("de");
    expect(chooseLanguage(null, "DE-at")).toBe("de");
    expect(chooseLanguage(null, ";;q=x,,")).toBe("en");
    expect(chooseLanguage("__proto__", null)).toBe("en");
  });

  test("formats numbers, sizes and times in its way", () => {
    const german = createTranslator("de");
    expect(german.number(1234.5, 1)).toBe("1.234,5");
    expect(german.bytes(0)).toBe("0\u00a0B");
    expect(german.bytes(1_234_567)).toBe("1,2\u00a0MB");
    expect([5, 200, 20_000, 900_000].map(german.duration)).toEqual(["5 s", "3 min", "6 h", "10 Tage"]);
    expect(german.text("nav.log")).toBe("Protokoll");
    expect(german.text("constructor")).toBe("constructor");
  });
});
