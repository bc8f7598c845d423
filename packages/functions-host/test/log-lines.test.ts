import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readableLine, wantsColour } from "../src/log-lines.ts";

const invocation = "[1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed]";

describe("on the screen", () => {
  test("an event is its name and its attributes", () => {
    const event = JSON.stringify({ event: "signout", origin: "front_channel", sessionsRemoved: 2 });
    const line = `14:02:11.123 info  Function.frontchannel-logout.User: ${event} ${invocation}`;
    assert.equal(readableLine(line, false), "14:02:11 info  signout origin=front_channel sessionsRemoved=2");
  });

  test("an event that no invocation wrote has neither time nor level", () => {
    assert.equal(
      readableLine('{"event":"signout","origin":"directory"}', false),
      `${" ".repeat(15)}signout origin=directory`,
    );
  });

  test("an error has its stack below it", () => {
    const line = `14:02:11.123 error Function.api.User: StoreUnavailableError | at read (a.ts:1:2) | at main ${invocation}`;
    assert.deepEqual(readableLine(line, false).split("\n"), [
      "14:02:11 error Function.api.User: StoreUnavailableError",
      "         at read (a.ts:1:2)",
      "         at main",
    ]);
  });

  test("what is no event stays, JSON or not", () => {
    assert.equal(readableLine("14:02:11.123 info  Host: {broken", false), "14:02:11 info  Host: {broken");
    assert.equal(readableLine("stopping on SIGTERM", false), "stopping on SIGTERM");
  });

  test("warnings and errors are coloured, where colour is wanted", () => {
    const line = "14:02:11.123 warn  Host: look";
    assert.ok(readableLine(line, true).includes("\u001B[33mwarn "));
    assert.equal(readableLine(line, false).includes("\u001B"), false);
  });
});

describe("colour is", () => {
  test("for terminals", () => {
    assert.equal(wantsColour({ isTTY: true }, {}), true);
    assert.equal(wantsColour({}, {}), false);
  });
  test("not for those who ask for none", () => {
    assert.equal(wantsColour({ isTTY: true }, { NO_COLOR: "1" }), false);
    assert.equal(wantsColour({ isTTY: true }, { TERM: "dumb" }), false);
  });
});
