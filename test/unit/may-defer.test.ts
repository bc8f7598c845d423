import assert from "node:assert/strict";
import { test } from "node:test";
import type { Invocation } from "../../shared/app/app.ts";
import type { SigningOut } from "../../shared/sign-out/defer.ts";
import type { FunctionDefinition } from "../../shared/pipeline/handler.ts";
import { signOutFrontChannel } from "../../shared/sign-out/front-channel.ts";
import { testApp } from "./support/app.ts";

const parts = { name: "mine", route: "mine", methods: ["POST"] } as const;

// @ts-expect-error: nobody may leave a sign-out to the queue who was not given the means
const widened = (context: Invocation): SigningOut => context;

// The compiler is what tests it: an error that is expected and missing is an error.
test("a function that signs somebody out does not compile unless it can leave the sign-out to the queue", () => {
  const may: FunctionDefinition = {
    ...parts,
    signsOut: true,
    handler: async (_request, context) => ({ jsonBody: await signOutFrontChannel(testApp(), "sid", context) }),
  };
  const mayNot: FunctionDefinition = {
    ...parts,
    // @ts-expect-error: its context has no `defer`
    handler: async (_request, context) => ({ jsonBody: await signOutFrontChannel(testApp(), "sid", context) }),
  };
  assert.equal([may, mayNot, widened].length, 3);
});
