// IMAP servers to judge and to compare: each in a process of its own, on a port of loopback, with its files in a directory of its own.
import { spawn, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ended, firstDocument, freePort, listening } from "../support/processes.mjs";

export const USER = "tester";
export const PASSWORD = "correct-horse-battery";

/**
 * @typedef {object} RunningServer
 * @property {string} name
 * @property {number} port
 * @property {number} pid
 * @property {() => Promise<void>} stop
 */

/** The library over its backend in memory. @returns {Promise<RunningServer>} */
export async function startMemoryServer(build, flags = []) {
  const script = fileURLToPath(new URL("memory-server.mjs", import.meta.url));
  const child = spawn(process.execPath, [...flags, script, build, USER, PASSWORD], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { port } = await firstDocument(child);
  return running("memory", port, child);
}

const NODE_SETTINGS = [
  "network.name=judge",
  "network.min_trials_per_byte=1",
  "network.min_extra_bytes=100",
  "node.bootstrap=false",
  "node.listen=off",
  "imap.listen=127.0.0.1:0",
  "smtp.listen=off",
  "web.listen=off",
  "log.level=warn",
];

/** The whole program over SQLite in this directory. @returns {Promise<RunningServer>} */
export async function startNode(build, directory, flags = [], settings = []) {
  const main = join(build, "src/main.js");
  const options = commandOptions(directory, settings);
  const setup = spawnSync(
    process.execPath,
    [main, "setup", "--user", USER, "--password-stdin", "--identity", "tester", ...options],
    { input: `${PASSWORD}\n`, encoding: "utf8" },
  );
  if (setup.status !== 0 && !/exists|there is a login/i.test(setup.stderr)) {
    throw new Error(`setup failed: ${setup.stderr}`);
  }
  const child = spawn(process.execPath, [...flags, main, "start", ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { imap } = await firstDocument(child);
  return running("node", Number(imap.split(":").at(-1)), child);
}

function commandOptions(directory, settings) {
  return [
    "--data-dir",
    directory,
    "--json",
    ...[...NODE_SETTINGS, ...settings].flatMap((one) => ["--set", one]),
  ];
}

/** The same for a login with the address of the identity, which is shown that identity's mail alone. @returns {Promise<RunningServer & { user: string }>} */
export async function startForIdentity(build, directory, layout) {
  const server = await startNode(build, directory, [], [`imap.layout=${layout}`]);
  const parameters = [join(build, "src/main.js"), "identity", "list", ...commandOptions(directory, [])];
  const listed = spawnSync(process.execPath, parameters, { encoding: "utf8" });
  return { ...server, name: `identity, ${layout}`, user: JSON.parse(listed.stdout)[0].address };
}

const NOBODY = 65534;

/** Debian's Dovecot with a configuration of its own, without privileges. `location`: maildir or sdbox. @returns {Promise<RunningServer>} */
export async function startDovecot(directory, location, fsync = "optimized") {
  const port = await freePort();
  const asRoot = process.getuid?.() === 0;
  for (const path of [directory, join(directory, "run"), join(directory, "mail"), join(directory, "home")]) {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    if (asRoot) chownSync(path, NOBODY, NOBODY);
  }
  const file = join(directory, "dovecot.conf");
  writeFileSync(file, dovecotConfiguration({ directory, location, fsync, port, asRoot }));
  const drop = ["--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups", "--"];
  const command = asRoot ? ["setpriv", ...drop, "dovecot"] : ["dovecot"];
  const child = spawn(command[0], [...command.slice(1), "-F", "-c", file], { stdio: "inherit" });
  await listening(port);
  return running(`dovecot ${location}${fsync === "never" ? " nofsync" : ""}`, port, child);
}

function dovecotConfiguration({ directory, location, fsync, port, asRoot }) {
  const [user, group] = asRoot
    ? ["nobody", "nogroup"]
    : [process.env.USER, spawnSync("id", ["-gn"]).stdout.toString().trim()];
  const [uid, gid] = asRoot ? [NOBODY, NOBODY] : [process.getuid(), process.getgid()];
  return `protocols = imap
base_dir = ${directory}/run
state_dir = ${directory}/run
log_path = ${directory}/log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = ${user}
default_internal_group = ${group}
default_login_user = ${user}
first_valid_uid = 1
mail_fsync = ${fsync}
mail_location = ${location}:${directory}/mail/%u
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = uid=${uid} gid=${gid} home=${directory}/home/%u
}
namespace inbox {
  inbox = yes
  separator = /
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
`;
}

function running(name, port, child) {
  return {
    name,
    port,
    pid: child.pid,
    stop: async () => {
      child.kill("SIGTERM");
      await ended(child);
    },
  };
}
