/** Addresses and their keys. */
import { MessagingError } from "../../bitmessage/messaging/messaging-error.js";
import { encodeAddress } from "../../bitmessage/protocol/address.js";
import type { IdentityKeys } from "../../bitmessage/protocol/keys.js";
import { atLeast, type Difficulty, NETWORK_MINIMUM } from "../../bitmessage/protocol/pow-target.js";
import { networkMinimum } from "../services.js";
import { verifyAddress } from "./addresses.js";
import type { ApiCommand, ApiContext } from "./context.js";
import { ApiError, apiError, unexpected } from "./errors.js";
import { deterministicKeys } from "./key-search.js";
import { inBase64, type Parameters } from "./parameters.js";
import { type RpcValue, typeName } from "./values.js";

export const IDENTITY_COMMANDS: readonly ApiCommand[] = [
  {
    names: ["decodeAddress"],
    parameters: ["address"],
    help: "What an address is made of: status, addressVersion, streamNumber, and ripe in base64.",
    run(parameters) {
      const { version, stream, ripe } = verifyAddress(parameters.text(0));
      const encoded = Buffer.from(ripe).toString("base64");
      return { status: "success", addressVersion: version, streamNumber: stream, ripe: encoded };
    },
  },
  {
    names: ["listAddresses", "listAddresses2"],
    parameters: [],
    help: "Your identities and chans in the list addresses; listAddresses2 has labels in base64.",
    run: ({ method }, { user, services }) => {
      const own = services.messaging.identities.list().filter((identity) => identity.user === user);
      const addresses = own.map(({ label, address, stream, enabled, chan }) => ({
        label: method === "listAddresses2" ? inBase64(label) : label,
        address,
        stream,
        enabled,
        chan,
      }));
      return { addresses };
    },
  },
  {
    names: ["createRandomAddress"],
    parameters: ["label", "eighteenByteRipe?", "totalDifficulty?", "smallMessageDifficulty?"],
    help: "Makes an identity at random and tells its address. The label is in base64.",
    async run(parameters, { user, services, config }) {
      const difficulty = difficultyOf(parameters, 2, networkMinimum(config));
      const nullBytes = parameters.truth(1, "eighteenByteRipe", false) ? 2 : 1;
      const label = parameters.label(0);
      const identity = await services.messaging.identities.search({ user, label, nullBytes, difficulty });
      return identity.address;
    },
  },
  {
    names: ["createDeterministicAddresses"],
    parameters: [
      "passphrase",
      "numberOfAddresses?",
      "addressVersionNumber?",
      "streamNumber?",
      "eighteenByteRipe?",
      "totalDifficulty?",
      "smallMessageDifficulty?",
    ],
    help: "Makes identities from a passphrase in base64; the list addresses has those that are new. Version and stream 0 choose themselves.",
    run: createDeterministic,
  },
  {
    names: ["getDeterministicAddress"],
    parameters: ["passphrase", "addressVersionNumber", "streamNumber"],
    help: "The first address of a passphrase in base64; nothing is kept.",
    async run(parameters, { signal }) {
      const passphrase = passphraseIn(parameters);
      const version = parameters.number(1);
      if (version !== 3 && version !== 4)
        throw new ApiError(
          2,
          `The address version number currently must be 3 or 4. ${version} isn't supported.`,
        );
      if (parameters.number(2) !== 1)
        throw new ApiError(3, " The stream number must be 1. Others aren't supported.");
      const [keys] = await deterministicKeys(passphrase, { count: 1, nullBytes: 1, signal });
      return keys === undefined ? null : encodeAddress(version, 1, keys.ripe);
    },
  },
  {
    names: ["deleteAddress"],
    parameters: ["address"],
    help: "Removes an identity and its keys for good.",
    run(parameters, { user, services }) {
      const { address } = verifyAddress(parameters.text(0));
      const { identities } = services.messaging;
      const identity = identities.get(user, address);
      if (identity === null) throw apiError(13);
      if (!identity.chan) services.mailingLists.setName(address, null);
      identities.remove(user, address);
      return "success";
    },
  },
  {
    names: ["enableAddress"],
    parameters: ["address", "enable?"],
    help: "Enables an identity, or disables it where enable is false.",
    run(parameters, { user, services }) {
      const { address } = verifyAddress(parameters.text(0));
      const { identities } = services.messaging;
      if (identities.get(user, address) === null) throw unexpected(`No section: '${address}'`);
      if (isTrue(parameters)) identities.enable(user, address);
      else identities.disable(user, address);
      return "success";
    },
  },
];

/** What a configuration file of Python takes for true and false: it keeps the text of what is given. */
function isTrue(parameters: Parameters): boolean {
  if (!parameters.has(1)) return true;
  const value = parameters.value(1);
  const text = typeof value === "object" ? "" : String(value).toLowerCase();
  if (["1", "yes", "true", "on"].includes(text)) return true;
  if (["0", "no", "false", "off"].includes(text)) return false;
  throw new ApiError(23, `Bool expected in enable, saw ${typeName(value)} instead`);
}

/** Multiples of what the network asks; 0 and nothing are the least. */
function difficultyOf(parameters: Parameters, index: number, minimum: Difficulty): Difficulty {
  const part = (factor: number, unit: bigint) => {
    if (!(factor >= 0 && factor <= 1_000_000)) throw unexpected("a difficulty that is none");
    return BigInt(Math.floor(Number(unit) * factor));
  };
  const demanded = {
    trialsPerByte: part(parameters.number(index, 0), NETWORK_MINIMUM.trialsPerByte),
    extraBytes: part(parameters.number(index + 1, 0), NETWORK_MINIMUM.extraBytes),
  };
  return atLeast(demanded, minimum);
}

/** @throws ApiError 1, 22 */
export function passphraseIn(parameters: Parameters): Uint8Array {
  if (parameters.text(0) === "") throw apiError(1);
  const passphrase = parameters.base64(0);
  if (passphrase.length === 0) throw apiError(1);
  return passphrase;
}

async function createDeterministic(parameters: Parameters, context: ApiContext): Promise<RpcValue> {
  const difficulty = difficultyOf(parameters, 5, networkMinimum(context.config));
  if (parameters.text(0) === "") throw apiError(1);
  const nullBytes = parameters.truth(4, "eighteenByteRipe", false) ? 2 : 1;
  const passphrase = passphraseIn(parameters);
  const version = parameters.number(2, 0) || 4;
  if (version !== 3 && version !== 4) {
    const text = `The address version number currently must be 3, 4, or 0 (which means auto-select). ${version} isn't supported.`;
    throw new ApiError(2, text);
  }
  if ((parameters.number(3, 0) || 1) !== 1) throw apiError(3);
  const count = parameters.number(1, 1);
  if (count === 0) throw apiError(4);
  if (count > 999) throw apiError(5);
  const found = await deterministicKeys(passphrase, { count, nullBytes, signal: context.signal });
  const addresses = found.flatMap((keys) => addKeys(keys, { version, difficulty }, context));
  return { addresses };
}

/** Its address, unless it is there already. */
function addKeys(
  { signing, encryption, ripe }: IdentityKeys,
  wanted: { readonly version: number; readonly difficulty: Difficulty },
  { user, services }: ApiContext,
): string[] {
  try {
    const identity = services.messaging.identities.import({
      ...wanted,
      user,
      label: "unused API address",
      stream: 1,
      keys: { signing, encryption, ripe },
      enabled: true,
      chan: false,
      passphrase: null,
      sendsAcknowledgements: true,
      lastPubkeySent: 0,
    });
    return [identity.address];
  } catch (error) {
    if (error instanceof MessagingError && error.code === "identity-exists") return [];
    throw error;
  }
}
