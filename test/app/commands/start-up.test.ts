/** What the command line loads before it knows which command it is: little, so that `bmbridge status` answers at once. */
import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { expect, test } from "@jest/globals";

const ROOT = resolve("src");

/** Files and packages reached from a file without a dynamic import. */
function loadedWith(file: string, found = new Set<string>()): Set<string> {
  const name = relative(ROOT, file);
  if (found.has(name)) return found;
  found.add(name);
  const pattern = /^\s*(?:import|export)\s+(?!type\s)(?:[^;"']*?from\s+)?["']([^"']+)["']/gm;
  for (const [, target = ""] of readFileSync(file, "utf8").matchAll(pattern)) {
    if (target.startsWith(".")) loadedWith(resolve(dirname(file), target.replace(/\.js$/, ".ts")), found);
    else found.add(target);
  }
  return found;
}

test("the command line loads no room but its own, and only the packages that it needs", () => {
  const loaded = [...loadedWith(resolve(ROOT, "main.ts"))];
  const rooms = loaded.filter((name) => name.endsWith(".ts")).map((name) => dirname(name));
  expect([...new Set(rooms)].sort()).toEqual([
    ".",
    "app",
    "app/client-setup",
    "app/commands",
    "app/config",
    "app/control",
  ]);
  const packages = loaded.filter((name) => !name.endsWith(".ts") && !name.startsWith("node:"));
  expect(packages.sort()).toEqual(["commander", "smol-toml", "zod"]);
});
