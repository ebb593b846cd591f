// Submits mail as fast as a server accepts it: some connections side by side, each with one mail after the other, each counted at its 250.
import { connect } from "node:net";
import { createInterface } from "node:readline";

/**
 * @param {{ port: number, connections: number, mails: number, from: string, to: string | ((number: number) => string), login?: { user: string, password: string }, begins?: () => void }} options
 * `begins`: called when all have logged in. `to`: one recipient of all, or the one of each mail by its number.
 * @returns {Promise<{ seconds: number, perSecond: number, slowest: number }>} `slowest`: milliseconds, of the 99th percentile
 */
export async function submit({ connections, mails, to, begins, ...options }) {
  const clients = await Promise.all(Array.from({ length: connections }, () => open(options)));
  begins?.();
  const times = [];
  let left = mails;
  const began = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) {
        const start = performance.now();
        await client.send(`${began}-${left}`, typeof to === "function" ? to(left) : to);
        times.push(performance.now() - start);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const client of clients) client.close();
  times.sort((a, b) => a - b);
  return { seconds, perSecond: mails / seconds, slowest: times[Math.floor(times.length * 0.99)] };
}

const TEXT = `${"All work and no play makes a dull text that is long enough for a mail.\r\n".repeat(25)}`;

async function open({ port, from, login }) {
  const socket = connect(port, "127.0.0.1").setNoDelay(true);
  const lines = createInterface({ input: socket });
  const replies = [];
  let wake = null;
  lines.on("line", (line) => {
    if (line[3] === "-") return;
    replies.push(line);
    wake?.();
  });
  const reply = async (expected) => {
    while (replies.length === 0) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
    const line = replies.shift();
    if (!line.startsWith(expected)) throw new Error(`expected ${expected}, got ${line}`);
  };
  const ask = (command, expected) => {
    socket.write(`${command}\r\n`);
    return reply(expected);
  };
  await reply("220");
  await ask("EHLO load.example", "250");
  if (login) {
    const words = Buffer.from(`\0${login.user}\0${login.password}`).toString("base64");
    await ask(`AUTH PLAIN ${words}`, "235");
  }
  return {
    async send(name, to) {
      // As clients do it where PIPELINING is offered.
      socket.write(`MAIL FROM:<${from}>\r\nRCPT TO:<${to}>\r\nDATA\r\n`);
      await reply("250");
      await reply("250");
      await reply("354");
      const header = `From: <${from}>\r\nTo: <${to}>\r\nSubject: ${name}\r\nMessage-ID: <${name}@load.example>\r\n`;
      await ask(`${header}\r\n${TEXT}.`, "250");
    },
    close: () => socket.destroy(),
  };
}
