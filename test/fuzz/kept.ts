/** Inputs of earlier runs that reached new code, or that were wrong once: one a line, as a string of JSON whose characters are octets. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { latin1, textOf } from "./target.js";

export function readKept(file: string): Uint8Array[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => latin1(JSON.parse(line) as string));
}

export function writeKept(file: string, inputs: readonly Uint8Array[]): void {
  writeFileSync(file, inputs.map((input) => `${JSON.stringify(textOf(input))}\n`).join(""));
}
