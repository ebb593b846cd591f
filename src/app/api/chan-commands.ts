import type { ImportedIdentity } from "../../bitmessage/messaging/identities.js";
import { MessagingError } from "../../bitmessage/messaging/messaging-error.js";
import { type AddressParts, encodeAddress } from "../../bitmessage/protocol/address.js";
import { networkMinimum } from "../services.js";
import { verifyAddress } from "./addresses.js";
import type { ApiCommand, ApiContext } from "./context.js";
import { apiError } from "./errors.js";
import { passphraseIn } from "./identity-commands.js";
import { deterministicKeys } from "./key-search.js";
import { oneLine, utf8 } from "./parameters.js";

export const CHAN_COMMANDS: readonly ApiCommand[] = [
  {
    names: ["createChan"],
    parameters: ["passphrase"],
    help: "Joins the chan with that name, in base64, and tells its address.",
    run: (parameters, context) => joinChan(passphraseIn(parameters), { version: 4, stream: 1 }, context),
  },
  {
    names: ["joinChan"],
    parameters: ["passphrase", "address"],
    help: "Joins the chan with that name, in base64, which must be that of the address.",
    async run(parameters, context) {
      await joinChan(passphraseIn(parameters), verifyAddress(parameters.text(1)), context);
      return "success";
    },
  },
  {
    names: ["leaveChan"],
    parameters: ["address"],
    help: "Leaves a chan; the mail that came stays.",
    run(parameters, { user, services }) {
      const { address } = verifyAddress(parameters.text(0));
      const { identities } = services.messaging;
      if (!identities.get(user, address)?.chan) throw apiError(25);
      identities.leaveChan(user, address);
      return "success";
    },
  },
];

/** @throws ApiError 18, 24 */
async function joinChan(
  passphrase: Uint8Array,
  wanted: Omit<AddressParts, "ripe"> & { readonly ripe?: Uint8Array },
  { user, services, stores, config, signal }: ApiContext,
): Promise<string> {
  const { identities } = services.messaging;
  const [found] = await deterministicKeys(passphrase, { count: 1, nullBytes: 1, signal });
  if (found === undefined) throw apiError(18);
  const { signing, encryption, ripe } = found;
  const { version, stream } = wanted;
  const address = encodeAddress(version, stream, ripe);
  if (wanted.ripe !== undefined && address !== encodeAddress(version, stream, wanted.ripe))
    throw apiError(18);
  if (identities.get(user, address) !== null) throw apiError(24);
  const name = utf8(passphrase);
  const chan: ImportedIdentity = {
    user,
    label: oneLine(`[chan] ${name ?? Buffer.from(passphrase).toString("latin1")}`),
    version,
    stream,
    keys: { signing, encryption, ripe },
    enabled: true,
    chan: true,
    passphrase: name,
    difficulty: networkMinimum(config),
    sendsAcknowledgements: false,
    lastPubkeySent: 0,
  };
  try {
    return stores.transactions.run(() => {
      services.folders.ensureChan(identities.import(chan));
      return address;
    });
  } catch (error) {
    if (error instanceof MessagingError && error.code === "identity-exists") throw apiError(24);
    throw error;
  }
}
