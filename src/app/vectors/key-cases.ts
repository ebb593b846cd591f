import {
  addressData,
  addressSecrets,
  decodeAddress,
  encodeAddress,
} from "../../bitmessage/protocol/address.js";
import { toHex } from "../../bitmessage/protocol/bytes.js";
import { doubleSha512, sha512 } from "../../bitmessage/protocol/hash.js";
import {
  chanIdentity,
  type DeterministicIdentity,
  deterministicIdentities,
  type IdentityKeys,
  identityKeys,
  joinChan,
} from "../../bitmessage/protocol/keys.js";
import { decodeWif, encodeWif } from "../../bitmessage/protocol/wif.js";
import {
  bytesOf,
  expectEqual,
  expectField,
  expectRefusal,
  has,
  integerOf,
  listOf,
  numberOf,
  partOf,
  refusalOf,
  textOf,
  type VectorCase,
} from "./case.js";

export function runAddress(vector: VectorCase): void {
  const text = textOf(vector, "address");
  if (vector["valid"] !== true) {
    expectRefusal(
      refusalOf(() => decodeAddress(text)),
      vector,
    );
    return;
  }
  const decoded = decodeAddress(text);
  const ripe = bytesOf(vector, "ripe");
  expectEqual("version", decoded.version, vector["version"]);
  expectEqual("stream", decoded.stream, vector["stream"]);
  expectEqual("ripe", decoded.ripe, ripe);
  const bare = text.trim();
  const full = bare.startsWith("BM-") ? bare : `BM-${bare}`;
  expectEqual("canonical text", decoded.address, has(vector, "reencodes_to") ? vector["reencodes_to"] : full);
  if (vector["op"] === "roundtrip") {
    const encoded = encodeAddress(numberOf(vector, "version"), numberOf(vector, "stream"), ripe);
    expectEqual("address", encoded, text);
  }
  // The case gives the hashes for every version; ours are used for some only.
  const double = doubleSha512(addressData(decoded));
  expectField(vector, "double_hash", double);
  expectField(vector, "tag_private_key", double.subarray(0, 32));
  expectField(vector, "tag", double.subarray(32));
  expectField(vector, "v4broadcast_private_key", sha512(addressData(decoded)).subarray(0, 32));
  const secrets = addressSecrets(decoded);
  const privateKey = decoded.version === 4 ? "tag_private_key" : "v4broadcast_private_key";
  expectField(vector, privateKey, secrets.privateKey);
  if (decoded.version === 4) expectField(vector, "tag", secrets.tag);
}

function expectKeys(vector: VectorCase, keys: IdentityKeys): void {
  expectField(vector, "priv_signing_key", keys.signing.privateKey);
  expectField(vector, "priv_encryption_key", keys.encryption.privateKey);
  expectEqual("pub_signing_key", keys.signing.publicKey, vector["pub_signing_key"]);
  expectEqual("pub_encryption_key", keys.encryption.publicKey, vector["pub_encryption_key"]);
  expectEqual("ripe", keys.ripe, vector["ripe"]);
  expectEqual("wif_signing", encodeWif(keys.signing.privateKey), vector["wif_signing"]);
  expectEqual("wif_encryption", encodeWif(keys.encryption.privateKey), vector["wif_encryption"]);
}

export function runKeys(vector: VectorCase): void {
  const keys = identityKeys(bytesOf(vector, "priv_signing_key"), bytesOf(vector, "priv_encryption_key"));
  expectKeys(vector, keys);
  expectEqual("signing key from WIF", decodeWif(textOf(vector, "wif_signing")), keys.signing.privateKey);
  for (const [version, address] of Object.entries(partOf(vector, "addresses"))) {
    expectEqual(`address of version ${version}`, encodeAddress(Number(version), 1, keys.ripe), address);
  }
  if (has(vector, "address")) {
    const address = encodeAddress(numberOf(vector, "version"), numberOf(vector, "stream"), keys.ripe);
    expectEqual("address", address, vector["address"]);
  }
}

export function runWif(vector: VectorCase): void {
  const text = textOf(vector, "wif");
  if (vector["valid"] !== true) {
    expectRefusal(
      refusalOf(() => decodeWif(text)),
      vector,
    );
    return;
  }
  expectEqual("private_key", decodeWif(text), vector["private_key"]);
  expectEqual("wif", encodeWif(bytesOf(vector, "private_key")), text);
}

export function runDeterministic(vector: VectorCase): void {
  const passphrase = textOf(vector, "passphrase");
  expectEqual("passphrase_hex", new TextEncoder().encode(passphrase), vector["passphrase_hex"]);
  switch (vector["kind"]) {
    case "deterministic":
      runPassphrase(vector);
      return;
    case "chan": {
      const chan = chanIdentity(passphrase);
      // One case has the keys of a chan under an address of version 3.
      const address = encodeAddress(numberOf(vector, "version"), numberOf(vector, "stream"), chan.ripe);
      expectEqual("address", address, vector["address"]);
      if (vector["version"] === 4) expectEqual("chan address", chan.address, address);
      expectDeterministic(vector, chan);
      return;
    }
    default:
      expectRefusal(
        refusalOf(() => joinChan(passphrase, decodeAddress(textOf(vector, "address")))),
        vector,
      );
  }
}

function runPassphrase(vector: VectorCase): void {
  const nullBytes = numberOf(vector, "null_bytes") === 2 ? 2 : 1;
  const version = numberOf(vector, "version");
  const stream = Number(integerOf(vector, "stream"));
  const identities = deterministicIdentities(textOf(vector, "passphrase"), { nullBytes });
  for (const expected of listOf(vector, "addresses")) {
    const identity = identities.next().value;
    expectEqual("address", encodeAddress(version, stream, identity.ripe), expected["address"]);
    expectDeterministic(expected, identity);
  }
}

function expectDeterministic(vector: VectorCase, identity: DeterministicIdentity): void {
  expectKeys(vector, identity);
  expectField(vector, "signing_nonce", identity.signingNonce);
  expectField(vector, "encryption_nonce", identity.encryptionNonce);
  if (!has(vector, "keys_dat_section")) return;
  const section = partOf(vector, "keys_dat_section");
  expectField(section, "privsigningkey", encodeWif(identity.signing.privateKey));
  expectField(section, "privencryptionkey", encodeWif(identity.encryption.privateKey));
  expectEqual(
    "keys read back",
    toHex(decodeWif(textOf(section, "privsigningkey"))),
    vector["priv_signing_key"],
  );
}
