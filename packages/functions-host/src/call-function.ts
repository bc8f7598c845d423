import assert from "node:assert/strict";

/**
 * Calls a function that is not called over HTTP, once and at once, as an administrator can: what a timer would do later.
 * Resolves when the host has taken the order, not when the function has ended. A disabled function is called too.
 */
export async function callFunction(url: string, functionName: string, masterKey: string): Promise<void> {
  const response = await fetch(`${url}/admin/functions/${functionName}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-functions-key": masterKey },
    body: "{}",
  });
  assert.equal(response.status, 202, `${functionName} was not called: ${await response.text()}`);
}
