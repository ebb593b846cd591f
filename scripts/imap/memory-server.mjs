// The library's server over its backend in memory, for judging: node scripts/imap/memory-server.mjs BUILD USER PASSWORD
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [build, user, password] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(resolve(build), "src/mail/imap", name)).href);
const { MemoryBackend } = await load("memory-backend.js");
const { createImapServer } = await load("server.js");

const server = createImapServer({
  backend: new MemoryBackend({ users: { [user]: password } }),
  listen: { host: "127.0.0.1", port: 0 },
});
const { port } = await server.start();
console.log(JSON.stringify({ port }));
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void server.stop().then(() => process.exit(0)));
}
