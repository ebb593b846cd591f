/** Debian's Postfix and Dovecot as private instances on loopback, from the worked example in `config/beside-postfix-and-dovecot`. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const EXAMPLE = "config/beside-postfix-and-dovecot";
const NOBODY = 65534;

/** Postfix starts as root only. */
export const canRunSite =
  process.getuid?.() === 0 &&
  ["/usr/sbin/postfix", "/usr/sbin/dovecot", "/usr/lib/dovecot/lmtp"].every((file) => existsSync(file));

export interface SitePorts {
  readonly bridge: number;
  readonly postfix: number;
  readonly lmtp: number;
  readonly imap: number;
}

export const DOVECOT_PASSWORD = "one-for-all";

/** The text of a file of the worked example with the test's ports in the place of the usual ones. */
export function exampleFile(name: string, ports: SitePorts): string {
  return readFileSync(join(EXAMPLE, name), "utf8")
    .replaceAll("127.0.0.1:1025", `127.0.0.1:${ports.bridge}`)
    .replaceAll("[127.0.0.1]:1025", `[127.0.0.1]:${ports.bridge}`)
    .replaceAll("127.0.0.1:25", `127.0.0.1:${ports.postfix}`)
    .replaceAll("127.0.0.1:24", `127.0.0.1:${ports.lmtp}`)
    .replaceAll("port = 24", `port = ${ports.lmtp}`);
}

export interface Running {
  stop(): Promise<void>;
}

export async function startDovecot(directory: string, ports: SitePorts): Promise<Running> {
  for (const path of [directory, join(directory, "run"), join(directory, "mail")]) {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    chownSync(path, NOBODY, NOBODY);
  }
  const file = join(directory, "dovecot.conf");
  writeFileSync(
    file,
    `${exampleFile("dovecot.conf", ports)}
base_dir = ${directory}/run
state_dir = ${directory}/run
log_path = ${directory}/log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
mail_location = maildir:${directory}/mail/%n
postmaster_address = postmaster@example.org
passdb {
  driver = static
  args = password=${DOVECOT_PASSWORD}
}
userdb {
  driver = static
  args = uid=${NOBODY} gid=${NOBODY} home=${directory}/mail/%n
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = 0
  }
}
`,
  );
  const drop = ["--reuid", String(NOBODY), "--regid", String(NOBODY), "--clear-groups", "--"];
  const child = spawn("setpriv", [...drop, "dovecot", "-F", "-c", file], { stdio: "ignore" });
  await listening(ports.imap);
  await listening(ports.lmtp);
  return { stop: () => ended(child, () => child.kill("SIGTERM")) };
}

const SERVICES = `
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

export async function startPostfix(directory: string, ports: SitePorts): Promise<Running> {
  mkdirSync(join(directory, "queue"), { recursive: true, mode: 0o755 });
  mkdirSync(join(directory, "data"), { recursive: true });
  chmodSync(directory, 0o755);
  writeFileSync(join(directory, "master.cf"), `127.0.0.1:${ports.postfix} inet n - n - - smtpd${SERVICES}`);
  writeFileSync(
    join(directory, "main.cf"),
    `compatibility_level = 3.6
queue_directory = ${directory}/queue
data_directory = ${directory}/data
maillog_file = ${directory}/log
maillog_file_prefixes = /
myhostname = mail.example.org
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1
mydestination =
alias_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
virtual_mailbox_domains = example.org
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:${ports.lmtp}
smtp_dns_support_level = disabled
${exampleFile("main.cf", ports)}`,
  );
  const owner = spawn("chown", ["-R", "postfix", join(directory, "data")], { stdio: "ignore" });
  await new Promise((resolve) => owner.once("exit", resolve));
  const child = spawn("/usr/sbin/postfix", ["-c", directory, "start-fg"], { stdio: "ignore" });
  await listening(ports.postfix);
  return { stop: () => ended(child, () => spawn("/usr/sbin/postfix", ["-c", directory, "stop"])) };
}

function ended(child: ChildProcess, end: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    end();
    return undefined;
  });
}

/** Ports that were free a moment ago. */
export async function freePorts(): Promise<SitePorts> {
  const servers = await Promise.all(
    [1, 2, 3, 4].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const [bridge, postfix, lmtp, imap] = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { bridge: bridge!, postfix: postfix!, lmtp: lmtp!, imap: imap! };
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}
