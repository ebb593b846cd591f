import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Engine, NativeEngineName } from "./engine.js";
import type { Work } from "./solver.js";

/** native/addon.c, as scripts/build-native.mjs compiles it where there is a C compiler. */
interface NativeLibrary {
  readonly kernels: readonly string[];
  search(kernel: number, initialHash: Uint8Array, target: bigint, start: bigint, count: number): number;
}

const LIBRARY = fileURLToPath(new URL("./native/pow.node", import.meta.url));

export function hasNativeLibrary(): boolean {
  return existsSync(LIBRARY);
}

/** Those that the library has for this processor. Throws if it cannot be loaded. */
export function nativeEngines(): NativeEngineName[] {
  return loadLibrary(LIBRARY).kernels.map((kernel): NativeEngineName => `native-${kernel}`);
}

/** Throws if the library cannot be loaded or has no such engine for this processor. */
export function createNativeEngine(name: NativeEngineName): Engine {
  return createLibraryEngine(name, LIBRARY);
}

/** @param path of a library with the interface of native/addon.c */
export function createLibraryEngine(name: NativeEngineName, path: string): Engine {
  const library = loadLibrary(path);
  const kernel = library.kernels.findIndex((present) => name === `native-${present}`);
  if (kernel === -1) throw new Error(`this machine has no proof-of-work engine ${name}`);
  let initialHash = new Uint8Array(64);
  let target = 0n;

  function load(work: Work): void {
    initialHash = new Uint8Array(work.initialHash);
    target = work.target;
  }

  return {
    name,
    load,
    search: (start, count) => library.search(kernel, initialHash, target, BigInt.asUintN(64, start), count),
  };
}

function loadLibrary(path: string): NativeLibrary {
  return createRequire(import.meta.url)(path) as NativeLibrary;
}
