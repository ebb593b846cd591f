/** A program written for PyBitmessage: Python's own XML-RPC client, and apinotifypath, against a running node. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  type RunningNode,
  runProgram,
  setupNode,
  startNode,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
const data = join(directory.path, "node");
const events = join(directory.path, "events");
let node: RunningNode;

beforeAll(async () => {
  await setupNode(data, "anna");
  writeFileSync(join(directory.path, "password"), "wort\n", { mode: 0o600 });
  writeFileSync(join(directory.path, "notify"), `#!/bin/sh\necho "$1" >> '${events}'\n`, { mode: 0o700 });
  node = await startNode(data, [
    "api.listen=127.0.0.1:0",
    "api.username=bot",
    `api.password_file=${join(directory.path, "password")}`,
    `api.notify_path=${join(directory.path, "notify")}`,
  ]);
}, 120_000);
afterAll(async () => {
  await node?.stop();
  directory.remove();
}, 120_000);

/** A bot that answers each message to it, in Python's standard library. */
const BOT = `
import base64, hashlib, struct, sys, time
from xmlrpc.client import Fault, ProtocolError, ServerProxy

port = sys.argv[1]
api = ServerProxy("http://bot:wort@127.0.0.1:%s/" % port, allow_none=True)
encode = lambda text: base64.b64encode(text.encode()).decode()
decode = lambda text: base64.b64decode(text).decode()

try:
    ServerProxy("http://bot:falsch@127.0.0.1:%s/" % port).clientStatus()
    sys.exit("a wrong password was taken")
except ProtocolError as error:
    assert error.errcode == 401, error
try:
    api.nonsense()
    sys.exit("an unknown command was taken")
except Fault as fault:
    assert (fault.faultCode, fault.faultString) == (20, "Invalid method: nonsense"), fault

assert api.helloWorld("hello", "world") == "hello-world"
assert "sendMessage" in api.system.listMethods()
person = api.listAddresses()["addresses"][0]["address"]
bot = api.createRandomAddress(encode("bot \\u00fc"))
assert decode(api.listAddresses2()["addresses"][1]["label"]) == "bot \\u00fc"

def wait(condition):
    for _ in range(600):
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    sys.exit("nothing came")

def arrived(address):
    return api.getInboxMessagesByReceiver(address)["inboxMessages"]

sent = api.sendMessage(bot, person, encode("Frage"), encode("Wie sp\\u00e4t\\nist es?"), 2, 3600)
question = wait(lambda: arrived(bot))[0]
assert question["fromAddress"] == person
assert decode(question["message"]) == "Wie sp\\u00e4t\\nist es?", question
wait(lambda: api.getStatus(sent) == "ackreceived")
assert api.getSentMessageByAckData(sent)["sentMessage"][0]["msgid"] == question["msgid"]

api.sendMessage(person, bot, encode("Re: " + decode(question["subject"])), encode("sp\\u00e4t"), 3)
answer = wait(lambda: arrived(person))[0]
assert (decode(answer["subject"]), decode(answer["message"]), answer["encodingType"]) == ("Re: Frage", "sp\\u00e4t", 3)
assert api.getInboxMessageById(answer["msgid"], True)["inboxMessage"][0]["read"] == 1
api.trashMessage(question["msgid"])
assert [one["msgid"] for one in api.getAllInboxMessageIds()["inboxMessageIds"]] == [answer["msgid"]]

api.addSubscription(person, encode("news"))
news = api.sendBroadcast(person, encode("s"), encode("hello all"))
wait(lambda: api.getStatus(news) == "broadcastsent")
wait(lambda: arrived("[Broadcast subscribers]"))

tag = bytes(range(32))
head = struct.pack(">QQI", 0, int(time.time()) + 3600, 2) + bytes([1, 1])
name = api.disseminatePreEncryptedMsg((head + tag + b"sealed").hex())
found = wait(lambda: api.getMessageDataByDestinationHash(tag.hex())["receivedMessageDatas"])
published = bytes.fromhex(found[0]["data"])
assert published[8:] == (head + tag + b"sealed")[8:]
once = hashlib.sha512(published).digest()
assert hashlib.sha512(once).hexdigest()[:64] == name
print(api.shutdown())
`;

test("a bot sends, receives, reads, and ends the program", async () => {
  const outcome = await runProgram("python3", ["-c", BOT, String(node.apiPort)]);
  expect([outcome.stderr, outcome.stdout.trim(), outcome.status]).toEqual(["", "done", 0]);
  // "shutdown" stops the node as a signal does.
  const status = await new Promise((resolve) => {
    if (node.child.exitCode !== null) resolve(node.child.exitCode);
    else node.child.once("exit", resolve);
  });
  expect(status).toBe(0);
  const told = readFileSync(events, "utf8").trim().split("\n");
  expect(told.slice(0, 3)).toEqual(["startingUp", "newMessage", "newMessage"]);
}, 120_000);

test("without a name and a password nothing starts", async () => {
  await expect(startNode(data, ["api.listen=127.0.0.1:0"])).rejects.toThrow(/api\.username/);
}, 120_000);
