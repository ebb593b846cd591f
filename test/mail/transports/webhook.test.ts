import { createHmac } from "node:crypto";
import { createServer } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import {
  createWebhookTransport,
  type WebhookTransportOptions,
} from "../../../src/mail/transports/webhook.js";
import { outbound, webServer } from "./servers.js";

type Web = Awaited<ReturnType<typeof webServer>>;
const open: Web[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(statuses?: readonly (number | null)[]): Promise<Web> {
  const server = await webServer(statuses);
  open.push(server);
  return server;
}

function transportTo({ url }: { url: URL }, changes: Partial<WebhookTransportOptions> = {}) {
  return createWebhookTransport({
    url,
    format: "rfc822",
    secret: null,
    timeLimit: 2000,
    authorities: null,
    clock: () => 1_700_000_000,
    ...changes,
  });
}

const never = new AbortController().signal;

test("posts the mail as it is, signed", async () => {
  const server = await serve();
  await transportTo(server, { secret: () => "shared" }).deliver(outbound(), never);
  const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }] = server.posted;
  expect(body).toEqual(Buffer.from(outbound().bytes));
  const digest = createHmac("sha256", "shared").update("1700000000.").update(body).digest("hex");
  expect(headers).toMatchObject({
    "content-type": "message/rfc822",
    "x-delivery-id": "h1",
    "x-delivery-attempt": "1",
    "x-delivery-recipient": "anna@example.org",
    "x-delivery-signature": `t=1700000000,v1=${digest}`,
  });
});

test("posts a document that holds it", async () => {
  const server = await serve();
  await transportTo(server, { format: "json" }).deliver(outbound({ subject: "Größe" }), never);
  const document = JSON.parse(server.posted[0]!.body.toString("utf8"));
  expect(document).toMatchObject({ id: "h1", sender: "bob@bm.localhost", subject: "Größe", attempt: 1 });
  expect(Buffer.from(document.mail, "base64")).toEqual(Buffer.from(outbound().bytes));
  expect(server.posted[0]!.headers["x-delivery-signature"]).toBeUndefined();
});

test("a refusal of this mail is permanent, everything else passes", async () => {
  for (const status of [400, 410, 413, 415, 422])
    await expect(transportTo(await serve([status])).deliver(outbound(), never)).rejects.toMatchObject({
      lasting: "permanent",
      about: "mail",
      message: expect.stringContaining(`answered ${status} because of the service`),
    });
  for (const status of [401, 403, 404, 429, 500, 503, null])
    await expect(transportTo(await serve([status])).deliver(outbound(), never)).rejects.toMatchObject({
      lasting: "temporary",
      about: "target",
    });
});

test("redirections are not followed: the mail goes where it was told to and nowhere else", async () => {
  const server = await serve([302, 200]);
  await expect(transportTo(server).deliver(outbound(), never)).rejects.toMatchObject({
    lasting: "temporary",
  });
  expect(server.posted).toHaveLength(1);
});

test("a service that is not there is tried again", async () => {
  const silent = { url: new URL("http://127.0.0.1:1/") };
  await expect(transportTo(silent).deliver(outbound(), never)).rejects.toMatchObject({
    lasting: "temporary",
    about: "target",
    message: expect.stringMatching(/cannot be reached: ECONNREFUSED/),
  });
});

test("recipients cannot add header fields", async () => {
  const server = await serve();
  await transportTo(server).deliver(outbound({ recipient: "a@b\r\nX-Evil: 1" }), never);
  expect(server.posted[0]!.headers["x-delivery-recipient"]).toBe("a@b??X-Evil: 1");
  expect(server.posted[0]!.headers["x-evil"]).toBeUndefined();
});

test("an attempt that takes too long, or is stopped, ends", async () => {
  const silent = createServer((socket) => socket.on("error", () => {}).resume());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as { port: number };
  const url = new URL(`http://127.0.0.1:${port}/`);
  await expect(transportTo({ url }, { timeLimit: 50 }).deliver(outbound(), never)).rejects.toMatchObject({
    message: expect.stringContaining("no answer in time"),
  });
  const stop = new AbortController();
  const delivery = transportTo({ url }).deliver(outbound(), stop.signal);
  stop.abort();
  await expect(delivery).rejects.toMatchObject({ lasting: "temporary", about: "target" });
  await new Promise((resolve) => silent.close(resolve));
});
