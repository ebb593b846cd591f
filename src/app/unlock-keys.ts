/** Opens the private keys at a start: with the passphrase of a file, of systemd, or of a person at the terminal. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { KeyVault } from "../store/key-vault.js";
import { StoreError } from "../store/store-error.js";
import { type Config, ConfigError } from "./config/config.js";
import { secretReader } from "./config/secret.js";
import { CommandError } from "./control/messages.js";

export interface UnlockOptions {
  readonly config: Pick<Config, "keys">;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asks a person; null where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

const SETTING = "keys.passphrase_file";
const CREDENTIAL = "bmbridge-passphrase";
const TRIES = 3;

/**
 * Keys that stand as they are get encrypted where a passphrase is configured. With `keys.start_locked` they stay locked where there is none, a wrong
 * one, or a person at the terminal gives none.
 * @throws ConfigError for a file that cannot be read or that others can; CommandError when the passphrase is wrong, or is missing and nobody can
 *   be asked
 */
export async function unlockKeys(keys: KeyVault, options: UnlockOptions): Promise<void> {
  const passphrase = configuredPassphrase(options);
  if (keys.state === "plain") {
    if (passphrase !== null) await keys.setPassphrase(passphrase);
    return;
  }
  const mayStayLocked = options.config.keys.start_locked;
  if (passphrase === null && options.ask === null && mayStayLocked) return;
  const isRight =
    passphrase !== null ? await isPassphrase(keys, passphrase) : await askUntilRight(keys, options);
  if (!isRight && !mayStayLocked) throw new CommandError("that is not the passphrase of the private keys");
}

/** Of a file or of systemd; null without one. @throws ConfigError */
export function configuredPassphrase({
  config,
  environment,
}: Pick<UnlockOptions, "config" | "environment">): string | null {
  const directory = environment["CREDENTIALS_DIRECTORY"] ?? "";
  const credential = directory === "" ? "" : join(directory, CREDENTIAL);
  const configured = config.keys.passphrase_file;
  const file = configured !== "" ? configured : existsSync(credential) ? credential : "";
  const read = secretReader(SETTING, { file });
  if (read === null) return null;
  const passphrase = read();
  if (file === configured && (statSync(file).mode & 0o077) !== 0)
    throw new ConfigError(SETTING, `others can read ${file}; mend it with: chmod 600`);
  return passphrase;
}

async function askUntilRight(keys: KeyVault, { ask, config }: UnlockOptions): Promise<boolean> {
  if (ask === null) {
    throw new CommandError(
      `the private keys are encrypted: set ${SETTING}, pass the systemd credential ${CREDENTIAL}, or run this at a terminal`,
    );
  }
  const { start_locked: mayStayLocked } = config.keys;
  const question = `Passphrase of the private keys${mayStayLocked ? ", or nothing to start without" : ""}: `;
  for (let tries = 0; tries < TRIES; tries++) {
    const passphrase = await ask(question);
    if (passphrase === "" && mayStayLocked) return false;
    if (await isPassphrase(keys, passphrase)) return true;
  }
  return false;
}

/** Opens the keys when it is. */
async function isPassphrase(keys: KeyVault, passphrase: string): Promise<boolean> {
  try {
    await keys.unlock(passphrase);
    return true;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "wrong-passphrase") throw error;
    return false;
  }
}
