/** What comes with the program: permissive licences, checksums, no scripts of strangers at installation, a reason for each. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: true;
  readonly dev?: true;
  readonly devOptional?: true;
  readonly link?: true;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const locked = Object.entries(lock.packages as Record<string, LockedPackage>).filter(([path]) => path !== "");
const shipped = locked.filter(([, one]) => !one.dev && !one.devOptional);

const PERMISSIVE = new Set(["MIT", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"]);
PERMISSIVE.add("BlueOak-1.0.0").add("CC0-1.0");

/** One of the alternatives of an expression such as "(MIT OR EUPL-1.1+)" is enough. */
function isPermissive(license: string): boolean {
  return license
    .replace(/[()]/g, "")
    .split(" OR ")
    .some((one) => PERMISSIVE.has(one));
}

const names = (packages: typeof locked) => packages.map(([path]) => path);

describe("what is shipped", () => {
  test("is permissively licensed", () => {
    expect(names(shipped.filter(([, { license }]) => !isPermissive(license ?? "")))).toEqual([]);
  });

  test("is known by its checksum", () => {
    expect(names(locked.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? "")))).toEqual([]);
  });

  test("runs no script at installation, but for SQLite's compilation", () => {
    const withScripts = shipped.filter(([, { hasInstallScript }]) => hasInstallScript);
    const allowed = Object.entries(manifest.allowScripts as Record<string, boolean>);
    expect(allowed.filter(([, isAllowed]) => isAllowed).map(([name]) => name)).toEqual(["better-sqlite3"]);
    expect(names(withScripts).map((path) => path.replace("node_modules/", ""))).toEqual([
      "better-sqlite3",
      "secp256k1",
    ]);
  });

  test("stays few", () => {
    expect(shipped.length).toBeLessThan(120);
  });
});

test("every dependency has its exact version and its reason in CONTRIBUTING.md", () => {
  const reasons = readFileSync("CONTRIBUTING.md", "utf8");
  const direct = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
  for (const [name, version] of Object.entries(direct)) {
    expect({ name, isNamed: reasons.includes(`\`${name}\``) }).toEqual({ name, isNamed: true });
    expect({ name, version }).toEqual({ name, version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  }
});
