import { invoke } from "../worker/invocation.ts";
import type { RpcInvocationRequest, RpcInvocationResponse } from "../worker/core-types.ts";
import { FunctionTimeoutError, readGrace, withTimeout } from "./timeout.ts";
import type { OutputBinding, TriggerContext, TriggeredFunction } from "./trigger.ts";

/**
 * One invocation from beginning to end: the function within host.json's `functionTimeout`, then its outputs.
 * @throws whatever the function threw, or that an output could not be written
 */
export async function execute(
  { app, hostJson, env, loseWorker }: TriggerContext,
  fn: TriggeredFunction,
  request: RpcInvocationRequest,
): Promise<RpcInvocationResponse> {
  const response = await withTimeout(invoke(app, fn, request), hostJson.functionTimeoutMs, readGrace(env)).catch(
    (error: unknown) => {
      if (error instanceof FunctionTimeoutError) loseWorker(error);
      throw error;
    },
  );
  if (fn.outputs.length > 0) await writeOutputs(fn.outputs, response);
  return response;
}

async function writeOutputs(
  outputs: readonly OutputBinding[],
  { outputData, returnValue }: RpcInvocationResponse,
): Promise<void> {
  const values = new Map((outputData ?? []).map(({ name, data }) => [name, data]));
  if (returnValue !== undefined && returnValue !== null) values.set("$return", returnValue);
  await Promise.all(
    outputs.map(async (output) => {
      const data = values.get(output.name);
      if (data !== undefined) await output.write(data);
    }),
  );
}
