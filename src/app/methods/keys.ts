/** The passphrase of the private keys. */
import { z } from "zod";
import type { Identity } from "../../bitmessage/messaging/types.js";
import { StoreError } from "../../store/store-error.js";
import { CommandError, type ControlMethods } from "../control/messages.js";
import type { MethodsContext } from "./context.js";
import { method } from "./parameters.js";

/** What a person can keep in mind and nobody guesses; the rest is theirs. */
const passphrase = z.string().min(8, "a passphrase has 8 characters at least").max(1000);
const given = z.string().max(1000);

export function keysMethods({ stores, config }: MethodsContext): ControlMethods {
  const { keys } = stores;
  const status = () => ({
    encrypted: keys.state !== "plain",
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
      await explained(keys.unlock(wanted.passphrase));
      await keys.setPassphrase(wanted.new_passphrase);
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

async function explained(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw error instanceof StoreError ? new CommandError(error.message) : error;
  }
}
