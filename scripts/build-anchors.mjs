// Builds what the benches are compared with, out of Debian's packages:
//   pow-openssl.node   PyBitmessage's loop on Debian's OpenSSL (gcc libssl-dev), for: bmbridge bench pow --anchor FILE
// Usage: node scripts/build-anchors.mjs [DIRECTORY]      default: .build/anchors
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

const directory = process.argv[2] ?? ".build/anchors";
const native = "src/bitmessage/pow/native";
const compiler = process.env.CC ?? "cc";

function compile(target, sources, libraries) {
  const options = [
    "-std=gnu11",
    "-O3",
    "-march=native",
    "-fPIC",
    "-fvisibility=hidden",
    `-I${native}`,
    "-shared",
  ];
  const { status, stderr, error } = spawnSync(compiler, [...options, ...sources, "-o", target, ...libraries]);
  return status === 0 ? null : (error?.message ?? stderr.toString());
}

mkdirSync(directory, { recursive: true });
const anchor = join(directory, "pow-openssl.node");
const sources = ["scripts/anchors/openssl-loop.c", `${native}/addon.c`, `${native}/work.c`];
// The static library: Node carries an OpenSSL of its own, whose functions a shared one would be given.
const failure = compile(anchor, sources, ["-l:libcrypto.a", "-Wl,--exclude-libs,ALL", "-Wl,-Bsymbolic"]);
if (failure !== null) {
  console.error(`The proof-of-work anchor is not built (apt-get install gcc libssl-dev): ${failure.trim()}`);
  process.exit(1);
}
console.log(anchor);
