/** The settings as the page shows and changes them. */
import { z } from "zod";
import { type Config, ConfigError } from "../config/config.js";
import { EditError } from "../config/edit.js";
import type { ConfigSources, LoadedConfig, Origin } from "../config/load.js";
import type { Setting } from "../config/setting.js";
import { SETTINGS } from "../config/settings.js";
import { SettingsFile, type SettingsFileOptions } from "../config/settings-file.js";
import { CommandError } from "../control/messages.js";
import type { Threshold } from "../log.js";
import { CHANGEABLE } from "./changeable-settings.js";

export interface SettingRow {
  readonly section: string;
  readonly key: string;
  /** In force, as it is written in the file; secrets are left out. */
  readonly value: string;
  readonly preset: string;
  /** What has set the value that a start would find. */
  readonly origin: Origin;
  /** What a start would find, where it differs from the value in force. */
  readonly next: string | null;
  /** Its sentence. */
  readonly text: string;
  /** How the page changes it; null where it does not. */
  readonly input: SettingInput | null;
}

export interface SettingInput {
  /** What can be chosen; null for what is typed. */
  readonly choices: readonly string[] | null;
  readonly kind: Setting["kind"];
  readonly value: string;
}

export interface SettingsView {
  readonly file: string;
  /** Why the file as it stands now cannot be used; then nothing is changed. */
  readonly problem: string | null;
  readonly rows: readonly SettingRow[];
}

export interface ShownSettings {
  view(): SettingsView;
  /**
   * @param name `section.key`. @param text as in the environment; null for the default. Returns whether it holds now, or after a restart.
   * @throws CommandError for what cannot be
   */
  change(name: string, text: string | null): "now" | "restart";
}

export interface ShownSettingsOptions {
  /** What is in force. */
  readonly config: Config;
  readonly sources: ConfigSources;
  readonly path: string;
  readonly check: SettingsFileOptions["check"];
  readonly threshold: Threshold;
}

export function createShownSettings(options: ShownSettingsOptions): ShownSettings {
  const { config, threshold } = options;
  const file = new SettingsFile(options);
  const inForce = (setting: Setting) => (isLogLevel(setting) ? threshold.level : readValue(config, setting));
  return {
    view() {
      const { found, problem } = readFile(file);
      const rows = SETTINGS.map((setting) => row(setting, inForce(setting), found));
      return { file: file.path, problem, rows };
    },
    change(name, text) {
      const setting = SETTINGS.find(({ section, key }) => name === `${section}.${key}`);
      if (setting === undefined || !CHANGEABLE.has(name))
        throw new CommandError(`${name} is changed in the file, not here`);
      const loaded = explaining(() => {
        const { origins } = file.read();
        if (isFixed(origins.get(name)))
          throw new CommandError(`${name} is set where the bridge is started, and changed there`);
        return file.change(setting, text);
      });
      if (!isLogLevel(setting)) return "restart";
      threshold.level = loaded.config.log.level;
      return "now";
    },
  };
}

function isLogLevel({ section, key }: Setting): boolean {
  return section === "log" && key === "level";
}

/** By what a file cannot change. */
export function isFixed(origin: Origin | undefined): boolean {
  return origin === "environment" || origin === "command-line";
}

function readFile(file: SettingsFile): {
  readonly found: LoadedConfig | null;
  readonly problem: string | null;
} {
  try {
    return { found: file.read(), problem: null };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { found: null, problem: error.message };
  }
}

function explaining<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof EditError) throw new CommandError(error.message);
    throw error;
  }
}

function readValue(config: Config, { section, key }: Setting): unknown {
  return (config as unknown as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[section]?.[key];
}

function row(setting: Setting, inForce: unknown, found: LoadedConfig | null): SettingRow {
  const { section, key, text } = setting;
  const name = `${section}.${key}`;
  const origin = found?.origins.get(name) ?? "default";
  const next = found === null ? inForce : readValue(found.config, setting);
  const isChangeable = found !== null && CHANGEABLE.has(name) && !isFixed(origin);
  return {
    section,
    key,
    value: written(inForce),
    preset: written(setting.value),
    origin,
    next: written(next) === written(inForce) ? null : written(next),
    text,
    input: isChangeable ? { choices: choicesOf(setting), kind: setting.kind, value: String(next) } : null,
  };
}

function choicesOf({ kind, schema }: Setting): readonly string[] | null {
  if (kind === "switch") return ["true", "false"];
  return schema instanceof z.ZodEnum ? schema.options.map(String) : null;
}

/** As in the file, without name and password in an address, such as a proxy's. */
function written(value: unknown): string {
  return JSON.stringify(value ?? null).replace(/:\/\/[^/@"]*@/g, "://…@");
}
