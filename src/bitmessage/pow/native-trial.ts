import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { NativeEngineName } from "./engine.js";
import { hasNativeLibrary } from "./native-engine.js";

export interface NativeTrial {
  /** Those that were loaded and passed their self-test, the most special first. */
  readonly working: readonly NativeEngineName[];
  readonly failures: readonly { readonly engine: string; readonly failure: string }[];
}

/** What the process of a trial writes, a line of JSON each. */
export type TrialLine =
  | { readonly kind: "present"; readonly engines: readonly NativeEngineName[] }
  | { readonly kind: "tested"; readonly engine: NativeEngineName; readonly failure?: string };

const LONGEST_MILLISECONDS = 10_000;
const PROCESS = fileURLToPath(new URL("./native-trial-process.js", import.meta.url));

let known: Promise<NativeTrial> | undefined;

/**
 * Lets a process of its own load the native engines and test each, once in the life of this process: compiled code that
 * is wrong for the machine can end the process it runs in, and this one holds mail.
 */
export function tryNativeEngines(): Promise<NativeTrial> {
  known ??= hasNativeLibrary() ? runTrial(PROCESS) : Promise.resolve({ working: [], failures: [] });
  return known;
}

/** @param process the path of the program that writes TrialLines */
export function runTrial(program: string): Promise<NativeTrial> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program], { timeout: LONGEST_MILLISECONDS }, (error, stdout) => {
      resolve(readTrial(stdout, error ? (error.signal ?? `exit status ${error.code}`) : null));
    });
  });
}

/** A program that crashes may leave half a line. */
function readLine(line: string): TrialLine[] {
  try {
    return [JSON.parse(line) as TrialLine];
  } catch {
    return [];
  }
}

function readTrial(output: string, end: string | null): NativeTrial {
  let present: readonly NativeEngineName[] | undefined;
  const tested = new Map<string, string | null>();
  for (const entry of output.split("\n").flatMap(readLine)) {
    if (entry.kind === "present") present = entry.engines;
    else tested.set(entry.engine, entry.failure ?? null);
  }
  if (!present) {
    const failure = `the native library cannot be loaded (${end ?? "no answer"})`;
    return { working: [], failures: [{ engine: "native", failure }] };
  }
  const outcome = (engine: string) =>
    tested.has(engine) ? tested.get(engine)! : `the trial ended before it was tested (${end ?? "no answer"})`;
  return {
    working: present.filter((engine) => outcome(engine) === null),
    failures: present.flatMap((engine) => {
      const failure = outcome(engine);
      return failure === null ? [] : [{ engine, failure }];
    }),
  };
}
