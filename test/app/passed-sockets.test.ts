import { expect, test } from "@jest/globals";
import { passedSocket } from "../../src/app/passed-sockets.js";

const environment = { LISTEN_PID: "77", LISTEN_FDS: "2", LISTEN_FDNAMES: "other:autoconfig" };

test("the socket is found by its name", () => {
  expect(passedSocket("autoconfig", environment, 77)).toBe(4);
  expect(passedSocket("other", environment, 77)).toBe(3);
});

test("nothing that is not ours or not there", () => {
  for (const [name, given, process] of [
    ["autoconfig", environment, 78],
    ["nobody", environment, 77],
    ["autoconfig", { ...environment, LISTEN_FDS: "1" }, 77],
    ["autoconfig", { ...environment, LISTEN_FDS: "many" }, 77],
    ["autoconfig", { LISTEN_PID: "77", LISTEN_FDS: "1" }, 77],
    ["autoconfig", {}, 77],
    ["", {}, Number.NaN],
  ] as const)
    expect({ name, given, socket: passedSocket(name, given, process) }).toEqual({
      name,
      given,
      socket: null,
    });
});
