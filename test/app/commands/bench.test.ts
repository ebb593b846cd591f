import { describe, expect, test } from "@jest/globals";
import { bmbridge } from "../../support/running-node.js";

describe("bench", () => {
  test("prints one JSON document with --json", async () => {
    const outcome = await bmbridge(["bench", "verify", "--seconds", "0.05", "--json"]);
    expect(outcome).toMatchObject({ status: 0, stderr: "" });
    expect(outcome.stdout.trimEnd()).not.toContain("\n");
    expect(Object.keys(JSON.parse(outcome.stdout))).toEqual(["sizes"]);
  });

  test("prints a table for people", async () => {
    const outcome = await bmbridge(["bench", "verify", "--seconds", "0.05"]);
    expect(outcome).toMatchObject({ status: 0, stderr: "" });
    const lines = outcome.stdout.trimEnd().split("\n");
    expect(lines[0]).toBe("bytes    objects per cpu second");
    expect(lines.slice(1).map((line) => line.split(/ +/)[0])).toEqual(["200", "1,000", "10,000", "262,144"]);
  });

  test("wrong use ends with 2 and says what is wrong", async () => {
    for (const [parameters, message] of [
      [["bench"], /pow/],
      [["bench", "nonsense"], /unknown command/],
      [["bench", "pow", "fast"], /too many arguments/],
      [["bench", "pow", "--seconds", "soon"], /number of seconds/],
      [["bench", "pow", "--seconds", "0"], /number of seconds/],
      [["bench", "pow", "--seconds", "-1"], /number of seconds/],
    ] as const) {
      const outcome = await bmbridge(parameters);
      expect({ parameters, status: outcome.status, stdout: outcome.stdout }).toEqual({
        parameters,
        status: 2,
        stdout: "",
      });
      expect(outcome.stderr).toMatch(message);
    }
  });
});
