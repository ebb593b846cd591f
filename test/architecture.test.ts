/** Reads the imports of `src/` and holds them against the rules of `src/README.md`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";

const ROOT = resolve("src");
const MAX_LINES = 420;

interface Import {
  readonly target: string;
  readonly kind: "value" | "type";
}

const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.split("\\").join("/"))
  .sort();

const imports = new Map(files.map((file) => [file, readImports(file)]));

function readImports(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const found: Import[] = [];
  const pattern =
    /^\s*(?:import|export)\s+(type\s)?[^;"']*?from\s+["'](\.[^"']+)["']|^\s*import\s+["'](\.[^"']+)["']|import\(\s*["'](\.[^"']+)["']/gm;
  for (const match of text.matchAll(pattern)) {
    const path = match[2] ?? match[3] ?? match[4] ?? "";
    const target = relative(ROOT, resolve(ROOT, dirname(file), path)).replace(/\.js$/, ".ts");
    found.push({ target, kind: match[1] === undefined ? "value" : "type" });
  }
  return found;
}

/** The rooms, most particular first. */
const ROOMS = [
  "bitmessage/protocol",
  "bitmessage/pow",
  "bitmessage/node",
  "bitmessage/messaging",
  "mail/mime",
  "mail/imap",
  "mail/smtp",
  "mail/transports",
  "mail/carddav",
  "mail/sasl.ts",
  "mail/scram.ts",
  "http",
  "gateway",
  "store",
  "app",
  "main.ts",
  "logger.ts",
] as const;
type Room = (typeof ROOMS)[number];

function roomOf(file: string): Room | undefined {
  return ROOMS.find((room) => file === room || file.startsWith(`${room}/`));
}

const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  "bitmessage/protocol": [],
  "bitmessage/pow": ["bitmessage/protocol"],
  "bitmessage/node": ["bitmessage/protocol"],
  "bitmessage/messaging": ["bitmessage/protocol", "bitmessage/pow"],
  "mail/mime": [],
  "mail/sasl.ts": [],
  "mail/scram.ts": ["mail/sasl.ts"],
  "mail/transports": [],
  "mail/imap": ["mail/mime", "mail/sasl.ts", "mail/scram.ts"],
  "mail/smtp": ["mail/mime", "mail/sasl.ts"],
  "mail/carddav": ["http", "mail/sasl.ts"],
  http: [],
  gateway: [
    "bitmessage/protocol",
    "bitmessage/messaging",
    "mail/mime",
    "mail/imap",
    "mail/smtp",
    "mail/transports",
    "mail/carddav",
    "mail/sasl.ts",
    "mail/scram.ts",
  ],
  store: ["bitmessage/protocol", "bitmessage/node", "bitmessage/messaging", "gateway", "mail/imap"],
  app: ROOMS,
  "main.ts": ROOMS,
  "logger.ts": [],
};

/** What `store` takes as values: protocol's plain conversions, and the words in which a mailbox refuses. */
const STORE_VALUES = [/^bitmessage\/protocol\//, /^mail\/imap\/error\.ts$/, /^store\//, /^logger\.ts$/];

describe("the structure of src/", () => {
  test("every file stands in a room", () => {
    expect(files.filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  test("rooms import only what they may", () => {
    const broken: string[] = [];
    for (const [file, targets] of imports) {
      const room = roomOf(file);
      for (const { target } of targets) {
        const other = roomOf(target);
        if (room === undefined || other === undefined || other === room || other === "logger.ts") continue;
        if (!MAY_IMPORT[room].includes(other)) broken.push(`${file} imports ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test("the store takes only types of the ports it implements", () => {
    const broken: string[] = [];
    for (const [file, targets] of imports) {
      if (roomOf(file) !== "store") continue;
      for (const { target, kind } of targets) {
        if (kind === "value" && !STORE_VALUES.some((allowed) => allowed.test(target)))
          broken.push(`${file} imports ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test("every import leads to a file", () => {
    const missing: string[] = [];
    for (const [file, targets] of imports) {
      for (const { target } of targets)
        if (!existsSync(join(ROOT, target))) missing.push(`${file}: ${target}`);
    }
    expect(missing).toEqual([]);
  });

  test("no import cycles", () => {
    expect(findCycle()).toBeNull();
  });

  test("no file has outgrown its room", () => {
    const long = files.filter(
      (file) => readFileSync(join(ROOT, file), "utf8").split("\n").length > MAX_LINES,
    );
    expect(long).toEqual([]);
  });

  test("no barrels and no rooms without a subject", () => {
    expect(files.filter((file) => /(^|\/)(index\.ts|utils?\/|common\/|shared\/)/.test(file))).toEqual([]);
  });
});

function findCycle(): string[] | null {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): string[] | null {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return null;
    path.push(file);
    for (const { target, kind } of imports.get(file) ?? []) {
      if (kind === "type") continue;
      const cycle = visit(target);
      if (cycle !== null) return cycle;
    }
    path.pop();
    done.add(file);
    return null;
  }
  for (const file of files) {
    const cycle = visit(file);
    if (cycle !== null) return cycle;
  }
  return null;
}
