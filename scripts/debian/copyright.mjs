// The machine-readable copyright file of the Debian package: ours, and that of each package that comes along.
// Usage: node scripts/debian/copyright.mjs NODE_MODULES
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const [root] = process.argv.slice(2);

/** Every directory below that is a package. */
function* packages(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(directory, entry.name);
    if (entry.name.startsWith("@")) yield* packages(path);
    else if (existsSync(join(path, "package.json"))) {
      yield path;
      if (existsSync(join(path, "node_modules"))) yield* packages(join(path, "node_modules"));
    }
  }
}

/** Continued lines of a field: indented, empty ones as a dot. */
const continued = (text) =>
  text
    .trim()
    .split(/\r?\n/)
    .map((line) => ` ${line.trimEnd() === "" ? "." : line.trimEnd()}`)
    .join("\n");

function licenceText(path) {
  const name = readdirSync(path).find((file) => /^(licen[cs]e|copying)/i.test(file));
  return name === undefined ? null : readFileSync(join(path, name), "utf8");
}

/** Debian's systems have the text. */
const APACHE = "On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.";
const ours = readFileSync("LICENSE", "utf8");
const stanzas = [
  "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: bitmessage-bridge",
  `Files: *\nCopyright: ${/Copyright \(c\) (.*)/.exec(ours)?.[1]}\nLicense: MIT\n${continued(ours)}`,
];
for (const path of packages(root)) {
  const { name, license, author, repository } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const text = licenceText(path);
  const person = typeof author === "string" ? author : author?.name;
  const source = typeof repository === "string" ? repository : repository?.url;
  const holders = [...(text ?? "").matchAll(/^\s*Copyright.*\d{4}.*$/gim)].map(([line]) => line.trim());
  const copyright = holders.length > 0 ? holders.join("\n           ") : (person ?? `the authors of ${name}`);
  const words = license === "Apache-2.0" ? APACHE : (text ?? `As ${source ?? name} tells: ${license}`);
  const files = `usr/lib/bitmessage-bridge/node_modules/${relative(root, path)}/*`;
  const short = `${String(license)
    .replace(/[()]/g, "")
    .replace(/\s+OR\s+/g, " or ")}`;
  stanzas.push(`Files: ${files}\nCopyright: ${copyright}\nLicense: ${short}\n${continued(words)}`);
}
process.stdout.write(`${stanzas.join("\n\n")}\n`);
