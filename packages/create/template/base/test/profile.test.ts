import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startApp } from "entra-functions-bff/testing";

const app = await startApp();
after(() => app.stop());

test("a person sees their profile, until they sign out in another app", async () => {
  assert.equal((await app.fetch("/me/profile")).status, 401);
  const ann = await app.signIn({ name: "Ann Smith" });
  const answer = await ann.fetch("/me/profile");
  const { displayName } = (await answer.json()) as { displayName: string };
  assert.equal(displayName, "Ann Smith");
  await app.signOutElsewhere(ann);
  assert.equal((await ann.fetch("/me/profile")).status, 401);
});
