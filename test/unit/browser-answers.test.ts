import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answered, DriverFailure } from "../browsers/connection.ts";

describe("a command to a browser", () => {
  it("fails as the driver's doing when no answer comes, rather than wait for ever", async () => {
    const asked = answered("Navigate", new Promise<void>(() => undefined), 10);
    await assert.rejects(asked, new DriverFailure("The browser did not answer Navigate in 10 ms"));
  });

  it("gives its answer, or its own error", async () => {
    assert.equal(await answered("GetTitle", Promise.resolve("The app")), "The app");
    await assert.rejects(answered("GetTitle", Promise.reject(new TypeError("no such window"))), TypeError);
  });
});
