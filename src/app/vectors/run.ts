import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CaseRunner, VectorCase } from "./case.js";
import { runDecode, runEncode } from "./content-cases.js";
import { runEcdsa, runEcies } from "./crypto-cases.js";
import { runHost } from "./host-cases.js";
import { runAddress, runDeterministic, runKeys, runWif } from "./key-cases.js";
import { runMsg } from "./msg-cases.js";
import { runBase58, runHashes, runVarint } from "./number-cases.js";
import { runAck, runGeneric, runGetpubkey, runOnionpeer } from "./object-cases.js";
import { runCheck, runTarget } from "./pow-cases.js";
import { runBroadcast, runPubkey } from "./sealed-cases.js";
import { runWire } from "./wire-cases.js";

const KINDS: Readonly<Record<string, CaseRunner>> = {
  ack: runAck,
  broadcast: runBroadcast,
  getpubkey: runGetpubkey,
  msg: runMsg,
  object: runGeneric,
  onionpeer: runOnionpeer,
  pubkey: runPubkey,
};

/** An object of any kind: the case says which. */
function runObject(vector: VectorCase): void {
  const run = KINDS[String(vector["kind"])];
  if (run === undefined) throw new Error(`no runner for objects of kind ${String(vector["kind"])}`);
  run(vector);
}

const RUNNERS: Readonly<Record<string, CaseRunner>> = {
  "address.json": runAddress,
  "base58.json": runBase58,
  "deterministic.json": runDeterministic,
  "ecdsa.json": runEcdsa,
  "ecies.json": runEcies,
  "encoding_decode.json": runDecode,
  "encoding_encode.json": runEncode,
  "hashes.json": runHashes,
  "hosts.json": runHost,
  "keys.json": runKeys,
  "object_ack.json": runObject,
  "object_broadcast.json": runObject,
  "object_generic.json": runObject,
  "object_getpubkey.json": runObject,
  "object_msg.json": runObject,
  "object_onionpeer.json": runObject,
  "object_pubkey.json": runObject,
  "object_real.json": runObject,
  "pow_check.json": runCheck,
  "pow_target.json": runTarget,
  "varint.json": runVarint,
  "wif.json": runWif,
  "wire.json": runWire,
};

export interface VectorFileResult {
  name: string;
  passed: number;
  failed: number;
  failures: { id: string; text: string }[];
}

export interface VectorResult {
  files: VectorFileResult[];
  passed: number;
  failed: number;
}

/**
 * Runs every vector file (`*.json`) of a directory, in the order of their names. A file that cannot be read, or whose name is not
 * known, counts as one failure.
 * @throws the error of `fs` when the directory cannot be read
 */
export function runVectors(directory: string): VectorResult {
  const names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  const files = names.sort().map((name) => runFile(directory, name));
  return {
    files,
    passed: files.reduce((sum, file) => sum + file.passed, 0),
    failed: files.reduce((sum, file) => sum + file.failed, 0),
  };
}

function runFile(directory: string, name: string): VectorFileResult {
  const result: VectorFileResult = { name, passed: 0, failed: 0, failures: [] };
  const run = runnerFor(name);
  try {
    if (run === undefined) throw new Error("no runner for this file");
    const vectors: unknown = JSON.parse(readFileSync(join(directory, name), "utf8"));
    if (!Array.isArray(vectors)) throw new Error("not a list of cases");
    for (const vector of vectors as VectorCase[]) runCase(run, vector, result);
  } catch (error) {
    result.failed++;
    result.failures.push({ id: "(file)", text: textOfError(error) });
  }
  return result;
}

/** By the file's name, or by the longest known name that it begins with: `ecies-more.json` holds cases of `ecies.json`. */
function runnerFor(name: string): CaseRunner | undefined {
  const families = Object.keys(RUNNERS).filter((known) => name.startsWith(known.replace(/\.json$/, "")));
  const family = families.sort((one, other) => other.length - one.length)[0];
  if (family !== undefined) return RUNNERS[family];
  return name.startsWith("object_") ? runObject : undefined;
}

function runCase(run: CaseRunner, vector: VectorCase, result: VectorFileResult): void {
  try {
    run(vector);
    result.passed++;
  } catch (error) {
    result.failed++;
    result.failures.push({ id: String(vector["id"]), text: textOfError(error) });
  }
}

function textOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One line per file, one more per failed case below it, and the sum: "N passed, N failed". */
export function formatVectorReport(result: VectorResult): string[] {
  const width = Math.max(0, ...result.files.map(({ name }) => name.length));
  const lines = result.files.flatMap(({ name, passed, failed, failures }) => [
    `${name.padEnd(width)}  ${passed} passed, ${failed} failed`,
    ...failures.map(({ id, text }) => `  ${id}: ${text}`),
  ]);
  return [...lines, `${result.passed} passed, ${result.failed} failed`];
}
