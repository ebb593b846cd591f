// Compiles src and test into dist (or $DIST), and removes outputs whose source is gone: a deleted test must not run on.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

const out = process.env.DIST ?? "dist";

function removeOrphans(directory) {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) removeOrphans(path);
    else if (/\.js(\.map)?$/.test(entry.name)) {
      const source = relative(out, path).replace(/\.js(\.map)?$/, ".ts");
      if (!existsSync(source)) rmSync(path);
    }
  }
}

const result = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "--outDir", out], {
  stdio: "inherit",
});
removeOrphans(out);
// What the web page is made of besides the program.
for (const directory of ["src/app/web/assets", "src/app/web/catalogues"]) {
  rmSync(join(out, directory), { recursive: true, force: true });
  cpSync(directory, join(out, directory), { recursive: true });
}
const main = join(out, "src/main.js");
if (existsSync(main)) chmodSync(main, 0o755);
process.exit(result.status ?? 1);
