/** The passphrase of the private keys. */
import { z } from "zod";
import type { Identity } from "../../bitmessage/messaging/types.js";
import { LoginRefused } from "../../mail/sasl.js";
import { StoreError } from "../../store/store-error.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import { configuredPassphrase } from "../unlock-keys.js";
import type { MethodsContext } from "./context.js";
import { method, text } from "./parameters.js";

/** What a person can keep in mind and nobody guesses; the rest is theirs. */
const passphrase = z.string().min(8, "a passphrase has 8 characters at least").max(1000);
const given = z.string().max(1000);

export function keysMethods({ stores, services, config }: MethodsContext): ControlMethods {
  const { keys } = stores;
  const { keyGate } = services;
  const status = () => ({
    encrypted: keys.state !== "plain",
    locked: keys.state === "locked",
    traces: keys.traces,
    chans_called_by_passphrase: chansCalledByPassphrase(stores.identities.list()),
  });
  return {
    "keys.status": method({}, status),
    "keys.encrypt": method({ passphrase }, async (wanted) => {
      if (keys.state !== "plain") throw new CommandError("the private keys are encrypted already");
      await keys.setPassphrase(wanted.passphrase);
      return status();
    }),
    "keys.passphrase": method({ passphrase: given, new_passphrase: passphrase }, async (wanted) => {
      if (keys.state === "plain") throw new CommandError("the private keys are not encrypted");
      await explained(keyGate.unlock(wanted.passphrase));
      await keys.setPassphrase(wanted.new_passphrase);
      return { ...status(), stale_passphrase: isStale(config, wanted.new_passphrase) };
    }),
    "keys.unlock": method(
      { passphrase: given, user: text.optional() },
      async ({ passphrase: tried, user }) => {
        if (keys.state !== "locked") throw new CommandError("the private keys are not locked");
        const unlock = async () => ((await isRight(keyGate.unlock(tried))) ? true : null);
        if ((await (user === undefined ? unlock() : guarded(services, user, unlock))) === null)
          throw new CommandError("that is not the passphrase of the private keys");
        return status();
      },
    ),
    "keys.lock": method({}, async () => {
      if (keys.state === "plain")
        throw new CommandError("the private keys are not encrypted: bmbridge keys encrypt");
      await keyGate.lock();
      return status();
    }),
    "keys.decrypt": method({ passphrase: given }, async (wanted) => {
      if (keys.state === "plain") throw new CommandError("the private keys are not encrypted");
      if (config.keys.passphrase_file !== "")
        throw new CommandError(
          "keys.passphrase_file is set; take it away first, or the next start encrypts them again",
        );
      await explained(keys.removePassphrase(wanted.passphrase));
      return status();
    }),
  };
}

/** Labels are not encrypted, and whoever knows the passphrase of a chan has its keys. */
function chansCalledByPassphrase(identities: readonly Identity[]): readonly string[] {
  const isShown = ({ label, passphrase }: Identity) =>
    passphrase !== null && passphrase !== "" && label.toLowerCase().includes(passphrase.toLowerCase());
  return [...new Set(identities.filter(isShown).map(({ address }) => address))];
}

/** Whoever has a login, and not the machine, waits after wrong passphrases as after wrong passwords. */
async function guarded<T>(
  { logins }: MethodsContext["services"],
  user: string,
  check: () => Promise<T | null>,
): Promise<T | null> {
  try {
    return await logins.guarded(`keys/${user}`, { service: "web", remoteAddress: `login ${user}` }, check);
  } catch (error) {
    throw error instanceof LoginRefused ? new CommandError(error.message) : error;
  }
}

/** Whether the next start would try another passphrase. */
function isStale(config: MethodsContext["config"], passphrase: string): boolean {
  try {
    const configured = configuredPassphrase({ config, environment: process.env });
    return configured !== null && configured !== passphrase;
  } catch {
    return true;
  }
}

async function isRight(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === "wrong-passphrase") return false;
    throw error;
  }
}

async function explained(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw error instanceof StoreError ? new CommandError(error.message) : error;
  }
}
