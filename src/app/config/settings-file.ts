/** The settings file of a running node: what it says by now, and changes to it. */
import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { type Config, ConfigError } from "./config.js";
import { EditError, editSetting } from "./edit.js";
import { type ConfigSources, type LoadedConfig, loadWithOrigins, settingFromText } from "./load.js";
import type { Setting } from "./setting.js";

export interface SettingsFileOptions {
  readonly sources: ConfigSources;
  /** Made when something is changed and there is no file yet. */
  readonly path: string;
  /** Whether a node could start with it, beyond what the settings themselves tell. @throws ConfigError */
  readonly check: (config: Config) => void;
}

export class SettingsFile {
  readonly #options: SettingsFileOptions;

  constructor(options: SettingsFileOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.sources.file ?? this.#options.path;
  }

  /** What a start would find now. @throws ConfigError */
  read(): LoadedConfig {
    return this.#load(this.#text());
  }

  /**
   * Changes one setting, after a look whether a node could start with the whole file. @param text as in the environment; null for the
   * default. Returns what a start would find now. @throws ConfigError for what cannot be, EditError
   */
  change(setting: Setting, text: string | null): LoadedConfig {
    const { section, key } = setting;
    const value = text === null ? null : scalar(setting, text);
    const edited = editSetting(this.#text(), { section, key, value });
    const loaded = this.#load(edited);
    this.#options.check(loaded.config);
    this.#write(edited);
    return loaded;
  }

  #load(text: string): LoadedConfig {
    return loadWithOrigins({ ...this.#options.sources, file: this.path }, text);
  }

  #text(): string {
    try {
      return existsSync(this.path) ? readFileSync(this.path, "utf8") : "";
    } catch (error) {
      throw new ConfigError(this.path, `it cannot be read (${codeOf(error)})`);
    }
  }

  /** The old file or the new one, whatever happens meanwhile; a link still leads to it, and who may read it stays. */
  #write(text: string): void {
    try {
      const target = existsSync(this.path) ? realpathSync(this.path) : this.path;
      const mode = existsSync(target) ? statSync(target).mode & 0o777 : 0o600;
      const draft = `${target}.new`;
      rmSync(draft, { force: true });
      const file = openSync(draft, "wx", mode);
      try {
        // Whatever this process denies to others by itself.
        fchmodSync(file, mode);
        // Not writeSync, which writes less than it is given when the disk becomes full.
        writeFileSync(file, text);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(draft, target);
      syncDirectory(dirname(target));
    } catch (error) {
      throw new ConfigError(this.path, `it cannot be written (${codeOf(error)})`);
    }
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function scalar(setting: Setting, text: string): string | number | boolean {
  const name = `${setting.section}.${setting.key}`;
  const value = settingFromText(setting, text, name);
  const result = setting.schema.safeParse(value);
  if (!result.success) throw new ConfigError(name, result.error.issues[0]?.message ?? "not a possible value");
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  throw new EditError(name);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
