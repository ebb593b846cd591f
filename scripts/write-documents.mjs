// Writes the manual page and the shells' completions, for packages: bmbridge.1, bmbridge.bash, _bmbridge, bmbridge.fish.
// Usage: node scripts/write-documents.mjs DIRECTORY   (the build is taken from $DIST, dist)
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error("Say where to: node scripts/write-documents.mjs DIRECTORY");
  process.exit(2);
}
const main = resolve(process.env.DIST ?? "dist", "src/main.js");
const documents = {
  "bmbridge.1": ["man-page"],
  "bmbridge.bash": ["completion", "bash"],
  _bmbridge: ["completion", "zsh"],
  "bmbridge.fish": ["completion", "fish"],
};
mkdirSync(directory, { recursive: true });
for (const [name, parameters] of Object.entries(documents))
  writeFileSync(join(directory, name), execFileSync(process.execPath, [main, ...parameters]));
