import assert from "node:assert/strict";
import { test } from "node:test";
import { eventsIn } from "../support/log.ts";

const signOut = '{"event":"signout","origin":"app","note":"a } in a \\"text\\""}';

test("an event is found in the log of any host, whatever stands around it", () => {
  const expected = [{ event: "signout", origin: "app", note: 'a } in a "text"' }];
  for (const log of [
    `12:00:00.000 info  Function.logout.User: ${signOut} [0af76519-16cd-43dd-8448-eb211c80319c]`,
    `[2026-12-01T12:00:00.000Z] ${signOut}`,
    `info: Function.logout.User[0]\n      ${signOut}\ninfo: Host.Results[0]`,
    `info: Function.logout.User[0]\n      ${signOut.slice(0, 30)}\r\n      ${signOut.slice(30)}\n`,
  ]) {
    assert.deepEqual(eventsIn(log), expected, log);
  }
});

test("events are told by their names, and what is cut off is none", () => {
  const log = `${signOut} {"event":"signin"} {"event":"cut`;
  assert.deepEqual(eventsIn(log, "signin"), [{ event: "signin" }]);
  assert.deepEqual(eventsIn(log, "none"), []);
});
