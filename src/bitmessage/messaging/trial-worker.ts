/** A thread of the trial pool: gets ciphertexts, answers with what each came to. */
import { parentPort, workerData } from "node:worker_threads";
import { createTrialDecryptor } from "../protocol/ecies.js";

const { privateKeys } = workerData as { readonly privateKeys: readonly Uint8Array[] };
const decryptor = createTrialDecryptor(privateKeys.map((privateKey) => ({ privateKey })));

parentPort?.on("message", (ciphertexts: readonly Uint8Array[]) => {
  parentPort?.postMessage(ciphertexts.map((ciphertext) => decryptor.tryDecrypt(ciphertext)));
});
