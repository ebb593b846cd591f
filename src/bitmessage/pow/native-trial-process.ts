/** The program of a trial: tests each native engine and says so line by line, so that a crash shows which was the last. */
import { writeSync } from "node:fs";
import { createEngine } from "./create-engine.js";
import { nativeEngines } from "./native-engine.js";
import type { TrialLine } from "./native-trial.js";

const engines = nativeEngines();
say({ kind: "present", engines });
for (const engine of engines) {
  try {
    createEngine(engine);
    say({ kind: "tested", engine });
  } catch (error) {
    say({ kind: "tested", engine, failure: error instanceof Error ? error.message : String(error) });
  }
}

function say(line: TrialLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}
