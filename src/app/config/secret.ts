import { readFileSync } from "node:fs";
import { ConfigError } from "./config.js";

/** Where a password stands: one of the two. */
export interface SecretSource {
  readonly file?: string | undefined;
  readonly variable?: string | undefined;
}

/**
 * How to read a password: anew each time, so that it can be changed while the program runs, and is kept nowhere. Null without a source.
 * What it returns throws a ConfigError that names the setting when there is none.
 */
export function secretReader(setting: string, source: SecretSource): (() => string) | null {
  const { file, variable } = source;
  if (file !== undefined && file !== "") return () => readSecretFile(setting, file);
  if (variable !== undefined && variable !== "") return () => readVariable(setting, variable);
  return null;
}

/** The first line. */
function readSecretFile(setting: string, file: string): string {
  const [line = ""] = readText(setting, file).split(/\r?\n/, 1);
  if (line === "") throw new ConfigError(setting, `the file ${file} is empty`);
  return line;
}

function readVariable(setting: string, variable: string): string {
  const value = process.env[variable] ?? "";
  if (value === "") throw new ConfigError(setting, `the environment variable ${variable} is not set`);
  return value;
}

/** The whole file. @throws ConfigError that names the setting */
export function readText(setting: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError(setting, `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
