import { curve } from "../../bitmessage/protocol/curve.js";
import { createTrialDecryptor, decrypt, deriveKeys, encryptWith } from "../../bitmessage/protocol/ecies.js";
import { keyPair } from "../../bitmessage/protocol/keys.js";
import { checkSignature, sign, verify } from "../../bitmessage/protocol/signature.js";
import {
  bytesOf,
  expectEqual,
  expectField,
  expectRefusal,
  has,
  partOf,
  refusalOf,
  type VectorCase,
} from "./case.js";

export function runEcdsa(vector: VectorCase): void {
  const message = bytesOf(vector, "message");
  const signature = bytesOf(vector, "signature");
  const publicKey = bytesOf(vector, "public_key");
  const expected = partOf(vector, "verify");
  for (const digest of ["sha1", "sha256"] as const) {
    const fits = checkSignature(message, signature, publicKey, [digest]) === null;
    expectEqual(`fits with ${digest}`, fits, expected[digest]);
  }
  expectEqual("valid", verify(message, signature, publicKey), vector["valid"]);
  if (vector["valid"] !== true) {
    expectRefusal(checkSignature(message, signature, publicKey), vector);
  } else if (has(vector, "private_key")) {
    const own = sign(message, bytesOf(vector, "private_key"));
    expectEqual("our own signature fits", verify(message, own, publicKey), true);
  }
}

export function runEcies(vector: VectorCase): void {
  const encrypted = bytesOf(vector, "encrypted");
  if (vector["valid"] !== true) {
    const privateKey = bytesOf(vector, "private_key");
    expectRefusal(
      refusalOf(() => decrypt(encrypted, privateKey)),
      vector,
    );
    expectEqual("trial decryption", createTrialDecryptor([{ privateKey }]).tryDecrypt(encrypted), null);
    return;
  }
  if (has(vector, "private_key")) expectDecrypts(vector, encrypted);
  if (!has(vector, "ephemeral_private_key")) return;
  const ephemeral = keyPair(bytesOf(vector, "ephemeral_private_key"));
  expectField(vector, "ephemeral_public_key", ephemeral.publicKey);
  const sharedX = curve.sharedX(ephemeral.privateKey, bytesOf(vector, "public_key"));
  expectField(vector, "shared_x", sharedX);
  expectField(vector, "key_e", deriveKeys(sharedX).encryption);
  expectField(vector, "key_m", deriveKeys(sharedX).authentication);
  expectField(vector, "mac", encrypted.subarray(-32));
  // We never write the short form, so that can be read only.
  if (String(vector["id"]).includes("short-form")) return;
  const iv = bytesOf(vector, "iv");
  const own = encryptWith(bytesOf(vector, "plaintext"), bytesOf(vector, "public_key"), { iv, ephemeral });
  expectEqual("encrypted", own, encrypted);
}

function expectDecrypts(vector: VectorCase, encrypted: Uint8Array): void {
  const privateKey = bytesOf(vector, "private_key");
  expectEqual("plaintext", decrypt(encrypted, privateKey), vector["plaintext"]);
  const other = { privateKey: new Uint8Array(32).fill(1) };
  const trial = createTrialDecryptor([other, { privateKey }]).tryDecrypt(encrypted);
  expectEqual("trial index", trial?.index, 1);
  expectEqual("trial plaintext", trial?.plaintext, vector["plaintext"]);
}
