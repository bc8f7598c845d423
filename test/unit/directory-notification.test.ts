import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sha256Base64Url } from "../../shared/core/encoding.ts";
import { readNotification } from "../../shared/directory/notification.ts";
import { tenantId } from "./support/environment.ts";

const secret = "the-secret";
const own = { tenantId, clientState: sha256Base64Url(secret) };
const [ada, bruno] = ["0c2e9d84-7f13-4a6b-b5d8-91e3c7a4f250", "5a9c3f6e-2b71-4e0d-8c15-f4d6a7b08e93"];
const about = (id: unknown, changes: object = {}) => ({
  clientState: secret,
  tenantId,
  changeType: "updated",
  resourceData: { "@odata.type": "#Microsoft.Graph.User", id },
  ...changes,
});
const read = (...value: unknown[]) => readNotification({ value }, own);

describe("a notification of Microsoft Graph", () => {
  test("tells which users have changed, each once, however it spells them", () => {
    const spelled = about(ada.toUpperCase(), { lifecycleEvent: null });
    const { users, refused, lifecycle } = read(about(ada), about(bruno), spelled) ?? assert.fail();
    assert.deepEqual([users, refused, lifecycle.size], [[ada, bruno], 0, 0]);
  });

  test("tells what becomes of the subscription", () => {
    for (const lifecycleEvent of ["reauthorizationRequired", "subscriptionRemoved", "missed"]) {
      const { users, lifecycle } = read(about(ada, { lifecycleEvent })) ?? assert.fail();
      assert.deepEqual([users, [...lifecycle]], [[], [lifecycleEvent]]);
    }
    assert.equal(read(about(ada, { lifecycleEvent: "somethingNew" }))?.lifecycle.size, 0);
  });

  for (const [what, forged] of [
    ["another secret", about(ada, { clientState: "another" })],
    ["no secret", about(ada, { clientState: undefined })],
    ["a secret that is no text", about(ada, { clientState: [secret] })],
    ["the secret's hash", about(ada, { clientState: own.clientState })],
    ["another tenant", about(ada, { tenantId: "7d2e4c60-0000-4000-8000-000000000000" })],
    ["no tenant", about(ada, { tenantId: undefined })],
    ["nothing but a number", 1],
  ] as const) {
    test(`with ${what} counts for nothing; the others in it count`, () => {
      const { users, refused } = read(forged, about(bruno)) ?? assert.fail();
      assert.deepEqual([users, refused], [[bruno], 1]);
    });
  }

  test("counts for nothing as long as there is no subscription", () => {
    const { users, refused } =
      readNotification({ value: [about(ada)] }, { tenantId, clientState: null }) ?? assert.fail();
    assert.deepEqual([users, refused], [[], 1]);
  });

  test("about what is no user tells of nobody", () => {
    assert.deepEqual(read(about("../me"), about(7), about(ada, { resourceData: "x" }))?.users, []);
  });

  test("is not what has no list", () => {
    for (const body of [undefined, null, "x", [], {}, { value: {} }])
      assert.equal(readNotification(body, own), undefined);
  });
});
