/** Reads the configuration: defaults, then the file, then the environment, then `--set`. Everything is checked before anything starts. */
import { existsSync, readFileSync } from "node:fs";
import { parse, TomlError } from "smol-toml";
import { type Config, ConfigError, isLoopback } from "./config.js";
import { type DeliveryConfig, readDeliveries } from "./delivery.js";
import type { Setting } from "./setting.js";
import { SETTINGS } from "./settings.js";

export interface ConfigSources {
  /** A TOML file that must exist, or null. */
  readonly file: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `section.key=value`, later ones win. */
  readonly assignments: readonly string[];
}

/** What has set a value; later ones win over earlier ones. */
export type Origin = "default" | "file" | "environment" | "command-line";

export interface LoadedConfig {
  readonly config: Config;
  /** By `section.key`; what is not in it has its default. */
  readonly origins: ReadonlyMap<string, Origin>;
}

interface Draft {
  readonly values: Record<string, Record<string, unknown>>;
  readonly origins: Map<string, Origin>;
}

/** ConfigError names the first thing that is wrong. */
export function loadConfig(sources: ConfigSources): Config {
  return loadWithOrigins(sources).config;
}

/** @param text what is read in place of the file's own text. @throws ConfigError that names the first thing that is wrong */
export function loadWithOrigins(sources: ConfigSources, text?: string): LoadedConfig {
  const { file, environment, assignments } = sources;
  const draft: Draft = { values: {}, origins: new Map() };
  for (const { section, key, value } of SETTINGS) {
    draft.values[section] ??= {};
    draft.values[section][key] = value;
  }
  const delivery = file === null ? [] : applyFile(draft, file, text ?? readText(file));
  applyEnvironment(draft, environment);
  for (const assignment of assignments) applyAssignment(draft, assignment);
  const config = { ...(draft.values as unknown as Omit<Config, "delivery">), delivery };
  checkTogether(config);
  checkWays(config);
  checkExchange(config);
  return { config, origins: draft.origins };
}

/** Returns the delivery targets, which only a file can hold. */
function applyFile(draft: Draft, file: string, text: string): DeliveryConfig[] {
  let document: Record<string, unknown>;
  try {
    document = parse(text);
  } catch (error) {
    if (error instanceof TomlError)
      throw new ConfigError(`${file} line ${error.line}`, firstLine(error.message));
    throw error;
  }
  const { delivery: tables = [], ...sections } = document;
  for (const [section, content] of Object.entries(sections)) {
    if (typeof content !== "object" || content === null || Array.isArray(content)) {
      throw new ConfigError(place(file, text, section, null), `"${section}" stands outside of a section`);
    }
    for (const [key, value] of Object.entries(content)) {
      const where = place(file, text, section, key);
      assign(draft, findSetting(section, key, where), { value, where, origin: "file" });
    }
  }
  return readDeliveries(tables, (index, key) => placeOfTable(file, text, { name: "delivery", index, key }));
}

function readText(file: string): string {
  if (!existsSync(file)) throw new ConfigError(file, "there is no such file");
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(file, `it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function applyEnvironment(draft: Draft, environment: ConfigSources["environment"]): void {
  const sections = new Set(SETTINGS.map((setting) => setting.section));
  for (const [name, value] of Object.entries(environment)) {
    const match = /^BMBRIDGE_([A-Z]+)_([A-Z_]+)$/.exec(name);
    const [section, key] = [match?.[1]?.toLowerCase(), match?.[2]?.toLowerCase()];
    if (value === undefined || section === undefined || key === undefined || !sections.has(section)) continue;
    const setting = findSetting(section, key, name);
    assign(draft, setting, {
      value: settingFromText(setting, value, name),
      where: name,
      origin: "environment",
    });
  }
}

function applyAssignment(draft: Draft, assignment: string): void {
  const match = /^([a-z]+)\.([a-z_]+)=(.*)$/s.exec(assignment);
  if (match === null) throw new ConfigError(`--set ${assignment.split("=")[0]}`, "write section.key=value");
  const [, section = "", key = "", text = ""] = match;
  const where = `${section}.${key}`;
  const setting = findSetting(section, key, where);
  assign(draft, setting, { value: settingFromText(setting, text, where), where, origin: "command-line" });
}

function findSetting(section: string, key: string, where: string): Setting {
  const setting = SETTINGS.find((candidate) => candidate.section === section && candidate.key === key);
  if (setting !== undefined) return setting;
  const near = SETTINGS.filter((candidate) => candidate.section === section).map(
    (candidate) => candidate.key,
  );
  const known = near.length > 0 ? `; [${section}] has ${near.join(", ")}` : "";
  throw new ConfigError(where, `there is no setting ${section}.${key}${known}`);
}

function assign(
  { values, origins }: Draft,
  setting: Setting,
  given: { readonly value: unknown; readonly where: string; readonly origin: Origin },
): void {
  const result = setting.schema.safeParse(given.value);
  if (!result.success)
    throw new ConfigError(given.where, result.error.issues[0]?.message ?? "not a possible value");
  const section = values[setting.section];
  if (section === undefined) return;
  section[setting.key] = result.data;
  origins.set(`${setting.section}.${setting.key}`, given.origin);
}

/** The value that a text stands for, not checked any further. @throws ConfigError */
export function settingFromText(setting: Setting, text: string, where: string): unknown {
  switch (setting.kind) {
    case "text":
      return text;
    case "list":
      return text === "" ? [] : text.split(",").map((item) => item.trim());
    case "number":
      if (!/^\d+(\.\d+)?(e\d+)?$/i.test(text)) throw new ConfigError(where, `"${text}" is not a number`);
      return Number(text);
    case "switch":
      if (text !== "true" && text !== "false") throw new ConfigError(where, `"${text}" is not true or false`);
      return text === "true";
  }
}

function checkTogether(config: Config): void {
  const { name, min_trials_per_byte, min_extra_bytes } = config.network;
  if (name === "main" && (min_trials_per_byte < 1000 || min_extra_bytes < 1000)) {
    throw new ConfigError("network.name", "a network with less work than main needs another name than main");
  }
}

function checkWays({ node }: Config): void {
  if (node.onion_only && node.proxy === "") {
    throw new ConfigError(
      "node.onion_only",
      "onion services are reached through node.proxy only, which is not set",
    );
  }
  if (node.trusted_peer !== "" && node.connect.length > 0) {
    throw new ConfigError("node.connect", "with node.trusted_peer there are no other peers");
  }
  if (node.trusted_peer !== "" && node.onion_host !== "") {
    throw new ConfigError("node.onion_host", "with node.trusted_peer nobody is let in");
  }
  if (node.onion_host !== "" && node.listen === "off") {
    throw new ConfigError("node.onion_host", "an onion service leads to node.listen, which is off");
  }
  const onion = [node.trusted_peer, ...node.connect].find((peer) => /\.onion:\d+$/.test(peer));
  if (onion !== undefined && node.proxy === "") {
    const setting = onion === node.trusted_peer ? "node.trusted_peer" : "node.connect";
    throw new ConfigError(setting, `${onion} is reached through node.proxy only, which is not set`);
  }
}

function checkExchange({ smtp, mail }: Config): void {
  const passwords = [smtp.relay_password_file, smtp.relay_password_env].filter((one) => one !== "").length;
  if (smtp.relay_user !== "" && passwords !== 1) {
    const text = "give its password with smtp.relay_password_file or with smtp.relay_password_env";
    throw new ConfigError("smtp.relay_user", text);
  }
  if (smtp.relay_user === "" && passwords > 0)
    throw new ConfigError("smtp.relay_user", "there is a password, but no login");
  const isLocal = smtp.relay === "" || isLoopback(smtp.relay.slice(0, smtp.relay.lastIndexOf(":")));
  if (smtp.relay_tls === "off" && smtp.relay_user !== "" && !isLocal)
    throw new ConfigError("smtp.relay_tls", "a password goes over TLS only, except on this machine");
  const owners = new Map<string, string>();
  for (const entry of mail.addresses) {
    const [owner = "", address = ""] = entry.split("=");
    const other = owners.get(address.toLowerCase());
    if (other !== undefined && other !== owner)
      throw new ConfigError("mail.addresses", `${address} is given to ${other} and to ${owner}`);
    owners.set(address.toLowerCase(), owner);
  }
}

/** The file with the line of a setting, as near as the text tells. */
function place(file: string, text: string, section: string, key: string | null): string {
  let current = "";
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    const header = /^\s*\[([^\]]+)\]/.exec(line);
    if (header !== null) {
      current = (header[1] ?? "").trim();
      if (key === null && current === section) return `${file} line ${index + 1}`;
      continue;
    }
    const name = /^\s*"?([A-Za-z0-9_.-]+)"?\s*=/.exec(line)?.[1];
    const wanted = current === "" ? (key === null ? section : `${section}.${key}`) : key;
    if ((current === "" || current === section) && name === wanted) return `${file} line ${index + 1}`;
  }
  return file;
}

/** The file with the line of a key of a table in an array of tables, or of the table. */
function placeOfTable(
  file: string,
  text: string,
  { name, index, key }: { readonly name: string; readonly index: number; readonly key: string | null },
): string {
  let count = -1;
  let header: number | null = null;
  for (const [line, content] of text.split("\n").entries()) {
    const title = /^\s*\[\[?([^\]]+)\]/
      .exec(content)?.[1]
      ?.trim()
      .replace(/^"(.*)"$/, "$1");
    if (title !== undefined) {
      if (title === name) count++;
      if (title === name && count === index) header = line + 1;
    } else if (count === index && key !== null) {
      if (/^\s*"?([A-Za-z0-9_-]+)"?\s*=/.exec(content)?.[1] === key) return `${file} line ${line + 1}`;
    }
  }
  return header === null ? file : `${file} line ${header}`;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}
