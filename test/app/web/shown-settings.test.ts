import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ConfigError } from "../../../src/app/config/config.js";
import { loadConfig } from "../../../src/app/config/load.js";
import { SETTINGS } from "../../../src/app/config/settings.js";
import { CHANGEABLE } from "../../../src/app/web/changeable-settings.js";
import { createShownSettings, type ShownSettings } from "../../../src/app/web/shown-settings.js";

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bmbridge-settings-"));
  path = join(directory, "config.toml");
});
afterEach(() => rmSync(directory, { recursive: true }));

const threshold = { level: "info" as const };

/** A node that was started with this. */
function started(
  text: string | null,
  environment: Record<string, string> = {},
  ...assignments: string[]
): ShownSettings {
  if (text !== null) writeFileSync(path, text);
  const sources = { file: text === null ? null : path, environment, assignments };
  return createShownSettings({
    config: loadConfig(sources),
    sources,
    path,
    check({ pow }) {
      if (pow.engine === "gpu") throw new ConfigError("pow.engine", "there is none");
    },
    threshold: { ...threshold },
  });
}

function row(settings: ShownSettings, wanted: string) {
  return settings.view().rows.find(({ section, key }) => `${section}.${key}` === wanted);
}

describe("what is shown", () => {
  test("every setting, with its default and what has set it; without passwords", () => {
    const settings = started(
      '[node]\nproxy = "socks5://name:hidden@127.0.0.1:9050"\n',
      { BMBRIDGE_SEND_MAX_WORK: "5" },
      "send.ttl=3600",
    );
    expect(settings.view().rows).toHaveLength(SETTINGS.length);
    expect(row(settings, "send.ttl")).toMatchObject({
      value: "3600",
      preset: "345600",
      origin: "command-line",
      next: null,
      input: null,
    });
    expect(row(settings, "send.max_work")).toMatchObject({ value: "5", origin: "environment", input: null });
    expect(row(settings, "node.proxy")).toMatchObject({
      value: '"socks5://…@127.0.0.1:9050"',
      origin: "file",
      input: null,
    });
    expect(row(settings, "imap.layout")).toMatchObject({
      origin: "default",
      input: { choices: ["combined", "split"], value: "combined" },
    });
    expect(row(settings, "send.thread_headers")?.input).toMatchObject({
      choices: ["true", "false"],
      value: "true",
    });
    expect(JSON.stringify(settings.view())).not.toContain("hidden");
  });

  test("what a person has changed in the file since, and what is wrong with it", () => {
    const settings = started("[send]\nttl = 3600\n");
    writeFileSync(path, "[send]\nttl = 7200\n");
    expect(row(settings, "send.ttl")).toMatchObject({
      value: "3600",
      next: "7200",
      input: { value: "7200" },
    });
    writeFileSync(path, "[send]\nttl = 7\n");
    expect(settings.view().problem).toMatch(/config\.toml line 2/);
    expect(row(settings, "send.ttl")).toMatchObject({ value: "3600", next: null, input: null });
    expect(() => settings.change("send.max_work", "5")).toThrow(/line 2/);
    expect(readFileSync(path, "utf8")).toBe("[send]\nttl = 7\n");
  });
});

describe("a change", () => {
  test("is written beside what a person wrote, for the next start; the level of the log holds at once", () => {
    const settings = started("# mine\n[send]\nttl = 3600 # short\n");
    expect(settings.change("send.ttl", "7200")).toBe("restart");
    expect(settings.change("log.level", "debug")).toBe("now");
    expect(readFileSync(path, "utf8")).toBe('# mine\n[send]\nttl = 7200 # short\n\n[log]\nlevel = "debug"\n');
    expect(row(settings, "send.ttl")).toMatchObject({ value: "3600", next: "7200" });
    expect(row(settings, "log.level")).toMatchObject({ value: '"debug"', next: null });
    settings.change("send.ttl", null);
    expect(readFileSync(path, "utf8")).not.toContain("ttl");
  });

  test("makes a file that only its owner reads; keeps the rights of one that is there, and a link to it", () => {
    const settings = started(null);
    settings.change("send.ttl", "7200");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const real = join(directory, "elsewhere.toml");
    writeFileSync(real, "");
    chmodSync(real, 0o640);
    rmSync(path);
    symlinkSync(real, path);
    settings.change("send.ttl", "7200");
    expect(readFileSync(real, "utf8")).toBe("[send]\nttl = 7200\n");
    expect(statSync(real).mode & 0o777).toBe(0o640);
    expect(readdirSync(directory).sort()).toEqual(["config.toml", "elsewhere.toml"]);
  });

  test("that could not be is refused, and nothing is written", () => {
    const settings = started(null, { BMBRIDGE_SEND_MAX_WORK: "5" });
    for (const [name, text, reason] of [
      ["send.ttl", "5", /^send\.ttl: .*3600/],
      ["send.ttl", "soon", /"soon" is not a number/],
      ["send.thread_headers", "perhaps", /not true or false/],
      ["pow.engine", "gpu", /there is none/],
      ["pow.engine", "abacus", /pow\.engine/],
      ["imap.layout", 'split"\n[api]\nlisten = "0.0.0.0:1', /imap\.layout/],
      ["send.max_work", "6", /where the bridge is started/],
      ["send.nothing", "6", /in the file, not here/],
      ["constructor", "6", /in the file, not here/],
    ] as const) {
      expect(() => settings.change(name, text)).toThrow(reason);
    }
    expect(existsSync(path)).toBe(false);
  });

  test("by the page is never one by which a session becomes more than that", () => {
    const settings = started(null);
    const others = SETTINGS.map(({ section, key }) => `${section}.${key}`).filter(
      (name) => !CHANGEABLE.has(name),
    );
    for (const name of others) expect(() => settings.change(name, "")).toThrow(/in the file, not here/);
    for (const name of CHANGEABLE) {
      expect(name).not.toMatch(
        /listen|file|path|relay|trusted|password|user|proxy|onion|domain|addresses|tls|bootstrap|connect|^api|^keys|^network/,
      );
      expect(others.length + CHANGEABLE.size).toBe(SETTINGS.length);
    }
  });
});
