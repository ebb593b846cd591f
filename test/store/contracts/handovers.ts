import { expect, test } from "@jest/globals";
import { type Handover, type HandoverId, RELAY } from "../../../src/gateway/handover/ports.js";
import { bytes, type MakeStores } from "./values.js";

const id = (text: string) => text as HandoverId;

export function handover(name: string, changes: Partial<Handover> = {}): Handover {
  return {
    id: id(name),
    target: "home",
    user: "anna",
    sender: "BM-bob@bm.localhost",
    recipient: "anna@example.org",
    subject: "Größe",
    messageId: "one@example",
    wishes: null,
    state: "waiting",
    attempts: 0,
    error: null,
    created: 100,
    started: 100,
    nextAttempt: 100,
    warned: false,
    ...changes,
  };
}

const wishes = { ret: "HDRS", envid: "e", notify: ["DELAY"], orcpt: null, original: "bob@x" } as const;

export function handoversContract(make: MakeStores): void {
  test("handovers: what is put in comes out, and an id names one", () => {
    const { handovers } = make();
    const first = handover("a", { wishes, error: "no", warned: true, attempts: 3, nextAttempt: 1.5 });
    handovers.add(first, bytes(0, 255));
    expect(handovers.get(id("a"))).toEqual(first);
    expect(handovers.read(id("a"))).toEqual(bytes(0, 255));
    expect([handovers.get(id("b")), handovers.read(id("b"))]).toEqual([null, null]);
    expect(() => handovers.add(first, bytes())).toThrow();
  });

  test("handovers: the one that is due first, in the order of coming, of one target and waiting", () => {
    const { handovers } = make();
    handovers.add(handover("late", { nextAttempt: 300, started: 50 }), bytes(1));
    handovers.add(handover("first"), bytes(1));
    handovers.add(handover("second"), bytes(1));
    handovers.add(handover("other", { target: RELAY, nextAttempt: 1 }), bytes(1));
    handovers.add(handover("ended", { state: "failed", nextAttempt: 1, started: 1 }), bytes(1));
    expect(handovers.next("home")?.id).toBe("first");
    expect(handovers.next("nowhere")).toBeNull();
    expect(handovers.targets()).toEqual(["home", RELAY]);
    expect(handovers.startedBefore("home", 99).map((one) => one.id)).toEqual(["late"]);
    expect(handovers.startedBefore("home", 100).map((one) => one.id)).toEqual(["late", "first", "second"]);
    expect(handovers.list().map((one) => one.id)).toEqual(["ended", "other", "second", "first", "late"]);
  });

  test("handovers: a mail that has arrived or was cancelled is forgotten, of one that failed it is kept", () => {
    const { handovers } = make();
    for (const state of ["done", "cancelled", "failed"] as const) {
      handovers.add(handover(state), bytes(7));
      handovers.update(handover(state, { state }));
    }
    expect(["done", "cancelled", "failed"].map((name) => handovers.read(id(name)))).toEqual([
      null,
      null,
      bytes(7),
    ]);
    expect(handovers.list().map((one) => one.id)).toEqual(["failed", "cancelled"]);
    handovers.remove(id("failed"));
    expect([handovers.get(id("failed")), handovers.read(id("failed"))]).toEqual([null, null]);
  });

  test("handovers: what one of several with the same mail loses, the others keep", () => {
    const { handovers } = make();
    for (const name of ["one", "two", "three"]) handovers.add(handover(name), bytes(5, 6));
    handovers.update(handover("one", { state: "done" }));
    handovers.remove(id("two"));
    expect(["one", "two", "three"].map((name) => handovers.read(id(name)))).toEqual([
      null,
      null,
      bytes(5, 6),
    ]);
  });

  test("handovers: relayed mail by its Message-ID; a user goes with all of it", () => {
    const { handovers } = make();
    handovers.add(handover("r1", { target: RELAY, wishes }), bytes(1));
    handovers.add(handover("r2", { target: RELAY, wishes }), bytes(1));
    handovers.add(handover("received"), bytes(1));
    handovers.add(handover("bert", { wishes, user: "bert" }), bytes(1));
    expect(handovers.relayed("anna", "one@example").map((one) => one.id)).toEqual(["r1", "r2"]);
    handovers.markTold("home", "anna", "failed");
    handovers.removeUser("anna");
    expect(handovers.list().map((one) => one.id)).toEqual(["bert"]);
    expect(handovers.wasTold("home", "anna", "failed")).toBe(false);
  });

  test("handovers: those that have ended go with their time, the oldest first", () => {
    const { handovers } = make();
    handovers.add(handover("a", { created: 7 }), bytes(1));
    handovers.add(handover("b", { created: 6 }), bytes(1));
    handovers.add(handover("c", { created: 5 }), bytes(2));
    handovers.add(handover("d", { created: 1, state: "failed" }), bytes(3));
    for (const name of ["a", "b"]) handovers.update({ ...handovers.get(id(name))!, state: "done" });
    handovers.update({ ...handovers.get(id("c"))!, state: "cancelled" });
    expect(handovers.removeBefore(7, 1)).toBe(1);
    expect(["a", "b", "c", "d"].map((name) => handovers.get(id(name)) !== null)).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(handovers.removeBefore(7, 9)).toBe(1);
    expect(handovers.removeBefore(8, 9)).toBe(1);
    expect(handovers.get(id("d"))?.state).toBe("failed");
  });

  test("handovers: a trouble is told once until the target works", () => {
    const { handovers } = make();
    handovers.markTold("home", "anna", "delayed");
    handovers.markTold("home", "anna", "delayed");
    handovers.markTold("home", "bert", "delayed");
    expect(handovers.wasTold("home", "anna", "delayed")).toBe(true);
    expect(handovers.wasTold("home", "anna", "failed")).toBe(false);
    handovers.clearTold("home", "anna");
    expect(handovers.wasTold("home", "anna", "delayed")).toBe(false);
    expect(handovers.wasTold("home", "bert", "delayed")).toBe(true);
  });

  test("handovers: a transaction that fails leaves nothing", () => {
    const { handovers, transactions } = make();
    const failing = () =>
      transactions.run((): void => {
        handovers.add(handover("a"), bytes(1));
        handovers.markTold("home", "anna", "failed");
        throw new Error("no");
      });
    expect(failing).toThrow("no");
    expect([handovers.get(id("a")), handovers.wasTold("home", "anna", "failed")]).toEqual([null, false]);
  });
}
