import type { HttpResponseInit } from "@azure/functions";
import type { App } from "../shared/app/app.ts";
import type { DirectoryConfiguration } from "../shared/configuration/directory.ts";
import { ProblemError } from "../shared/core/errors.ts";
import type { Notified } from "../shared/directory/notification.ts";
import { notificationReader } from "../shared/directory/notification-reader.ts";
import { messagesFor } from "../shared/directory/work.ts";
import { readJson } from "../shared/http/json.ts";
import { queryParameter } from "../shared/http/parameters.ts";
import type { FunctionDefinition, RequestContext } from "../shared/pipeline/handler.ts";
import { QueueUnavailableError } from "../shared/queue/errors.ts";

const maxBodyBytes = 1024 * 1024;
const maxTokenLength = 1_024;
/** Microsoft Graph waits 3 s for an answer. The store may have used up 1.2 s of them (`notification-reader.ts`). */
const queueTimeoutMs = 1_500;

/**
 * `POST /auth/directory-notifications`: Microsoft Graph says which users of the directory have changed. It is only registered
 * with `Directory__Notifications`. The work waits in a queue, because Microsoft Graph wants an answer within 3 s.
 * @param wake has this instance process the queue soon
 */
export function directoryNotifications(
  app: App,
  directory: DirectoryConfiguration,
  wake: () => void,
): FunctionDefinition {
  const read = notificationReader(app, directory);
  return {
    name: "directory-notifications",
    route: "auth/directory-notifications",
    methods: ["POST"],
    async handler(request, context) {
      const validationToken = queryParameter(request, "validationToken", maxTokenLength);
      if (validationToken !== null) return handshake(validationToken);
      const { notified, isCertain } = await read(await readJson(request, maxBodyBytes));
      if (!notified) throw new ProblemError("invalid_request", "The body is no notification of Microsoft Graph.");
      return isCertain ? accept(notified, context, wake) : again;
    },
  };
}

/** Microsoft Graph sends it again, for up to four hours. */
const again: HttpResponseInit = { status: 503 };

/** Microsoft Graph asks whether this address wants notifications. The token comes back as it was sent, and means nothing here. */
function handshake(token: string): HttpResponseInit {
  return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: token };
}

/** A forged notification gets the same answer as a genuine one, so that nobody can find the secret out. */
async function accept(notified: Notified, context: RequestContext, wake: () => void): Promise<HttpResponseInit> {
  const { app, telemetry } = context;
  if (notified.refused > 0) telemetry.warn("directory_forged", { count: notified.refused });
  for (const event of notified.lifecycle) telemetry.info("directory_lifecycle", { event });
  const messages = messagesFor(notified.users, subscriptionWork(notified));
  try {
    const signal = AbortSignal.timeout(queueTimeoutMs);
    await Promise.all(messages.map(async (text) => app.directoryQueue.put(text, signal)));
  } catch (error) {
    if (!(error instanceof QueueUnavailableError)) throw error;
    telemetry.error("directory_failed", { step: "queue", reason: error.reason });
    return again;
  }
  if (messages.length > 0) wake();
  return { status: 202 };
}

function subscriptionWork({ lifecycle }: Notified): "renew" | "renew and compare" | undefined {
  if (lifecycle.has("missed") || lifecycle.has("subscriptionRemoved")) return "renew and compare";
  return lifecycle.has("reauthorizationRequired") ? "renew" : undefined;
}
