// Sends through the API of a PyBitmessage that somebody runs, as fast as it accepts: some clients side by side, each with one message after the other.
import { request } from "node:http";

const TEXT = "All work and no play makes a dull text that is long enough for a mail.\n".repeat(25);
const base64 = (text) => Buffer.from(text).toString("base64");

/**
 * @param url with user and password: http://user:password@127.0.0.1:8442/
 * @param {{ connections: number, mails: number, from: string, to: string }} options
 * @returns {Promise<{ seconds: number, perSecond: number, slowest: number }>} as `submit` of load.mjs
 */
export async function sendMessages(url, { connections, mails, from, to }) {
  const times = [];
  let left = mails;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) {
        const start = performance.now();
        await call(url, "sendMessage", [to, from, base64(`${began}-${left}`), base64(TEXT)]);
        times.push(performance.now() - start);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  return { seconds, perSecond: mails / seconds, slowest: times[Math.floor(times.length * 0.99)] };
}

/** The first of its addresses. */
export async function ownAddress(url) {
  return /BM-[1-9A-HJ-NP-Za-km-z]+/.exec(await call(url, "listAddresses", []))[0];
}

function call(url, method, parameters) {
  const values = parameters.map((value) => `<param><value><string>${value}</string></value></param>`);
  const body = `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${values.join("")}</params></methodCall>`;
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "text/xml", "content-length": Buffer.byteLength(body) };
    const asked = request(url, { method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200 && !/<fault>|API Error/.test(text)) resolve(text);
        else reject(new Error(`${method}: ${response.statusCode} ${text.slice(0, 300)}`));
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}
