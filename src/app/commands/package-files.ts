/** Where the program's own files are, besides what is compiled. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The directory of the package.json above this file, wherever the build stands; null when there is none. */
export function packageDirectory(): string | null {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(directory, "package.json"))) return directory;
    const above = dirname(directory);
    if (above === directory) return null;
    directory = above;
  }
}

export function packageVersion(): string {
  const directory = packageDirectory();
  if (directory === null) return "unknown";
  return (JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { version: string }).version;
}
