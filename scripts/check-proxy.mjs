// Shows with strace that a node behind a proxy contacts nothing but the proxy: names, entrances and known nodes included. Linux, strace.
//   node scripts/build.mjs && node scripts/check-proxy.mjs [--seconds 15]
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "15" } } });
const main = resolve(process.env.DIST ?? "dist", "src/main.js");

if (spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status !== 0) {
  console.error("strace is not installed (apt-get install strace), or may not trace: nothing was checked");
  process.exit(2);
}
const directory = mkdtempSync(join(tmpdir(), "bmbridge-proxy-"));
const trace = join(directory, "trace");
/** A proxy that lets everybody in, takes note of what is asked for, and reaches nothing. */
const asked = [];
const proxy = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", () => {
    socket.write(Uint8Array.of(5, 0));
    socket.once("data", (request) => {
      const host =
        request[3] === 3
          ? request.subarray(5, 5 + request[4]).toString()
          : [...request.subarray(4, 8)].join(".");
      asked.push(host);
      socket.end(Uint8Array.of(5, 4, 0, 1, 0, 0, 0, 0, 0, 0));
    });
  });
});
await new Promise((done) => proxy.listen(0, "127.0.0.1", done));
const { port } = proxy.address();
const settings = [
  `node.proxy=socks5://127.0.0.1:${port}`,
  // What would look around the local network must not, either.
  "node.lan_discovery=true",
  "node.port_mapping=true",
  "imap.listen=127.0.0.1:0",
  "smtp.listen=127.0.0.1:0",
  "web.listen=127.0.0.1:0",
  "web.autoconfig=false",
];
const set = settings.flatMap((setting) => ["--set", setting]);
const tracer = ["-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg,bind", "-o", trace];
const node = spawn(
  "strace",
  [...tracer, process.execPath, main, "start", "--data-dir", join(directory, "data"), ...set],
  {
    stdio: "ignore",
    // A process group of its own: the signal is for the node, strace ends with it.
    detached: true,
  },
);
await new Promise((done) => setTimeout(done, Number(values.seconds) * 1000));
const ended = new Promise((done) => node.once("exit", done));
process.kill(-node.pid, "SIGTERM");
await ended;
proxy.close();

const lines = readFileSync(trace, "utf8").split("\n");
const outward = lines.filter((line) => /AF_INET/.test(line) && /(connect|send\w*)\(/.test(line));
const stray = outward.filter((line) => !(line.includes(`htons(${port})`) && line.includes('"127.0.0.1"')));
const bound = lines.filter((line) => /bind\(.*AF_INET/.test(line) && !line.includes('"127.0.0.1"'));
rmSync(directory, { recursive: true, force: true });
console.log(
  `${outward.length} connections to the proxy, which was asked for: ${[...new Set(asked)].join(", ")}`,
);
console.log(`${stray.length} beside it, ${bound.length} listeners beyond this machine`);
for (const line of [...stray, ...bound]) console.log(line);
process.exit(stray.length + bound.length === 0 && asked.length > 0 ? 0 : 1);
