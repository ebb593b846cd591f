import { expect, test } from "@jest/globals";
import { LoginDelay } from "../../src/mail/login-delay.js";

function createDelay() {
  const waits: number[] = [];
  const clock = { now: 0 };
  const delay = new LoginDelay({
    first: 100,
    longest: 1000,
    memory: 60_000,
    now: () => clock.now,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
  });
  return { delay, waits, clock };
}

test("each failure doubles the wait, up to the longest", async () => {
  const { delay, waits } = createDelay();
  for (let attempt = 0; attempt < 7; attempt++) {
    await delay.beforeAttempt("1.1.1.1", "alice");
    delay.failed("1.1.1.1", "Alice");
  }
  expect(waits).toEqual([100, 200, 400, 800, 1000, 1000]);
});

test("other addresses and other users do not wait; success and time forgive", async () => {
  const { delay, waits, clock } = createDelay();
  delay.failed("1.1.1.1", "alice");
  await delay.beforeAttempt("2.2.2.2", "alice");
  await delay.beforeAttempt("1.1.1.1", "bob");
  expect(waits).toEqual([]);
  clock.now = 60_001;
  await delay.beforeAttempt("1.1.1.1", "alice");
  expect(waits).toEqual([]);
  delay.failed("1.1.1.1", "alice");
  delay.succeeded("1.1.1.1", "alice");
  await delay.beforeAttempt("1.1.1.1", "alice");
  expect(waits).toEqual([]);
});

test("many users from one address wait as well, also after one of them was right", async () => {
  const { delay, waits } = createDelay();
  for (let number = 0; number < 9; number++) delay.failed("1.1.1.1", `user${number}`);
  await delay.beforeAttempt("1.1.1.1", "fresh");
  expect(waits).toEqual([]);
  for (let number = 9; number < 12; number++) delay.failed("1.1.1.1", `user${number}`);
  delay.succeeded("1.1.1.1", "user3");
  await delay.beforeAttempt("1.1.1.1", "fresh");
  await delay.beforeAttempt("2.2.2.2", "fresh");
  expect(waits).toEqual([400]);
});

test("memory is bounded: the oldest are forgotten", async () => {
  const { delay, waits } = createDelay();
  for (let number = 0; number < 5_001; number++) delay.failed(`address ${number}`, "alice");
  await delay.beforeAttempt("address 0", "alice");
  expect(waits).toEqual([]);
  await delay.beforeAttempt("address 1", "alice");
  expect(waits).toEqual([100]);
});
