import assert from "node:assert/strict";

/**
 * Calls a function without an HTTP trigger once and immediately, as an administrator can, instead of waiting for its
 * timer. Resolves when the host has accepted the call, not when the function has ended. Also calls a disabled function.
 */
export async function callFunction(url: string, functionName: string, masterKey: string): Promise<void> {
  const response = await fetch(`${url}/admin/functions/${functionName}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-functions-key": masterKey },
    body: "{}",
  });
  assert.equal(response.status, 202, `${functionName} was not called: ${await response.text()}`);
}
