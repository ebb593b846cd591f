/** What programs written for PyBitmessage ask and are told, command by command. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { addressOf } from "../../gateway/world.js";
import { type ApiWorld, base64, createApiWorld } from "./world.js";

// PyBitmessage's own test data.
const SEED = base64("TIGER, tiger, burning bright. In the forests of the night");
const ADDRESS_3 = "BM-2DBPTgeSawWYZceFD69AbDT5q4iUWtj1ZN";
const ADDRESS_4 = "BM-2cWzSnwjJ7yRP3nLEWUV5LisTZyREWSzUK";

let world: ApiWorld;
let own: string;
const bob = addressOf("bob");

beforeEach(async () => {
  world = await createApiWorld();
  own = await world.call("createRandomAddress", base64("anna"));
});
afterEach(() => world.close());

const call: ApiWorld["call"] = (...all) => world.call(...all);
const refusal: ApiWorld["refusal"] = (...all) => world.refusal(...all);

describe("calls", () => {
  test("unknown commands and wrong numbers of parameters", async () => {
    expect(await refusal("test")).toBe("20: Invalid method: test");
    expect(await refusal("__proto__")).toBe("20: Invalid method: __proto__");
    expect(await refusal("helloWorld", "a")).toBe(
      "0: Command helloWorld takes at least 2 parameters (1 given)",
    );
    expect(await refusal("shutdown", 1)).toBe("0: Command shutdown takes at most 0 parameters (1 given)");
    expect(world.shutDowns).toBe(0);
  });

  test("older names in the legacy variant only", async () => {
    expect(await refusal("listAddressbook")).toBe("20: Invalid method: listAddressbook");
    const legacy = world.dispatcher("legacy");
    expect(await legacy.call({ method: "listAddressbook", parameters: [] })).toEqual({ addresses: [] });
  });

  test("introspection", async () => {
    const names = await call("system.listMethods");
    expect(names).toEqual(expect.arrayContaining(["sendMessage", "getStatus", "system.methodHelp"]));
    for (const name of names.filter((one: string) => !one.startsWith("system.")))
      expect(await call("system.methodHelp", name)).toMatch(/^Commands: \*/);
    await expect(call("system.methodHelp", "nothing")).rejects.toThrow("KeyError");
  });

  test("helloWorld, add, statusBar, shutdown", async () => {
    expect(await call("helloWorld", "hello", "world")).toBe("hello-world");
    expect(await call("add", 69, 42)).toBe(111);
    expect(await refusal("add", 1, "2")).toMatch(/^21: Unexpected API Failure - unsupported operand/);
    expect(await call("statusBar", "new")).toBe("success");
    expect(await call("shutdown")).toBe("done");
    expect(world.shutDowns).toBe(1);
  });

  test("what the node does", async () => {
    expect(await call("clientStatus")).toMatchObject({
      networkConnections: 2,
      pendingDownload: 3,
      networkStatus: "connectedAndReceivingIncomingConnections",
      softwareName: "BitmessageBridge",
    });
    expect(await call("listConnections")).toEqual({
      inbound: [{ host: "::1", port: 1, fullyEstablished: true, userAgent: "/a:1/" }],
      outbound: [{ host: "127.0.0.1", port: 8444, fullyEstablished: true, userAgent: "/a:1/" }],
    });
  });
});

describe("addresses", () => {
  test("decoding, and what is wrong with an address", async () => {
    expect(await call("decodeAddress", ADDRESS_4)).toEqual({
      status: "success",
      addressVersion: 4,
      streamNumber: 1,
      ripe: Buffer.from("00cfb69416ae76f68a81c459de4e13460c7d17eb", "hex").toString("base64"),
    });
    expect(await refusal("decodeAddress", "BM-2cWzSnwjJ7yRP3nLEW")).toBe(
      "8: Checksum failed for address: BM-2cWzSnwjJ7yRP3nLEW",
    );
    expect(await refusal("decodeAddress", "BM-0OIl")).toBe("9: Invalid characters in address: BM-0OIl");
    expect(await refusal("decodeAddress", "")).toBe("9: Invalid characters in address: ");
    expect(await refusal("decodeAddress", 5)).toMatch(/^21: /);
  });

  test("identities at random and from a passphrase", async () => {
    expect(await call("getDeterministicAddress", SEED, 4, 1)).toBe(ADDRESS_4);
    expect(await call("getDeterministicAddress", SEED, 3, 1)).toBe(ADDRESS_3);
    expect(await refusal("getDeterministicAddress", SEED, 2, 1)).toMatch(/^2: .* 2 isn't supported\.$/);
    expect(await refusal("getDeterministicAddress", SEED, 3, 2)).toMatch(/^3: /);
    expect(await refusal("createDeterministicAddresses", "", 1)).toBe(
      "1: The specified passphrase is blank.",
    );
    expect(await refusal("createDeterministicAddresses", SEED, 1, 2)).toMatch(/^2: /);
    expect(await refusal("createDeterministicAddresses", SEED, 1, 4, 2)).toMatch(/^3: /);
    expect(await refusal("createDeterministicAddresses", SEED, 0)).toMatch(/^4: Why would you/);
    expect(await refusal("createDeterministicAddresses", SEED, 1000)).toMatch(/^5: You have \(accid/);
    expect(await refusal("createRandomAddress", base64("x"), "yes")).toMatch(/^23: Bool expected/);
    expect(await refusal("createRandomAddress", "/////w==")).toBe("17: Label is not valid UTF-8 data.");
    const { addresses } = await call("createDeterministicAddresses", SEED, 2, 4);
    expect(addresses).toEqual([ADDRESS_4, expect.stringMatching(/^BM-/)]);
    // What is there already is not told again.
    expect(await call("createDeterministicAddresses", SEED, 2)).toEqual({ addresses: [] });
    expect(await call("createDeterministicAddresses", SEED, 1, 3)).toEqual({ addresses: [ADDRESS_3] });
  });

  test("listed, disabled, enabled, deleted", async () => {
    const row = { label: "anna", address: own, stream: 1, enabled: true, chan: false };
    expect(await call("listAddresses")).toEqual({ addresses: [row] });
    expect(await call("enableAddress", own, false)).toBe("success");
    expect(await call("listAddresses2")).toEqual({
      addresses: [{ ...row, label: base64("anna"), enabled: false }],
    });
    expect(await call("enableAddress", own)).toBe("success");
    expect(await refusal("enableAddress", bob)).toMatch(/^21: .*No section/);
    expect(await refusal("deleteAddress", bob)).toBe(
      "13: Could not find this address in your keys.dat file.",
    );
    expect(await call("deleteAddress", own)).toBe("success");
    expect(await call("listAddresses")).toEqual({ addresses: [] });
  });

  test("what demands more work", async () => {
    const address = await call("createRandomAddress", base64("dear"), false, 2, 3.5);
    expect(world.services.messaging.identities.get("anna", address)?.difficulty).toEqual({
      trialsPerByte: 2000n,
      extraBytes: 3500n,
    });
  });

  test("chans", async () => {
    expect(await refusal("createChan", "")).toBe("1: The specified passphrase is blank.");
    expect(await call("createChan", SEED)).toBe(ADDRESS_4);
    expect(await refusal("createChan", SEED)).toBe("24: Chan address is already present.");
    expect(await refusal("joinChan", SEED, ADDRESS_4)).toBe("24: Chan address is already present.");
    expect(await refusal("joinChan", base64("x"), ADDRESS_4)).toBe("18: Chan name does not match address.");
    expect(await call("joinChan", SEED, ADDRESS_3)).toBe("success");
    expect(await refusal("leaveChan", own)).toMatch(/^25: /);
    expect(await call("leaveChan", ADDRESS_4)).toBe("success");
    expect(await call("leaveChan", ADDRESS_3)).toBe("success");
    // A name that is no UTF-8.
    expect(await call("createChan", "/////w==")).toMatch(/^BM-/);
  });
});

describe("people", () => {
  test("the address book", async () => {
    expect(await call("addAddressBookEntry", bob, base64("Bob"))).toBe(
      `Added address ${bob} to address book`,
    );
    expect(await refusal("addAddressBookEntry", bob, base64("Bob"))).toBe(
      "16: You already have this address in your address book.",
    );
    const addresses = [{ label: base64("Bob"), address: bob }];
    expect(await call("listAddressBookEntries")).toEqual({ addresses });
    expect(await call("listAddressBookEntries", "Bob")).toEqual({ addresses });
    expect(await call("listAddressBookEntries", "Eve")).toEqual({ addresses: [] });
    expect(await call("deleteAddressBookEntry", bob)).toBe(
      `Deleted address book entry for ${bob} if it existed`,
    );
    expect(await call("listAddressBookEntries")).toEqual({ addresses: [] });
  });

  test("who is blocked stays so, and is no entry", async () => {
    const { contacts } = world.stores;
    contacts.save({ user: "anna", address: bob, label: "", blocked: true });
    expect(await call("listAddressBookEntries")).toEqual({ addresses: [] });
    await call("addAddressBookEntry", bob, base64("Bob"));
    expect(contacts.get("anna", bob)).toMatchObject({ label: "Bob", blocked: true });
    await call("deleteAddressBookEntry", bob);
    expect(contacts.get("anna", bob)).toMatchObject({ label: "", blocked: true });
  });

  test("subscriptions", async () => {
    expect(await call("addSubscription", bob, base64("Bob's news"))).toBe("Added subscription.");
    expect(await refusal("addSubscription", bob)).toBe("16: You are already subscribed to that address.");
    expect(await call("listSubscriptions")).toEqual({
      subscriptions: [{ label: base64("Bob's news"), address: bob, enabled: true }],
    });
    for (const _ of [1, 2])
      expect(await call("deleteSubscription", bob)).toBe("Deleted subscription if it existed.");
    expect(await call("listSubscriptions")).toEqual({ subscriptions: [] });
  });
});
